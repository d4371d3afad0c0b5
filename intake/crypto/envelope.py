"""Encryption of what people send us, and of every free text about a person.

An envelope is `version (1 byte) | length of key id (1) | key id | nonce (12) | AES-256-GCM ciphertext and tag`. It is
bound to one place (table, column, row). If it was moved or altered, or the key is missing, decrypting raises
`DecryptionError`. There is no fallback.
"""

import functools
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from . import keyring
from .keyring import EncryptionError, InvalidKeyring

VERSION = 1
NONCE_BYTES = 12  # NIST SP 800-38D, section 5.2.1.1
Envelope = bytes | memoryview  # psycopg2 returns the value of a binary column as a memoryview


class DecryptionError(EncryptionError):
    """The envelope was altered, moved or cut, or its key is not in ENCRYPTION_KEYS."""


@dataclass(frozen=True)
class Place:
    """Where an envelope belongs. An envelope can't be decrypted anywhere else."""

    table: str
    column: str
    row: str

    def as_associated_data(self) -> bytes:
        return f"{self.table}.{self.column}:{self.row}".encode()


def encrypt(text: str, place: Place) -> bytes:
    """Encrypt a text for one place with the newest key, and return the envelope."""
    key_id, cipher = next(iter(_ciphers(settings.ENCRYPTION_KEYS).items()))
    nonce = os.urandom(NONCE_BYTES)
    ciphertext = cipher.encrypt(nonce, text.encode(), place.as_associated_data())
    return bytes([VERSION, len(key_id)]) + key_id.encode() + nonce + ciphertext


def decrypt(envelope: Envelope, place: Place) -> str:
    """Return the decrypted text of an envelope. Raises `DecryptionError`, also if it doesn't belong to `place`."""
    envelope = bytes(envelope)
    key_id = key_id_of(envelope)
    cipher = _ciphers(settings.ENCRYPTION_KEYS).get(key_id)
    if cipher is None:
        raise DecryptionError("the envelope was encrypted with a key that is not in ENCRYPTION_KEYS")
    key_end = 2 + len(key_id)
    nonce, ciphertext = envelope[key_end : key_end + NONCE_BYTES], envelope[key_end + NONCE_BYTES :]
    try:
        return cipher.decrypt(nonce, ciphertext, place.as_associated_data()).decode()
    except (InvalidTag, ValueError) as error:
        raise DecryptionError("the envelope was altered or belongs elsewhere") from error


def key_id_of(envelope: Envelope) -> str:
    """Return the id of the key that encrypted an envelope.

    Raises `DecryptionError` if the envelope is malformed. Decrypts nothing.
    """
    envelope = bytes(envelope)
    if len(envelope) < 2 or envelope[0] != VERSION:
        raise DecryptionError("the envelope has no known version")
    length = envelope[1]
    key_id = envelope[2 : 2 + length].decode("ascii", "replace")
    if len(key_id) != length or not keyring.KEY_ID.fullmatch(key_id):
        raise DecryptionError("the envelope names no key")
    return key_id


def newest_key_id() -> str:
    """Return the id of the newest key, which encrypts new texts."""
    return next(iter(_ciphers(settings.ENCRYPTION_KEYS)))


def check_keys() -> None:
    """Raise `EncryptionError` if a text can't be encrypted and decrypted with these keys."""
    place = Place("check", "check", "check")
    if decrypt(encrypt("known", place), place) != "known":
        raise InvalidKeyring("an encrypted text was not decrypted to the same text")


@functools.lru_cache(maxsize=4)
def _ciphers(text: str) -> dict[str, AESGCM]:
    """Return the ciphers of a key ring by key id, newest first. The ring's `text` is the cache key."""
    ring = keyring.ring(text, "ENCRYPTION_KEYS")
    return {key_id: AESGCM(keyring.derive(secret, b"intake.sealed")) for key_id, secret in ring.items()}
