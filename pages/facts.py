"""The facts that every page shows: the center, notices and the menu.

Each process keeps a snapshot, so pages need no query for them. Even while the database is down, the form, the
confirmation and error pages show the phone number and the hours. When the content generation changes, the snapshot is
rebuilt. A process that starts while the database is down reads a copy on disk (`facts_copy`).
"""

import dataclasses
import datetime as dt
import logging
import threading
import time
from dataclasses import dataclass, field

import nh3
from django.conf import settings
from django.core import serializers
from django.db import DatabaseError, InterfaceError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import cached_property
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from wagtail.coreutils import get_dummy_request, get_supported_content_language_variant
from wagtail.models import Page, Revision, Site
from wagtail.rich_text import expand_db_html

from . import content_generation, fact_marks, facts_copy, opening_hours
from .models import Center, CenterTexts, Holiday, Notice, OpeningHours, SitePage
from .models.page import HOME_DEPTH
from .visibility import visible

PATIENCE = 10  # seconds before we ask an unresponsive database again, so that not every page has to wait
LONG_AGO, FAR_AHEAD = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (2000, 2100))

# The only HTML allowed in a notice, whatever the database contains. Links lead to pages whose addresses are known here,
# or to other sites. No link needs the database, which may be down.
_clean_notice = nh3.Cleaner(
    tags={"p", "br", "b", "strong", "a"},
    attributes={"a": {"href", "linktype", "id"}},
    attribute_filter=lambda tag, name, value: None if name == "linktype" and value != "page" else value,
    url_schemes={"http", "https", "mailto", "tel", "sms"},
    link_rel=None,
).clean

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MenuEntry:
    """A page in the main menu or in the footer menu."""

    label: str
    page: int
    menu: str


@dataclass(frozen=True)
class Texts:
    """The center's texts in one language of the site."""

    language: str = ""
    directions: str = ""
    languages: str = ""

    @property
    def language_list(self):
        return [name.strip() for name in self.languages.split(",") if name.strip()]


@dataclass(frozen=True)
class ShownNotice:
    """A published notice with its text as stored. If `pages` is empty, it shows on the whole site."""

    text: str
    is_strong: bool
    shows_from: dt.datetime
    shows_until: dt.datetime
    pages: frozenset[int] = frozenset()

    @property
    def html(self):
        return mark_safe(fact_marks.fill(expand_db_html(_clean_notice(self.text))))  # noqa: S308 (sanitized right here)


