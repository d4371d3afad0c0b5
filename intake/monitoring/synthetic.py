"""The synthetic request. The site sends it to itself, to check that form, database, mail, and desk work together.

A signed header, valid for a minute, marks it. Someone who intercepts the header can create, see, and erase synthetic
requests, but no others: each function here finds only synthetic ones.
"""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from intake.models import Alias, AssessmentRequest, EncryptedText, OutboxMessage

from . import synthetic_header

HEARTBEAT = "synthetic"
LEFT_BEHIND_AFTER = dt.timedelta(days=1)

WHOLE = {"stored": True, "notification": OutboxMessage.State.SENT.value, "on_desk": True}


def is_signed(http_request):
    """Return whether this HTTP request carries a valid signature of ours."""
    value = http_request.META.get(synthetic_header.NAME_IN_WSGI, "")
    return bool(value) and synthetic_header.is_valid(value, settings.SYNTHETIC_KEY)


def trace(request_id):
    """Return how far a synthetic request has come, as codes. `WHOLE` if it came all the way."""
    request = _synthetic(request_id).first()
    if request is None:
        return {"stored": False, "notification": "", "on_desk": False}
    outbox_message = request.outbox_messages.filter(kind=OutboxMessage.Kind.NEW_REQUEST).first()
    return {
        "stored": True,
        "notification": outbox_message.state if outbox_message else "",
        "on_desk": _is_on_desk(request),
    }


@transaction.atomic
def erase(request_id):
    """Delete a synthetic request and all its rows. Return whether there was one."""
    # Locked first, like every change of a request.
    confirmed = _synthetic(request_id).values("pk")
    request = AssessmentRequest.objects.select_for_update().filter(pk__in=confirmed).first()
    if request is None:
        return False
    request.delete()
    return True


def erase_left_behind(now):
    """Erase synthetic requests whose check did not finish. Return how many."""
    # Nobody closes a synthetic request, so the index of open requests finds it.
    old = AssessmentRequest.objects.open().filter(is_synthetic=True, received_at__lte=now - LEFT_BEHIND_AFTER)
    return sum(erase(request_id) for request_id in list(old.order_by("pk").values_list("pk", flat=True)))


def _synthetic(request_id):
    """Return the synthetic request confirmed under this id, or None."""
    confirmed = Q(pk=request_id) | Q(pk__in=Alias.objects.filter(pk=request_id).values("request"))
    return AssessmentRequest.objects.filter(confirmed, is_synthetic=True)


def _is_on_desk(request):
    """Return whether the desk's list shows this request and its answers can be decrypted."""
    if not AssessmentRequest.objects.open().by_urgency().filter(pk=request.pk).exists():
        return False
    answers = request.texts.filter(kind=EncryptedText.Kind.ANSWERS).first()
    return bool(answers and answers.decrypt_or_none())
