"""The sentence at the top of a request's page: what to do with the request now."""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.admin.wording import moment
from intake.models import AssessmentRequest, Attempt
from intake.models.assessment_request import BY_PHONE

from .next_action import Kind, Reason, needs_spam_check

Stage, Channel = AssessmentRequest.Stage, Attempt.Channel

NOW = {
    Channel.CALL: gettext_lazy("Call now."),
    Channel.TEXT: gettext_lazy("Send a text message now."),
    Channel.EMAIL: gettext_lazy("Send a neutral email now."),
}
TAKE_FIRST = {
    Channel.CALL: gettext_lazy("Take it and call."),
    Channel.TEXT: gettext_lazy("Take it and send a text message."),
    Channel.EMAIL: gettext_lazy("Take it and send a neutral email."),
}
AFTER = {
    Channel.CALL: gettext_lazy("Call after %(time)s."),
    Channel.TEXT: gettext_lazy("Send a text message after %(time)s."),
    Channel.EMAIL: gettext_lazy("Send a neutral email after %(time)s."),
}
AT = {
    Channel.CALL: gettext_lazy("Call on %(time)s."),
    Channel.TEXT: gettext_lazy("Send a text message on %(time)s."),
    Channel.EMAIL: gettext_lazy("Send a neutral email on %(time)s."),
}


def sentence_for(action, request, plan, reach, reader, elsewhere=None, has_unread_additions=False):
    """Return `action`, decided by `next_action.decide`, as a sentence for `reader`.

    `reach`: the `Reach` used for that decision. If the person added something, the sentence says to read it first: they
    may have asked for the opposite.
    """
    match action.kind:
        case Kind.DO_NOT_CONTACT:
            return _("The person withdrew this request. Do not contact them.")
        case Kind.NOTHING if has_unread_additions:
            return _("This request is closed. Read what they added: nobody has read it yet.")
        case Kind.NOTHING:
            return _("This request is closed. There is nothing to do.")
        case Kind.LEAVE:
            return leave_it(request)
        case Kind.CONFIRM_PERSON:
            return _("Do not contact anyone yet. First decide: is this the same person?")
        case Kind.UNREADABLE:
            return _("Do not contact this person: their contact preferences can't be read.")
    step = _step(action, request, plan, reach, elsewhere)
    if _is_on_the_phone(request, plan, reader):
        step = _("You are on the phone with them. If you talk now, press “They called: we spoke”. If not: %s") % step
    elif needs_spam_check(request):
        step = _("Check first whether a person wrote this. Then: %s") % step
    return _("Read what they added first. Then: %s") % step if has_unread_additions else step


def no_contact_now(action, request, plan, elsewhere=None):
    """Return a sentence saying why nobody should contact the person now, at any hour; "" if nothing forbids it."""
    match action.kind:
        case Kind.CONFIRM_PERSON:
            return _("Do not contact anyone until you decide: is this the same person?")
        case Kind.WAIT:
            return _("Snoozed: leave it until then.")
        case Kind.LEAVE:
            return _("%s is working on this: leave it to them.") % request.owner
    if plan.preferences and not plan.channels:
        return _("No permitted way to contact them is left.")
    if elsewhere:
        return _("%s is working on another request with this phone or email: ask them first.") % elsewhere.owner
    return ""


def leave_it(request):
    """Return the sentence that tells everyone else to leave the request to the colleague working on it."""
    return _("%(who)s is working on this until %(time)s. Leave it to them until then.") % {
        "who": request.owner,
        "time": moment(request.claimed_until),
    }


def ask_first(elsewhere):
    """Return the sentence that says to ask the colleague working on `elsewhere` first.

    `elsewhere`: a request with the same phone or email.
    """
    return _("%(who)s is working on %(reference)s until %(time)s, with the same phone or email. Ask %(who)s first.") % {
        "who": elsewhere.owner,
        "reference": elsewhere.reference,
        "time": moment(elsewhere.claimed_until),
    }


def _is_on_the_phone(request, plan, reader):
    """Return whether `reader` has just entered this request for a caller who is still on the phone."""
    is_theirs = request.is_claimed and request.owner_id == reader.pk
    return request.referrer_path == BY_PHONE and request.stage == Stage.NEW and is_theirs and not plan.attempts


def _step(action, request, plan, reach, elsewhere):
    match action.kind:
        case Kind.WAIT:
            return _("Snoozed until %(time)s: %(reason)s. Leave it until then.") % {
                "time": moment(action.at),
                "reason": request.get_snooze_reason_display(),
            }
        case Kind.DECIDE if action.no_way_is_left:
            return _("Decide: close the request, or snooze it.")
        case Kind.DECIDE:
            return _("Decide: keep trying, close the request, or snooze it.")
        case Kind.ASSESSMENT:
            words = (
                _("The assessment is on %s.") if action.is_planned else _("The assessment was on %s. Did they come?")
            )
            return words % _our_time(action.at, reach)
    contact = _contact(action, request, plan, reach, elsewhere)
    if action.reason == Reason.REPLY:
        return _("They contacted us on %(time)s and are waiting for an answer. %(contact)s") % {
            "time": moment(request.awaiting_reply_since),
            "contact": contact,
        }
    return _("Follow up. %s") % contact if action.reason == Reason.FOLLOW_UP else contact


def _contact(action, request, plan, reach, elsewhere):
    if action.is_planned:
        return _with_manner(AT[action.channel] % {"time": _our_time(action.at, reach)}, action, plan)
    asked_for_another_time = plan.preferences.may_call and not reach.preference_is_met
    contact = _now_or_later(action, request, plan, reach, elsewhere)
    if asked_for_another_time and action.channel != Channel.CALL:
        return f"{contact} {_('Ask when a call is safe. Do not call before that.')}"
    if asked_for_another_time and action.at is not None:
        words = _("Do not call now: we are closed at the time of day they prefer. %s Or snooze the request until then.")
        return words % contact
    return contact


def _now_or_later(action, request, plan, reach, elsewhere):
    match action.kind:
        case Kind.CONFIRM_TIME:
            return _("Do not call: they want to confirm a time first.")
        case Kind.WAIT_FOR_OPENING:
            return _("Wait until the center is open.")
        case Kind.ASK_COLLEAGUE:
            return ask_first(elsewhere)
        case Kind.MAKE_OWNER:
            words = _("%(who)s owns this request. Ask %(who)s first, or assign it to yourself.")
            return words % {"who": request.owner}
        case Kind.TAKE:
            return _with_manner(TAKE_FIRST[action.channel], action, plan)
    if action.at is None:
        return _with_manner(NOW[action.channel], action, plan)
    return _with_manner(AFTER[action.channel] % {"time": reach.label_for(action.at)}, action, plan)


def _our_time(due_at, reach):
    """Return `due_at` by the center's clock, marked "our time" if the person's clock shows another time."""
    is_same = due_at.astimezone(reach.now.tzinfo).utcoffset() == timezone.localtime(due_at).utcoffset()
    return moment(due_at) if is_same else _("%(time)s, our time") % {"time": moment(due_at)}


def _with_manner(words, action, plan):
    if action.channel == Channel.CALL and not plan.preferences.may_leave_voicemail:
        return f"{words} {_('Leave no message.')}"
    if action.channel == Channel.EMAIL and plan.is_one_email and not plan.attempts:
        return f"{words} {_('Only one email is allowed.')}"
    return str(words)