@dataclass(frozen=True)
class Facts:
    """The snapshot: center, opening hours, texts, notices, menus and live pages. `center` is None before it has a row.

    Everything that depends on the time is computed on each call.
    """

    center: Center | None = None
    opening_hours: tuple[OpeningHours, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    texts_by_language: tuple[Texts, ...] = ()
    notices: tuple[ShownNotice, ...] = ()
    menus: tuple[MenuEntry, ...] = ()
    urls: dict[int, str] = field(default_factory=dict)  # of every live page, by its id
    ends: dict[int, dt.datetime] = field(default_factory=dict)  # of those that expire
    begins: tuple[dt.datetime, ...] = ()  # when what is scheduled will be published
    _made: dict = field(default_factory=dict, init=False, repr=False, compare=False)  # see `until_change`

    @property
    def addresses(self):
        """Return the paths of all pages that readers can open now."""
        return frozenset(filter(None, map(self.url_of, self.urls)))

    def url_of(self, page):
        """Return the path of the page with this id, or None if readers can't open it now."""
        end = self.ends.get(page)
        return None if end is not None and end <= timezone.now() else self.urls.get(page)

    @cached_property
    def has_translations(self):
        """Return whether any live page is in another language than the default one."""
        starts = tuple(f"/{code}/" for code, _name in settings.LANGUAGES)
        return any(url.startswith(starts) for url in self.urls.values() if url)

    @cached_property
    def _pages_by_url(self):
        return {url: page for page, url in self.urls.items()}

    def page_at(self, path):
        """Return the id of the page at a path, or None if there is none that readers can open now."""
        page = self._pages_by_url.get(path)
        return page if page is not None and self.url_of(page) else None

    @property
    def header_menu(self):
        """Return the links of the main menu that readers can open now, as pairs of label and path."""
        return self._menu(SitePage.Menu.HEADER)

    @property
    def footer_menu(self):
        return self._menu(SitePage.Menu.FOOTER)

    def _menu(self, name):
        links = [(entry.label, self.url_of(entry.page)) for entry in self.menus if entry.menu == name]
        return [(label, url) for label, url in links if url]

    @property
    def status(self):
        """Return an `opening_hours.Status` for now. None if no hours are set."""
        return opening_hours.status(self, timezone.now())

    @property
    def is_closed_now(self):
        """Return whether nobody answers the phone at this moment. False if no hours are set: then nobody knows."""
        status = self.status
        return status is not None and not status.is_open

    @property
    def holidays_ahead(self):
        return opening_hours.holidays_ahead(self, timezone.now())

    @cached_property
    def zone_label(self):
        return opening_hours.zone_label(self)

    @property
    def week(self):
        return opening_hours.week(self)

    @property
    def hours_words(self):
        return opening_hours.hours_words(self)

    @property
    def texts(self):
        """Return the center's texts in the active language, or else in the default language."""
        known = {texts.language: texts for texts in self.texts_by_language}
        return known.get(_content_language(get_language())) or known.get(_content_language(None)) or Texts()

    def notices_at(self, now, page_id=None):
        """Return the notices for a page at a moment. Without `page_id`, return only the notices for the whole site."""
        return [
            notice
            for notice in self.notices
            if notice.shows_from <= now < notice.shows_until and (not notice.pages or page_id in notice.pages)
        ]

    def next_change(self, now):
        """Return the next moment after `now` when the text of a page changes by itself, or None."""
        moments = [moment for notice in self.notices for moment in (notice.shows_from, notice.shows_until)]
        moments += [*self.ends.values(), *self.begins]
        moments.append(opening_hours.next_change(self, now))
        return min((moment for moment in moments if moment and moment > now), default=None)

    def until_change(self, make, *arguments):
        """Return `make(self, *arguments)`, from memory if it was made before and nothing has changed since.

        For text that is the same for every reader. It may depend on these facts, the time, the language and the
        `arguments`, nothing else. After the next moment when a text changes by itself, it is made again. A change of
        content makes a new snapshot, which remembers nothing; so does a preview. Only pass arguments with few values.
        """
        now, key = timezone.now(), (make, get_language(), *arguments)
        begins, ends, made = self._made.get(key, (FAR_AHEAD, LONG_AGO, None))
        if not begins <= now < ends:  # `begins` is for a clock that was set back
            made = make(self, *arguments)
            self._made[key] = now, self.next_change(now) or FAR_AHEAD, made
        return made


_known = None
_made_from = _NEVER = object()  # the generation that `_known` was made from
_retry_at = 0
_reading = threading.Lock()


def current():
    """Return the current facts, or the last known ones while the database is down."""
    if content_generation.current() != _made_from:
        with _reading:  # one thread reads and the others wait, so that a slow one never brings old facts back
            _read_again()
    return _known


def _read_again():
    global _known, _made_from, _retry_at
    generation = content_generation.current()  # before the facts, so that a change in between is noticed next time
    if generation == _made_from or time.monotonic() < _retry_at:
        return
    try:
        _known = _read()
        _made_from = generation
        facts_copy.keep(_as_data(_known))
    except (DatabaseError, InterfaceError) as error:
        logger.warning("Can't read the center's facts: %s", type(error).__name__)
        _known = _known or _copy() or Facts()
        _retry_at = time.monotonic() + PATIENCE


def is_made_from(generation):
    """Return whether the last `current()` knew the content of this generation.

    If the database did not answer, it returned older facts. What was made with those must not be kept.
    """
    return generation == _made_from


def forget():
    """Make the next `current()` query the database."""
    global _made_from, _retry_at
    _made_from, _retry_at = _NEVER, 0


def next_change(now):
    """Return the next moment after `now` when the text of a page changes by itself, or None. No cache may keep a page
    longer.

    Such moments are the start or end of hours, holidays and notices, the expiry of a page, and scheduled publishing.
    """
    return current().next_change(now)


def seconds_to_keep(most):
    """Return for how many seconds a page that is built now stays correct. At most `most`."""
    now = timezone.now()
    change = next_change(now)
    return most if change is None else min(most, int((change - now).total_seconds()))


def context(request):
    """Context processor: add `facts` and `center` to every template."""
    return template_context(current())


def template_context(facts):
    return {"facts": facts, "center": facts.center}


def with_center(center):
    """Return the current facts with the facts of another center row, published or draft."""
    return dataclasses.replace(
        current(),
        center=center,
        opening_hours=tuple(sorted(center.opening_hours.all(), key=lambda row: (row.weekday, row.opens))),
        holidays=tuple(sorted(center.holidays.all(), key=lambda row: row.day)),
        texts_by_language=tuple(_texts_of(row) for row in center.texts.all()),
    )


def _content_language(code):
    """Return the content language for a language code, or the default language."""
    try:
        return get_supported_content_language_variant(code or settings.LANGUAGE_CODE)
    except LookupError:
        return settings.LANGUAGE_CODE


def _texts_of(row):
    return Texts(row.locale.language_code, row.directions.strip(), row.languages.strip())


def _read():
    Site.clear_site_root_paths_cache()  # Wagtail clears it only in the process that adds a home page or a language
    pages = visible(Page.objects.filter(depth__gte=HOME_DEPTH)).only("path", "depth", "url_path", "expire_at")
    request = get_dummy_request()  # Wagtail caches its site roots in it, instead of a query for each page
    urls = {page.pk: page.get_url(request) for page in pages}
    return Facts(
        center=Center.objects.first(),
        opening_hours=tuple(OpeningHours.objects.all()),
        holidays=tuple(Holiday.objects.all()),
        texts_by_language=tuple(_texts_of(row) for row in CenterTexts.objects.select_related("locale")),
        notices=tuple(_notices()),
        menus=tuple(_menus(urls)),
        urls=urls,
        ends={page.pk: page.expire_at for page in pages if page.expire_at},
        begins=tuple(_scheduled()),
    )


def _scheduled():
    """Return when revisions will be published."""
    scheduled = Revision.objects.filter(approved_go_live_at__gt=timezone.now())
    return scheduled.order_by("approved_go_live_at").values_list("approved_go_live_at", flat=True)


def _menus(pages):
    """Return the menu entries in order. `pages`: the ids of the live pages, of which some are in a menu."""
    fields = "menu_position", "path", "menu_label", "pk", "menu"
    rows = [
        row for kind in SitePage.kinds() for row in kind.objects.exclude(menu=SitePage.Menu.NONE).values_list(*fields)
    ]
    return [MenuEntry(label, page, menu) for _position, _path, label, page, menu in sorted(rows) if page in pages]


def _notices():
    """Return the published notices that have not ended: strong ones first, then by start."""
    rows = Notice.objects.filter(live=True, shows_until__gt=timezone.now()).prefetch_related("pages")
    return [of_notice(row) for row in sorted(rows, key=lambda row: (not row.is_strong, row.shows_from, row.pk))]


def of_notice(row):
    """Return the `ShownNotice` for a notice row."""
    pages = frozenset(page.pk for page in row.pages.all())
    return ShownNotice(row.text, row.is_strong, row.shows_from, row.shows_until, pages)


def _as_data(facts):
    rows = [*([facts.center] if facts.center else []), *facts.opening_hours, *facts.holidays]
    return {
        "rows": serializers.serialize("python", rows),
        "texts": [dataclasses.asdict(texts) for texts in facts.texts_by_language],
        "notices": [dataclasses.asdict(notice) for notice in facts.notices],
        "menus": [dataclasses.asdict(entry) for entry in facts.menus],
        "urls": facts.urls,
        "ends": facts.ends,
    }


def _copy():
    """Return the facts from the copy on disk, or None if there is no readable copy."""
    try:
        data = facts_copy.read()
        rows = [kept.object for kept in serializers.deserialize("python", data["rows"])]
        return Facts(
            center=next((row for row in rows if isinstance(row, Center)), None),
            opening_hours=tuple(row for row in rows if isinstance(row, OpeningHours)),
            holidays=tuple(row for row in rows if isinstance(row, Holiday)),
            texts_by_language=tuple(Texts(**kept) for kept in data["texts"]),
            notices=tuple(_notice_of(kept) for kept in data["notices"]),
            menus=tuple(MenuEntry(**kept) for kept in data["menus"]),
            urls={int(pk): url for pk, url in data["urls"].items()},
            ends={int(pk): parse_datetime(end) for pk, end in data["ends"].items()},
        )
    except (OSError, ValueError, TypeError, LookupError, serializers.base.DeserializationError):
        return None


def _notice_of(kept):
    moments = {name: parse_datetime(kept[name]) for name in ("shows_from", "shows_until")}
    return ShownNotice(**kept | moments | {"pages": frozenset(kept["pages"])})
