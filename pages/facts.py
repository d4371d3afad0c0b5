"""What every page shows: the center and the menu, as last known.

A snapshot of at most `LIFETIME` seconds serves each process, so that a page costs no query for them and an error page
can show the phone number while the database is away. An edit shows at once in the process that saved it and within
`LIFETIME` in all others. A copy on disk serves a process that starts while the database is away.
"""

import contextlib
import logging
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.core import serializers
from django.db import DatabaseError, InterfaceError

from .models import Center, Holiday, OpeningHours, Page, PageVersion
from .versions import Version

LIFETIME = 30  # seconds

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Facts:
    """The center (None while no owner has told anything), its open hours, the menu, and what is published."""

    center: Center | None = None
    opening_hours: tuple[OpeningHours, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    menu: tuple[Page, ...] = field(default=())
    addresses: frozenset[str] = frozenset()  # of every page and answer that readers can open


_known = None
_read_at = None


def current():
    """The facts, at most `LIFETIME` seconds old; the last known ones while the database is away."""
    global _known, _read_at
    now = time.monotonic()
    if _read_at is None or now - _read_at > LIFETIME:
        try:
            _known = _read()
            _keep_copy(_known)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The center's facts could not be read: %s", type(error).__name__)
            _known = _known or _copy() or Facts()
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
        addresses=frozenset(_addresses()),
    )


def _addresses():
    for kind in Version.__subclasses__():
        for version in kind.objects.live().order_by().select_related(kind.subject_field):
            yield version.subject.get_absolute_url()


def _copy_path():
    return Path(settings.VAR_DIR) / "facts.json"


def _keep_copy(facts):
    """Writes the copy where it changed, whole or not at all. That it can't be written is no reason to show nothing."""
    text = serializers.serialize("json", [*_centers(facts), *facts.opening_hours, *facts.holidays, *facts.menu])
    with contextlib.suppress(OSError):
        if _copy_path().exists() and _copy_path().read_text() == text:
            return
        handle, temporary = tempfile.mkstemp(dir=settings.VAR_DIR)
        with os.fdopen(handle, "w") as file:
            file.write(text)
        os.replace(temporary, _copy_path())


def _centers(facts):
    return [facts.center] if facts.center else []


def _copy():
    """The facts of the copy, or None where there is none that can be read."""
    try:
        rows = [kept.object for kept in serializers.deserialize("json", _copy_path().read_text())]
    except (OSError, serializers.base.DeserializationError):
        return None
    return Facts(
        center=next((row for row in rows if isinstance(row, Center)), None),
        opening_hours=tuple(row for row in rows if isinstance(row, OpeningHours)),
        holidays=tuple(row for row in rows if isinstance(row, Holiday)),
        menu=tuple(row for row in rows if isinstance(row, Page)),
    )
