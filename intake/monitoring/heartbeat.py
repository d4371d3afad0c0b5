"""That something which must happen again and again has just happened: rows that `/status` looks at."""

import contextlib
import socket

from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from intake.models import Heartbeat

WORKER = "worker "  # the names of workers begin with it


def of_this_worker():
    """The name of this machine's worker: each machine has a spool of its own, and its worker empties it."""
    return WORKER + socket.gethostname()


def beat(name):
    """Writes down that what has this name has just happened."""
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": timezone.now()})


def sign_off():
    """This machine's worker ends because it was told to: nobody need miss it."""
    with contextlib.suppress(DatabaseError, InterfaceError):
        Heartbeat.objects.filter(name=of_this_worker()).delete()
