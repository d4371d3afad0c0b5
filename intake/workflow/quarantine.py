"""What may have been sent by a machine waits for a person to look at it. It keeps its place in the queue."""

from django.utils import timezone
from django.utils.translation import gettext as _

from intake.contact import consent
from intake.models import Event, Notice

from .base import Stage, TransitionRefused, locked, locked_open, save, write
from .press import queues_mail, undoable

BY_STAFF = "staff"  # a code of `intake.submission.spam_signals`


@undoable
def quarantine(*, request_id, actor, seen=None):
    """Says that a request looks as if a machine had sent it."""
    request = locked_open(request_id, seen)
    if request.quarantined_at:
        raise TransitionRefused(_("This request is in quarantine already. Nothing was changed."))
    save(request, quarantined_at=timezone.now(), suspicions=BY_STAFF)
    write(request, Event.Code.SUSPECTED, actor, "", BY_STAFF)
    return request


@undoable
def release_from_quarantine(*, request_id, actor, seen=None):
    """Says that a person looked at a suspected request and it is real."""
    request = locked(request_id, seen)
    if request.quarantined_at is None:
        raise TransitionRefused(_("This request is not in quarantine. Nothing was changed."))
    before = request.suspicions
    save(request, quarantined_at=None, suspicions="")
    write(request, Event.Code.CLEARED, actor, before)
    is_open = request.stage != Stage.CLOSED
    if is_open and request.consents.filter(purpose=consent.EMAIL.purpose).exists():  # withheld until now
        notice, is_new = Notice.objects.get_or_create(
            request=request, kind=Notice.Kind.ACKNOWLEDGEMENT, defaults={"next_try_at": timezone.now()}
        )
        if is_new:
            queues_mail(request, notice)
    return request
