"""One number that moves whenever what readers see changes.

What keeps content in memory (the search index, later the page cache) keeps the number that it was made from, and makes
itself anew once `current()` says another. `pages/signals.py` raises it, in the transaction that changes the content.
Read the number before the content, never after: then a change in between is noticed the next time.
"""

import logging
import time

from django.db import DatabaseError, InterfaceError, models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

LIFETIME = 1  # seconds in which a process does not ask again
PATIENCE = 10  # the same for a database that did not answer: each try may take the seconds of a page

logger = logging.getLogger(__name__)


class ContentGeneration(models.Model):
    """How often the content has changed: one row, made by the first change."""

    number = models.PositiveBigIntegerField(_("number"), default=0)

    class Meta:
        verbose_name = _("content generation")
        verbose_name_plural = _("content generation")
        constraints = [models.CheckConstraint(name="content_generation_is_one_row", condition=Q(pk=1))]

    def __str__(self):
        return str(self.number)


class AtomicModel(models.Model):
    """The base of each model whose rows readers see, pages aside. Saving one raises the generation, in one transaction.

    Django sends `post_save` after the row's own transaction has ended. (It deletes in one, and so does Wagtail's Page
    save.)
    """

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        with transaction.atomic():
            super().save(*args, **kwargs)


def raise_generation():
    """Add one to the number, in the transaction of the caller."""
    if not _add_one():
        # Two processes may come here at once: the second waits for the first and then finds its row.
        ContentGeneration.objects.bulk_create([ContentGeneration(pk=1)], ignore_conflicts=True)
        _add_one()
    forget()
    transaction.on_commit(forget)  # a thread may have read the old number in between


def _add_one():
    return ContentGeneration.objects.filter(pk=1).update(number=F("number") + 1)


_known = None
_asked_at = None


def current():
    """The number, at most `LIFETIME` seconds old; the last known one while the database is away, None if none is."""
    global _known, _asked_at
    now = time.monotonic()
    if _asked_at is None or now - _asked_at >= LIFETIME:
        _asked_at = now  # at once, so that one thread asks while the others go on
        try:
            _known = ContentGeneration.objects.filter(pk=1).values_list("number", flat=True).first() or 0
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The content's generation could not be read: %s", type(error).__name__)
            _asked_at = time.monotonic() + PATIENCE - LIFETIME  # counted from now: it may have taken seconds to fail
    return _known


def forget():
    """Make the next `current()` ask the database."""
    global _asked_at
    _asked_at = None
