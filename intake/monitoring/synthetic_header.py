"""The header that marks a synthetic request. Needs no settings, so that a client can sign it without the site's
secrets."""

import datetime as dt

from django.core import signing

NAME = "X-Synthetic"
NAME_IN_WSGI = "HTTP_X_SYNTHETIC"  # in META: Django's `headers` would copy all headers first
LIFETIME = dt.timedelta(seconds=60)

_WORD = "synthetic"
_SALT = "intake.synthetic"


def sign(key: str) -> str:
    """Return a value for the header that is valid for a minute."""
    return _signer(key).sign(_WORD)


def is_valid(value: str, key: str) -> bool:
    """Return whether a value was signed with this key in the last minute."""
    try:
        return _signer(key).unsign(value, max_age=LIFETIME) == _WORD
    except (signing.BadSignature, ValueError):
        return False


def _signer(key: str) -> signing.TimestampSigner:
    return signing.TimestampSigner(key=key, salt=_SALT, fallback_keys=[])
