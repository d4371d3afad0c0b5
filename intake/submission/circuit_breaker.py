"""A circuit breaker for the database.

After a failure, the database is not used for `PAUSE` seconds, and requests go straight to the spool.
"""

import time

PAUSE = 5  # seconds without asking

_skip_until = None  # monotonic seconds from which the database is asked again


def allows():
    """Return whether the database may be used now."""
    return _skip_until is None or time.monotonic() >= _skip_until


def trip():
    """Stop using the database for `PAUSE` seconds."""
    global _skip_until
    _skip_until = time.monotonic() + PAUSE


def reset():
    global _skip_until
    _skip_until = None
