"""A counter that increases whenever content that readers see changes.

Code that caches content, such as the search index, stores the number with the cache. When `current()` returns another
number, that code rebuilds its cache. Read the number before the content, never after. Then a change in between is
noticed next time. `pages/signals.py` increases the number in the transaction of the change.
"""

import logging
import time

from django.db import DatabaseError, InterfaceError, models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

LIFETIME = 1  # seconds before a process asks again
PATIENCE = 10  # the same after a failed query, because each attempt may delay a page by seconds

logger = logging.getLogger(__name__)


class ContentGeneration(models.Model):
    """The counter: a single row, created by the first change."""

    number = models.PositiveBigIntegerField(_("number"), default=0)

    class Meta:
        verbose_name = _("content generation")
        verbose_name_plural = _("content generation")
        constraints = [models.CheckConstraint(name="content_generation_is_one_row", condition=Q(pk=1))]

    def __str__(self):
        return str(self.number)


class AtomicModel(models.Model):
    """Base class for models that readers see, except pages. Increases the generation in the transaction that saves the
    row.

    Django sends `post_save` after the row's own transaction has ended, so `save` adds an outer one. Deleting a row and
    saving a Wagtail page already use one transaction.
    """

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        with transaction.atomic():
            super().save(*args, **kwargs)


def raise_generation():
    """Add one to the number, in the caller's transaction."""
    if not _add_one():
        # Two processes may run this at once. The second one waits for the first, then finds its row.
        ContentGeneration.objects.bulk_create([ContentGeneration(pk=1)], ignore_conflicts=True)
        _add_one()
    forget()
    transaction.on_commit(forget)  # a thread may have read the old number meanwhile


def _add_one():
    return ContentGeneration.objects.filter(pk=1).update(number=F("number") + 1)


_known = None
_asked_at = None


def current():
    """Return the number, at most `LIFETIME` seconds old. While the database is down, return the last number, or
    None."""
    global _known, _asked_at
    now = time.monotonic()
    if _asked_at is None or now - _asked_at >= LIFETIME:
        _asked_at = now  # set first, so that one thread asks and the others continue
        try:
            _known = ContentGeneration.objects.filter(pk=1).values_list("number", flat=True).first() or 0
        except (DatabaseError, InterfaceError) as error:
            logger.warning("Can't read the content generation: %s", type(error).__name__)
            _asked_at = (
                time.monotonic() + PATIENCE - LIFETIME
            )  # counted from now, because the failure may have taken seconds
    return _known


def forget():
    """Make the next `current()` query the database."""
    global _asked_at
    _asked_at = None
