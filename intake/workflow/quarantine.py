"""Requests that a machine may have sent wait in quarantine until a person checks them.

They keep their place in the queue.
"""

from uuid import UUID

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _

from intake.contact import consent
from intake.models import AssessmentRequest, Event, OutboxMessage

from .base import Stage, TransitionRefused, locked, locked_open, log_event, update_request
from .operation import record_queued_message, undoable

BY_STAFF = "staff"  # a code of `intake.submission.spam_signals`


@undoable
def quarantine(*, request_id: UUID, actor: User, expected_version: int | None = None) -> AssessmentRequest:
    """Put a request in quarantine because a colleague thinks that a machine sent it."""
    request = locked_open(request_id, expected_version)
    if request.quarantined_at:
        raise TransitionRefused(_("This request is already in quarantine. Nothing was changed."))
    update_request(request, quarantined_at=timezone.now(), spam_signals=BY_STAFF)
    log_event(request, Event.Code.SUSPECTED, actor, "", BY_STAFF)
    return request


@undoable
def release_from_quarantine(*, request_id: UUID, actor: User, expected_version: int | None = None) -> AssessmentRequest:
    """Take a request out of quarantine because someone checked it and it is real.

    The acknowledgement to the person, withheld until now, is queued.
    """
    request = locked(request_id, expected_version)
    if request.quarantined_at is None:
        raise TransitionRefused(_("This request is not in quarantine. Nothing was changed."))
    before = request.spam_signals
    update_request(request, quarantined_at=None, spam_signals="")
    log_event(request, Event.Code.CLEARED, actor, before)
    is_open = request.stage != Stage.CLOSED
    if is_open and request.consents.filter(purpose=consent.EMAIL.purpose).exists():  # withheld until now
        outbox_message, is_new = OutboxMessage.objects.get_or_create(
            request=request, kind=OutboxMessage.Kind.ACKNOWLEDGEMENT, defaults={"next_try_at": timezone.now()}
        )
        if is_new:
            record_queued_message(request, outbox_message)
    return request
