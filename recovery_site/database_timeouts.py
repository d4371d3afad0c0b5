"""Lets no visitor wait for a database that has fallen silent.

libpq waits for ever for a server that is frozen or whose network swallows packets. psycopg2 can be told how to wait
instead: with an end. Only the web processes do: a migration or the worker may take its time.
"""

import select
import time

from psycopg2 import OperationalError, extensions

TO_CONNECT = 2  # seconds
TO_ANSWER = 3  # seconds for one statement
PAUSE = 2  # seconds in which nobody connects to a server that has just been silent

_EVENTS = {extensions.POLL_READ: select.POLLIN, extensions.POLL_WRITE: select.POLLOUT}
_CONNECTED = 0  # CONNECTION_OK of libpq

_silent_until = 0.0


def install():
    extensions.set_wait_callback(wait)


def wait(connection):
    """Waits for the server as psycopg2 asks; raises OperationalError, which closes the connection, where it takes too
    long. psycopg2 calls it for each connect and for each statement."""
    global _silent_until
    now = time.monotonic()
    is_connecting = connection.info.status != _CONNECTED
    if is_connecting and now < _silent_until:
        raise OperationalError("the database was silent just now")
    ends = now + (TO_CONNECT if is_connecting else TO_ANSWER)
    while (state := connection.poll()) != extensions.POLL_OK:
        poller = select.poll()
        poller.register(connection.fileno(), _EVENTS[state])
        if not poller.poll(max(ends - time.monotonic(), 0) * 1000):
            _silent_until = time.monotonic() + PAUSE
            raise OperationalError("the database did not answer in time")
