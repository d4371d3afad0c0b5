"""Keeps the form from waiting for a database that just failed: for a moment nobody asks it, and requests go to the
spool at once."""

import time

PAUSE = 5  # seconds without asking

_closed_at = None  # monotonic seconds from which the database is asked again


def allows():
    """Whether the database may be asked."""
    return _closed_at is None or time.monotonic() >= _closed_at


def trip():
    """The database failed: leave it alone for `PAUSE` seconds."""
    global _closed_at
    _closed_at = time.monotonic() + PAUSE


def reset():
    global _closed_at
    _closed_at = None
