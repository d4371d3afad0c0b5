from django.conf import settings
from django.utils.crypto import salted_hmac


def keyed_hash(purpose, value, secret_key=None):
    """Return a keyed hash (HMAC-SHA256) of a text, in hexadecimal. The key comes from SECRET_KEY.

    It is for values that must be recognized but never read again. Each `purpose` gives other hashes.
    """
    return salted_hmac(f"staff.{purpose}", value, secret=secret_key, algorithm="sha256").hexdigest()


def keyed_hashes(purpose, value):
    """Return the hash of a text under each key that is still accepted, newest first."""
    return [keyed_hash(purpose, value, secret_key) for secret_key in secret_keys()]


def secret_keys():
    """Return SECRET_KEY and then its older values that are still accepted."""
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
