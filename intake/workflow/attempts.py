"""Log attempts: ours to reach a person, and theirs to reach us. Set when the next one is due."""

import datetime as dt
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from intake import access
from intake.contact import schedule
from intake.models import RESULTS, AssessmentRequest, Attempt, ContactPreferences, Event

from .attempt_plan import (
    AttemptPlan,
    attempt_plan_of,
    must_decide,
)
from .base import (
    DOUBLE_CLICK,
    MAX_AHEAD,
    NOT_SNOOZED,
    Stage,
    TransitionRefused,
    check_version,
    locked_open,
    log_event,
    released_claim,
    update_request,
    whole_minute,
)
from .operation import mark_written, undoable
from .state import Columns

Channel, Result = Attempt.Channel, Attempt.Result

TO_ANSWER = dt.timedelta(days=2)  # how long someone has to answer a text or an email
FOLLOW_UP = dt.timedelta(hours=20)  # after a conversation: leads to the next working day


@undoable
def log_attempt(
    *,
    request_id: UUID,
    channel: str,
    result: str,
    actor: User,
    next_at: dt.datetime | None = None,
    expected_version: int | None = None,
) -> Attempt:
    """Log an attempt, set when the next one is due, and return the `Attempt`.

    `channel` and `result`: a pair that `RESULTS` allows. `next_at`: when the next attempt is due; by default, as the
    attempt plan proposes.

    The same attempt logged by the same person within 10 seconds is a double click and is stored once. If the actor's
    claim ended while they talked, they may still log the call, unless more than the owner changed since.

    The result decides what follows:

    - They were reached: the request is in conversation.
    - They called and we missed it: the request is on top of the queue until someone calls back.
    - It was the last attempt: someone must decide to keep trying, to close, or to snooze.
    """
    request, now = locked_open(request_id), timezone.now()
    if result not in RESULTS.get(channel, ()):
        raise TransitionRefused(_("Unknown action. Nothing was changed."))
    doubled = (
        request.attempts.standing()
        .filter(actor=actor, channel=channel, result=result, occurred_at__gt=now - DOUBLE_CLICK)
        .last()
    )
    if doubled:
        return doubled
    check_version(request, expected_version, previous_claimant=actor)
    plan, before = attempt_plan_of(request), request.stage
    _check(request, plan, channel, result, next_at, now)
    attempt = Attempt(
        request=request, change_id=mark_written(request), channel=channel, result=result, actor=actor, occurred_at=now
    )
    changes = _after(request, plan, attempt, next_at)
    attempt.next_at = changes["due_at"]
    attempt.save(force_insert=True)
    update_request(request, **changes)
    log_event(request, Event.Code.ATTEMPTED, actor, channel, result)
    if request.stage != before:
        log_event(request, Event.Code.STAGE_SET, actor, before, request.stage)
    return attempt


@undoable
def keep_trying(*, request_id: UUID, actor: User, expected_version: int | None = None) -> AssessmentRequest:
    """Add `MORE_ATTEMPTS` attempts to an attempt plan that has ended, and return the request."""
    request = locked_open(request_id, expected_version)
    plan = attempt_plan_of(request)
    if not must_decide(request, plan):
        raise TransitionRefused(_("The attempt plan has not ended. Nothing was changed. Make the next attempt first."))
    if not plan.channels:
        raise TransitionRefused(_("The person allows one email, and it was sent. Close the request, or snooze it."))
    update_request(request, due_at=plan.propose(timezone.now()).at, **NOT_SNOOZED, **released_claim(request, actor))
    log_event(request, Event.Code.KEPT_TRYING, actor)
    return request


def follow_up(preferences: ContactPreferences | None, now: dt.datetime) -> dt.datetime:
    """Return when to contact someone again after a conversation: the next working day, at their preferred time."""
    moment = whole_minute(now + FOLLOW_UP)
    if preferences is None:
        return moment
    hours, zone = schedule.our_hours(), ZoneInfo(preferences.time_zone)
    return schedule.next_contact(moment, hours, preferences.preferred_time, zone) or moment


