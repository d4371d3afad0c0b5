"""A phone with a poor connection: what the pages of the starter content weigh, as they travel."""

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from whitenoise.compress import Compressor

from recovery_site.static_files import smaller
from tests.crawl import crawl

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

FIRST_ROUND_TRIP = 14 * 1024  # bytes: about what TCP sends before it waits for an answer (RFC 6928)
FIRST_VIEW = 60 * 1024  # bytes, with fonts and drawings
MOST_REQUESTS = 8


@pytest.fixture
def pages(client):
    """The pages that any cache may keep: {path: PageFacts}. They hold no form of ours, so they travel compressed."""
    return {
        path: facts
        for path, (response, facts) in crawl(client).items()
        if "public" in response.get("Cache-Control", "")
    }


def linked(facts, rels):
    return [link["href"] for link in facts.all("link") if rels & set(link.get("rel", "").split())]


def weight(client, address):
    """How many bytes of an address travel with brotli: of a static file as it would have been collected."""
    if not address.startswith(settings.STATIC_URL):
        response = client.get(address, headers={"accept-encoding": "br"})
        assert response.status_code == 200
        return len(response.content)
    content = Path(finders.find(address.removeprefix(settings.STATIC_URL))).read_bytes()
    if address.endswith(".css"):
        content = smaller(content.decode()).encode()
    return min(len(content), len(Compressor.compress_brotli(content)))


def text_and_styles(client, pages):
    """How many bytes the HTML of each page and all its style sheets weigh: {path: bytes}."""
    return {
        path: sum(weight(client, address) for address in [path, *linked(facts, {"stylesheet"})])
        for path, facts in pages.items()
    }


def test_text_and_styles_of_each_page_fit_into_the_first_round_trip(client, pages):
    weights = text_and_styles(client, pages)
    assert {"/", "/faq/", "/addiction/kratom-addiction-treatment/"} - weights.keys() == set()
    assert {path: size for path, size in weights.items() if size > FIRST_ROUND_TRIP} == {}


def first_view(facts):
    """What a browser asks for to draw a page, besides its HTML. It asks for the manifest later, and for a lazy image
    when the reader comes near it. A background of a style sheet counts where it is: on the home page."""
    images = [image["src"] for image in facts.all("img") if image.get("loading") != "lazy"]
    scripts = [script["src"] for script in facts.all("script") if "src" in script]
    return {*linked(facts, {"stylesheet", "icon", "preload"}), *images, *scripts}


def test_first_view_of_each_page_is_light(client, pages):
    views = {path: first_view(facts) for path, facts in pages.items()}
    views["/"].add("/static/pages/vignettes.svg")
    assert {address for view in views.values() for address in view if not address.startswith("/static/")} == set()
    assert {path: len(view) + 1 for path, view in views.items() if len(view) + 1 > MOST_REQUESTS} == {}
    sizes = {address: weight(client, address) for view in views.values() for address in view}
    weights = {path: weight(client, path) + sum(sizes[address] for address in view) for path, view in views.items()}
    assert {path: size for path, size in weights.items() if size > FIRST_VIEW} == {}
