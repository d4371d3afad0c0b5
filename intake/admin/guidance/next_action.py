"""Decide what to do next with a request.

The list and the page of a request only turn this decision into words.
"""

import datetime as dt
import enum
from dataclasses import dataclass

from intake.models import AssessmentRequest, Attempt
from intake.workflow.attempt_plan import must_decide

Stage, Channel = AssessmentRequest.Stage, Attempt.Channel

SPOKEN_WITH = (Stage.TALKING, Stage.BOOKED)


class Kind(enum.Enum):
    NOTHING = "nothing"  # closed
    DO_NOT_CONTACT = "do_not_contact"  # withdrawn under legal hold
    LEAVE = "leave"  # a colleague is working on it
    CONFIRM_PERSON = "confirm_person"  # is this the same person as in a linked request?
    UNREADABLE = "unreadable"  # the contact preferences or details can't be read
    WAIT = "wait"  # snoozed
    DECIDE = "decide"  # keep trying, close, or snooze
    ASSESSMENT = "assessment"  # booked: wait for it, or ask whether they came
    CONTACT = "contact"
    TAKE = "take"  # claim it, then contact the person
    MAKE_OWNER = "make_owner"  # a colleague owns it; the viewer has to own it to contact the person
    ASK_COLLEAGUE = "ask_colleague"  # a colleague is working on a request with the same phone or email
    CONFIRM_TIME = "confirm_time"  # do not call until the person confirms a time
    WAIT_FOR_OPENING = "wait_for_opening"  # no time is known when we may contact the person


class Reason(enum.Enum):
    """Why we contact the person."""

    REPLY = "reply"  # they contacted us and wait
    FOLLOW_UP = "follow_up"  # we have spoken with them
    FIRST = "first"
    NEXT_ATTEMPT = "next_attempt"


@dataclass(frozen=True)
class NextAction:
    """The next step for a request.

    `channel`: the `Attempt.Channel` to use. `at`: the earliest time for it; None means now. `is_planned`: nobody needs
    to do anything before `at`. `no_way_is_left`: no permitted channel remains.
    """

    kind: Kind
    channel: str | None = None
    at: dt.datetime | None = None
    reason: Reason | None = None
    is_planned: bool = False
    no_way_is_left: bool = False


def decide(request, plan, reachability, viewer, now, elsewhere=None):
    """Return a request's `NextAction`.

    - `plan`: its `AttemptPlan`; None once the request is closed
    - `reachability`: the person's `Reachability`; None if their contact details can't be read
    - `viewer`: the user looking at the request; None where it does not matter who holds it
    - `elsewhere`: a request with the same phone or email that a colleague is working on, or None

    Only a viewer who holds the request is told to contact the person, so that two colleagues never call at once.
    """
    if request.hidden_at:
        return NextAction(Kind.DO_NOT_CONTACT)
    if request.stage == Stage.CLOSED:
        return NextAction(Kind.NOTHING)
    is_claimed = request.claimed_until is not None and request.claimed_until > now
    if viewer is not None and is_claimed and request.owner_id != viewer.pk:
        return NextAction(Kind.LEAVE, at=request.claimed_until)
    if request.to_confirm_since:
        return NextAction(Kind.CONFIRM_PERSON)
    if plan.preferences is None or reachability is None:
        return NextAction(Kind.UNREADABLE)
    if request.snoozed_until is not None and request.snoozed_until > now:
        return NextAction(Kind.WAIT, at=request.snoozed_until, is_planned=True)
    if must_decide(request, plan) and not request.awaiting_reply_since:
        return NextAction(Kind.DECIDE, no_way_is_left=not plan.channels)
    if request.awaits_assessment:
        return NextAction(Kind.ASSESSMENT, at=request.assessment_at, is_planned=request.assessment_at > now)
    return _contact(request, plan, reachability, viewer, now, elsewhere)


def needs_spam_check(request):
    """Return whether staff must check if a person wrote the request.

    Once we have spoken with someone, no check is needed.
    """
    return request.quarantined_at is not None and request.reached_at is None


def holds(request, reader):
    """Return whether `reader` owns the request, either without a claim or with one that has not expired."""
    return request.owner_id == reader.pk and (request.claimed_until is None or request.is_claimed)


def may_take(request, reader):
    """Return whether `reader` can claim an open request that they don't hold."""
    is_a_colleagues = request.owner_id not in (None, reader.pk) and request.claimed_until is None
    return not (holds(request, reader) or request.is_claimed_by_colleague(reader) or is_a_colleagues)


def _contact(request, plan, reachability, viewer, now, elsewhere):
    channel, reason = _channel(request, plan), _reason(request, plan)
    may_from = reachability.possible_from(channel, plan.preferences)
    is_planned = reason != Reason.REPLY and request.stage != Stage.NEW and request.due_at > now
    if is_planned:
        at = max(request.due_at, may_from or request.due_at)
        return NextAction(Kind.CONTACT, channel, at, reason, is_planned=True)
    if may_from is None:
        waits_for_them = channel == Channel.CALL and not reachability.preference_is_met
        return NextAction(Kind.CONFIRM_TIME if waits_for_them else Kind.WAIT_FOR_OPENING, channel, reason=reason)
    if may_from > now:
        return NextAction(Kind.CONTACT, channel, may_from, reason)
    return NextAction(_kind_now(request, viewer, now, elsewhere), channel, reason=reason)


def _kind_now(request, viewer, now, elsewhere):
    if viewer is None:
        return Kind.CONTACT
    if elsewhere is not None:
        return Kind.ASK_COLLEAGUE
    is_theirs = request.owner_id == viewer.pk
    if is_theirs and (request.claimed_until is None or request.claimed_until > now):
        return Kind.CONTACT
    return Kind.TAKE if request.owner_id is None or request.claimed_until is not None else Kind.MAKE_OWNER


def _channel(request, plan):
    """Return the channel to use next.

    It is the person's first choice if they contacted us again or we have spoken with them. Otherwise it is the next
    channel of the plan.
    """
    if request.awaiting_reply_since or request.stage in SPOKEN_WITH:
        return (plan.channels or plan.preferences.channels)[0]
    return plan.next_channel


def _reason(request, plan):
    if request.awaiting_reply_since:
        return Reason.REPLY
    if request.stage in SPOKEN_WITH:
        return Reason.FOLLOW_UP
    return Reason.NEXT_ATTEMPT if plan.attempts else Reason.FIRST
