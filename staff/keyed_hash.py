from django.utils.crypto import salted_hmac


def keyed_hash(purpose, value):
    """Return a keyed hash (HMAC-SHA256) of a text, in hexadecimal. The key comes from SECRET_KEY.

    It is for values that must be recognized but never read again. Each `purpose` gives other hashes.
    """
    return salted_hmac(f"staff.{purpose}", value, algorithm="sha256").hexdigest()
