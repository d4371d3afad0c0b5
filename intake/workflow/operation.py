"""Store what one button changes, as a `Change` for each request, so that `undo` can restore it.

`undoable` makes a workflow function an operation. Everything that the function locks, updates and logs until it returns
belongs to that operation.
"""

import datetime as dt
import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from intake.db.uuid7 import uuid7
from intake.models import AssessmentRequest, Change, ContactPreferences, OutboxMessage

from .state import as_json

# The columns that undo restores. Preferred time and time zone are restored with the contact preferences.
STATE = (
    "stage",
    "outcome",
    "owner_id",
    "claimed_until",
    "due_at",
    "due_uses_default_hours",
    "first_due_at",
    "promise",
    "awaiting_reply_since",
    "first_attempt_at",
    "reached_at",
    "attempts_to_reach",
    "assessment_at",
    "snoozed_until",
    "snooze_reason",
    "due_before_snooze",
    "duplicate_of_id",
    "link_undo_state",
    "to_confirm_since",
    "closed_at",
    "close_undo_state",
    "form_key",
    "previous_form_key",
    "quarantined_at",
    "spam_signals",
    "legal_hold_at",
    "hidden_at",
)

_current: ContextVar["_Operation | None"] = ContextVar("operation", default=None)
T = TypeVar("T")


def undoable(function: Callable[..., T]) -> Callable[..., T]:
    """Wrap a workflow function so that each call is an operation that can be undone.

    The wrapped function also takes `batch`, the id of a bulk action. A call without an actor, or within another
    operation, starts no operation of its own.
    """

    @functools.wraps(function)
    def run(*, actor: User | None, batch: UUID | None = None, **given: Any) -> T:
        with transaction.atomic():
            if actor is None or _current.get() is not None:  # nobody could undo it, or it is inside an operation
                return function(actor=actor, **given)
            operation = _Operation(actor, batch)
            token = _current.set(operation)
            try:
                result = function(actor=actor, **given)
            finally:
                _current.reset(token)
            operation.keep()
        return result

    return run


class _Operation:
    def __init__(self, actor: User, batch: UUID | None) -> None:
        self.id = uuid7()
        self.actor, self.batch = actor, batch or self.id
        self.rows: dict[UUID, _Row] = {}

    def keep(self) -> None:
        """Store a `Change` for each request that was written.

        The rows are read from the database again, since several functions may each have changed a copy.
        """
        written = [row for row in self.rows.values() if row.is_written]
        after = AssessmentRequest.objects.in_bulk([row.request_id for row in written])
        now = timezone.now()
        for row in written:
            row.keep(self, after[row.request_id], now)


class _Row:
    """The state of a request when the operation locked it."""

    def __init__(self, request: AssessmentRequest) -> None:
        self.request_id, self.before, self.version = request.pk, as_json(request, STATE), request.version
        self.change_id, self.is_written = uuid7(), False
        self.preferences_before: int | None = None
        self.outbox_message: int | None = None

    def keep(self, operation: _Operation, request: AssessmentRequest, now: dt.datetime) -> None:
        after = as_json(request, STATE)
        Change(
            pk=self.change_id,
            operation=operation.id,
            batch=operation.batch,
            request=request,
            actor=operation.actor,
            occurred_at=now,
            before={name: value for name, value in self.before.items() if value != after[name]},
            version_before=self.version,
            version_after=request.version,
            preferences_before=self.preferences_before,
            outbox_message=self.outbox_message,
        ).save(force_insert=True)


def track(request: AssessmentRequest) -> None:
    """Remember the state of a request that was just locked, before anything changes it.

    If the operation locks the request again before changing it, the later state counts.
    """
    operation = _current.get()
    if operation is not None and not _is_written(operation, request):
        operation.rows[request.pk] = _Row(request)


def mark_written(request: AssessmentRequest) -> UUID | None:
    """Mark this request as written. Return the id of its `Change`, or None outside of an operation."""
    row = _row_of(request)
    if row is None:
        return None
    row.is_written = True
    return row.change_id


def record_replaced_preferences(request: AssessmentRequest, preferences: ContactPreferences | None) -> None:
    """Remember which contact preferences the operation replaces.

    If it replaces them several times, only the first ones are remembered.
    """
    row = _row_of(request)
    if row is not None and preferences is not None and row.preferences_before is None:
        row.preferences_before = preferences.pk


def record_queued_message(request: AssessmentRequest, outbox_message: OutboxMessage) -> None:
    """Remember a message that this operation queued."""
    row = _row_of(request)
    if row is not None:
        row.outbox_message = outbox_message.pk


def _row_of(request: AssessmentRequest) -> _Row | None:
    operation = _current.get()
    return operation.rows.get(request.pk) if operation else None


def _is_written(operation: _Operation, request: AssessmentRequest) -> bool:
    return request.pk in operation.rows and operation.rows[request.pk].is_written
