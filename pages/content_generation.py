"""Know when content that readers see has changed.

Code that keeps content, such as the page cache and the search index, stores `current()` with it. When `current()`
returns another generation, what it keeps is out of date. Read the generation before the content, never after. Then a
change in between is noticed next time. `pages/signals.py` begins a new generation in the transaction of each change.

A generation has two parts. Other processes of this machine see the stamp at once: a file that grows after each commit,
so one `stat` tells. Other machines see the number, a row in the database, within a second.
"""

import logging
import os
import secrets
import threading
import time
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

LIFETIME = 1  # seconds before a process asks the database again
PATIENCE = 10  # the same after a failed query, because each attempt may delay a page by seconds

logger = logging.getLogger(__name__)


class ContentGeneration(models.Model):
    """A single row, created by the first change. Each change draws a new random number.

    With a counter, a change that was rolled back or a restored backup could bring back the number of other content.
    """

    number = models.PositiveBigIntegerField(_("number"), default=0)

    class Meta:
        verbose_name = _("content generation")
        verbose_name_plural = _("content generation")
        constraints = [models.CheckConstraint(name="content_generation_is_one_row", condition=Q(pk=1))]

    def __str__(self):
        return str(self.number)


class AtomicModel(models.Model):
    """Base class for models that readers see, except pages. Begins a new generation in the transaction that saves the
    row.

    Django sends `post_save` after the row's own transaction has ended, so `save` adds an outer one. Deleting a row and
    saving a Wagtail page already use one transaction.
    """

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        with transaction.atomic():
            super().save(*args, **kwargs)


class Generation(NamedTuple):
    stamp: tuple
    number: int | None  # None while the database has never answered


def begin():
    """Begin a new generation in the caller's transaction."""
    if not _draw():
        # Two processes may run this at once. The second one waits for the first, then finds its row.
        ContentGeneration.objects.bulk_create([ContentGeneration(pk=1)], ignore_conflicts=True)
        _draw()
    transaction.on_commit(_move_stamp)


def _draw():
    return ContentGeneration.objects.filter(pk=1).update(number=secrets.randbelow(2**63))


_FORGOTTEN = ("forgotten",)  # no stamp of a file

_known = Generation(_FORGOTTEN, None)
_ask_again_at = 0.0
_asked_at = None
_is_watched = _is_away = False
_asking = threading.Lock()
_storing = threading.Lock()


def current():
    """Return the current `Generation`. While the database is down, return the last known one.

    Asks the database when the stamp has moved and, in a process without `watch`, once a second.
    """
    known = _known
    if not _is_old(known):
        return known
    with _asking:  # one thread asks; the others wait, because the stamp says that what they know is old
        while _is_old(_known):
            _ask()
        return _known


def is_due():
    """Return whether the next `current()` will ask the database."""
    return _is_old(_known)


def watch():
    """Ask the database once a second in the background from now on, so that no visitor waits for it. For web
    processes."""
    global _is_watched
    _is_watched = True
    threading.Thread(target=_keep_asking, name="content generation", daemon=True).start()


def is_watched():
    """Return whether this process has called `watch`."""
    return _is_watched


def seconds_since_answer():
    """Return how long ago the database last told this process the generation, in seconds. None if it never did."""
    return None if _asked_at is None else time.monotonic() - _asked_at


def forget():
    """Make the next `current()` query the database."""
    global _known
    with _storing:
        _known = Generation(_FORGOTTEN, _known.number)


def _is_old(known):
    return known.stamp != _stamp() or (not _is_watched and time.monotonic() >= _ask_again_at)


def _ask():
    global _known, _ask_again_at, _asked_at, _is_away
    before, stamp = _known, _stamp()  # the stamp first, so that a change in between moves it again
    try:
        number = ContentGeneration.objects.filter(pk=1).values_list("number", flat=True).first() or 0
        _asked_at, wait, _is_away = time.monotonic(), LIFETIME, False
    except (DatabaseError, InterfaceError) as error:
        if not _is_away:  # once, because a thread asks every second
            logger.warning("Can't read the content generation: %s", type(error).__name__)
        number, wait, _is_away = before.number, PATIENCE, True
    _ask_again_at = time.monotonic() + wait  # counted from now, because a failure may have taken seconds
    with _storing:
        if _known == before:  # otherwise another thread knows more
            _known = Generation(stamp, number)


def _keep_asking():
    while True:
        try:
            close_old_connections()
            _ask()
        except Exception as error:  # must never end: nothing else tells what other machines changed
            logger.error("Can't read the content generation: %s", type(error).__name__)
        time.sleep(LIFETIME)


def _stamp_path():
    return os.path.join(settings.VAR_DIR, "content_changes")


def _stamp():
    try:
        file = os.stat(_stamp_path())
    except OSError:
        return ()
    return file.st_ino, file.st_size, file.st_mtime_ns


def _move_stamp():
    """Add a byte. The time alone would not tell two changes of the same moment apart."""
    try:
        with open(_stamp_path(), "ab") as file:
            file.write(b".")
    except OSError as error:
        logger.error("Can't tell the other processes of a change; they see it in a second: %s", type(error).__name__)
        forget()
