"""The copy of the facts on disk, for a process that starts while the database is down."""

import contextlib
import datetime as dt
import json
import os
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder


def keep(data):
    """Write `data` if it changed. The write is atomic. If it fails, pages still work."""
    text = json.dumps(data, cls=_Encoder)
    with contextlib.suppress(OSError):
        if _path().exists() and _path().read_text() == text:
            return
        handle, temporary = tempfile.mkstemp(dir=settings.VAR_DIR)
        with os.fdopen(handle, "w") as file:
            file.write(text)
        os.replace(temporary, _path())


def read():
    """Return the data, with times as text and sets as lists. Raises `OSError` or `ValueError` if there is none."""
    return json.loads(_path().read_text())


def _path():
    return Path(settings.VAR_DIR) / "facts.json"


class _Encoder(DjangoJSONEncoder):
    """Writes times with microseconds. Otherwise a notice in the copy would end earlier than in the database."""

    def default(self, value):
        if isinstance(value, dt.datetime):
            return value.isoformat()
        return sorted(value) if isinstance(value, frozenset) else super().default(value)
