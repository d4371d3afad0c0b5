"""A database that has fallen silent: psycopg2 gives up in time. See benchmarks/ for the whole site on a frozen one."""

import os
import socket
import subprocess
import sys

import pytest
from django.conf import settings

TIMEOUTS = """
import psycopg2, time
from recovery_site import database_timeouts
database_timeouts.TO_CONNECT = database_timeouts.TO_ANSWER = 0.3
database_timeouts.install()
"""


@pytest.fixture
def server():
    """A server that takes connections and, unless told otherwise, never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        yield listener


def start(code):
    """A process of its own: how psycopg2 waits is set for all of a process."""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
    )


def told_by(process):
    """The lines it prints. Without time-outs it would wait for ever."""
    try:
        out, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "")
    return out.splitlines()


def dsn(server):
    return f"host=127.0.0.1 port={server.getsockname()[1]} user=site dbname=site sslmode=disable gssencmode=disable"


CONNECTING = """
try:
    psycopg2.connect({dsn!r})
except psycopg2.OperationalError as error:
    print(error)
"""


def test_connecting_to_a_silent_server_ends_and_is_not_tried_again_at_once(server):
    connect = CONNECTING.format(dsn=dsn(server))
    later = "time.sleep(database_timeouts.PAUSE)\n"
    given = told_by(start(TIMEOUTS + connect + connect + later + connect))
    silent = "the database did not answer in time"
    assert given == [silent, "the database timed out a moment ago", silent]


# What PostgreSQL says to a new connection: you are in (R), three settings (S), ready (Z)
WELCOME = (
    b"R\0\0\0\x08\0\0\0\0"
    b"S\0\0\0\x19client_encoding\0UTF8\0"
    b"S\0\0\0\x17DateStyle\0ISO, MDY\0"
    b"S\0\0\0\x18server_version\x0015.0\0"
    b"Z\0\0\0\x05I"
)
EXECUTING = """
connection = psycopg2.connect({dsn!r})
connection.autocommit = True
try:
    connection.cursor().execute("SELECT 1")
except psycopg2.OperationalError as error:
    print(error)
print(connection.closed != 0)
"""


def test_a_statement_that_is_never_answered_ends_and_closes_the_connection(server):
    process = start(TIMEOUTS + EXECUTING.format(dsn=dsn(server)))
    with server.accept()[0] as client:
        client.recv(1000)
        client.sendall(WELCOME)
        given = told_by(process)
    assert given == ["the database did not answer in time", "True"]


INSTALLED = """
from psycopg2 import extensions
print(extensions.get_wait_callback())
import recovery_site.wsgi
print(extensions.get_wait_callback().__module__)
"""


def test_the_door_of_the_web_processes_installs_it():
    assert told_by(start(INSTALLED)) == ["None", "recovery_site.database_timeouts"]
