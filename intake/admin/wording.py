"""Labels and sentences for staff: answers, contact details, and contact rules."""

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.contact import consent
from intake.models.contact import ForWhom, Introduction, PreferredTime
from intake.submission.forms import AssessmentForm

# Labels for the fields of `intake.contact.details`
DETAILS = {
    "name": gettext_lazy("Name"),
    "phone": gettext_lazy("Phone"),
    "email": gettext_lazy("Email"),
    "language": gettext_lazy("Language"),
    "may_call": gettext_lazy("We may call"),
    "may_leave_voicemail": gettext_lazy("We may leave a voicemail"),
    "may_text": gettext_lazy("We may send text messages"),
    "may_email": gettext_lazy("We may send email"),
    "introduction": gettext_lazy("How we introduce ourselves"),
    "preferred_time": gettext_lazy("Preferred time"),
    "time_zone": gettext_lazy("Time zone"),
    "for_whom": gettext_lazy("Asking for"),
}
INTRODUCTIONS = {
    Introduction.FIRST_NAME: gettext_lazy(
        "Say your first name only. Do not name the center until you are sure you are talking to them."
    ),
    Introduction.CENTER: gettext_lazy(
        "Say your name and the center's. Do not say why you call until you are sure you are talking to them."
    ),
}
ASKED_FOR = {
    ForWhom.OTHER: gettext_lazy("They are asking for someone else. Talk about it only with the person who asked."),
    ForWhom.PROFESSIONAL: gettext_lazy(
        "They are asking on behalf of a client or patient. Talk about it only with the person who asked."
    ),
}

_FIELDS = AssessmentForm.base_fields
_NEVER_CHANGED = {"adult", "consent", *AssessmentForm.NOT_ANSWERS}
_IN_RULES = {
    "do_not_call",
    "voicemail_ok",
    "text_ok",
    "email_ok",
    "introduction",
    "consent",
    "preferred_time",
    "time_zone",
}


def labeled_answers(answers):
    """Return (question, answer) pairs in form order.

    Skips empty answers, and those already shown as contact rules.
    """
    return [
        (_FIELDS[name].label, _label_for(name, answers[name]))
        for name in _FIELDS
        if answers.get(name) and name not in _IN_RULES
    ]


def changes(before, after):
    """Return what differs between two sets of answers, as (question, before, after) in form order."""
    return [
        (field.label, detail(name, before.get(name, "")), detail(name, after.get(name, "")))
        for name, field in _FIELDS.items()
        if name not in _NEVER_CHANGED and (before.get(name) or "") != (after.get(name) or "")
    ]


def detail(name, value):
    """Return the label for the value of a form field or contact detail; "" if the value is empty."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return _label_for(name, value)


def moment(at):
    """Format a time in the active time zone: "Tue, Nov 24, 2:00 PM". The year is added unless it is the current one."""
    local = timezone.localtime(at)
    this_year = local.year == timezone.localtime().year
    return date_format(local, "D, M j, g:i A" if this_year else "D, M j, Y, g:i A")


def contact_rules(preferences, agreed_to_email, email_is_spent=False, may_ever_call=True):
    """Return what the person allows, as sentences that staff read before they see a number.

    `agreed_to_email`: whether the person gave permission to email. If they only left an address, one email is allowed.
    `email_is_spent`: that one email was sent. `may_ever_call`: whether we are ever open at their preferred time.
    """
    return [
        *_rules_of_time(preferences, may_ever_call),
        _("Do not call.")
        if not preferences.may_call
        else _("When you call then, voicemail is allowed.")
        if not may_ever_call and preferences.may_leave_voicemail
        else _("When you call then, leave no message.")
        if not may_ever_call
        else _("Call. Voicemail is allowed.")
        if preferences.may_leave_voicemail
        else _("Call. Leave no message."),
        _("Text messages are allowed.") if preferences.may_text else _("Do not text."),
        _("Do not email.")
        if not preferences.may_email
        else _("The one email that they allow was sent. Do not send another.")
        if email_is_spent
        else _("Neutral emails are allowed.")
        if agreed_to_email
        else _("One neutral email is allowed."),
        # A neutral email names neither the center nor treatment, whatever they chose for calls.
        *([str(INTRODUCTIONS[preferences.introduction])] if preferences.may_call or preferences.may_text else []),
        *([str(ASKED_FOR[preferences.for_whom])] if preferences.for_whom in ASKED_FOR else []),
        (
            _("Their time zone: %(zone)s.")
            if preferences.preferred_time == PreferredTime.CONFIRMED
            else _("Preferred time: %(time)s, %(zone)s time.")
        )
        % {
            "time": preferences.get_preferred_time_display().lower(),
            "zone": _label_for("time_zone", preferences.time_zone),
        },
    ]


def _rules_of_time(preferences, may_ever_call):
    if may_ever_call or not preferences.may_call:
        return []
    if preferences.preferred_time == PreferredTime.CONFIRMED:
        return [_("Do not call until they confirm a time by email or text. Then set it as their preferred time.")]
    words = _("Call only %(time)s, their time. We are closed then: ask them for another time.")
    return [words % {"time": preferences.get_preferred_time_display().lower()}]


def _label_for(name, value):
    choices = dict(getattr(_FIELDS[name], "choices", []))
    return str(choices.get(value, value))


def in_common(codes):
    """Return sentences on what two requests have in common. `codes`: from `workflow.to_confirm`."""
    shared = {"phone", "email"} & {*codes}
    contact = _("Same phone and email.") if len(shared) == 2 else _("Same phone.") if "phone" in shared else ""
    contact = contact or (_("Same email.") if shared else _("Different phone and email."))
    return [contact, *([_("Different first name.")] if "other_name" in codes else [])]


CONSENTS = {
    consent.CONTACT.purpose: gettext_lazy("to be contacted"),
    consent.VOICEMAIL.purpose: gettext_lazy("voicemail"),
    consent.TEXT_MESSAGE.purpose: gettext_lazy("text messages"),
    consent.EMAIL.purpose: gettext_lazy("email"),
}


def agreed_to(record):
    """Return a description of a `ConsentRecord`: what it allows, when it was given, and its wording."""
    words = {"what": CONSENTS[record.purpose], "version": record.wording_version, "at": moment(record.recorded_at)}
    if record.reader_id is None:
        return _("%(what)s, on %(at)s (wording of %(version)s)") % words
    return _("%(what)s, on %(at)s (wording of %(version)s, read aloud by %(reader)s)") % (
        words | {"reader": record.reader.get_username()}
    )
