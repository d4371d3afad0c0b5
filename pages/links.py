"""Find broken links on the pages that readers can open, and check the addresses that editors type."""

import re
from collections import defaultdict
from dataclasses import dataclass
from html import unescape

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page

from .citations import marks
from .models import Download, LinkCheck, SitePage, Source
from .visibility import visible

_A = re.compile(r"<a\b([^>]*)>")
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
_ID = re.compile(r'\sid="([^"]+)"')
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_HOST = re.compile(
    r"[\w-]+(?:\.[\w-]+)*\.(?!html?\b|php\b|pdf\b|docx?\b|jpe?g\b|png\b)[a-z]{2,}(?=[:/?#]|$)", re.IGNORECASE
)
_PHONE = re.compile(r"\+?[\d().\- ]*\d[\d().\- ]*(?:\?body=.*)?")
_is_url = URLValidator(schemes=["http", "https"])


def complete(address):
    """Complete an address, such as "example.org", and return it. Raises `ValidationError` if it can't work."""
    address = address.strip()
    scheme = _SCHEME.match(address)
    if scheme and scheme.group(1).lower() in ("tel", "sms"):
        if not _PHONE.fullmatch(address[scheme.end() :]):
            raise ValidationError(_("Enter a phone number after “%s”, such as tel:988.") % scheme.group())
        return re.sub(r"[().\- ]", "", address) if "?" not in address else address
    if re.search(r"[\s\x00-\x1f\\]", address):
        raise ValidationError(_("An address can't contain spaces or backslashes. Copy it from the address bar."))
    if address.startswith("//"):
        address = f"https:{address}"
    elif _HOST.match(address) and not (scheme and "." not in scheme.group(1)):
        address = f"https://{address}"
    if address.startswith(("/", "#")):
        return address
    scheme = _SCHEME.match(address)
    if not scheme:
        raise ValidationError(
            _("Choose the page with “Internal link”, or enter the whole address, such as https://www.samhsa.gov/.")
        )
    name = scheme.group(1).lower()
    if name == "mailto":
        validate_email(address[scheme.end() :].partition("?")[0])
    elif name in ("http", "https"):
        _is_url(address)
    else:
        raise ValidationError(
            _("A link can't begin with “%s”. Enter an address such as https://www.samhsa.gov/.") % scheme.group()
        )
    return address


@dataclass(frozen=True)
class Link:
    """A link on a page. `target` is an address, or the id of a page or document."""

    kind: str  # "href", "page", "document", "source"
    target: str

    @property
    def is_outer(self):
        return self.kind == "href" and self.target.startswith(("http://", "https://")) and not is_own(self.target)


@dataclass(frozen=True)
class Broken:
    """A broken link and the reason."""

    page: SitePage
    target: str
    reason: str


def of_text(markup):
    """Return the links in stored rich text."""
    found = []
    for tag in _A.findall(markup):
        attributes = {name: unescape(value) for name, value in _ATTRIBUTE.findall(tag)}
        if "href" in attributes:
            found.append(Link("href", attributes["href"]))
        elif attributes.get("linktype") in ("page", "document"):
            found.append(Link(attributes["linktype"], attributes.get("id", "")))
    return found


def readable_pages():
    """Return the pages that readers can open: {id: page}."""
    return {page.pk: page for kind in SitePage.kinds() for page in visible(kind.objects.all()).select_related("locale")}


def by_link(pages):
    """Return the links on the pages, each with the pages that contain it: {link: pages}. Includes the links of
    sources."""
    found, sources = defaultdict(list), Source.objects.in_bulk()
    for page in pages:
        texts = [markup for _heading, markup in page.texts()]
        links = [link for markup in texts for link in of_text(markup)]
        links += [Link("href", sources[pk].url) for markup in texts for pk in marks(markup) if pk in sources]
        for link in dict.fromkeys(links):
            found[link].append(page)
    return dict(found)


def broken_inside(links, pages):
    """Return a list of `Broken` for the broken links to this site. `links`: the result of `by_link`."""
    places = _Places(pages)
    found = []
    for link, having in links.items():
        if not link.is_outer:
            for page in having:
                if reason := places.why_not(link, page):
                    found.append(Broken(page, places.name(link), reason))
    return found


class _Places:
    """Everything on this site that readers can open, read once from the database."""

    def __init__(self, pages):
        self.pages = pages
        self.urls = {page.url: page for page in pages.values()}
        self.documents = set(Download.objects.values_list("pk", flat=True))
        self.redirects = set(Redirect.objects.values_list("old_path", flat=True))
        self.titles = dict(Page.objects.values_list("pk", "title"))
        self.anchors = {}

    def name(self, link):
        if link.kind == "page":
            title = self.titles.get(_number(link.target))
            return _("the page “%s”") % title if title else _("a page that was deleted")
        return _("a document that was deleted") if link.kind == "document" else link.target

    def why_not(self, link, page):
        """Return the reason why a link on `page` is broken, or ""."""
        if link.kind == "page":
            return "" if _number(link.target) in self.pages else _("Readers can't open it.")
        if link.kind == "document":
            return "" if _number(link.target) in self.documents else _("It no longer exists.")
        try:
            address = complete(link.target)
        except ValidationError as error:
            return " ".join(error.messages)
        if address != link.target and not link.target.lower().startswith(("tel:", "sms:")):
            return _("The address is incomplete. It should be: %s") % address
        if not address.startswith(("/", "#")) and not is_own(address):
            return ""
        path, _hash, anchor = address.removeprefix(settings.PUBLIC_ORIGIN).partition("#")
        path = path.partition("?")[0]
        target = self.urls.get(path) if path else page
        if target is None:
            return "" if self._is_answered(path) else _("There is no such page.")
        if anchor and anchor not in self._anchors_of(target):
            return _("The page has no section with this name.")
        return ""

    def _is_answered(self, path):
        if Redirect.normalise_path(path) in self.redirects:
            return True
        try:
            return resolve(path).url_name != "wagtail_serve"
        except Resolver404:
            return False

    def _anchors_of(self, page):
        if page.pk not in self.anchors:
            response = page.make_preview_request()
            if hasattr(response, "render"):
                response.render()
            self.anchors[page.pk] = set(_ID.findall(response.content.decode()))
        return self.anchors[page.pk]


def _number(text):
    return int(text) if text.isdecimal() else 0


def is_own(address):
    """Return whether a full address is on this site."""
    return address == settings.PUBLIC_ORIGIN or address.startswith(f"{settings.PUBLIC_ORIGIN}/")


def all_broken():
    """Return a list of `Broken` for all pages that readers can open. Pages with the same link come together.

    Links to this site are checked now. Links to other sites have the result of the last `check_links`.
    """
    pages = readable_pages()
    found = by_link(pages.values())
    problems = dict(LinkCheck.objects.exclude(problem="").values_list("address", "problem"))
    outside = [
        Broken(page, link.target, problems[link.target])
        for link, having in found.items()
        if link.is_outer and link.target in problems
        for page in having
    ]
    return broken_inside(found, pages) + outside
