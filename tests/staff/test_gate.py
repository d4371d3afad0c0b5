"""A flood of passwords is turned away at the door, and never keeps a known browser out."""

import pytest
from django.core import signing
from django.test import Client

from staff import known_browser
from staff.sign_in import gate
from tests.html import soup

PASSWORD = "a password for tests"
COOKIE = "known_browser"


@pytest.fixture(autouse=True)
def real_gate(monkeypatch):
    """The gate as the site has it. Other tests run with a wide one."""
    monkeypatch.setattr(gate, "bucket", gate.Bucket(gate.A_SECOND, gate.AT_ONCE))


@pytest.fixture
def lena(make_staff):
    return make_staff("lead", username="lena")


def sign_in(client, username="lena", password=PASSWORD):
    return client.post("/admin/login/", {"username": username, "password": password})


def flood():
    """What forty guesses at once see, each for another name and from another network."""
    guesses = [(Client(REMOTE_ADDR=f"198.51.{number}.7"), f"name{number}") for number in range(40)]
    return [sign_in(client, name, "wrong").status_code for client, name in guesses]


def test_flood_is_turned_away_after_the_first_few(db, stopped_clock):
    assert flood() == [200] * gate.AT_ONCE + [429] * (40 - gate.AT_ONCE)


def test_turned_away_browser_costs_no_query_and_is_told_what_to_do(db, stopped_clock, django_assert_num_queries):
    flood()
    with django_assert_num_queries(0):
        response = sign_in(Client())
    assert (response.status_code, response["Retry-After"], response["Cache-Control"]) == (429, "5", "no-store")
    assert "Wait 5 seconds, then sign in again." in soup(response).get_text()
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_known_browser_signs_in_during_a_flood(lena, stopped_clock):
    office = Client()
    assert sign_in(office).status_code == 302
    office.post("/admin/logout/")
    flood()
    assert sign_in(office).status_code == 302
    assert sign_in(Client()).status_code == 429


def test_gate_opens_again_with_time(lena, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(gate.time, "monotonic", lambda: now[0])
    gate.bucket.fill()
    flood()
    assert sign_in(Client()).status_code == 429
    now[0] += 1
    assert sign_in(Client()).status_code == 302


def test_cookie_goes_to_the_staff_pages_alone_and_names_nobody(lena):
    client = Client()
    sign_in(client)
    cookie = client.cookies[COOKIE]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/admin/", True, "Lax")
    assert "lena" not in str(signing.loads(cookie.value, salt=known_browser.SALT))


def test_wrong_password_gives_no_cookie(lena):
    client = Client()
    sign_in(client, password="wrong")
    assert COOKIE not in client.cookies


@pytest.mark.parametrize("value", ["", "made-up"])
def test_made_up_cookie_opens_no_gate(lena, stopped_clock, value):
    flood()
    client = Client()
    client.cookies[COOKIE] = value
    assert sign_in(client).status_code == 429


def test_token_of_another_purpose_opens_no_gate(lena, stopped_clock):
    flood()
    client = Client()
    client.cookies[COOKIE] = signing.dumps("x", salt="another purpose")
    assert sign_in(client).status_code == 429


def test_old_cookie_opens_no_gate(lena, clock):
    client = Client()
    sign_in(client)
    clock.shift(known_browser.KNOWN_FOR + 1)
    gate.bucket.fill()
    flood()
    assert sign_in(client).status_code == 429


def test_other_addresses_pass_while_the_gate_is_closed(client, db, stopped_clock):
    flood()
    assert client.get("/assessment/").status_code == 200
    assert client.get("/admin/login/").status_code == 200
