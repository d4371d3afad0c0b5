"""The private link. It lets a person change or withdraw their own request without an account.

The secret is derived from the request's id, so that reloading the confirmation shows the same link. The database holds
only a hash of the secret. The link stops working when the request is closed.
"""

import hashlib

from django.db.models import Q

from intake.crypto import blind_index
from intake.models import Alias, AssessmentRequest

_PURPOSE = "private link"


def secret_of(request_id):
    """Return the secret part of a request's link, derived with the newest of INDEX_KEYS."""
    return blind_index.keyed_hash(_PURPOSE, request_id.hex)[:43]


def hash_of(secret):
    return hashlib.sha256(secret.encode()).hexdigest()


def shown_to(request, confirmed_as=None):
    """Return the secret for the page that confirms this request. None if the link has stopped working.

    `confirmed_as`: the `Alias` under which the request was confirmed, or None.
    """
    holder = confirmed_as or request
    secrets = [secret[:43] for secret in blind_index.keyed_hashes(_PURPOSE, holder.pk.hex)]
    return next((secret for secret in secrets if hash_of(secret) == holder.private_link_hash), None)


def find(secret):
    """Return the request with this secret.

    Return None if there is none or its link has stopped working: outsiders can't tell the two apart.
    """
    hashed = hash_of(secret)
    aliases = Alias.objects.filter(private_link_hash=hashed).values("request")
    request = AssessmentRequest.objects.filter(Q(private_link_hash=hashed) | Q(pk__in=aliases)).first()
    return request if request and goes_on(request) else None


def goes_on(request):
    """Return whether the link of a request works.

    It does while the request is open. It also does for a duplicate: the person need not know that it was linked.
    """
    is_linked = request.duplicate_of_id is not None and request.private_link_hash is not None  # and not erased
    return request.stage != AssessmentRequest.Stage.CLOSED or is_linked
