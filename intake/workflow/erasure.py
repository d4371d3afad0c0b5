"""Erase content, and set or lift the legal hold that prevents it."""

from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from intake import access
from intake.models import AssessmentRequest, Event, OutboxMessage

from .base import (
    Stage,
    TransitionRefused,
    locked,
    log_event,
    update_request,
)
from .duplicates import lock_linked, unlink_all
from .operation import undoable
from .to_confirm import Why


@transaction.atomic
def erase(*, request_id: UUID, actor: User) -> AssessmentRequest:
    """Erase all content of a closed request, and return the request. Only a lead may.

    Content is what the person sent, and what staff wrote about them. Reference, times, stage, outcome, events and
    records of consent stay. Duplicates are unlinked and keep their content.
    """
    if not access.may_erase(actor):
        raise TransitionRefused(_("Only a lead can erase content."))
    linked_requests = lock_linked(request_id)
    request = linked_requests[request_id]
    if request.stage != Stage.CLOSED:
        raise TransitionRefused(_("Close the request first. Then you can erase its content."))
    if request.legal_hold_at:
        raise TransitionRefused(
            _("This request is under legal hold. Its content must be kept until the hold is lifted.")
        )
    if request.duplicate_of_id is None:
        unlink_all(request, linked_requests, actor, Why.ERASED)
    erase_content(request, actor)
    return request


@undoable
def set_legal_hold(*, request_id: UUID, actor: User) -> AssessmentRequest:
    """Put a request under legal hold, so that nobody can erase its content. Only a lead may."""
    if not access.may_erase(actor):
        raise TransitionRefused(_("Only a lead can set or lift a legal hold."))
    request = locked(request_id)
    if request.legal_hold_at:
        return request
    update_request(request, legal_hold_at=timezone.now())
    log_event(request, Event.Code.HOLD_SET, actor)
    return request


@transaction.atomic
def lift_legal_hold(*, request_id: UUID, actor: User) -> AssessmentRequest:
    """Lift a legal hold. Only a lead may.

    If the person withdrew during the hold, the content is erased now.
    """
    if not access.may_erase(actor):
        raise TransitionRefused(_("Only a lead can set or lift a legal hold."))
    request = locked(request_id)
    if request.legal_hold_at is None:
        return request
    was_withdrawn = request.hidden_at is not None
    request = _lift(request_id=request_id, actor=actor)
    if was_withdrawn:  # erasing can't be undone, so it is not part of the operation
        erase_content(request, actor)
    return request


@undoable
def _lift(*, request_id: UUID, actor: User) -> AssessmentRequest:
    request = update_request(locked(request_id), legal_hold_at=None, hidden_at=None)
    log_event(request, Event.Code.HOLD_LIFTED, actor)
    return request


def erase_content(request: AssessmentRequest, actor: User | None) -> None:
    """Erase the content of a locked request.

    Deletes texts, indexes, preferences, aliases, and messages not sent. Clears private link and form key.
    """
    request.texts.all().delete()
    request.blind_indexes.all().delete()
    request.contact_preferences.all().delete()
    request.aliases.all().delete()
    update_request(request, preferred_time="", time_zone="")
    forget_messages(request)
    log_event(request, Event.Code.ERASED, actor)


def forget_messages(request: AssessmentRequest) -> None:
    """Delete a request's messages that have not gone out, and clear its private link and form key."""
    request.outbox_messages.filter(state__in=OutboxMessage.WAITING).delete()
    update_request(request, form_key=None, private_link_hash=None)
