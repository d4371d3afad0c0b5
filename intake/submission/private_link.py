"""The private link: a person changes or withdraws their own request with it, without an account.

The secret is derived from the id of the request, so that a reload of the confirmation shows the same link. The database
holds its hash alone. The link ends when the request is closed.
"""

import hashlib

from django.db.models import Q

from intake.crypto import blind_index
from intake.models import Alias, AssessmentRequest

_PURPOSE = "private link"


def secret_of(request_id):
    """Return the secret part of the link, under the newest of INDEX_KEYS."""
    return blind_index.keyed_hash(_PURPOSE, request_id.hex)[:43]


def hash_of(secret):
    return hashlib.sha256(secret.encode()).hexdigest()


def shown_to(request, confirmed_as=None):
    """Return the secret for the page that confirms this request; None if the link has ended.

    `confirmed_as` is the `Alias` under which it was confirmed, if there is one.
    """
    holder = confirmed_as or request
    secrets = [secret[:43] for secret in blind_index.keyed_hashes(_PURPOSE, holder.pk.hex)]
    return next((secret for secret in secrets if hash_of(secret) == holder.private_link_hash), None)


def find(secret):
    """Return the request of this secret.

    None if there is none or if the link has ended: both look the same from outside.
    """
    hashed = hash_of(secret)
    aliases = Alias.objects.filter(private_link_hash=hashed).values("request")
    request = AssessmentRequest.objects.filter(Q(private_link_hash=hashed) | Q(pk__in=aliases)).first()
    return request if request and goes_on(request) else None


def goes_on(request):
    """Return whether a request is open for its person: open, or a duplicate, which they need not know of."""
    is_linked = request.duplicate_of_id is not None and request.private_link_hash is not None  # and not erased
    return request.stage != AssessmentRequest.Stage.CLOSED or is_linked
