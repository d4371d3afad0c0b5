"""The signed tokens that tie a form to one request, and a confirmation to the request stored.

A form's token holds the id and reference of the request that it will become. So a form posted several times makes one
request.
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
SINGLE_USE_SALT = "intake.pass"
RECEIPT_SALT = "intake.receipt"
ANY_SESSION = "any"  # in a receipt for a browser without cookies
FORM_LIFETIME = dt.timedelta(days=7)
SINGLE_USE_LIFETIME = dt.timedelta(days=1)
BITS_OF_A_PERSON = 20  # while the database is away, 1 in a million pairs of people on one form is mixed up


class BadToken(Exception):
    """The token is missing, was altered, or is too old."""


@dataclass(frozen=True)
class Draft:
    """The id and reference of the request that a form will become."""

    id: uuid.UUID
    reference: str
    drawn_at: dt.datetime = field(default_factory=lambda: timezone.now(), compare=False)
    referrer_path: str = field(default="", compare=False)  # see intake.submission.referrer


def draw(was_open_for=dt.timedelta(), referrer_path=""):
    """Return a new `Draft` with random id and reference.

    `was_open_for`: how long the person has already had the form open.
    """
    return Draft(uuid7(), reference.draw(), timezone.now() - was_open_for, referrer_path)


def to_token(draft):
    drawn_at = int(draft.drawn_at.timestamp())
    return signing.dumps([draft.id.hex, draft.reference, drawn_at, draft.referrer_path], salt=FORM_SALT)


def from_token(token):
    """Return the `Draft` in a form's token. Raises `BadToken`."""
    try:
        id_hex, drawn_reference, drawn_at, *referrer_path = signing.loads(token, salt=FORM_SALT, max_age=FORM_LIFETIME)
        # Older tokens have no referrer path.
        return Draft(uuid.UUID(id_hex), drawn_reference, dt.datetime.fromtimestamp(drawn_at, dt.UTC), *referrer_path)
    except (signing.BadSignature, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise BadToken from error


def draw_single_use_token(draft):
    """Return a token that lets a browser without cookies send this draft once."""
    return signing.dumps([draft.id.hex, secrets.token_hex(16)], salt=SINGLE_USE_SALT)


def read_single_use_token(token, draft):
    """Return the part of the token that is stored when it is used: 32 hexadecimal characters. Raises `BadToken`."""
    try:
        id_hex, nonce = signing.loads(token, salt=SINGLE_USE_SALT, max_age=SINGLE_USE_LIFETIME)
    except (signing.BadSignature, ValueError) as error:
        raise BadToken from error
    if id_hex != draft.id.hex:
        raise BadToken
    return nonce


def to_receipt(request_id, any_session=False):
    """Return the part of the confirmation's URL that names the request. Posting a form again gives the same one.

    With `any_session`, the confirmation also shows in a browser session that sent nothing. Only a browser without
    cookies needs that.
    """
    named = ANY_SESSION + request_id.hex if any_session else request_id.hex
    return signing.Signer(salt=RECEIPT_SALT, sep=".").sign(named)


def from_receipt(receipt):
    """Return the request's id from a receipt, and whether any browser session may see it. Raises `BadToken`."""
    try:
        named = signing.Signer(salt=RECEIPT_SALT, sep=".").unsign(receipt)
        return uuid.UUID(named.removeprefix(ANY_SESSION)), named.startswith(ANY_SESSION)
    except (signing.BadSignature, ValueError) as error:
        raise BadToken from error


def confirmed_as(draft, answers):
    """Return a `Draft` with the id and reference to confirm while the database is away.

    They are computed from the form and the person's contact and name. The same person always gets the same ones. Anyone
    else on the same form gets a reference and private link of their own, except for 1 in a million pairs of people.
    """
    parts = [str(answers.get(name) or "") for name in ("phone", "email", "name")]
    try:
        contact = blind_index.contact_of(answers)
        parts = [contact[blind_index.PHONE], contact[blind_index.EMAIL], " ".join(blind_index.name_words(parts[2]))]
    except Exception:  # use the text as typed: the request must be stored anyway
        parts.append("as typed")
    # Under SECRET_KEY, like the token: the spool must work without INDEX_KEYS. Cut to 20 bits, since the reference
    # stays when the content is erased: it then matches too many people to reveal a phone or email.
    who = int.from_bytes(_hash("\0".join([draft.id.hex, *parts]))[:4], "big") >> (32 - BITS_OF_A_PERSON)
    digest = _hash(f"{draft.id.hex} {who}")
    number = int.from_bytes(draft.id.bytes[:6] + digest[:10], "big")  # begins with the form's time, as every id
    number = number & ~(0xF << 76) & ~(0x3 << 62) | 7 << 76 | 0x2 << 62
    drawn = reference.numbered(int.from_bytes(digest[10:18], "big") % reference.POSSIBLE)
    return Draft(uuid.UUID(int=number), drawn, draft.drawn_at, draft.referrer_path)


def _hash(message):
    return salted_hmac("intake.confirmed_as", message, algorithm="sha256").digest()
