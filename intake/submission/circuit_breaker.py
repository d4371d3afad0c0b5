"""A circuit breaker for the database: after a failure it is not asked for a moment, and requests go to the spool at
once."""

import time

PAUSE = 5  # seconds without asking

_skip_until = None  # monotonic seconds from which the database is asked again


def allows():
    """Return whether the database may be asked."""
    return _skip_until is None or time.monotonic() >= _skip_until


def trip():
    """Don't ask the database for `PAUSE` seconds."""
    global _skip_until
    _skip_until = time.monotonic() + PAUSE


def reset():
    global _skip_until
    _skip_until = None
