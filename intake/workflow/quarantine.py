"""Quarantine, for requests that a machine may have sent, until staff check them.

Requests in quarantine keep their place in the queue.
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
    """Put an open request in quarantine, because a member of staff thinks that a machine sent it."""
    request = locked_open(request_id, expected_version)
    if request.quarantined_at:
        raise TransitionRefused(_("This request is already in quarantine. Nothing was changed."))
    update_request(request, quarantined_at=timezone.now(), spam_signals=BY_STAFF)
    log_event(request, Event.Code.SUSPECTED, actor, "", BY_STAFF)
    return request


@undoable
def release_from_quarantine(*, request_id: UUID, actor: User, expected_version: int | None = None) -> AssessmentRequest:
    """Release a request from quarantine, because staff checked that it is real.

    The acknowledgement was withheld until now. It is queued if the request is open and the person consented to email.
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
