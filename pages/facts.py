"""What every page shows: the center and the menu, as last known.

A snapshot of at most `LIFETIME` seconds serves each process, so that a page costs no query for them and an error page
can show the phone number while the database is away. An edit shows at once in the process that saved it and within
`LIFETIME` in all others.
"""

import logging
import time
from dataclasses import dataclass, field

from django.db import DatabaseError, InterfaceError

from .models import Center, Holiday, OpeningHours, Page, PageVersion

LIFETIME = 30  # seconds

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Facts:
    """The center (None while no owner has told anything), its open hours and the menu."""

    center: Center | None = None
    opening_hours: tuple[OpeningHours, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    menu: tuple[Page, ...] = field(default=())


_known = Facts()
_read_at = None


def current():
    """The facts, at most `LIFETIME` seconds old; older ones, or empty ones, while the database is away."""
    global _known, _read_at
    now = time.monotonic()
    if _read_at is None or now - _read_at > LIFETIME:
        try:
            _known = _read()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The center's facts could not be read: %s", type(error).__name__)
        _read_at = now  # after a failure too: a page must not wait for a dead database again and again
    return _known


def forget():
    """Makes the next `current()` ask the database."""
    global _read_at
    _read_at = None


def context(request):
    """Context processor: `center` and `menu` for every template."""
    facts = current()
    return {"center": facts.center, "menu": facts.menu}


def _read():
    live = PageVersion.objects.live().order_by().values("page")
    return Facts(
        center=Center.objects.first(),
        opening_hours=tuple(OpeningHours.objects.all()),
        holidays=tuple(Holiday.objects.all()),
        menu=tuple(Page.objects.filter(menu_position__isnull=False, pk__in=live).order_by("menu_position", "path")),
    )
