"""Lets the client of the synthetic request ask how far it has come, and erase it. Others get a 404."""

from django.db import DatabaseError, InterfaceError, transaction
from django.http import Http404, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from intake.submission import tokens

from . import heartbeat, synthetic


@csrf_exempt  # the signed header is the proof; a CSRF error would reveal that this address exists
@never_cache
def probe(request, receipt):
    """GET: return how far the synthetic request has come.

    POST: erase it if it came all the way, and log the success.
    """
    if not synthetic.is_signed(request) or request.method not in ("GET", "POST"):
        raise Http404
    try:
        request_id, _any_session = tokens.from_receipt(receipt)
    except tokens.BadToken:
        raise Http404 from None
    try:
        return JsonResponse(_finish(request_id) if request.method == "POST" else synthetic.trace(request_id))
    except (DatabaseError, InterfaceError):
        return JsonResponse({"why": "database"}, status=503)


@transaction.atomic
def _finish(request_id):
    found = synthetic.trace(request_id)
    if found != synthetic.WHOLE or not synthetic.erase(request_id):
        return found | {"erased": False}
    heartbeat.beat(synthetic.HEARTBEAT)
    return found | {"erased": True}
