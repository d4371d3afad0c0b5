"""People manage their own second factors, and each change needs a fresh proof of who is at the keyboard."""

import datetime as dt

import pytest
from django.test import Client
from django_otp_webauthn.models import WebAuthnCredential

from staff.models import SecurityEvent
from staff.second_factor import factors, recovery_codes
from tests.html import soup
from tests.staff.session_helpers import signed_in
from tests.staff.support import PASSWORD, code_of, confirm, enroll, proof_of, sign_in_fully

Kind = SecurityEvent.Kind
ACCOUNT, APP, CODES = "/admin/account/", "/admin/second-factor/app/", "/admin/second-factor/recovery-codes/"
PASSKEY, REMOVE = "/admin/second-factor/passkey/", "/admin/second-factor/remove/"


@pytest.fixture
def required(settings):
    settings.STAFF_SECOND_FACTOR, settings.STAFF_FRESH_MINUTES = "required", 10


@pytest.fixture
def lena(make_staff):
    return make_staff("lead", username="lena")


@pytest.fixture
def only_signed_in(lena, required):
    """A session as a thief of its cookie finds it: signed in a moment ago, and nothing confirmed since."""
    client = Client()
    sign_in_fully(client, lena)
    return client


@pytest.fixture
def desk(only_signed_in, lena):
    confirm(only_signed_in, lena)
    return only_signed_in


def add_passkey(user, name="key"):
    return WebAuthnCredential.objects.create(
        user=user, name=name, credential_id=name.encode(), public_key=b"public", aaguid="0"
    )


def wait(clock):
    clock.shift(dt.timedelta(minutes=11))


def kinds():
    return list(SecurityEvent.objects.order_by("pk").values_list("kind", "detail"))


def test_new_app_replaces_the_earlier_one(desk, lena):
    old = factors.apps_of(lena).get()
    desk.get(APP)
    new = factors.app_to_set_up(lena, desk.session["second_factor_seed"]["seed"])
    other = Client()
    sign_in_fully(other, lena)
    response = desk.post(APP, {"code": code_of(new), "sign_in": ""})
    assert len(soup(response).select(".codes li")) == 10
    assert [app.pk for app in factors.apps_of(lena)] != [old.pk]
    assert desk.get("/admin/").status_code == 200
    assert other.get("/admin/").status_code == 302
    assert kinds()[3:5] == [(Kind.FACTOR_REMOVED, "totp"), (Kind.FACTOR_ADDED, "totp")]


def test_stolen_cookie_changes_no_factor_right_after_the_sign_in(only_signed_in, lena):
    add_passkey(lena)
    before = kinds()
    for address in (APP, CODES, PASSKEY):
        assert only_signed_in.get(address).status_code == 403
    app = factors.apps_of(lena).get()
    only_signed_in.post(REMOVE, {"factor": f"totp-{app.pk}"})
    assert only_signed_in.post(CODES, {"make": "yes"}).status_code == 403
    for step, body in (("begin", {}), ("complete", {"content_type": "application/json", "data": {}})):
        refused = only_signed_in.post(f"{PASSKEY}registration/{step}/", **body)
        assert (refused.status_code, refused.json()["code"]) == (403, "ask_again")
    assert (factors.apps_of(lena).get(), recovery_codes.left(lena), kinds()) == (app, 0, before)


def test_new_sign_in_forgets_what_was_confirmed_before(desk, lena):
    assert desk.get(APP).status_code == 200
    sign_in_fully(desk, lena)
    assert desk.get(APP).status_code == 403


def test_account_without_a_factor_confirms_with_the_password(lena, settings):
    settings.STAFF_FRESH_MINUTES = 10
    desk = signed_in(lena)
    asked = desk.get(APP)
    assert (asked.status_code, soup(asked).find(id="id_confirm_code")) == (403, None)
    assert "so please confirm first that it is you. Nothing that you typed is lost." in soup(asked).get_text()
    assert desk.post(APP, {"confirm_password": "wrong"}).status_code == 403
    assert desk.post(APP, {"confirm_password": PASSWORD}).status_code == 302
    assert desk.get(APP).status_code == 200


