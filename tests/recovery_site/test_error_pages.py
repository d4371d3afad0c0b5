"""The pages for what is not there or went wrong: they lead on, and they need no database."""

import pytest

from pages import facts
from tests.html import soup

pytestmark = pytest.mark.django_db

NUMBERS = ["tel:911", "tel:988", "sms:988", "tel:+18445344673", "tel:+14805267738"]


def leads_on(response):
    """What a reader finds on the page: numbers to call, places to start, a search."""
    shown = soup(response)
    links = [link["href"] for link in shown.find_all("a")]
    assert [number for number in NUMBERS if number not in links] == []
    assert {"/", "/faq/", "/assessment/"} <= {link["href"] for link in shown.main.find_all("a")}
    assert shown.main.select_one("form[role=search] input[type=search]")["name"] == "q"
    return shown.h1.get_text()


def test_page_that_is_not_there_leads_on(client):
    response = client.get("/nothing-here/")
    assert (response.status_code, response["Cache-Control"], dict(response.cookies)) == (404, "no-store", {})
    assert leads_on(response) == "We could not find that page"


@pytest.mark.parametrize("path", ["/nothing-here/", "/nothing.php", "/faq/nothing/", "/share/nothing/picture.png"])
def test_page_that_is_not_there_leads_on_while_the_database_is_away(client, take_database_away, path):
    facts.current()
    take_database_away()
    response = client.get(path)
    assert (response.status_code, leads_on(response)) == (404, "We could not find that page")
