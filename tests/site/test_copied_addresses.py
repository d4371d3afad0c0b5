"""Addresses that were copied with what stood behind them."""

import logging
from urllib.parse import quote

import pytest
from django.test import Client

from intake import workflow
from intake.submission import private_link, tokens
from pages.models import ContentPage
from recovery_site.log_filters import MaskSecretAddresses
from tests.intake.support.factories import make_request
from tests.pages.helpers import edit

pytestmark = pytest.mark.django_db

BEHIND = [*".,;:!?)]}>\"'”’»…*| \u00a0\u200b\n", ").", "?!", ". "]
ADDRESSES = [
    "/",
    "/about/",
    "/addiction/kratom-addiction-treatment/",
    "/faq/",
    "/faq/how-to-get-off-kratom/",
    "/search/",
]


def copied(address, behind):
    """An address as it may be copied: with or without its own slash, and with one that a browser adds."""
    bare = quote(address.rstrip("/"))
    if not bare:
        return [f"/{quote(behind)}", f"/{quote(behind)}/"]
    return [f"{bare}{quote(behind)}", f"{bare}{quote(behind)}/", f"{bare}/{quote(behind)}"]


@pytest.mark.parametrize("behind", BEHIND, ids=ascii)
def test_an_address_with_something_behind_it_leads_on_for_good(client, behind):
    for odd in copied("/faq/how-to-get-off-kratom/", behind):
        response = client.get(odd)
        assert (odd, response.status_code, response["Location"]) == (odd, 301, "/faq/how-to-get-off-kratom/")


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_kind_of_page_is_led_to_for_good(client, address):
    for odd in copied(address, ")."):
        response = client.get(odd)
        assert (odd, response.status_code, response["Location"]) == (odd, 301, address)
        assert client.head(odd)["Location"] == address
        assert response["Cache-Control"] == client.get(address)["Cache-Control"]


@pytest.mark.parametrize("behind", BEHIND, ids=ascii)
def test_a_copied_private_link_leads_to_the_private_page_for_now(client, behind):
    address = f"/assessment/manage/{private_link.secret_of(make_request().pk)}/"
    for odd in copied(address, behind):
        response = client.get(odd)
        assert (response.status_code, response["Location"]) == (302, address)
        assert (response["Referrer-Policy"], response["X-Robots-Tag"]) == ("no-referrer", "noindex")
        assert "no-store" in response["Cache-Control"]


def test_a_copied_confirmation_and_the_form_lead_on_for_now(client):
    for address in (
        "/assessment/",
        "/assessment/under-18/",
        f"/assessment/received/{tokens.to_receipt(make_request().pk)}/",
    ):
        for odd in copied(address, ")."):
            response = client.get(odd)
            assert (response.status_code, response["Location"]) == (302, address)


def test_a_private_link_that_has_ended_says_so_at_the_copied_address(client, make_staff):
    request = make_request()
    address = f"/assessment/manage/{private_link.secret_of(request.pk)}"
    workflow.withdraw(request_id=request.pk)
    ended, unknown = client.get(f"{address}."), client.get(f"/assessment/manage/{'0' * 43}.")
    assert (ended.status_code, ended.content) == (404, unknown.content)
    assert "Location" not in ended


NOWHERE = [
    "/no-such-page.",
    "/faq/no-such-question)",
    "/faq/how-to-get-off-kratom/more.",
    "/\\example.org.",
    "/https://example.org/.",
    "/%09/example.org.",
    "/sitemap.xml.",
    "/status.",
    "/about.html",
    "/%00/",
    "/about/%01",
    "/assessment/probe/x.",
    "/" + ".a" * 5000 + ".",
    "/a" + "." * 5000 + "a.",
]


@pytest.mark.parametrize("address", NOWHERE, ids=[address[:30] for address in NOWHERE])
def test_what_leads_to_no_page_of_ours_is_not_found(client, address):
    response = client.get(address)
    if response.status_code == 301:  # to the slash that each address has
        response = client.get(f"{address}/")
    assert response.status_code == 404


@pytest.mark.parametrize("path", ["//example.org/.", "//example.org.", "/\\example.org/)", "/\t/example.org."])
def test_no_copied_address_leads_to_another_site(client, path):
    assert client.get("/", PATH_INFO=path).status_code == 404


def test_what_readers_may_not_see_is_not_found(client):
    ContentPage.objects.get(slug="about").unpublish()
    assert client.get("/about.").status_code == 404


def test_a_copied_old_address_leads_to_the_new_one(client):
    edit(ContentPage.objects.get(slug="about"), slug="who-we-are")
    response = client.get("/about).", follow=True)
    assert response.redirect_chain == [("/about/", 301), ("/who-we-are/", 301)]
    assert client.get("/never-was).").status_code == 404


def test_form_sent_to_a_copied_address_is_answered_by_the_right_page():
    client = Client(enforce_csrf_checks=True)
    assert client.post("/about).", {"adult": "yes"}).status_code == 404
    assert client.post("/faq.", {"adult": "yes"}).status_code == 404
    response = client.post("/assessment).", {"adult": "yes", "name": "Ana Canary"}, follow=True)
    assert (response.status_code, "Ana Canary" in response.content.decode()) == (403, True)
    request = make_request()
    address = f"/assessment/manage/{private_link.secret_of(request.pk)})"
    posted = client.post(address, {"action": "message", "message": "more", "confirm": "yes"}, follow=True)
    assert "We added your message." in posted.content.decode()
    assert request.texts.count() == 2


def test_the_admin_answers_for_itself(client):
    assert client.get("/admin/).").status_code == 302
    assert client.get("/admin/).")["Location"].startswith("/admin/login/")


@pytest.mark.parametrize(
    "path", ["/assessment/manage/{}.", "/assessment/manage/ {}", "/assessment//manage/{})", "/Assessment/Manage/{}/."]
)
def test_no_secret_of_a_copied_link_is_logged(path):
    secret = "5ec4e7" * 7
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Not Found: %s", (path.format(secret),), None)
    assert MaskSecretAddresses().filter(record)
    assert secret not in record.getMessage()
    assert record.getMessage().startswith("Not Found: /")
