"""The page cache asks the site without cookies. So it may only ask for addresses that answer everyone the same."""

import pytest
from django.conf import settings
from django.urls import get_resolver
from django.utils import translation
from wagtail.models import Locale, Site

from recovery_site import copied_addresses
from recovery_site.page_cache import PASS_BY
from tests.pages.helpers import home

pytestmark = pytest.mark.django_db

COOKIES = {"cookie": "csrftoken=canary; visit=canary.1"}
PAGES = "^((?:[A-Za-z0-9-]+/)*)$"
# Each pattern of the site that PASS_BY does not name, with an address. Without `Cache-Control: public`, an address
# belongs into PASS_BY: what it answers may depend on a cookie, as the form does.
KEPT = {
    copied_addresses.PATTERN: "/faq/.",
    "sitemap.xml": "/sitemap.xml",
    "robots.txt": "/robots.txt",
    r"^share(/(?:[A-Za-z0-9-]+/)*)picture\.png$": "/share/addiction/kratom-addiction-treatment/picture.png",
    "site.webmanifest": "/site.webmanifest",
    ".well-known/security.txt": "/.well-known/security.txt",
    PAGES: "/addiction/kratom-addiction-treatment/",
    f"es/{PAGES}": "/es/",
}
# Addresses that no cache may keep and that do not pass by, with the reason why their answer needs no cookie
NEEDS_NO_COOKIE = {
    "/zebras/": "not found, whoever asks",
}


def patterns():
    """Return the patterns of the site in all its languages."""
    found = set()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found.update(_walk(get_resolver().url_patterns, ""))
    return found


def _walk(entries, before):
    for entry in entries:
        here = f"{before}{entry.pattern}"
        if hasattr(entry, "url_patterns"):
            yield from _walk(entry.url_patterns, here)
        else:
            yield here


def test_every_address_passes_by_or_is_known_to_be_for_everyone():
    assert {pattern for pattern in patterns() if not f"/{pattern}".startswith(PASS_BY)} == set(KEPT)


@pytest.mark.parametrize("path", KEPT.values(), ids=KEPT.values())
def test_address_that_does_not_pass_by_may_be_kept_by_any_cache(client, settings, path):
    settings.SECURITY_CONTACT = "mailto:security@example.org"
    spanish, _created = Locale.objects.get_or_create(language_code="es")
    translated = home().copy_for_translation(spanish)
    Site.clear_site_root_paths_cache()  # which Wagtail keeps for an hour
    translated.publish(translated.save_revision())
    response = client.get(path, headers=COOKIES)
    assert response.status_code == (301 if path == "/faq/." else 200)
    assert "public" in response["Cache-Control"].split(", ")
    assert {name.lower() for name in response.headers.get("Vary", "").split(", ")} <= {"", "accept-encoding"}
    assert not response.cookies


@pytest.mark.parametrize("path", NEEDS_NO_COOKIE)
def test_other_address_answers_the_same_without_cookies(stopped_clock, client, path):
    answers = [client.get(path, headers=cookies) for cookies in (COOKIES, {})]
    seen = [(answer.status_code, answer.headers.get("Location"), answer.content) for answer in answers]
    assert (seen[0], seen[0][0] in (301, 302, 404)) == (seen[1], True)
    assert [dict(answer.cookies) for answer in answers] == [{}, {}]
