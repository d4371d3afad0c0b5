"""Link duplicate requests to their original, and unlink them.

The original stays open. Its duplicates are closed and refer to it.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from intake import search
from intake.contact.preferences import newest_preferences
from intake.models import AssessmentRequest, Event

from .attempt_plan import last_heard_at
from .base import (
    NOT_SNOOZED,
    LinkedRequests,
    Stage,
    TransitionRefused,
    check_version,
    close_request,
    content_is_erased,
    event_timestamp,
    keep_links_undoable,
    locked_rows,
    log_event,
    not_allowed,
    refuse_if_erased,
    restore_form_key,
    update_request,
)
from .contact_preferences import restore_own_preferences, store_safest_preferences
from .operation import undoable
from .queue import end_snooze, mark_contacted_again
from .state import Columns
from .to_confirm import Why, ask_if_same_person, compared, refuse_if_in_question

Outcome = AssessmentRequest.Outcome


@undoable
def link_duplicate(
    *, request_id: UUID, of_reference: str, actor: User, same_matter: bool = False, expected_version: int | None = None
) -> AssessmentRequest:
    """Close a request as a duplicate of the original, and return the duplicate.

    `of_reference`: the reference of the original, or of another duplicate of it. `same_matter`: must be True if the two
    share no phone number or email address, since a wrong digit in a reference would mix two people up.

    Where the contact preferences differ, the original gets the safer ones. If the person waits for us in the duplicate,
    they wait in the original from now on, with a new attempt plan.
    """
    found = search.by_reference(of_reference)
    if found is None:
        raise TransitionRefused(_("There is no request with this reference. Check it and try again."))
    original_id = found.duplicate_of_id or found.pk
    if original_id == request_id:
        raise TransitionRefused(_("A request can't be a duplicate of itself."))
    rows = locked_rows([request_id, original_id])
    request, original = rows[request_id], rows[original_id]
    check_version(request, expected_version)
    if request.stage == Stage.CLOSED:
        raise not_allowed(request, Stage.CLOSED)
    if original.stage == Stage.CLOSED:
        raise TransitionRefused(_("That request is closed, so nobody would call this person. Reopen it first."))
    if request.duplicates.exists():
        raise TransitionRefused(_("Other requests are linked to this one. Link the newer one to it instead."))
    if _is_expected(request) and not _is_expected(original):
        raise TransitionRefused(_("This request has an assessment booked. Link the other one to it instead."))
    if not same_matter and not search.contact_in_common(request, original):
        raise TransitionRefused(
            _(
                "The two requests share no phone number or email address. Check the reference. If they are about the "
                "same matter, check that box, then press again."
            )
        )
    for one, other in ((request, original), (original, request)):
        refuse_if_in_question(one, other)
    if original.to_confirm_since:  # linking answers the question
        update_request(original, to_confirm_since=None)
    rules = newest_preferences(original)
    before = {
        "own": _saved_columns(request, _QUEUE_COLUMNS) | {"stage": request.stage},
        "original": _saved_columns(original, _QUEUE_COLUMNS + _QUARANTINE_COLUMNS),
        "since": original.version,
        "rules": rules.pk if rules else 0,
    }
    store_safest_preferences(original, [*original.duplicates.all(), request], actor)
    _merge_quarantine(request, original, actor)
    _merge_waiting_state(request, original, actor)
    close_request(
        request,
        Outcome.DUPLICATE,
        duplicate_of=original,
        link_undo_state=before | {"version": original.version},
        owner=None if request.claimed_until else request.owner,
    )
    log_event(request, Event.Code.LINKED, actor, "", original.reference)
    log_event(original, Event.Code.LINKED, actor, request.reference)
    return request


@undoable
def unlink_duplicate(*, request_id: UUID, actor: User, expected_version: int | None = None) -> AssessmentRequest:
    """Undo `link_duplicate`, and return the former duplicate: open, and due as before.

    Both requests get their own contact preferences again, and the original its earlier place in the queue. If someone
    changed either on the original since, the change stays.
    """
    linked_requests = lock_linked(request_id)
    request = linked_requests[request_id]
    check_version(request, expected_version)
    if request.duplicate_of_id is None:
        raise TransitionRefused(_("This request is not linked as a duplicate. Nothing was changed."))
    refuse_if_erased(request)
    unlink(request, linked_requests[request.duplicate_of_id], actor)
    return request


def unlink(request: AssessmentRequest, original: AssessmentRequest, actor: User | None) -> None:
    """Unlink a locked duplicate from its locked original. `actor`: None if an action of the person ends the link."""
    own = _restored_columns((request.link_undo_state or {}).get("own", {}))
    before = own.pop("stage", "")
    if _is_expected(request):
        stage, due_at = Stage.BOOKED, own.pop("due_at", request.assessment_at)
    else:
        stage = Stage.TALKING if request.reached_at else Stage.REACHING if request.first_attempt_at else Stage.NEW
        stage = stage if before == Stage.BOOKED else before or stage
        due_at = own.pop("due_at", request.due_at)
    changes = {"stage": stage, "outcome": "", "closed_at": None, "duplicate_of": None, "due_at": due_at}
    restore_original(original, request, actor)
    update_request(request, **changes | own, link_undo_state=None)
    restore_form_key(request)
    log_event(request, Event.Code.UNLINKED, actor, original.reference, stage)
    log_event(original, Event.Code.UNLINKED, actor, request.reference)


def unlink_all(request: AssessmentRequest, linked_requests: LinkedRequests, actor: User | None, why: str = "") -> None:
    """Unlink a locked request from its original, or from all of its duplicates.

    `linked_requests`: the result of `lock_linked`. `why`: a `to_confirm.Why`. With it, staff are asked whether the
    other requests belong to the same person. If the request was withdrawn or erased, they are asked only about requests
    that share a phone number or email address: another contact may be a relative's.
    """
    is_original = request.duplicate_of_id is None
    linked = (
        [one for one in linked_requests.values() if one.duplicate_of_id == request.pk] if is_original else [request]
    )
    for duplicate in linked:
        if content_is_erased(duplicate):
            continue
        duplicate.refresh_from_db(fields=["link_undo_state", "version"])  # unlinking the one before may have changed it
        original = linked_requests[duplicate.duplicate_of_id or request.pk]
        unlink(duplicate, original, actor)
        other = duplicate if is_original else original
        may_be_the_same, in_common = compared(request, other) if why else (False, [])
        if why == Why.CHANGED or may_be_the_same:
            ask_if_same_person(other, request, [why, *in_common], actor)


def restore_original(original: AssessmentRequest, request: AssessmentRequest, actor: User | None) -> None:
    """Restore the contact preferences and the place in the queue that a locked original had before a link.

    `request`: the duplicate that is being unlinked. If someone changed the original since, it keeps its place in the
    queue. Only a snooze that came from the duplicate ends.
    """
    before, version = request.link_undo_state or {}, original.version
    restore_own_preferences(original, original.duplicates.exclude(pk=request.pk).order_by("pk"), actor)
    if original.stage != Stage.CLOSED and "version" in before:
        place, lent = _restored_columns(before["original"]), _restored_columns(before["own"])["snoozed_until"]
        if version == before["version"]:
            if place["quarantined_at"] and not original.quarantined_at:
                log_event(original, Event.Code.SUSPECTED, actor, "", place["spam_signals"])
            update_request(original, **place)
            version = before["since"]  # earlier links are undone as if this one had not existed
        elif lent and original.snoozed_until == lent != place["snoozed_until"]:
            update_request(original, **{name: place[name] for name in _QUEUE_COLUMNS})
            return
    keep_links_undoable(original, version)


def lock_linked(*request_ids: UUID) -> LinkedRequests:
    """Lock these requests and all requests linked with them, and return them by id.

    Starts again if someone links or unlinks one of them meanwhile, since rows must be locked in primary-key order.
    """
    while True:
        ids = _linked_ids(request_ids)
        with transaction.atomic():
            rows = locked_rows(ids)
            if _linked_ids(request_ids) == ids:
                return rows
            transaction.set_rollback(True)  # someone linked or unlinked one meanwhile


def _linked_ids(request_ids: Iterable[UUID]) -> set[UUID]:
    linked = AssessmentRequest.objects.filter(pk__in=request_ids).order_by().values_list("pk", "duplicate_of")
    originals = {original or pk for pk, original in linked}
    duplicates = AssessmentRequest.objects.filter(duplicate_of__in=originals).order_by()
    return {*request_ids, *originals, *duplicates.values_list("pk", flat=True)}


def _is_expected(request: AssessmentRequest) -> bool:
    return request.assessment_at is not None and request.assessment_at > timezone.now()


def _merge_quarantine(request: AssessmentRequest, original: AssessmentRequest, actor: User | None) -> None:
    """Release the original from quarantine if the duplicate shows that it is real.

    It does if the duplicate is not in quarantine, or if we spoke with the duplicate's person.
    """
    if original.quarantined_at and (request.quarantined_at is None or request.reached_at):
        before = original.spam_signals
        update_request(original, quarantined_at=None, spam_signals="")
        log_event(original, Event.Code.CLEARED, actor, before)


def _merge_waiting_state(request: AssessmentRequest, original: AssessmentRequest, actor: User | None) -> None:
    """Move what the person waits for from the duplicate to the original.

    That is the earlier due time, a reply, or a snooze. A snooze that the person asked for counts only if we have not
    heard from them since, in either request.
    """
    if request.is_snoozed and request.awaiting_reply_since is None:
        if asked := _asked_for_later_after(request, original):
            until, reason = request.snoozed_until, request.snooze_reason
            due_before = original.due_before_snooze or original.due_at
            snoozed = {"snoozed_until": until, "snooze_reason": reason, "due_before_snooze": due_before}
            update_request(original, **snoozed, due_at=until, awaiting_reply_since=None)
            # Logged at the time they asked, so that anything they said later ends the snooze.
            log_event(original, Event.Code.SNOOZED, asked.actor, reason, event_timestamp(until), at=asked.occurred_at)
        return
    if original.is_snoozed and _asked_for_later_after(original, request):
        return
    asked_again = request.stage == Stage.NEW and request.received_at > original.received_at
    if request.awaiting_reply_since or asked_again or (request.awaits_contact and original.stage == Stage.BOOKED):
        first = original.awaiting_reply_since
        mark_contacted_again(original, request.awaiting_reply_since or request.received_at)
        if first or request.awaiting_reply_since:
            update_request(original, awaiting_reply_since=first or request.awaiting_reply_since)
    if original.stage == Stage.BOOKED and request.stage != Stage.TALKING:
        return
    due_at = min(original.due_at, request.due_at)
    if original.snoozed_until:
        end_snooze(original, actor)
    update_request(original, due_at=due_at)


def _asked_for_later_after(snoozed: AssessmentRequest, other: AssessmentRequest) -> Event | None:
    """Return the event of the newest snooze if the person asked for it, otherwise None.

    Also None if we have heard from the person in the `other` request since, or if an assessment is booked there.
    """
    if snoozed.snooze_reason == AssessmentRequest.SnoozeReason.WAITING or other.stage == Stage.BOOKED:
        return None
    asked = snoozed.events.standing().filter(code=Event.Code.SNOOZED).select_related("actor").last()
    last_heard = last_heard_at(other, other.attempts.standing(), other.events.standing())
    return asked if asked and asked.occurred_at > last_heard else None


# The columns that linking may change and unlinking restores
_QUEUE_COLUMNS = ("due_at", "awaiting_reply_since", "snoozed_until", "snooze_reason", "due_before_snooze")
_QUARANTINE_COLUMNS = ("quarantined_at", "spam_signals")
_CODES = ("stage", "snooze_reason", "spam_signals")


def _saved_columns(request: AssessmentRequest, names: Iterable[str]) -> dict[str, str | None]:
    values = {name: getattr(request, name) for name in names}
    return {name: value if name in _CODES else value and value.isoformat() for name, value in values.items()}


def _restored_columns(kept: Mapping[str, str | None]) -> Columns:
    """Return the columns that `_saved_columns` stored. A snooze that has ended is cleared."""
    values: Columns = {
        name: value if name in _CODES else value and dt.datetime.fromisoformat(value) for name, value in kept.items()
    }
    if values.get("snoozed_until") and values["snoozed_until"] <= timezone.now():
        values |= NOT_SNOOZED
    return values
