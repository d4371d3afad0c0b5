"""What the person wrote, decrypted and put into words for the page of a request."""

from django.utils.translation import gettext as _

from intake import workflow
from intake.admin import wording
from intake.contact import consent, details
from intake.models import Attempt, EncryptedText, Event
from intake.models.contact import ForWhom, PreferredTime

TextKind = EncryptedText.Kind


def opened_content(obj, plan):
    """Decrypt the request's content. Return submissions, contact details, contact rules, and consents."""
    texts = [] if obj.hidden_at else list(obj.texts.select_related("author"))
    opened = [(text, text.decrypt_or_none()) for text in texts]
    contact_details = details.details_of(obj, opened) if texts else {}
    preferences = obj.contact_preferences.last() if texts else None
    newest_consents = {record.purpose: record for record in obj.consents.select_related("reader")}
    return {
        "texts": opened,
        "contact_details": contact_details,
        "details_shown": _details_shown(obj, contact_details),
        "submissions": _submissions(opened),
        "first_read": _first_read(opened),
        "contact_rules": _rules(preferences, plan) if preferences else [],
        "consents": [wording.agreed_to(record) for record in newest_consents.values()],
        "consent_words": [statement.text for statement in consent.BY_PERMISSION.values()],
    }


def _rules(preferences, plan):
    email_is_spent = preferences.may_email and Attempt.Channel.EMAIL not in plan.channels
    return wording.contact_rules(preferences, plan.agreed_to_email, email_is_spent, plan.may_ever_call)


def _details_shown(obj, contact_details):
    return [
        {
            "name": name,
            "label": wording.DETAILS[name],
            "value": wording.detail(name, contact_details[name].value),
            "who": contact_details[name].who,
            "at": contact_details[name].at if contact_details[name].at > obj.received_at else None,
        }
        for name in details.ANSWERS
        if name in contact_details
    ]


def _submissions(opened):
    """Return what the person wrote, oldest first. If they sent the form again, show only the changes."""
    submissions, last = [], {}
    for text, content in opened:
        if text.kind not in EncryptedText.FROM_THE_PERSON:
            continue
        entry = {
            "pk": str(text.pk),
            "kind": text.get_kind_display(),
            "at": text.recorded_at,
            "is_unreadable": content is None,
        }
        entry |= {"plain": "", "answers": []}
        if text.kind == TextKind.ADDITION:
            entry["plain"] = content
        elif text.kind == TextKind.ANSWERS or not last:
            entry["answers"] = wording.labeled_answers(content or {})
        else:
            entry["changes"] = wording.changes(last, content or last)
        if text.kind != TextKind.ADDITION:
            last = content or last
        submissions.append(entry)
    return submissions


def _first_read(opened):
    """Return what staff read before a call, from the newest answers.

    `asked_for`: for whom the sender asks, as a label; "" if for themselves. `message`: the sender's message.
    """
    answers = {}
    for text, content in opened:
        if text.kind in (TextKind.ANSWERS, TextKind.AMENDMENT):
            answers = content or answers
    asked_for = {name: answers.get(name) for name in ("for_whom", "relation")}
    is_for_self = asked_for["for_whom"] in (None, ForWhom.SELF)
    return {
        "asked_for": "" if is_for_self else ", ".join(value for _label, value in wording.labeled_answers(asked_for)),
        "message": answers.get("message", ""),
    }


def unread_additions(obj, submitted):
    """Return the person's additions that nobody has marked as read, oldest first.

    `up_to`: the key of the last one's event. Return None if there are none, or if the content was erased.
    """
    if not submitted["texts"]:
        return None
    written = {entry["pk"]: entry for entry in submitted["submissions"]}
    new = workflow.unread_additions(obj.events.standing())
    entries = [
        written.get(event.to_value)
        or {
            "kind": event.get_code_display(),
            "at": event.occurred_at,
            "is_unreadable": False,
            "plain": dict(PreferredTime.choices)[event.to_value]
            if event.code == Event.Code.TIME_SET
            else _("No new message. Look at the contact preferences."),
        }
        for event in new
    ]
    return {"entries": entries, "up_to": new[-1].pk} if new else None
