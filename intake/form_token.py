"""The signed tokens that tie a form to one request, and a confirmation to what was stored.

The form's token carries the id and the reference of the request that this form will become, so that any number of
posts of one form can only make one request.
"""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.core import signing

from . import reference

FORM_SALT = "intake.form"
RECEIPT_SALT = "intake.receipt"
FORM_LIFETIME = dt.timedelta(days=7)


class BadToken(Exception):
    """The token is missing, was altered, or is too old."""


@dataclass(frozen=True)
class Draft:
    """The request that a form will become."""

    id: uuid.UUID
    reference: str


def draw():
    """A new draft, with random id and reference."""
    return Draft(id=uuid.uuid4(), reference=reference.draw())


def to_token(draft):
    return signing.dumps([draft.id.hex, draft.reference], salt=FORM_SALT)


def from_token(token):
    """The draft of a form. Raises `BadToken`."""
    try:
        id_hex, drawn_reference = signing.loads(token, salt=FORM_SALT, max_age=FORM_LIFETIME)
    except signing.BadSignature as error:
        raise BadToken from error
    return Draft(id=uuid.UUID(id_hex), reference=drawn_reference)


def to_receipt(request_id):
    """The address part of the confirmation: the same for every post of one form."""
    return signing.Signer(salt=RECEIPT_SALT, sep=".").sign(request_id.hex)


def from_receipt(receipt):
    """The request's id. Raises `BadToken`."""
    try:
        return uuid.UUID(signing.Signer(salt=RECEIPT_SALT, sep=".").unsign(receipt))
    except (signing.BadSignature, ValueError) as error:
        raise BadToken from error
