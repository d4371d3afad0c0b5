"""What every page shows: the center and the menu, as last known.

A snapshot of at most `LIFETIME` seconds serves each process, so that a page costs no query for them and an error page
can show the phone number while the database is away. An edit shows at once in the process that saved it and within
`LIFETIME` in all others. A copy on disk serves a process that starts while the database is away.
"""

import contextlib
import json
import logging
import os
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from django.conf import settings
from django.core import serializers
from django.db import DatabaseError, InterfaceError

from .models import Center, Holiday, OpeningHours, SitePage
from .shown import shown

LIFETIME = 30  # seconds

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MenuEntry:
    """A link of the menu on top or of the list at the foot."""

    label: str
    url: str
    menu: str


@dataclass(frozen=True)
class Facts:
    """The center (None while no owner has told anything), its open hours, the menus, and what is published."""

    center: Center | None = None
    opening_hours: tuple[OpeningHours, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    menus: tuple[MenuEntry, ...] = ()
    urls: dict[int, str] = field(default_factory=dict)  # of every page that readers can open, by its id

    @property
    def addresses(self):
        return frozenset(self.urls.values())


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
    """Context processor: `center`, `menu`, and `footer_menu` for every template."""
    facts = current()
    return {
        "center": facts.center,
        "menu": [entry for entry in facts.menus if entry.menu == SitePage.Menu.HEADER],
        "footer_menu": [entry for entry in facts.menus if entry.menu == SitePage.Menu.FOOTER],
    }


def _read():
    pages = [page for kind in SitePage.kinds() for page in shown(kind.objects.all())]
    return Facts(
        center=Center.objects.first(),
        opening_hours=tuple(OpeningHours.objects.all()),
        holidays=tuple(Holiday.objects.all()),
        menus=tuple(
            MenuEntry(page.menu_label, page.url, page.menu)
            for page in sorted(pages, key=lambda page: (page.menu_position, page.path))
            if page.menu
        ),
        urls={page.pk: page.url for page in pages},
    )


def _copy_path():
    return Path(settings.VAR_DIR) / "facts.json"


def _keep_copy(facts):
    """Writes the copy where it changed, whole or not at all. That it can't be written is no reason to show nothing."""
    rows = serializers.serialize("json", [*_centers(facts), *facts.opening_hours, *facts.holidays])
    text = json.dumps({"rows": rows, "menus": [asdict(entry) for entry in facts.menus]})
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
        kept = json.loads(_copy_path().read_text())
        rows = [row.object for row in serializers.deserialize("json", kept["rows"])]
        menus = tuple(MenuEntry(**entry) for entry in kept["menus"])
    except (OSError, ValueError, TypeError, KeyError, serializers.base.DeserializationError):
        return None
    return Facts(
        center=next((row for row in rows if isinstance(row, Center)), None),
        opening_hours=tuple(row for row in rows if isinstance(row, OpeningHours)),
        holidays=tuple(row for row in rows if isinstance(row, Holiday)),
        menus=menus,
    )
