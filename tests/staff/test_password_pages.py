"""The pages on which people choose another password, and the first sign-in in production."""

import contextlib
import datetime as dt
import re

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django_otp_webauthn.exceptions import UserDisabled

from staff.models import PasswordMustChange, SecurityEvent
from staff.passwords import must_change
from staff.second_factor.passkey_views import CompleteAuthenticationView
from tests.html import form_fields, soup
from tests.staff.test_second_factor_account import add_passkey

OLD, NEW = "a password for tests", "violet ladder quiet harbor"
CHANGE, REPLACE = "/admin/password_change/", "/admin/replace-password/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def lena(make_staff):
    return make_staff("lead", username="lena")


def sign_in(username="lena", password=OLD, onward="/admin/account/"):
    browser = Client()
    browser.answer = browser.post("/admin/login/", {"username": username, "password": password, "next": onward})
    return browser


def changed(old=OLD, new=NEW):
    return {"old_password": old, "new_password1": new, "new_password2": new}


def kinds():
    return list(SecurityEvent.objects.order_by("pk").values_list("kind", flat=True))


def is_signed_in(browser):
    return browser.get("/admin/account/").status_code == 200


def replace(browser, new=NEW, **more):
    fields = form_fields(soup(browser.get(REPLACE)))
    return browser.post(REPLACE, fields | {"new_password1": new, "new_password2": new} | more)


def test_own_password_is_changed_recorded_and_ends_other_sessions(lena):
    here, elsewhere = sign_in(), sign_in()
    assert here.post(CHANGE, changed())["Location"] == "/admin/password_change/done/"
    assert (is_signed_in(here), is_signed_in(elsewhere)) == (True, False)
    assert kinds()[2:] == ["password_changed", "session_ended"]
    assert sign_in(password=NEW).answer.status_code == 302


def test_session_has_another_key_after_the_change(lena):
    here = sign_in()
    before = here.cookies["sessionid"].value
    here.post(CHANGE, changed())
    assert here.cookies["sessionid"].value != before


def test_old_password_can_not_be_guessed_at_an_open_session(lena, clock, stopped_clock):
    here = sign_in()
    clock.shift(dt.timedelta(seconds=1))
    statuses = [here.post(CHANGE, changed(old=f"guess {number}")).status_code for number in range(8)]
    assert statuses == [200] * 5 + [429] * 3
    assert here.post(CHANGE, changed()).status_code == 429
    assert is_signed_in(here)


def test_previous_password_is_refused_when_it_is_changed(lena):
    page = sign_in().post(CHANGE, changed(new=OLD))
    assert "This is your old password. Choose another one." in soup(page).get_text()


def test_given_password_must_be_replaced_before_anything_opens(lena):
    must_change.require(lena)
    browser = sign_in()
    assert browser.answer["Location"] == REPLACE
    assert not is_signed_in(browser)
    assert "Someone else may have seen the password" in soup(browser.get(REPLACE)).get_text()
    assert replace(browser)["Location"] == "/admin/account/"
    assert is_signed_in(browser)
    assert PasswordMustChange.objects.exists() is False
    assert kinds()[:1] == ["password_changed"]
    assert sign_in(password=NEW).answer["Location"] == "/admin/account/"


def test_given_password_is_no_choice_for_the_new_one(lena):
    must_change.require(lena)
    browser = sign_in()
    answer = replace(browser, new=OLD)
    assert "This is your old password." in soup(answer).get_text()
    assert not is_signed_in(browser)


def test_second_factor_is_asked_after_the_new_password(lena, settings):
    settings.STAFF_SECOND_FACTOR = "required"
    must_change.require(lena)
    browser = sign_in()
    assert browser.answer["Location"] == REPLACE
    assert browser.get("/admin/second-factor/set-up/", follow=True).redirect_chain[-1][0] == REPLACE
    assert replace(browser)["Location"] == "/admin/second-factor/"
    assert not is_signed_in(browser)


def test_page_for_the_new_password_opens_for_nobody_else(lena, client, clock):
    assert client.get(REPLACE)["Location"] == "/admin/login/"
    assert client.post(REPLACE, {"new_password1": NEW, "new_password2": NEW})["Location"] == "/admin/login/"
    must_change.require(lena)
    browser = sign_in()
    clock.shift(dt.timedelta(minutes=11))
    assert browser.get(REPLACE)["Location"].startswith("/admin/login/")
    lena.refresh_from_db()
    assert lena.check_password(OLD)


def test_form_of_another_sign_in_sets_no_password(lena):
    must_change.require(lena)
    browser = sign_in()
    assert replace(browser, sign_in="from elsewhere")["Location"] == REPLACE
    lena.refresh_from_db()
    assert lena.check_password(OLD)


@pytest.mark.parametrize("given", [None, "given in the settings"])
def test_first_administrator_of_production_replaces_the_password(settings, monkeypatch, capsys, given):
    settings.IN_DEVELOPMENT = False
    if given:
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", given)
    call_command("ensure_administrator")
    password = given or re.search(r"shown only once\): (\S+)", capsys.readouterr().out).group(1)
    browser = sign_in("admin", password)
    assert browser.answer["Location"] == REPLACE
    replace(browser)
    assert browser.get("/admin/auth/user/").status_code == 200


def test_first_administrator_of_development_signs_in_as_printed(capsys):
    call_command("ensure_administrator")
    password = re.search(r"shown only once\): (\S+)", capsys.readouterr().out).group(1)
    assert is_signed_in(sign_in("admin", password))


@pytest.mark.parametrize(("in_development", "signs_in"), [(True, True), (False, False)])
def test_superuser_signs_in_in_development_only(make_staff, settings, in_development, signs_in):
    settings.IN_DEVELOPMENT = in_development
    make_staff(username="root", is_superuser=True)
    browser = sign_in("root")
    assert is_signed_in(browser) == signs_in
    assert signs_in or "A superuser can't sign in here." in soup(browser.answer).get_text()
    assert get_user_model().objects.get().is_superuser


@pytest.mark.parametrize("in_development", [True, False])
def test_passkey_of_a_superuser_signs_in_in_development_only(make_staff, settings, in_development):
    settings.IN_DEVELOPMENT = in_development
    device = add_passkey(make_staff(username="root", is_superuser=True))
    refusal = contextlib.nullcontext() if in_development else pytest.raises(UserDisabled)
    with refusal:
        CompleteAuthenticationView().check_device_usable(device)
