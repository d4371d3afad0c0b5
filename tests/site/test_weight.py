"""A phone with a poor connection: what the longest page weighs, as it travels."""

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from whitenoise.compress import Compressor

from tests.html import PageFacts

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

PATH = "/addiction/kratom-addiction-treatment/"
FIRST_ROUND_TRIP = 10 * 1460  # bytes: what TCP sends before it waits for an answer (RFC 6928)
FIRST_VIEW = 20 * 1024
LOADING_RELS = {"stylesheet", "icon", "manifest", "preload", "modulepreload", "apple-touch-icon"}


@pytest.fixture
def kratom_page(client):
    """The bytes of the page as sent with brotli, and the addresses that a first view of it loads."""
    response = client.get(PATH, headers={"accept-encoding": "br"})
    assert response["Content-Encoding"] == "br"
    facts = PageFacts(client.get(PATH))
    links = [link["href"] for link in facts.all("link") if LOADING_RELS & set(link.get("rel", "").split())]
    sources = [attributes["src"] for _name, attributes in facts.tags if "src" in attributes]
    return len(response.content), links + sources


def weight(client, address):
    """How many bytes of an address travel: of a static file as whitenoise would have compressed it."""
    if not address.startswith(settings.STATIC_URL):
        response = client.get(address, headers={"accept-encoding": "br"})
        assert response.status_code == 200
        return len(response.content)
    content = Path(finders.find(address.removeprefix(settings.STATIC_URL))).read_bytes()
    return min(len(content), len(Compressor.compress_brotli(content)))


def test_text_and_styles_of_the_longest_page_fit_into_the_first_round_trip(client, kratom_page):
    html, addresses = kratom_page
    styles = [address for address in addresses if address.endswith(".css")]
    assert len(styles) == 1
    assert html + weight(client, styles[0]) <= FIRST_ROUND_TRIP


def test_first_view_of_the_longest_page_is_light(client, kratom_page):
    html, addresses = kratom_page
    assert [address for address in addresses if not address.startswith("/")] == []
    assert html + sum(weight(client, address) for address in addresses) <= FIRST_VIEW
    assert 1 + len(addresses) <= 4
