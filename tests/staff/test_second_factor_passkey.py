"""Attacks on the addresses that add and check passkeys. tests/browser/test_second_factor.py uses real ones."""

import datetime as dt

import pytest
from django.test import Client

from staff.models import SecurityEvent
from staff.second_factor import factors
from tests.staff.support import confirm, enroll, give_password, sign_in_fully

BASE = "/admin/second-factor/passkey/"
REGISTRATION, AUTHENTICATION = f"{BASE}registration/", f"{BASE}authentication/"
MADE_UP = {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {}, "clientExtensionResults": {}}


@pytest.fixture
def required(settings):
    settings.STAFF_SECOND_FACTOR, settings.STAFF_FRESH_MINUTES = "required", 10


@pytest.fixture
def lena(make_staff):
    return make_staff("lead", username="lena")


def begin(client, ceremony):
    return client.post(f"{ceremony}begin/")


def complete(client, ceremony, body):
    return client.post(f"{ceremony}complete/", body, content_type="application/json")


def test_stranger_can_add_no_passkey(client, lena, required):
    for response in (begin(client, REGISTRATION), complete(client, REGISTRATION, MADE_UP)):
        assert (response.status_code, response.json()["code"]) == (403, "not_authenticated")


def test_stolen_password_adds_no_passkey_beside_another_factor(client, lena, required):
    enroll(lena)
    give_password(client, lena)
    for response in (begin(client, REGISTRATION), complete(client, REGISTRATION, MADE_UP)):
        assert (response.status_code, response.json()["code"]) == (403, "user_not_verified")
    assert not factors.passkeys_of(lena).exists()


def test_old_confirmation_adds_no_passkey(client, lena, required, clock):
    sign_in_fully(client, lena)
    assert begin(client, REGISTRATION).json()["code"] == "ask_again"
    confirm(client, lena)
    assert begin(client, REGISTRATION).status_code == 200
    clock.shift(dt.timedelta(minutes=11))
    for response in (begin(client, REGISTRATION), complete(client, REGISTRATION, MADE_UP)):
        assert (response.status_code, response.json()["code"]) == (403, "ask_again")


def test_device_must_verify_who_uses_it(client, lena, required):
    assert begin(client, AUTHENTICATION).json()["userVerification"] == "required"
    give_password(client, lena)
    assert begin(client, REGISTRATION).json()["authenticatorSelection"]["userVerification"] == "required"
    enroll(lena)
    assert begin(client, AUTHENTICATION).json()["userVerification"] == "required"


def test_challenge_is_good_for_one_try(client, lena, required):
    begin(client, AUTHENTICATION)
    assert complete(client, AUTHENTICATION, MADE_UP).status_code in (404, 422)
    response = complete(client, AUTHENTICATION, MADE_UP)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_state")


def test_answer_without_a_ceremony_writes_no_event(client, lena, required):
    sign_in_fully(client, lena)
    failed = SecurityEvent.objects.filter(kind="sign_in_failed")
    for body in (MADE_UP, b"{", b"{}"):
        assert complete(client, AUTHENTICATION, body).status_code == 400
    assert failed.count() == 0
    begin(client, AUTHENTICATION)
    complete(client, AUTHENTICATION, MADE_UP)
    complete(client, AUTHENTICATION, MADE_UP)
    assert [(event.account, event.detail) for event in failed] == [(lena, "passkey")]


def test_options_name_no_passkey_before_the_password(client, lena, required):
    assert begin(client, AUTHENTICATION).json().get("allowCredentials", []) == []


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b"[]", b"null", b'"x"', b"1", b"[" * 100_000, b'{"rawId": 1, "response": 2}', b"{}"]
)
@pytest.mark.parametrize("ceremony", [REGISTRATION, AUTHENTICATION])
def test_garbage_is_refused(client, lena, required, ceremony, body):
    give_password(client, lena)
    begin(client, ceremony)
    response = complete(client, ceremony, body)
    assert response.status_code in (400, 404, 422)
    assert "detail" in response.json()


@pytest.mark.parametrize("ceremony", [REGISTRATION, AUTHENTICATION])
def test_another_site_can_start_nothing(lena, required, ceremony):
    client = Client(enforce_csrf_checks=True)
    for response in (begin(client, ceremony), complete(client, ceremony, MADE_UP)):
        assert response.status_code == 403
    assert client.session.get("otp_webauthn_authentication_state") is None


def test_passkeys_are_offered_only_where_browsers_allow_them(client, lena, settings):
    def is_offered(**request):
        return b"passkey-verification-placeholder" in client.get("/admin/login/", **request).content

    settings.ALLOWED_HOSTS = ["staff.example.org", "203.0.113.5"]
    settings.OTP_WEBAUTHN_RP_ID = "staff.example.org"
    settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = ["https://staff.example.org"]
    assert is_offered(headers={"host": "staff.example.org"}, secure=True)
    assert not is_offered(headers={"host": "staff.example.org"})
    assert not is_offered(headers={"host": "203.0.113.5"}, secure=True)
    settings.OTP_WEBAUTHN_RP_ID = "203.0.113.5"
    settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = ["https://203.0.113.5"]
    assert not is_offered(headers={"host": "203.0.113.5"}, secure=True)
