"""Limits how many requests one network, and all networks together, may send.

All processes share the counts through the database. For `KEPT_FOR`, addresses are stored as keyed hashes of their
prefix. Counting reads without locks, so that a flood from one network does not slow down others.
"""

import collections
import datetime as dt
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from intake.crypto import blind_index
from intake.models import RecentSender
from staff.network import network_of

WINDOW = dt.timedelta(minutes=10)
KEPT_FOR = dt.timedelta(hours=1)
MAX_SENDERS_WHILE_AWAY = 20_000


class RateLimited(Exception):
    """This network sent too many requests. Nothing was stored."""


def sender_of(http_request):
    """Return a keyed hash of the visitor's address prefix; "" if there is no address."""
    network = network_of(http_request)
    return blind_index.keyed_hash("sender", network) if network else ""


@dataclass(frozen=True)
class Traffic:
    """Whether the requests of the last `WINDOW` are too many from one network, or a flood from all networks."""

    sender_is_over_limit: bool
    is_flood: bool


def recent_traffic(sender, now):
    """Return the `Traffic` of the last `WINDOW`. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE sender = %s) FROM intake_recentsender"
            " WHERE received_at > %s AND received_at <= %s",
            [sender, *(connection.ops.adapt_datetimefield_value(at) for at in (now - WINDOW, now))],
        )
        everywhere, here = cursor.fetchone()
    return Traffic(
        sender_is_over_limit=bool(sender) and here >= settings.REQUEST_LIMIT_PER_NETWORK,
        is_flood=everywhere >= settings.REQUEST_LIMIT_TOTAL,
    )


def traffic_row(sender, now):
    """Return the row that counts a request. The caller stores it with the request."""
    return RecentSender(sender=sender, received_at=now)


_while_away = collections.defaultdict(collections.deque)  # sender -> seconds of a monotonic clock, in this process


def count_while_away(sender):
    """Count a request in memory, as the database is away. Raises `RateLimited`."""
    if len(_while_away) > MAX_SENDERS_WHILE_AWAY:
        forget_while_away()  # in such a flood, memory matters more than the limit
    now, times = time.monotonic(), _while_away[sender]
    while times and times[0] < now - WINDOW.total_seconds():
        times.popleft()
    if sender and len(times) >= settings.REQUEST_LIMIT_PER_NETWORK:
        raise RateLimited
    times.append(now)


def forget_while_away():
    _while_away.clear()


def forget_old(now):
    """Delete rows older than `KEPT_FOR`. Return how many were deleted."""
    return RecentSender.objects.filter(received_at__lte=now - KEPT_FOR).delete()[0]
