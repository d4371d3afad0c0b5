"""A circuit breaker for the database: after a failure it is not asked for a moment, and requests go to the spool at
once."""

import time

PAUSE = 5  # seconds without asking

_closed_at = None  # monotonic seconds from which the database is asked again


def allows():
    """Return whether the database may be asked."""
    return _closed_at is None or time.monotonic() >= _closed_at


def trip():
    """Don't ask the database for `PAUSE` seconds."""
    global _closed_at
    _closed_at = time.monotonic() + PAUSE


def reset():
    global _closed_at
    _closed_at = None
