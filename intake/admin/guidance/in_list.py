"""What to do next with a request, in a few words: what the desk's list says of it at one moment."""

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from intake.models import AssessmentRequest, Attempt
from intake.workflow.attempts import must_decide

Stage, Channel = AssessmentRequest.Stage, Attempt.Channel

SPOKEN_WITH = (Stage.TALKING, Stage.BOOKED)

LONGEST_LANGUAGE = 30  # of what a person typed as their language, this much stands in the list


def label_for_next_step(request, plan, language, now):
    """The next step, such as "Call, leave no message, Spanish, by 10:15 AM".

    `ladder` is the request's `workflow.ladder.AttemptPlan` and `language` what the person prefers, in their own words.
    """
    if request.stage == Stage.CLOSED:
        return _("Nothing to do")
    if request.to_confirm_since:
        return _("Decide: is it the same person?")
    if _is_snoozed(request, now):
        return _("Wait until %s") % label_for_time(request.snoozed_until, now)
    if plan.profile is None:
        return _("Do not contact: how this person may be reached can't be read")
    if must_decide(request, plan):
        return _("Decide: keep trying or close") if plan.channels else _("Decide: close or put off")
    if request.awaits_assessment:
        return _assessment(request.assessment_at, now)
    how = [_manner(request, plan), Truncator(language).chars(LONGEST_LANGUAGE)]
    return capfirst(", ".join(filter(None, [_verb(request, plan), *how, _time(request, now)])))


def not_before(request, plan, next_contact, now):
    """The moment from which the person may be contacted, where they may not be now and it matters; else None. It does
    not for a decision, which needs nobody on the phone.

    `next_contact` is `clock.next_contact` for this moment and our hours, of a wish and the name of a time zone.
    """
    if (
        request.stage == Stage.CLOSED
        or request.to_confirm_since
        or _is_snoozed(request, now)
        or not request.preferred_time
        or request.awaits_assessment
        or must_decide(request, plan)
    ):
        return None
    moment = next_contact(request.preferred_time, request.time_zone)
    is_due_later = request.stage != Stage.NEW and moment and request.due_at >= moment
    return None if moment is None or moment <= now or is_due_later else moment


def label_for_due(due_at, now):
    """How far away a due time is: "Overdue by 2 h 5 min", "In 25 min", "In 3 days"."""
    if abs(due_at - now).total_seconds() < 60:
        return _("Due now")
    if due_at < now:
        return _("Overdue by %s") % label_for_length(now - due_at)
    return _("In %s") % label_for_length(due_at - now)


def label_for_time(moment, now):
    """As short as it can be told by the desk's clock: "10:15 AM", "Tue 10:15 AM" ahead, "Dec 3, 10:15 AM"."""
    moment, today = timezone.localtime(moment), timezone.localtime(now).date()
    days = (moment.date() - today).days
    if days == 0:
        return date_format(moment, "g:i A")
    if 0 < days < 7:
        return date_format(moment, "D g:i A")
    return date_format(moment, "M j, g:i A" if moment.year == today.year else "M j, Y, g:i A")


def label_for_length(length):
    """A length of time, such as "25 min", "2 h 5 min" or "3 days"."""
    minutes = int(length.total_seconds() // 60)
    hours, days = minutes // 60, round(length.total_seconds() / 86400)
    if hours >= 24:
        return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes % 60}
    return _("%d min") % minutes


def _assessment(moment, now):
    words = _("Assessment %s") if moment > now else _("Assessment was %s: did they come?")
    return words % label_for_time(moment, now)


def channel_of(request, plan):
    """The way to try now (`Attempt.Channel`): who called us, and whom we have spoken with, are reached by their first
    choice."""
    if request.awaiting_reply_since or request.stage in SPOKEN_WITH:
        return (plan.channels or plan.profile.channels)[0]
    return plan.next_channel


def must_be_checked(request):
    """Whether a machine may have written it. Once we spoke with someone, a person did."""
    return request.quarantined_at is not None and request.reached_at is None


def _verb(request, plan):
    channel = channel_of(request, plan)
    contact = {
        Channel.CALL: _("call"),
        Channel.TEXT: _("text"),
        Channel.EMAIL: _("e-mail once") if plan.is_one_email and not plan.tries else _("e-mail"),
    }[channel]
    if not plan.may_ever_call and plan.profile.may_call:
        time = plan.profile.get_preferred_time_display().lower()
        contact = _("call only %s, their time") % time if channel == Channel.CALL else _("%s: ask for a time") % contact
    if request.awaiting_reply_since:
        return _("they got in touch: %s") % contact
    if request.stage in SPOKEN_WITH:
        step = _("follow up") if channel == Channel.CALL else _("follow up: %s") % contact
    elif channel in [attempt.channel for attempt in plan.tries]:
        step = _("%s again") % contact
    else:
        step = contact
    return _("check, then %s") % step if must_be_checked(request) else step


def _manner(request, plan):
    is_silent_call = channel_of(request, plan) == Channel.CALL and not plan.profile.may_leave_voicemail
    return _("leave no message") if is_silent_call else ""


def _time(request, now):
    """By when a first contact is promised, or the time at which we said that we would try again."""
    if request.awaiting_reply_since or request.due_at <= now:
        return ""
    words = label_for_time(request.due_at, now)
    if request.stage == Stage.NEW:
        return _("by %s") % words
    return _("at %s") % words if _is_today(request.due_at, now) else words


def _is_snoozed(request, now):
    return request.snoozed_until is not None and request.snoozed_until > now


def _is_today(moment, now):
    return timezone.localtime(moment).date() == timezone.localtime(now).date()
