"""The key rings from the environment: `id:base64url(32 bytes)`, separated by commas, newest first."""

import base64
import binascii
import functools
import re

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class EncryptionError(Exception):
    """A key or an envelope is wrong. Nothing was stored or shown."""


class InvalidKeyring(EncryptionError):
    """A key ring can't be used. The message names the setting and the reason, never the key."""


@functools.lru_cache(maxsize=8)
def ring(text: str, setting: str) -> dict[str, bytes]:
    """Return the secrets of a key ring by key id, newest first.

    `text`: the value of the setting. `setting`: the name of the setting, for the error message. Raises
    `InvalidKeyring`.
    """
    secrets: dict[str, bytes] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        key_id, colon, encoded = entry.partition(":")
        if (
            not colon or not KEY_ID.fullmatch(key_id) or key_id in secrets
        ):  # never quote an entry without a colon: it may be a key
            raise InvalidKeyring(f"{setting} must be id:key,id:key with a different short id for each key")
        try:
            secret = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidKeyring(f"the key {key_id!r} in {setting} is not base64url") from error
        if len(secret) != KEY_BYTES:
            raise InvalidKeyring(f"the key {key_id!r} in {setting} has {len(secret)} bytes instead of {KEY_BYTES}")
        secrets[key_id] = secret
    if not secrets:
        raise InvalidKeyring(f"{setting} holds no key")
    return secrets


def derive(secret: bytes, purpose: bytes) -> bytes:
    """Derive the key for one purpose from a secret (RFC 5869), so that no key serves two algorithms."""
    return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(secret)
