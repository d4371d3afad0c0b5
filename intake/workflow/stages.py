"""Set the stage of a request, book the assessment, close the request, and reopen it."""

import datetime as dt
from uuid import UUID

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _

from intake import access
from intake.contact.preferences import newest_preferences
from intake.models import AssessmentRequest, EncryptedText, Event

from .attempt_plan import attempt_plan_of, must_decide
from .attempts import follow_up
from .base import (
    NOT_SNOOZED,
    TRANSITIONS,
    Stage,
    TransitionRefused,
    check_version,
    close_request,
    event_timestamp,
    kept_claim,
    locked,
    log_event,
    not_allowed,
    refuse_at_night,
    refuse_if_erased,
    restore_form_key,
    update_request,
)
from .duplicates import lock_linked, unlink_all
from .operation import undoable
from .state import Columns, as_json, from_json
from .to_confirm import Why

Outcome = AssessmentRequest.Outcome

# The outcomes that `close` takes. `link_duplicate` sets the outcome "duplicate".
ENDS = (
    Outcome.ADMITTED,
    Outcome.REFERRED,
    Outcome.DECLINED,
    Outcome.NOT_REACHED,
    Outcome.WITHDRAWN,
    Outcome.SPAM,
)


@undoable
def set_stage(*, request_id: UUID, stage: str, actor: User, expected_version: int | None = None) -> AssessmentRequest:
    """Move an open request to another stage, and return the request.

    `TRANSITIONS` lists the allowed moves. To book, close or reopen, call `book`, `close` or `reopen` instead.
    """
    request = locked(request_id, expected_version)
    if stage == Stage.CLOSED or request.stage == Stage.CLOSED or stage not in TRANSITIONS[request.stage]:
        raise not_allowed(request, stage)
    if stage == Stage.BOOKED:
        raise TransitionRefused(_("Enter when the assessment is."))
    now, before = timezone.now(), request.stage
    changes = NOT_SNOOZED | kept_claim(request, actor) | {"stage": stage, "assessment_at": None}
    if stage == Stage.TALKING:
        changes |= {
            "awaiting_reply_since": None,
            "reached_at": request.reached_at or now,
            "due_at": follow_up(newest_preferences(request), now),
        }
    elif not request.awaits_contact:
        changes["due_at"] = now  # we lost contact: someone tries again now
    elif request.due_before_snooze:
        changes["due_at"] = request.due_before_snooze
    update_request(request, **changes)
    log_event(request, Event.Code.STAGE_SET, actor, before, stage)
    return request


@undoable
def book(
    *, request_id: UUID, at: dt.datetime | None, actor: User, expected_version: int | None = None
) -> AssessmentRequest:
    """Book an assessment, or move a booked one. The request is due at the time `at`."""
    request, now = locked(request_id, expected_version), timezone.now()
    if request.stage == Stage.CLOSED or Stage.BOOKED not in (request.stage, *TRANSITIONS[request.stage]):
        raise not_allowed(request, Stage.BOOKED)
    if at is None or at <= now:
        raise TransitionRefused(_("Choose a time in the future for the assessment."))
    if at > now + dt.timedelta(days=365):
        raise TransitionRefused(_("Choose a time for the assessment within a year."))
    refuse_at_night(at)
    before, asked_before = request.stage, request.assessment_at
    changes = {"stage": Stage.BOOKED, "assessment_at": at, "due_at": at, "awaiting_reply_since": None}
    update_request(
        request, **NOT_SNOOZED, **kept_claim(request, actor), **changes, reached_at=request.reached_at or now
    )
    if before != Stage.BOOKED:
        log_event(request, Event.Code.STAGE_SET, actor, before, Stage.BOOKED)
    log_event(request, Event.Code.BOOKED, actor, event_timestamp(asked_before), event_timestamp(at))
    return request


