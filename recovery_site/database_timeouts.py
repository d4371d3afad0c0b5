"""Time out when the database no longer responds.

libpq waits forever for a server that is frozen or whose network drops packets. psycopg2 lets us replace its wait with
one that times out. Only the web processes install this. Migrations and the worker may take longer.
"""

import select
import time

from psycopg2 import OperationalError, extensions

TO_CONNECT = 2  # seconds
TO_ANSWER = 3  # seconds for one statement
PAUSE = 2  # seconds without new connections after a timeout

_EVENTS = {extensions.POLL_READ: select.POLLIN, extensions.POLL_WRITE: select.POLLOUT}
_CONNECTED = 0  # CONNECTION_OK of libpq

_silent_until = 0.0


def install():
    extensions.set_wait_callback(wait)


def wait(connection):
    """Wait until the server has responded. Raises OperationalError on a timeout, which closes the connection.

    psycopg2 calls this for each new connection and each statement.
    """
    global _silent_until
    now = time.monotonic()
    is_connecting = connection.info.status != _CONNECTED
    if is_connecting and now < _silent_until:
        raise OperationalError("the database timed out a moment ago")
    ends = now + (TO_CONNECT if is_connecting else TO_ANSWER)
    while (state := connection.poll()) != extensions.POLL_OK:
        poller = select.poll()
        poller.register(connection.fileno(), _EVENTS[state])
        if not poller.poll(max(ends - time.monotonic(), 0) * 1000):
            _silent_until = time.monotonic() + PAUSE
            raise OperationalError("the database did not answer in time")
