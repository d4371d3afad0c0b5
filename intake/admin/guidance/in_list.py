"""The next step for a request, in a few words for the desk's list."""

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from intake.models import Attempt

from .next_action import Kind, Reason, needs_spam_check

Channel = Attempt.Channel

LONGEST_LANGUAGE = 30  # characters shown of the language that a person typed


def label_for_next_step(action, request, plan, language, now, elsewhere=None):
    """Return the next step in a few words, such as "Call, leave no message, Spanish, by 10:15 AM".

    `action`: what `next_action.decide` returned for the request. `language`: the language that the person prefers, as
    they typed it. `elsewhere`: as for `next_action.decide`.
    """
    match action.kind:
        case Kind.NOTHING | Kind.DO_NOT_CONTACT:
            return _("Nothing to do")
        case Kind.LEAVE:
            return _("Leave it to %s") % request.owner
        case Kind.MAKE_OWNER:
            return _("Ask %s first") % request.owner
        case Kind.ASK_COLLEAGUE:
            return _("Ask %s first") % elsewhere.owner
        case Kind.CONFIRM_PERSON:
            return _("Decide: is it the same person?")
        case Kind.UNREADABLE:
            return _("Do not contact: the contact preferences can't be read")
        case Kind.WAIT:
            return _("Wait until %s") % label_for_time(action.at, now)
        case Kind.DECIDE:
            return _("Decide: close or snooze") if action.no_way_is_left else _("Decide: keep trying or close")
        case Kind.ASSESSMENT:
            words = _("Assessment %s") if action.is_planned else _("Assessment was %s: did they come?")
            return words % label_for_time(action.at, now)
    how = [_manner(action, plan), Truncator(language).chars(LONGEST_LANGUAGE)]
    return capfirst(", ".join(filter(None, [_verb(action, request, plan), *how, _time(action, request, now)])))


def not_before(action, request):
    """Return the earliest time to contact the person. None if it is now or equals the due time."""
    is_due_then = action.is_planned and action.at == request.due_at
    return action.at if action.kind == Kind.CONTACT and not is_due_then else None


def label_for_due(due_at, now):
    """Return how far away a due time is: "Overdue by 2 h 5 min", "In 25 min", "In 3 days"."""
    if abs(due_at - now).total_seconds() < 60:
        return _("Due now")
    if due_at < now:
        return _("Overdue by %s") % label_for_length(now - due_at)
    return _("In %s") % label_for_length(due_at - now)


def label_for_time(moment, now):
    """Return a short label for a time by the center's clock.

    Today: "10:15 AM". In the next 6 days: "Tue 10:15 AM". Otherwise: "Dec 3, 10:15 AM".
    """
    moment, today = timezone.localtime(moment), timezone.localtime(now).date()
    days = (moment.date() - today).days
    if days == 0:
        return date_format(moment, "g:i A")
    if 0 < days < 7:
        return date_format(moment, "D g:i A")
    return date_format(moment, "M j, g:i A" if moment.year == today.year else "M j, Y, g:i A")


def label_for_length(length):
    """Return a label for a length of time, such as "25 min", "2 h 5 min" or "3 days"."""
    minutes = int(length.total_seconds() // 60)
    hours, days = minutes // 60, round(length.total_seconds() / 86400)
    if hours >= 24:
        return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes % 60}
    return _("%d min") % minutes


def _verb(action, request, plan):
    contact = {
        Channel.CALL: _("call"),
        Channel.TEXT: _("text"),
        Channel.EMAIL: _("email once") if plan.is_one_email and not plan.attempts else _("email"),
    }[action.channel]
    if action.kind == Kind.CONFIRM_TIME:
        contact = _("do not call until they confirm a time")
    elif not plan.may_ever_call and plan.preferences.may_call:
        time = plan.preferences.get_preferred_time_display().lower()
        is_call = action.channel == Channel.CALL
        contact = _("call only %s, their time") % time if is_call else _("%s: ask for a time") % contact
    if action.reason == Reason.REPLY:
        return _("they contacted us: %s") % contact
    if action.reason == Reason.FOLLOW_UP:
        step = _("follow up") if action.channel == Channel.CALL else _("follow up: %s") % contact
    elif action.channel in [attempt.channel for attempt in plan.attempts]:
        step = _("%s again") % contact
    else:
        step = contact
    return _("check, then %s") % step if needs_spam_check(request) else step


def _manner(action, plan):
    is_silent_call = action.channel == Channel.CALL and not plan.preferences.may_leave_voicemail
    return _("leave no message") if is_silent_call else ""


def _time(action, request, now):
    """Return when the next contact is due: "by" a promised time, or "at" a planned one.

    Return "" if it is overdue, or if the person waits for a reply.
    """
    if action.reason == Reason.REPLY or request.due_at <= now:
        return ""
    words = label_for_time(request.due_at, now)
    if not action.is_planned:
        return _("by %s") % words
    is_today = timezone.localtime(request.due_at).date() == timezone.localtime(now).date()
    return _("at %s") % words if is_today else words
