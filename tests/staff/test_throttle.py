"""Guessing is slowed down before anything is hashed, and nobody can lock the office out."""

import datetime as dt
import threading

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from staff import throttle
from staff.models import SignInAttempt
from tests.html import soup

PASSWORD = "a password for tests"
OFFICE, ELSEWHERE = "203.0.113.7", "198.51.100.7"


@pytest.fixture
def lena(make_staff):
    return make_staff("lead", username="lena")


def sign_in(username, password, address=ELSEWHERE):
    return Client(REMOTE_ADDR=address).post("/admin/login/", {"username": username, "password": password})


def fail(username, times, address=ELSEWHERE):
    return [sign_in(username, f"wrong {number}", address).status_code for number in range(times)]


def test_sixty_wrong_passwords_do_not_lead_to_the_right_one(lena, stopped_clock):
    statuses = fail("lena", 60)
    assert statuses[:5] == [200] * 5
    assert set(statuses[5:]) == {429}
    assert sign_in("lena", PASSWORD).status_code == 429


def test_refused_attempt_hashes_nothing_and_says_when_to_try_again(lena, stopped_clock, monkeypatch):
    fail("lena", 5)
    hashed = []
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args, **kwargs: hashed.append(args))
    response = sign_in("lena", PASSWORD)
    assert (response.status_code, response["Retry-After"], hashed) == (429, "2", [])
    assert "Too many attempts. Wait 2 seconds, then try again." in soup(response).get_text()
    assert PASSWORD not in response.content.decode()


def test_answers_are_the_same_for_a_name_that_no_account_has(lena, stopped_clock):
    known, unknown = (sign_in(name, "wrong") for name in ("lena", "nobody"))
    assert texts(known) == texts(unknown)
    assert fail("lena", 7) == fail("nobody", 7)
    assert texts(sign_in("lena", "wrong")) == texts(sign_in("nobody", "wrong"))


def texts(response):
    return response.status_code, soup(response).get_text().replace("lena", "").replace("nobody", "")


def test_delay_grows_up_to_five_minutes_and_then_ends(lena, clock, stopped_clock):
    waits = []
    for _round in range(14):
        while (response := sign_in("lena", "wrong")).status_code == 429:
            waits.append(int(response["Retry-After"]))
            clock.shift(dt.timedelta(seconds=waits[-1]))
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300]
    clock.shift(dt.timedelta(seconds=300))
    assert sign_in("lena", PASSWORD).status_code == 302


def test_someone_elsewhere_can_not_delay_the_office(lena, stopped_clock):
    assert sign_in("lena", PASSWORD, OFFICE).status_code == 302
    for network in range(40):
        fail("lena", 5, f"198.51.{network}.1")
    assert sign_in("lena", PASSWORD, "192.0.2.1").status_code == 429
    assert sign_in("lena", PASSWORD, OFFICE).status_code == 302


@pytest.fixture
def known_browser_of_lena(lena, stopped_clock):
    """A browser in which Lena signed in and out again, in the office."""
    client = Client(REMOTE_ADDR=OFFICE)
    assert client.post("/admin/login/", {"username": "lena", "password": PASSWORD}).status_code == 302
    client.post("/admin/logout/")
    stopped_clock.shift(dt.timedelta(seconds=1))
    return client


@pytest.mark.parametrize("address", [OFFICE, "192.0.2.1"], ids=["beside a guesser", "in a new place"])
def test_known_browser_signs_in_wherever_others_guess(known_browser_of_lena, address):
    for network in range(40):
        fail("lena", 5, f"198.51.{network}.1")
    fail("lena", 6, OFFICE)
    fail("someone", 30, address)
    assert sign_in("lena", PASSWORD, address).status_code == 429
    known_browser_of_lena.defaults["REMOTE_ADDR"] = address
    response = known_browser_of_lena.post("/admin/login/", {"username": "lena", "password": PASSWORD})
    assert response.status_code == 302


