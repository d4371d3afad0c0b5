"""Codes: a copy of the database gives none, each works once, and recovery codes stand in for the phone."""

import pytest
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from staff.models import RecoveryCode, SecurityEvent, TotpDevice
from staff.second_factor import factors, recovery_codes
from tests.html import soup
from tests.intake.support.at_once import at_once
from tests.staff.support import code_of, enroll, give_code, give_password

Kind = SecurityEvent.Kind
RECOVERY_PAGE = "/admin/second-factor/recovery-code/"


@pytest.fixture
def required(settings):
    settings.STAFF_SECOND_FACTOR = "required"


@pytest.fixture
def lena(make_staff):
    return make_staff("lead", username="lena")


@pytest.fixture
def device(lena):
    return enroll(lena)


def events():
    return list(SecurityEvent.objects.order_by("pk").values_list("kind", "account__username", "detail"))


# What the database holds


def test_copy_of_the_database_gives_no_code(client, lena, device):
    """django-otp alone would keep the key itself."""
    stolen = TOTPDevice.objects.get()
    assert code_of(stolen) != code_of(device)
    codes = recovery_codes.make(lena)
    rows = str(list(RecoveryCode.objects.values()))
    assert not any(code in rows or code.replace("-", "") in rows for code in codes)


def test_codes_work_after_the_secret_key_is_replaced(client, lena, device, required, settings):
    code, (recovery_code, *_others) = code_of(device), recovery_codes.make(lena)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key, long enough for a test"
    assert factors.accept_code(lena, code)
    give_password(client, lena)
    assert give_code(client, recovery_code, RECOVERY_PAGE).status_code == 302
    settings.SECRET_KEY_FALLBACKS = []
    assert not factors.accept_code(lena, code_of(TotpDevice.objects.get(pk=device.pk)) and code)


# Recovery codes


def test_recovery_code_signs_in_once_and_says_how_many_are_left(client, lena, device, required):
    code, other, *_rest = recovery_codes.make(lena)
    give_password(client, lena)
    assert give_code(client, code.lower().replace("-", " ").replace("0", "o"), RECOVERY_PAGE).status_code == 302
    assert "You used a recovery code. 9 are left." in soup(client.get("/admin/")).get_text()
    assert events() == [(Kind.RECOVERY_CODE_USED, "lena", "9 left"), (Kind.SIGNED_IN, "lena", "recovery_code")]
    second = Client()
    give_password(second, lena)
    assert give_code(second, code, RECOVERY_PAGE).status_code == 200
    assert give_code(second, other, RECOVERY_PAGE).status_code == 302


def test_recovery_code_of_another_account_is_wrong(client, lena, device, required, make_staff):
    amal = make_staff("admissions", username="amal")
    recovery_codes.make(lena)
    code, *_rest = recovery_codes.make(amal)
    give_password(client, lena)
    assert give_code(client, code, RECOVERY_PAGE).status_code == 200


def test_new_recovery_codes_replace_the_old_ones(lena, rf):
    old, *_rest = recovery_codes.make(lena)
    new, *_rest = recovery_codes.make(lena)
    request = rf.get("/")
    request.session = Client().session
    assert recovery_codes.accept(request, lena, old) is None
    assert recovery_codes.left(lena) == 10
    assert recovery_codes.accept(request, lena, new) is not None


# At the same moment


def test_of_two_sign_ins_with_one_code_at_once_one_succeeds(site, lena, device, required, stopped_clock):
    code = code_of(device)
    assert sorted(at_once(*[lambda: bool(factors.accept_code(lena, code))] * 4)) == [False, False, False, True]


def test_of_two_sign_ins_with_one_recovery_code_at_once_one_succeeds(site, lena, required, rf):
    code, *_rest = recovery_codes.make(lena)
    request = rf.get("/")
    request.session = Client().session
    accepted = at_once(*[lambda: recovery_codes.accept(request, lena, code)] * 4)
    assert len([code_set for code_set in accepted if code_set]) == 1
