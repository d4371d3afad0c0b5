"""Writes a `.env` for development with keys of its own, where there is none. Needs nothing but Python.

python -m recovery_site.create_dev_env .env
"""

import base64
import os
import secrets
import sys


def content():
    """The text of a `.env` for development with newly drawn keys."""
    return (
        "# Made for this machine. Keep it: without ENCRYPTION_KEYS no stored request can be read.\n"
        "# .env.example lists every variable.\n"
        "DJANGO_ENV=development\n"
        f"SECRET_KEY={secrets.token_urlsafe(50)}\n"
        f"ENCRYPTION_KEYS=k1:{_draw_key()}\n"
        f"INDEX_KEYS=k1:{_draw_key()}\n"
    )


def _draw_key():
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


def write(path):
    """Writes the file for its owner's eyes only; raises FileExistsError rather than replace keys."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content())


if __name__ == "__main__":
    write(sys.argv[1])
    print(f"Wrote {sys.argv[1]} with new keys.")  # noqa: T201 (a command's own word)