@pytest.mark.parametrize("username", ["lena", "otto"])
def test_known_browser_is_no_help_for_guessing(known_browser_of_lena, make_staff, username):
    make_staff("lead", username="otto")
    wrong = {"username": username, "password": "wrong"}
    statuses = [known_browser_of_lena.post("/admin/login/", wrong).status_code for _number in range(7)]
    assert statuses == [200] * 5 + [429] * 2


def test_tries_that_begin_at_the_same_moment_do_not_all_pass(lena, rf, clock, stopped_clock):
    """Each was due when it asked, so the second must be refused once it sees the first."""
    fail("lena", 5)
    clock.shift(dt.timedelta(seconds=2))
    request = rf.post("/admin/login/", REMOTE_ADDR=ELSEWHERE)
    asked = throttle._wait
    seen = []

    def meanwhile_another_begins(row, *, is_known):
        wait = asked(row, is_known=is_known)
        if not seen:
            seen.append(wait)
            SignInAttempt.objects.create(step=row.step, account=row.account, place=row.place, tried_at=row.tried_at)
        return wait

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(throttle, "_wait", meanwhile_another_begins)
        with pytest.raises(throttle.Delayed), throttle.attempt(SignInAttempt.Step.PASSWORD, "lena", request):
            pytest.fail("a second try was looked at")
    assert (seen, SignInAttempt.objects.count()) == ([0], 6)


def test_many_names_from_one_network_are_delayed(stopped_clock, db):
    assert [sign_in(f"name{number}", "wrong").status_code for number in range(21)] == [200] * 20 + [429]
    assert sign_in("name99", "wrong", OFFICE).status_code == 200


def test_right_password_ends_the_delay_of_that_account_and_network(lena, clock, stopped_clock):
    fail("lena", 5)
    clock.shift(dt.timedelta(seconds=2))
    assert sign_in("lena", PASSWORD).status_code == 302
    assert fail("lena", 5) == [200] * 5


def test_third_password_at_once_is_refused_without_waiting(lena, rf):
    """One is checked, one waits, and the third is told to try again, so a process keeps threads for visitors."""
    is_checked, may_end = threading.Event(), threading.Event()
    request = rf.post("/admin/login/", REMOTE_ADDR=ELSEWHERE)
    step = SignInAttempt.Step.PASSWORD
    with throttle.attempt(step, "lena", request):
        waiting = threading.Thread(target=lambda: (is_checked.set(), take_place(may_end)))
        waiting.start()
        is_checked.wait(5)
        may_end.wait(5)
        response = sign_in("lena", PASSWORD)
        assert (response.status_code, response["Retry-After"]) == (429, "3")
    waiting.join(5)
    assert sign_in("lena", PASSWORD).status_code == 302


def take_place(taken):
    """Take the second place, as a second sign-in does, until the first is done."""
    assert throttle._places.acquire(blocking=False)
    taken.set()
    with throttle._one_at_a_time:
        throttle._places.release()


def test_table_holds_no_address_and_no_name_and_is_emptied(lena, clock):
    fail("lena", 1)
    sign_in("lena", PASSWORD)
    assert "lena" not in str(SignInAttempt.objects.values())
    assert "198.51" not in str(SignInAttempt.objects.values())
    now = dt.datetime.now(dt.UTC)
    throttle.forget_old(now + dt.timedelta(days=2))
    assert list(SignInAttempt.objects.values_list("succeeded", flat=True)) == [True]
    throttle.forget_old(now + dt.timedelta(days=31))
    assert SignInAttempt.objects.count() == 0


def test_sign_in_of_someone_who_is_no_staff_counts_as_a_failure(db):
    get_user_model().objects.create_user("visitor", password=PASSWORD)
    assert sign_in("visitor", PASSWORD).status_code == 200
    assert list(SignInAttempt.objects.values_list("succeeded", flat=True)) == [False]
