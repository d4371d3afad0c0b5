"""Heartbeats of recurring tasks, in the database, for `/status`."""

import contextlib
import socket

from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from intake.models import Heartbeat

WORKER = "worker "  # prefix of the names of workers


def of_this_worker():
    """Return the heartbeat name of this machine's worker. Each machine has a worker that empties its own spool."""
    return WORKER + socket.gethostname()


def beat(name):
    """Store that the task with this name has just run."""
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": timezone.now()})


def sign_off():
    """Delete the heartbeat of this machine's worker. A worker that was stopped must not raise an alarm."""
    with contextlib.suppress(DatabaseError, InterfaceError):
        Heartbeat.objects.filter(name=of_this_worker()).delete()
