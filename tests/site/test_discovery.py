"""The site's map and the other files that machines ask for by name."""

import io
from datetime import datetime, timedelta
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone
from PIL import Image
from wagtail.models import Page

from pages import facts
from pages.models import Center
from tests.crawl import crawl
from tests.pages.helpers import OFF_LINE, edit, page, question
from tests.recovery_site.test_settings import COMPLETE, manage

pytestmark = pytest.mark.django_db

ORIGIN = "https://www.example.org"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture(autouse=True)
def public_origin(settings):
    settings.PUBLIC_ORIGIN = ORIGIN


@pytest.fixture
def robots(client):
    parser = RobotFileParser()
    parser.parse(client.get("/robots.txt").content.decode().splitlines())
    return parser


def sitemap(client):
    """What the site map says: {address: lastmod or None}."""
    root = ElementTree.fromstring(client.get("/sitemap.xml").content)
    assert root.tag == f"{SITEMAP}urlset"
    return {url.findtext(f"{SITEMAP}loc"): url.findtext(f"{SITEMAP}lastmod") for url in root}


def test_sitemap_names_every_page_that_a_reader_can_reach(client, robots):
    unindexed = {"/assessment/under-18/"}  # says so itself
    walked = {ORIGIN + path for path in crawl(Client()) if robots.can_fetch("anyone", path) and path not in unindexed}
    assert set(sitemap(client)) == walked
    assert {f"{ORIGIN}/", f"{ORIGIN}/faq/kratom-withdrawal/", f"{ORIGIN}/assessment/"} <= walked


def test_sitemap_says_when_the_words_were_published(client, clock):
    clock.move_to(datetime(2027, 5, 4, 12, tzinfo=timezone.get_default_timezone()), tick=False)
    edit(Page.objects.get(slug="privacy"))
    clock.move_to(datetime(2027, 5, 5, 12, tzinfo=timezone.get_default_timezone()), tick=False)
    edit(Page.objects.get(slug="kratom-withdrawal"))
    known = sitemap(client)
    assert known[f"{ORIGIN}/privacy/"] == "2027-05-04"
    assert known[f"{ORIGIN}/faq/kratom-withdrawal/"] == "2027-05-05"
    assert known[f"{ORIGIN}/assessment/"] is None


@pytest.mark.parametrize("make", [page, question])
@pytest.mark.parametrize("state", ["live", *OFF_LINE])
def test_sitemap_names_only_what_is_live(client, make, state):
    made = make(state=state)
    assert (ORIGIN + made.url in sitemap(client)) == (state == "live")


def test_robots_may_read_all_but_what_is_not_for_them(client, robots):
    assert client.get("/robots.txt").content.decode() == (
        "User-agent: *\n"
        "Disallow: /admin/\n"
        "Disallow: /assessment/check/\n"
        "Disallow: /assessment/leave/\n"
        "Disallow: /assessment/received/\n"
        "Disallow: /cms/\n"
        "Disallow: /search/\n"
        "\n"
        "Sitemap: https://www.example.org/sitemap.xml\n"
    )
    assert robots.site_maps() == [f"{ORIGIN}/sitemap.xml"]
    allowed = ["/", "/faq/", "/assessment/", "/static/pages/site.css"]
    closed = ["/admin/", "/admin/login/", "/assessment/received/x/", "/search/?q=a"]
    assert [path for path in [*allowed, *closed] if robots.can_fetch("anyone", path)] == allowed


def test_security_contact_stands_in_its_file(client, settings):
    settings.SECURITY_CONTACT = "mailto:security@example.org"
    response = client.get("/.well-known/security.txt")
    lines = response.content.decode().splitlines()
    expires = datetime.fromisoformat(lines.pop(1).removeprefix("Expires: "))
    assert timedelta(days=90) < expires - timezone.now() < timedelta(days=365)
    assert lines == [
        "Contact: mailto:security@example.org",
        "Preferred-Languages: en",
        "Canonical: https://www.example.org/.well-known/security.txt",
    ]
    assert response["Content-Type"] == "text/plain; charset=utf-8"


def test_security_file_is_not_there_without_a_contact(client, settings):
    settings.SECURITY_CONTACT = ""
    assert client.get("/.well-known/security.txt").status_code == 404


@pytest.mark.parametrize("contact", ["security@example.org", "http://example.org/security"])
def test_security_contact_that_is_no_address_stops_the_start(tmp_path, contact):
    done = manage("check", tmp_path=tmp_path, **COMPLETE | {"SECURITY_CONTACT": contact})
    assert done.stderr.startswith("Not started: SECURITY_CONTACT must begin with mailto:, https:// or tel:")


def test_manifest_holds_name_colors_and_icon(client):
    response = client.get("/site.webmanifest")
    assert response["Content-Type"] == "application/manifest+json"
    assert response.json() == {
        "name": "Renaissance Recovery Center",
        "lang": "en-US",
        "start_url": "/",
        "display": "browser",
        "background_color": "#fdf6ec",
        "theme_color": "#fdf6ec",
        "icons": [
            {"src": "/static/pages/icon.svg", "sizes": "any", "type": "image/svg+xml"},
            {"src": "/static/pages/icon-192.png", "sizes": "192x192", "type": "image/png"},
            {"src": "/static/pages/icon-512.png", "sizes": "512x512", "type": "image/png"},
        ],
    }
    assert finders.find("pages/icon.svg")
    for size in (192, 512):
        with Image.open(finders.find(f"pages/icon-{size}.png")) as icon:
            assert icon.size == (size, size)


ICONS = [
    ("/favicon.ico", "ICO", (48, 48)),
    ("/apple-touch-icon.png", "PNG", (180, 180)),
    ("/apple-touch-icon-precomposed.png", "PNG", (180, 180)),
]


@pytest.mark.parametrize(("path", "kind", "size"), ICONS)
def test_icon_that_browsers_ask_for_by_its_address_is_there_for_any_cache(client, path, kind, size):
    response = client.get(path)
    icon = Image.open(io.BytesIO(b"".join(response.streaming_content)))
    assert (response.status_code, icon.format, icon.size) == (200, kind, size)
    assert ("public" in response["Cache-Control"], dict(response.cookies)) == (True, {})
    assert "Vary" not in response


def test_manifest_has_no_name_before_the_owner_tells_one(client):
    Center.objects.all().delete()
    facts.forget()
    assert "name" not in client.get("/site.webmanifest").json()


@pytest.mark.parametrize("path", ["/sitemap.xml", "/robots.txt", "/site.webmanifest", "/.well-known/security.txt"])
def test_any_cache_may_keep_them_and_nobody_may_post(client, settings, path):
    settings.SECURITY_CONTACT = "mailto:security@example.org"
    response = client.get(path)
    assert (response["Cache-Control"], dict(response.cookies)) == ("public, max-age=60", {})
    assert client.get(path, headers={"if-none-match": response["ETag"]}).status_code == 304
    assert client.post(path).status_code == 405