@pytest.mark.parametrize("minutes", [0, 11])
@pytest.mark.parametrize("address", [APP, CODES, PASSKEY])
def test_pages_ask_for_password_and_code(only_signed_in, lena, clock, address, minutes):
    desk = only_signed_in
    clock.shift(dt.timedelta(minutes=minutes))
    asked = desk.get(address)
    assert (asked.status_code, bool(soup(asked).find(id="id_confirm_code"))) == (403, True)
    assert desk.post(address, {"confirm_password": PASSWORD, "confirm_code": "000000"}).status_code == 403
    assert desk.post(address, {"confirm_password": PASSWORD}).status_code == 403
    assert desk.get(address).status_code == 403
    response = desk.post(address, proof_of(lena))
    assert (response.status_code, response["Location"]) == (302, address)
    assert desk.get(address).status_code == 200
    assert kinds()[-1] == (Kind.CONFIRMED, "totp")


def test_recovery_code_confirms_too(desk, lena, clock):
    code, *_rest = recovery_codes.make(lena)
    wait(clock)
    assert desk.post(CODES, {"confirm_password": PASSWORD, "confirm_code": code}).status_code == 302
    assert kinds()[-2:] == [(Kind.RECOVERY_CODE_USED, "9 left"), (Kind.CONFIRMED, "recovery_code")]


def test_new_recovery_codes_are_shown_once(desk, lena):
    assert "10 unused codes" not in soup(desk.get(CODES)).get_text()
    first = soup(desk.post(CODES, {"make": "yes"})).select(".codes li")
    assert (len(first), recovery_codes.left(lena)) == (10, 10)
    page = desk.get(CODES)
    assert first[0].get_text() not in page.content.decode()
    assert "You have 10 unused codes. They stop working when you make new ones." in soup(page).get_text()


def test_recovery_codes_do_not_lead_to_another_site(desk):
    page = soup(desk.get(f"{CODES}?next=https://evil.example/"))
    assert page.find("a", string="Skip this")["href"] == ACCOUNT


def test_last_factor_stays_while_one_is_required(desk, lena, settings):
    app = factors.apps_of(lena).get()
    recovery_codes.make(lena)
    assert soup(desk.get(ACCOUNT)).find("button", string="Remove") is None
    response = desk.post(REMOVE, {"factor": f"totp-{app.pk}"}, follow=True)
    assert "it is the only one that you have" in soup(response).get_text()
    assert factors.is_enrolled(lena)
    settings.STAFF_SECOND_FACTOR = "optional"
    desk.post(REMOVE, {"factor": f"totp-{app.pk}"})
    assert not factors.is_enrolled(lena)
    assert recovery_codes.left(lena) == 0


def test_one_of_two_factors_can_be_removed(desk, lena):
    key = add_passkey(lena)
    assert len(soup(desk.get(ACCOUNT)).find_all("button", string="Remove")) == 2
    desk.post(REMOVE, {"factor": f"passkey-{key.pk}"})
    assert not factors.passkeys_of(lena).exists()
    assert kinds()[-1] == (Kind.FACTOR_REMOVED, "passkey")


def test_nobody_removes_the_factor_of_a_colleague(desk, lena, make_staff):
    amal = make_staff("admissions", username="amal")
    enroll(amal)
    key = add_passkey(amal)
    add_passkey(lena, "own")
    for factor in (f"passkey-{key.pk}", f"totp-{factors.apps_of(amal).get().pk}", "totp-", "x", "passkey-1e9"):
        desk.post(REMOVE, {"factor": factor})
    assert (factors.apps_of(amal).count(), factors.passkeys_of(amal).count()) == (1, 1)


def test_session_proved_by_a_removed_factor_ends(desk, lena):
    add_passkey(lena)
    desk.post(REMOVE, {"factor": f"totp-{factors.apps_of(lena).get().pk}"})
    assert desk.get("/admin/").status_code == 302


def test_account_warns_when_few_recovery_codes_are_left(desk, lena, rf):
    codes = recovery_codes.make(lena)
    request = rf.get("/")
    request.session = desk.session
    for code in codes[:7]:
        assert "recovery codes are left" not in soup(desk.get(ACCOUNT)).find(class_="staff-page").get_text()
        assert recovery_codes.accept(request, lena, code)
    assert "3 recovery codes are left. Make new ones" in soup(desk.get(ACCOUNT)).get_text()


def test_changes_are_refused_to_who_is_not_signed_in(client, lena, required):
    for address in (APP, CODES, PASSKEY, REMOVE):
        assert client.post(address, {"code": "123456"}).status_code in (302, 403)
    assert not factors.is_enrolled(lena)
