"""The signed tokens that tie a form to one request, and a confirmation to what was stored.

The form's token carries the id and the reference of the request that this form will become, so that any number of
posts of one form can only make one request.
"""

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass, field

from django.core import signing
from django.utils import timezone

from . import reference
from .uuid7 import uuid7

FORM_SALT = "intake.form"
PASS_SALT = "intake.pass"  # noqa: S105 (names a purpose)
RECEIPT_SALT = "intake.receipt"
FORM_LIFETIME = dt.timedelta(days=7)
PASS_LIFETIME = dt.timedelta(days=1)


class BadToken(Exception):
    """The token is missing, was altered, or is too old."""


@dataclass(frozen=True)
class Draft:
    """The request that a form will become."""

    id: uuid.UUID
    reference: str
    drawn_at: dt.datetime = field(default_factory=lambda: timezone.now(), compare=False)
    came_from: str = field(default="", compare=False)  # see intake.came_from


def draw(was_open_for=dt.timedelta(), came_from=""):
    """A new draft, with random id and reference, for a form that the person has had in hand for a while."""
    return Draft(uuid7(), reference.draw(), timezone.now() - was_open_for, came_from)


def to_token(draft):
    drawn_at = int(draft.drawn_at.timestamp())
    return signing.dumps([draft.id.hex, draft.reference, drawn_at, draft.came_from], salt=FORM_SALT)


def from_token(token):
    """The draft of a form. Raises `BadToken`."""
    try:
        id_hex, drawn_reference, drawn_at, *came_from = signing.loads(token, salt=FORM_SALT, max_age=FORM_LIFETIME)
        # A token that was drawn before forms said where they were opened names no page.
        return Draft(uuid.UUID(id_hex), drawn_reference, dt.datetime.fromtimestamp(drawn_at, dt.UTC), *came_from)
    except (signing.BadSignature, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise BadToken from error


def draw_pass(draft):
    """A single-use token that lets this draft be sent once without a cookie, where browsers block it."""
    return signing.dumps([draft.id.hex, secrets.token_hex(16)], salt=PASS_SALT)


def from_pass(token, draft):
    """What is spent when the pass of this draft is used: 32 hexadecimal characters. Raises `BadToken`."""
    try:
        id_hex, nonce = signing.loads(token, salt=PASS_SALT, max_age=PASS_LIFETIME)
    except (signing.BadSignature, ValueError) as error:
        raise BadToken from error
    if id_hex != draft.id.hex:
        raise BadToken
    return nonce


def to_receipt(request_id):
    """The address part of the confirmation: the same for every post of one form."""
    return signing.Signer(salt=RECEIPT_SALT, sep=".").sign(request_id.hex)


def from_receipt(receipt):
    """The request's id. Raises `BadToken`."""
    try:
        return uuid.UUID(signing.Signer(salt=RECEIPT_SALT, sep=".").unsign(receipt))
    except (signing.BadSignature, ValueError) as error:
        raise BadToken from error
