"""Add notes of staff, and mark what the person wrote as read."""

from collections.abc import Iterable
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from intake.models import AssessmentRequest, EncryptedText, Event

from .attempt_plan import PERSON_WROTE
from .base import (
    DOUBLE_CLICK,
    TransitionRefused,
    content_is_erased,
    locked,
    log_event,
)
from .operation import undoable
from .queue import keep_claim


@transaction.atomic
def add_note(*, request_id: UUID, text: str, actor: User) -> EncryptedText:
    """Add an encrypted note to an open or closed request, and return it. Notes of two people never conflict."""
    if not text.strip():
        raise TransitionRefused(_("Write something first: the note is empty."))
    request, now = locked(request_id), timezone.now()
    if content_is_erased(request):
        raise TransitionRefused(_("The content of this request was erased. Nothing can be added to it."))
    last = request.texts.filter(kind=EncryptedText.Kind.NOTE, author=actor, recorded_at__gt=now - DOUBLE_CLICK).last()
    if last and last.holds(text):
        return last
    note = EncryptedText(request=request, kind=EncryptedText.Kind.NOTE, author=actor, recorded_at=now).encrypt(text)
    note.save(force_insert=True)
    keep_claim(request_id=request.pk, actor=actor)
    log_event(request, Event.Code.NOTE_ADDED, actor)
    return note


def unread_additions(events: Iterable[Event]) -> list[Event]:
    """Return the events for what the person wrote that nobody has marked as read."""
    read = max((int(event.to_value) for event in events if event.code == Event.Code.ADDITIONS_READ), default=0)
    return [event for event in events if event.code in PERSON_WROTE and event.pk > read]


@undoable
def mark_additions_read(*, request_id: UUID, up_to: int, actor: User) -> AssessmentRequest:
    """Mark what the person wrote as read for all staff. `up_to`: the primary key of the last event to mark.

    What the person writes while someone reads stays unread. Logging an attempt marks nothing, since the page may be
    older than the message. Does not raise the version.
    """
    request = locked(request_id)
    new = unread_additions(request.events.standing())
    if not request.events.filter(pk=up_to, code__in=PERSON_WROTE).exists():
        raise TransitionRefused(_("There is no such message from the person. Nothing was changed."))
    if any(event.pk <= up_to for event in new):
        log_event(request, Event.Code.ADDITIONS_READ, actor, "", up_to)
    return request
