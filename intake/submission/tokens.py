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
from django.utils.crypto import salted_hmac

from intake import reference
from intake.crypto import blind_index
from intake.db.uuid7 import uuid7

FORM_SALT = "intake.form"
PASS_SALT = "intake.pass"  # noqa: S105 (names a purpose)
RECEIPT_SALT = "intake.receipt"
FORM_LIFETIME = dt.timedelta(days=7)
PASS_LIFETIME = dt.timedelta(days=1)
BITS_OF_A_PERSON = 20  # two people on one form are mixed up once in a million such pairs, while the database is away


class BadToken(Exception):
    """The token is missing, was altered, or is too old."""


@dataclass(frozen=True)
class Draft:
    """The request that a form will become."""

    id: uuid.UUID
    reference: str
    drawn_at: dt.datetime = field(default_factory=lambda: timezone.now(), compare=False)
    referrer_path: str = field(default="", compare=False)  # see intake.submission.referrer


def draw(was_open_for=dt.timedelta(), referrer_path=""):
    """A new draft, with random id and reference, for a form that the person has had in hand for a while."""
    return Draft(uuid7(), reference.draw(), timezone.now() - was_open_for, referrer_path)


def to_token(draft):
    drawn_at = int(draft.drawn_at.timestamp())
    return signing.dumps([draft.id.hex, draft.reference, drawn_at, draft.referrer_path], salt=FORM_SALT)


def from_token(token):
    """The draft of a form. Raises `BadToken`."""
    try:
        id_hex, drawn_reference, drawn_at, *referrer_path = signing.loads(token, salt=FORM_SALT, max_age=FORM_LIFETIME)
        # A token that was drawn before forms said where they were opened names no page.
        return Draft(uuid.UUID(id_hex), drawn_reference, dt.datetime.fromtimestamp(drawn_at, dt.UTC), *referrer_path)
    except (signing.BadSignature, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise BadToken from error


def draw_single_use_token(draft):
    """A single-use token that lets this draft be sent once without a cookie, where browsers block it."""
    return signing.dumps([draft.id.hex, secrets.token_hex(16)], salt=PASS_SALT)


def read_single_use_token(token, draft):
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


def confirmed_as(draft, answers):
    """The id and reference under which a form is confirmed that the database could not be asked about.

    They follow from the form and from who filled it in. So the same person gets the same again, and somebody else
    never gets the reference and the private link of the first one.
    """
    parts = [str(answers.get(name) or "") for name in ("phone", "email", "name")]
    try:
        contact = blind_index.contact_of(answers)
        parts = [contact[blind_index.PHONE], contact[blind_index.EMAIL], " ".join(blind_index.name_words(parts[2]))]
    except Exception:  # as typed, then: the request must be kept all the same
        parts.append("as typed")
    # Under SECRET_KEY, like the token: the spool must work while the keys of the index do not. Cut short, since the
    # reference stays when the words are erased: then it fits too many people to tell which phone or email it came from.
    who = int.from_bytes(_hash("\0".join([draft.id.hex, *parts]))[:4], "big") >> (32 - BITS_OF_A_PERSON)
    digest = _hash(f"{draft.id.hex} {who}")
    number = int.from_bytes(draft.id.bytes[:6] + digest[:10], "big")  # begins with the time of the form, as all ids
    number = number & ~(0xF << 76) & ~(0x3 << 62) | 7 << 76 | 0x2 << 62
    drawn = reference.numbered(int.from_bytes(digest[10:18], "big") % reference.POSSIBLE)
    return Draft(uuid.UUID(int=number), drawn, draft.drawn_at, draft.referrer_path)


def _hash(message):
    return salted_hmac("intake.confirmed_as", message, algorithm="sha256").digest()