def why_not(request: AssessmentRequest, plan: AttemptPlan, channel: str, result: str) -> str:
    """Return why this attempt can't be logged now, as a sentence; "" if it can."""
    if result not in RESULTS.get(channel, ()):
        return _("Unknown action. Nothing was changed.")
    if plan.preferences is None:
        return _("The contact preferences can't be read. Don't contact this person until they can.")
    if channel == Channel.THEY_CALLED:
        return ""
    if result == Result.REACHED and channel in plan.preferences.channels:
        return ""
    if request.to_confirm_since:
        return _("A linked request was withdrawn or changed. First say whether this is the same person.")
    if channel == Channel.CALL and plan.preferences.may_call and channel not in plan.channels:
        return _("The person wants to confirm a time before you call. If they did, set their preferred time first.")
    if channel not in plan.channels:
        return _("The person does not allow this way of contact. If you used it anyway, write a note.")
    if result == Result.VOICEMAIL and not plan.preferences.may_leave_voicemail:
        return _("The person does not allow voicemail. If you left a message, write a note.")
    if must_decide(request, plan):
        return _("That was the last attempt. Decide now: keep trying, close the request, or snooze it.")
    return ""


def _check(
    request: AssessmentRequest,
    plan: AttemptPlan,
    channel: str,
    result: str,
    next_at: dt.datetime | None,
    now: dt.datetime,
) -> None:
    if next_at is not None and next_at <= now:
        raise TransitionRefused(_("Choose a time in the future for the next attempt."))
    if next_at is not None and next_at > now + MAX_AHEAD:
        raise TransitionRefused(_("Choose a time for the next attempt within the next 90 days."))
    if why := why_not(request, plan, channel, result):
        raise TransitionRefused(why)
    if next_at is not None and plan.preferences is not None and not _is_daytime(next_at, plan.preferences):
        raise TransitionRefused(
            _("It is %s for the person then. Choose a time for the next attempt between 8 AM and 9 PM for them.")
            % date_format(next_at.astimezone(ZoneInfo(plan.preferences.time_zone)), "g:i A")
        )


def _is_daytime(moment: dt.datetime, preferences: ContactPreferences) -> bool:
    begins, ends = schedule.PARTS_OF_DAY[schedule.ASAP]
    return begins <= moment.astimezone(ZoneInfo(preferences.time_zone)).time() < ends


def decide_by(attempt: Attempt) -> dt.datetime:
    """Return the time by which staff must decide what to do after the last attempt.

    It is when a request received at the time of the attempt would be due, so that people who wait for a call come
    first. After a text or an email, the person first has `TO_ANSWER` to reply.
    """
    is_written = attempt.channel in (Channel.TEXT, Channel.EMAIL)
    return schedule.first_contact(
        attempt.occurred_at + (TO_ANSWER if is_written else dt.timedelta(0)), schedule.our_hours()
    ).ends


def _after(request: AssessmentRequest, plan: AttemptPlan, attempt: Attempt, next_at: dt.datetime | None) -> Columns:
    """Return the fields of a request that an attempt changes, with their new values.

    If an assessment is ahead, the request is due then, unless the person contacted us again and was not reached.
    """
    now, changes = attempt.occurred_at, NOT_SNOOZED | {"awaiting_reply_since": None}
    is_owed_a_call = request.is_due_before_assessment
    if attempt.result == Result.MISSED:
        return changes | {"awaiting_reply_since": now, "due_at": now}
    if attempt.channel != Channel.THEY_CALLED:
        changes["first_attempt_at"] = request.first_attempt_at or now
    if attempt.result == Result.REACHED:
        has_owner = (
            request.owner is not None and request.claimed_until is None and access.may_read_requests(request.owner)
        )  # a claim is not ownership: whoever spoke with the person becomes the owner
        changes |= {"reached_at": request.reached_at or now, "claimed_until": None}
        changes |= {"owner": request.owner if has_owner else attempt.actor}
        next_at = next_at or follow_up(plan.preferences, now)
        if request.reached_at is None:
            changes["attempts_to_reach"] = request.attempts.standing().exclude(channel=Channel.THEY_CALLED).count() + 1
        if request.awaits_contact:
            changes["stage"] = Stage.TALKING
    else:
        changes |= released_claim(request, attempt.actor)
        if request.stage == Stage.NEW:
            changes["stage"] = Stage.REACHING
        plan = plan.after(attempt)
        request.awaiting_reply_since = None  # we tried, so nothing is owed any more
        next_at = decide_by(attempt) if must_decide(request, plan) else next_at or plan.propose(now).at
    assessment_at = request.assessment_at if request.stage == Stage.BOOKED else None
    if assessment_at is not None and assessment_at > now:
        is_settled = attempt.result == Result.REACHED or not is_owed_a_call
        next_at = assessment_at if is_settled else min(next_at, assessment_at)
    return changes | {"due_at": next_at}
