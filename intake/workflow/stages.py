"""Where a person is on the way to an assessment, and how a request ends."""

import datetime as dt
from uuid import UUID

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _

from intake import access
from intake.contact.preferences import newest_preferences
from intake.models import AssessmentRequest, EncryptedText, Event

from .attempts import attempt_plan_of, follow_up, must_decide
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
from .duplicates import lock_linked, part
from .operation import undoable
from .state import Columns, as_json, from_json
from .to_confirm import Why

Outcome = AssessmentRequest.Outcome

# As what a request can be closed. As a duplicate it ends by its link.
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
    """Moves an open request along `TRANSITIONS`. Booking is `book`, closing `close`, reopening `reopen`."""
    request = locked(request_id, expected_version)
    if stage == Stage.CLOSED or request.stage == Stage.CLOSED or stage not in TRANSITIONS[request.stage]:
        raise not_allowed(request, stage)
    if stage == Stage.BOOKED:
        raise TransitionRefused(_("Say when the assessment is."))
    now, before = timezone.now(), request.stage
    changes = NOT_SNOOZED | kept_claim(request, actor) | {"stage": stage, "assessment_at": None}
    if stage == Stage.TALKING:
        changes |= {
            "awaiting_reply_since": None,
            "reached_at": request.reached_at or now,
            "due_at": follow_up(newest_preferences(request), now),
        }
    elif not request.awaits_contact:
        changes["due_at"] = now  # we lost touch: someone tries again
    elif request.due_before_snooze:
        changes["due_at"] = request.due_before_snooze
    update_request(request, **changes)
    log_event(request, Event.Code.STAGE_SET, actor, before, stage)
    return request


@undoable
def book(
    *, request_id: UUID, at: dt.datetime | None, actor: User, expected_version: int | None = None
) -> AssessmentRequest:
    """Books the assessment for a time to come, or another time for one that is booked. It is due then."""
    request, now = locked(request_id, expected_version), timezone.now()
    if request.stage != Stage.BOOKED and Stage.BOOKED not in TRANSITIONS[request.stage]:
        raise not_allowed(request, Stage.BOOKED)
    if at is None or at <= now:
        raise TransitionRefused(_("Choose a time for the assessment that is still to come."))
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
    """Ends an open request with the reason why.

    Not reached: after the whole ladder alone. Referred: with whom to, and that the person was told; the text is sealed.
    Duplicate: `link_duplicate`, which says of which. Spam, withdrawn: what was linked to it goes on by itself, with its
    own promise. What names the phone or e-mail of one that was withdrawn waits for staff to say whose it is.
    """
    family = lock_linked(request_id)
    request = family[request_id]
    check_version(request, expected_version)
    if request.stage == Stage.CLOSED:
        raise not_allowed(request, Stage.CLOSED)
    if outcome == Outcome.DUPLICATE:
        raise TransitionRefused(_("Say of which request it is a duplicate: link it."))
    if outcome not in ENDS:
        raise TransitionRefused(_("Choose why this request ends."))
    if outcome == Outcome.NOT_REACHED:
        plan = attempt_plan_of(request)
        if request.awaiting_reply_since and not must_decide(request, plan):
            raise TransitionRefused(_("They got in touch and wait for us. Try to reach them before you give up."))
        if why := plan.why_not_given_up:
            raise TransitionRefused(why)
    if outcome == Outcome.REFERRED:
        _keep_referral(request, referral, person_told, actor)
    if outcome in (Outcome.SPAM, Outcome.WITHDRAWN):
        part(request, family, actor, Why.WITHDRAWN if outcome == Outcome.WITHDRAWN else "")
    close_request(request, outcome, close_undo_state=_taken_by_closing(request))
    log_event(request, Event.Code.CLOSED, actor, "", outcome)
    return request


@undoable
def reopen(*, request_id: UUID, actor: User, expected_version: int | None = None) -> AssessmentRequest:
    """Takes a closed request back into the work and gives it back what closing took: its stage, its assessment, its
    owner where they still work at the desk, and the time at which it was due."""
    request = locked(request_id, expected_version)
    if request.stage != Stage.CLOSED:
        raise not_allowed(request, Stage.REACHING)
    refuse_if_erased(request)
    if request.duplicate_of_id:
        raise TransitionRefused(_("This request is linked as a duplicate. Unlink it to open it again."))
    open_again(request, actor)
    return request


def open_again(request: AssessmentRequest, actor: User | None) -> None:
    """Opens a locked request that is closed, not linked and not erased, whoever is the cause. Where the person is
    (`actor` None), they wait for us: what comes back is an assessment that is still ahead, and the owner."""
    before, now = request.outcome, timezone.now()
    restored = _restored_by_reopening(request, now)
    is_expected = (
        restored["stage"] == Stage.BOOKED and request.assessment_at is not None and request.assessment_at > now
    )
    if actor is None and not is_expected:
        restored = {"stage": Stage.REACHING, "assessment_at": None, "due_at": min(request.due_at, now)}
    owner = request.owner if _may_have_it_back(request) else None
    update_request(request, **restored, owner=owner, outcome="", closed_at=None, close_undo_state=None)
    restore_form_key(request)
    log_event(request, Event.Code.REOPENED, actor, before, request.stage)


# What `end` clears. The time of the assessment, the due time and the owner stay as they are on a closed request.
_TAKEN = (
    "stage",
    "awaiting_reply_since",
    "to_confirm_since",
    "snoozed_until",
    "snooze_reason",
    "due_before_snooze",
)


def _taken_by_closing(request: AssessmentRequest) -> dict[str, object]:
    claimant = request.owner_id if request.claimed_until else None  # who only took it from the queue does not own it
    return as_json(request, _TAKEN) | {"claimant": claimant}


def _restored_by_reopening(request: AssessmentRequest, now: dt.datetime) -> Columns:
    """The columns of a closed request that reopening sets: those from before, without a snooze that is over by now."""
    if request.close_undo_state is None:  # closed before anything was kept
        return {"stage": Stage.REACHING, "assessment_at": None, "due_at": min(request.due_at, now)}
    columns = from_json({name: request.close_undo_state[name] for name in _TAKEN})
    is_over = columns["snoozed_until"] and columns["snoozed_until"] <= now
    return columns | NOT_SNOOZED if is_over else columns


def _may_have_it_back(request: AssessmentRequest) -> bool:
    claimant = (request.close_undo_state or {}).get("claimant")
    return request.owner is not None and request.owner_id != claimant and access.may_read_requests(request.owner)


def _keep_referral(request: AssessmentRequest, referral: str, person_told: bool, actor: User) -> None:
    if not referral.strip():
        raise TransitionRefused(_("Say to whom the person was referred."))
    if not person_told:
        raise TransitionRefused(_("Tell the person first, then tick that they were told."))
    text = EncryptedText(request=request, kind=EncryptedText.Kind.REFERRAL, author=actor, recorded_at=timezone.now())
    text.encrypt(referral).save(force_insert=True)
