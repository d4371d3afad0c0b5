"""A copy of the database opens no session: the table holds keyed hashes of the keys only."""

import datetime as dt

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import Client

from staff.keyed_hash import keyed_hash
from staff.models import SecurityEvent, StaffSession
from staff.sessions.store import SessionStore
from tests.staff.session_helpers import PASSWORD, key_of, opens, possible_keys, signed_in

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def lena(make_staff):
    return make_staff("lead", username="lena")


def dump(*models):
    """Return the tables of these models as text, as a `SELECT *` gives them and as the models read them."""
    texts = []
    for model in models:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")
            texts += [str(value) for row in cursor.fetchall() for value in row]
        texts += [repr(row) for row in model.objects.order_by("pk").values()]
    texts += [str(row.get_decoded()) for row in StaffSession.objects.order_by("pk")]
    return "\n".join(texts)


def test_no_value_of_the_tables_opens_a_session(lena):
    key = key_of(signed_in(lena))
    text = dump(StaffSession, SecurityEvent)
    tried = possible_keys(text)
    assert opens(key)
    assert (key in text, key in tried) == (False, False)
    assert keyed_hash("session", key) in tried
    assert [value for value in tried if opens(value)] == []
    assert opens(key)


def test_row_with_a_plain_key_opens_nothing(lena):
    browser = signed_in(lena)
    row = StaffSession.objects.get()
    row.session_key = "plain0key0of0an0older0table00000"
    StaffSession.objects.bulk_create([row])
    assert (opens(row.session_key), opens(key_of(browser))) == (False, True)


def test_django_has_no_table_of_its_own_for_sessions(lena):
    tables = connection.introspection.table_names()
    assert ("staff_staffsession" in tables, "django_session" in tables) == (True, False)


def test_row_holds_who_when_and_the_network_but_no_address(lena, stopped_clock):
    Client(REMOTE_ADDR="203.0.113.7").post("/admin/login/", {"username": "lena", "password": PASSWORD})
    row = StaffSession.objects.get()
    event = SecurityEvent.objects.get(kind="signed_in")
    assert (row.user, row.network) == (lena, keyed_hash("network", "203.0.113.0/24"))
    assert (row.pk, row.network) == (event.session, event.network)
    assert row.started_at == row.last_used_at == event.occurred_at
    assert "203.0.113" not in dump(StaffSession)


def test_key_that_was_planted_before_sign_in_opens_nothing(lena):
    browser = Client()
    planted = browser.session.session_key
    browser.post("/admin/login/", {"username": "lena", "password": PASSWORD})
    assert key_of(browser) != planted
    assert (opens(planted), opens(key_of(browser))) == (False, True)


def test_key_and_beginning_change_when_the_same_person_signs_in_again(lena, clock):
    browser = signed_in(lena)
    first, began = key_of(browser), StaffSession.objects.get().started_at
    clock.shift(HOUR)
    browser.post("/admin/login/", {"username": "lena", "password": PASSWORD})
    assert key_of(browser) != first
    assert (opens(first), opens(key_of(browser))) == (False, True)
    assert StaffSession.objects.get().started_at > began


def test_nothing_of_one_person_is_left_when_another_signs_in(lena, make_staff):
    make_staff("admissions", username="sam")
    browser = signed_in(lena)
    first = key_of(browser)
    browser.post("/admin/login/", {"username": "sam", "password": PASSWORD})
    assert (opens(first), StaffSession.objects.get().user.username) == (False, "sam")


@pytest.mark.parametrize("end", ["sign-out", "new password", "deactivated"])
def test_sessions_end_with_sign_out_a_new_password_or_deactivation(lena, end):
    browser = signed_in(lena)
    key = key_of(browser)
    assert opens(key)
    if end == "sign-out":
        browser.post("/admin/logout/")
    elif end == "new password":
        lena.set_password("another password for tests")
        lena.save()
    else:
        lena.is_active = False
        lena.save()
    assert not opens(key)


@pytest.mark.parametrize("address", ["/admin/logout/", "/cms/logout/"])
def test_sign_out_makes_the_browser_forget_what_it_kept(make_staff, address):
    browser = signed_in(make_staff("lead", "editor", username="lena"))
    assert "Clear-Site-Data" not in browser.get("/admin/")
    assert browser.post(address)["Clear-Site-Data"] == '"cache", "storage"'


def test_asynchronous_code_stores_no_plain_key_either(lena):
    async def keep():
        session = SessionStore()
        await session.aset("a", 1)
        await session.asave()
        again = SessionStore(session.session_key)
        found = await again.aget("a"), await again.aexists(session.session_key)
        await again.adelete()
        return session.session_key, found

    key, found = async_to_sync(keep)()
    assert found == (1, True)
    assert (key in dump(StaffSession), StaffSession.objects.count()) == (False, 0)


def test_slow_request_does_not_turn_back_the_last_use(lena, clock):
    browser = signed_in(lena)
    slow = SessionStore(key_of(browser))
    slow["a"] = 1
    clock.shift(HOUR)
    browser.get("/admin/")
    used = StaffSession.objects.get().last_used_at
    slow.save()
    assert StaffSession.objects.get().last_used_at == used
    assert SessionStore(key_of(browser))["a"] == 1