@undoable
def close(
    *,
    request_id: UUID,
    outcome: str,
    actor: User,
    referral: str = "",
    person_told: bool = False,
    expected_version: int | None = None,
) -> AssessmentRequest:
    """Close an open request with an outcome, and return the request.

    - not reached: refused while the attempt plan needs more attempts
    - referred: `referral` says who the person was referred to, and is encrypted; `person_told` must confirm that the
      person knows
    - spam or withdrawn: linked requests are unlinked, and each keeps its own promise

    If a withdrawn request shares a phone or email with a linked one, contact on the linked one pauses until staff say
    whose it is. To close a duplicate, call `link_duplicate`.
    """
    linked_requests = lock_linked(request_id)
    request = linked_requests[request_id]
    check_version(request, expected_version)
    if request.stage == Stage.CLOSED:
        raise not_allowed(request, Stage.CLOSED)
    if outcome == Outcome.DUPLICATE:
        raise TransitionRefused(_("Link this request to the one it duplicates."))
    if outcome not in ENDS:
        raise TransitionRefused(_("Choose an outcome for this request."))
    if outcome == Outcome.NOT_REACHED:
        plan = attempt_plan_of(request)
        if request.awaiting_reply_since and not must_decide(request, plan):
            raise TransitionRefused(
                _("The person contacted us again and waits for an answer. Try to reach them before you close this.")
            )
        if why := plan.why_not_closable:
            raise TransitionRefused(why)
    if outcome == Outcome.REFERRED:
        _store_referral(request, referral, person_told, actor)
    if outcome in (Outcome.SPAM, Outcome.WITHDRAWN):
        unlink_all(request, linked_requests, actor, Why.WITHDRAWN if outcome == Outcome.WITHDRAWN else "")
    close_request(request, outcome, close_undo_state=_state_before_closing(request))
    log_event(request, Event.Code.CLOSED, actor, "", outcome)
    return request


@undoable
def reopen(*, request_id: UUID, actor: User, expected_version: int | None = None) -> AssessmentRequest:
    """Reopen a closed request. Its earlier stage, assessment, owner and due time are restored."""
    request = locked(request_id, expected_version)
    if request.stage != Stage.CLOSED:
        raise not_allowed(request, Stage.REACHING)
    refuse_if_erased(request)
    if request.duplicate_of_id:
        raise TransitionRefused(_("This request is linked as a duplicate. Unlink it to reopen it."))
    open_again(request, actor)
    return request


def open_again(request: AssessmentRequest, actor: User | None) -> None:
    """Reopen a locked request that is closed, not linked and not erased.

    If staff reopen it, its earlier state is restored. If the person caused it (`actor` is None), they wait for us: the
    request is due now, at the stage "trying to reach". If a booked assessment is still ahead, the earlier state is
    restored in this case too.
    """
    before, now = request.outcome, timezone.now()
    restored = _restored_by_reopening(request, now)
    is_expected = (
        restored["stage"] == Stage.BOOKED and request.assessment_at is not None and request.assessment_at > now
    )
    if actor is None and not is_expected:
        restored = {"stage": Stage.REACHING, "assessment_at": None, "due_at": min(request.due_at, now)}
    owner = request.owner if _may_own_again(request) else None
    update_request(request, **restored, owner=owner, outcome="", closed_at=None, close_undo_state=None)
    restore_form_key(request)
    log_event(request, Event.Code.REOPENED, actor, before, request.stage)


# What closing clears. The assessment time, the due time and the owner stay on a closed request.
_CLEARED_BY_CLOSING = (
    "stage",
    "awaiting_reply_since",
    "to_confirm_since",
    "snoozed_until",
    "snooze_reason",
    "due_before_snooze",
)


def _state_before_closing(request: AssessmentRequest) -> dict[str, object]:
    claimant = request.owner_id if request.claimed_until else None  # a claim is not ownership
    return as_json(request, _CLEARED_BY_CLOSING) | {"claimant": claimant}


def _restored_by_reopening(request: AssessmentRequest, now: dt.datetime) -> Columns:
    """Return the columns that reopening restores. A snooze that has ended is cleared."""
    if request.close_undo_state is None:  # closed before this state was stored
        return {"stage": Stage.REACHING, "assessment_at": None, "due_at": min(request.due_at, now)}
    columns = from_json({name: request.close_undo_state[name] for name in _CLEARED_BY_CLOSING})
    is_over = columns["snoozed_until"] and columns["snoozed_until"] <= now
    return columns | NOT_SNOOZED if is_over else columns


def _may_own_again(request: AssessmentRequest) -> bool:
    claimant = (request.close_undo_state or {}).get("claimant")
    return request.owner is not None and request.owner_id != claimant and access.may_read_requests(request.owner)


def _store_referral(request: AssessmentRequest, referral: str, person_told: bool, actor: User) -> None:
    if not referral.strip():
        raise TransitionRefused(_("Enter who the person was referred to."))
    if not person_told:
        raise TransitionRefused(_("Tell the person first, then check the box that they were told."))
    text = EncryptedText(request=request, kind=EncryptedText.Kind.REFERRAL, author=actor, recorded_at=timezone.now())
    text.encrypt(referral).save(force_insert=True)
