"""How long a session lasts."""

import datetime as dt

from django.conf import settings
from django.db.models import Q

IDLE, EXPIRED = "idle", "expired"


def why_over(row, now):
    """Return why a `StaffSession` is over: `IDLE` or `EXPIRED`. "" if it is not."""
    if now >= _latest_end(row):
        return EXPIRED
    return IDLE if now >= _idle_end(row) else ""


def seconds_left(row, now):
    """Return how many seconds are left until a `StaffSession` ends, if nobody uses it until then."""
    return max(0, int((min(_idle_end(row), _latest_end(row)) - now).total_seconds()))


def can_stay(row):
    """Return whether use of a `StaffSession` would make it last longer."""
    return _idle_end(row) < _latest_end(row)


def is_over(now):
    """Return the query of the sessions that are over."""
    return Q(last_used_at__lte=now - _idle()) | Q(started_at__lte=now - _longest())


def _idle_end(row):
    return row.last_used_at + _idle()


def _latest_end(row):
    return row.started_at + _longest()


def _idle():
    return dt.timedelta(minutes=settings.STAFF_IDLE_MINUTES)


def _longest():
    return dt.timedelta(hours=settings.STAFF_SESSION_HOURS)
