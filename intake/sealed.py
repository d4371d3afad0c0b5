"""Sealing: what a person tells us, and every free text about a person, leaves this module encrypted only.

An envelope is `version (1 byte) | length of key id (1) | key id | nonce (12) | AES-256-GCM ciphertext and tag`.
It is bound to one place (table, column, row): moved elsewhere, altered, or opened with another key, it does not open.
There is no fallback: what does not open raises `CannotOpen`.
"""

import base64
import binascii
import functools
import os
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

VERSION = 1
NONCE_BYTES = 12  # NIST SP 800-38D, section 5.2.1.1
KEY_BYTES = 32
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class SealError(Exception):
    """Something about keys or envelopes is wrong; nothing was stored or shown."""


class BadKeys(SealError):
    """SEAL_KEYS can't be used; the message says why, without the key."""


class CannotOpen(SealError):
    """The envelope was altered, moved, cut, or sealed with a key that is not in SEAL_KEYS."""


@dataclass(frozen=True)
class Place:
    """Where an envelope belongs; it opens nowhere else."""

    table: str
    column: str
    row: str

    def as_associated_data(self):
        return f"{self.table}.{self.column}:{self.row}".encode()


def seal(text, place):
    """Text to an envelope (bytes) for one place, under the newest key."""
    key_id, cipher = next(iter(_ciphers(settings.SEAL_KEYS).items()))
    nonce = os.urandom(NONCE_BYTES)
    ciphertext = cipher.encrypt(nonce, text.encode(), place.as_associated_data())
    return bytes([VERSION, len(key_id)]) + key_id.encode() + nonce + ciphertext


def open_envelope(envelope, place):
    """An envelope (bytes) of one place back to its text. Raises `CannotOpen`."""
    envelope = bytes(envelope)
    if len(envelope) < 2 or envelope[0] != VERSION:
        raise CannotOpen("the envelope has no known version")
    key_end = 2 + envelope[1]
    key_id = envelope[2:key_end].decode("ascii", "replace")
    cipher = _ciphers(settings.SEAL_KEYS).get(key_id)
    if cipher is None:
        raise CannotOpen("the envelope was sealed with a key that is not in SEAL_KEYS")
    nonce, ciphertext = envelope[key_end : key_end + NONCE_BYTES], envelope[key_end + NONCE_BYTES :]
    try:
        return cipher.decrypt(nonce, ciphertext, place.as_associated_data()).decode()
    except (InvalidTag, ValueError) as error:
        raise CannotOpen("the envelope was altered or belongs elsewhere") from error


def check_keys():
    """Raises `SealError` unless an envelope can be sealed and opened with the keys in force."""
    place = Place("check", "check", "check")
    if open_envelope(seal("known", place), place) != "known":
        raise BadKeys("a sealed text did not come back as it was")


@functools.lru_cache(maxsize=4)
def _ciphers(ring):
    """The key ring as a dictionary from key id to cipher, newest first. The text of the ring is the cache key."""
    ciphers = {}
    for entry in filter(None, (part.strip() for part in ring.split(","))):
        key_id, colon, encoded = entry.partition(":")
        if not colon or not _KEY_ID.fullmatch(key_id) or key_id in ciphers:  # without a colon, the "id" may be a key
            raise BadKeys("SEAL_KEYS must be id:key,id:key with a different short id for each key")
        try:
            secret = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadKeys(f"the key {key_id!r} in SEAL_KEYS is not base64url") from error
        if len(secret) != KEY_BYTES:
            raise BadKeys(f"the key {key_id!r} in SEAL_KEYS has {len(secret)} bytes instead of {KEY_BYTES}")
        ciphers[key_id] = AESGCM(_derive(secret, b"intake.sealed"))
    if not ciphers:
        raise BadKeys("SEAL_KEYS holds no key")
    return ciphers


def _derive(secret, purpose):
    """One key a purpose (RFC 5869), so that a key never serves two algorithms."""
    return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(secret)
