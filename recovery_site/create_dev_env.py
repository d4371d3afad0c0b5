"""Create a `.env` file for development with new random keys. Never replaces a file. Needs only Python.

python -m recovery_site.create_dev_env .env
"""

import base64
import os
import secrets
import sys


def content():
    """Return the text of a development `.env` with new random keys."""
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
    """Write the file so that only its owner can read it. Raises FileExistsError if it exists, because its keys are
    needed."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content())


if __name__ == "__main__":
    write(sys.argv[1])
    print(f"Wrote {sys.argv[1]} with new keys.")  # noqa: T201 (output of a command)
