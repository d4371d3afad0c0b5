"""The private link: a person changes or withdraws their own request with it, without an account.

The secret is derived from the request's id, so that a reload of the confirmation shows the same link; the database
keeps its hash alone. It ends when the request closes.
"""

import hashlib

from django.db.models import Q

from intake.crypto import blind_index
from intake.models import Alias, AssessmentRequest

_PURPOSE = "private link"


def secret_of(request_id):
    """The secret part of the link's address, under the newest of INDEX_KEYS."""
    return blind_index.keyed_hash(_PURPOSE, request_id.hex)[:43]


def hash_of(secret):
    return hashlib.sha256(secret.encode()).hexdigest()


def shown_to(request, confirmed_as=None):
    """The secret for the page that confirms this request, under the id of an `Alias` where it was confirmed under that
    one; None where the link has ended."""
    holder = confirmed_as or request
    secrets = [secret[:43] for secret in blind_index.keyed_hashes(_PURPOSE, holder.pk.hex)]
    return next((secret for secret in secrets if hash_of(secret) == holder.private_link_hash), None)


def find(secret):
    """The request that this secret belongs to. None where there is none, and where the link has ended: they look the
    same."""
    hashed = hash_of(secret)
    aliases = Alias.objects.filter(private_link_hash=hashed).values("request")
    request = AssessmentRequest.objects.filter(Q(private_link_hash=hashed) | Q(pk__in=aliases)).first()
    return request if request and goes_on(request) else None


def goes_on(request):
    """Whether a request goes on for its person: open, or linked as a duplicate, which they need not know of."""
    is_linked = request.duplicate_of_id is not None and request.private_link_hash is not None  # and not erased
    return request.stage != AssessmentRequest.Stage.CLOSED or is_linked
