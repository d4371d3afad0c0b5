"""Setting up and using a second factor in a real browser: by keyboard, with axe, and under the strict policy."""

import base64
import datetime as dt
from types import SimpleNamespace

import pytest
from django.test import Client
from playwright.sync_api import expect

from staff.models import SecurityEvent
from staff.second_factor import factors
from tests.browser import looking
from tests.staff.support import PASSWORD, code_of

LOOKS = [(320, "light"), (390, "dark"), (1280, "light")]
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def required(settings):
    settings.STAFF_SECOND_FACTOR = "required"


@pytest.fixture
def lena(make_staff):
    return make_staff("lead", username="lena")


@pytest.fixture
def localhost(live_server, settings):
    """Return the address of the site under a name, because passkeys belong to a name and not to an IP address."""
    origin = live_server.url.replace("127.0.0.1", "localhost")
    settings.OTP_WEBAUTHN_RP_ID, settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = "localhost", [origin]
    return origin


def give_password(page):
    page.get_by_label("Username").fill("lena")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/second-factor/**")


def add_device(page):
    """Give the browser a device for passkeys. Return a function that sends a command to it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    key = session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]
    return lambda command, **rest: session.send(f"WebAuthn.{command}", {"authenticatorId": key} | rest)


def look(page, axe_finds):
    """Fail if a page does not fit or axe finds something. Axe needs scripts."""
    assert looking.what_does_not_fit(page) == []
    assert axe_finds(page) == []


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_app_is_set_up_and_used_by_keyboard(open_page, lena, required, axe_finds, width, scheme):
    page = open_page("/admin/login/?next=/admin/account/", width, scheme)
    give_password(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up your second factor")
    look(page, axe_finds)
    assert looking.what_hides_the_focus(page, contrast=False) == []
    app = phone_with(page.locator(".key").inner_text())
    enter(page, "1")
    expect(page.locator("#id_code_error")).to_be_visible()
    look(page, axe_finds)
    enter(page, code_of(app))
    expect(page.get_by_role("heading", level=1)).to_have_text("Save your recovery codes")
    look(page, axe_finds)
    code = page.locator(".codes li").first.inner_text()
    page.get_by_role("link", name="I saved them. Continue").press("Enter")
    page.wait_for_url("**/admin/account/")
    look(page, axe_finds)
    page.get_by_role("button", name="Sign out", exact=True).press("Enter")
    page.goto(page.url.replace("/logout/", "/login/"))
    give_password(page)
    expect(page.get_by_label("Code:")).to_be_focused()
    look(page, axe_finds)
    page.get_by_role("link", name="Use a recovery code").press("Enter")
    expect(page.get_by_label("Recovery code:")).to_be_focused()
    look(page, axe_finds)
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
    expect(page.locator(".messagelist")).to_contain_text("You used a recovery code. 9 are left.")


def test_app_is_set_up_and_used_without_scripts(open_page, lena, required, clock):
    page = open_page("/admin/login/", javascript=False)
    give_password(page)
    app = phone_with(page.locator(".key").inner_text())
    enter(page, code_of(app))
    page.get_by_role("link", name="I saved them. Continue").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    clock.shift(dt.timedelta(minutes=1))
    page.goto(page.url.replace("/logout/", "/login/"))
    give_password(page)
    enter(page, code_of(app))
    page.wait_for_url("**/admin/")


def phone_with(key):
    """Return an authenticator app that was given a key as text."""
    return SimpleNamespace(bin_key=base64.b32decode(key.replace(" ", "")))


def enter(page, code):
    page.get_by_label("Code:").fill(code)
    page.keyboard.press("Enter")


def test_passkey_is_set_up_instead_of_an_app_and_signs_in_alone(open_page, lena, required, localhost, axe_finds):
    page = open_page("/admin/login/")
    add_device(page)
    page.goto(f"{localhost}/admin/login/")
    give_password(page)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    assert axe_finds(page) == []
    page.get_by_role("button", name="Make new recovery codes").click()
    expect(page.locator(".codes li")).to_have_count(10)
    page.get_by_role("link", name="I saved them. Continue").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.goto(f"{localhost}/admin/login/?next=/admin/account/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/admin/account/")
    expect(page.locator(".factors li")).to_contain_text("Passkey")
    assert axe_finds(page) == []


@pytest.fixture
def key(open_page, lena, required, localhost):
    """Return the sign-in page of someone with a passkey, and a function that commands the device."""
    page = open_page("/admin/login/")
    device = add_device(page)
    page.goto(f"{localhost}/admin/login/")
    give_password(page)
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name="Make new recovery codes").click()
    page.get_by_role("link", name="I saved them. Continue").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.goto(f"{localhost}/admin/login/")
    return page, device


def test_passkey_signs_in_while_passwords_are_delayed(key):
    page, _device = key
    client = Client(REMOTE_ADDR="127.0.0.1")
    wrong = {"username": "lena", "password": "wrong"}
    assert [client.post("/admin/login/", wrong).status_code for _number in range(6)][-1] == 429
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/admin/")
    assert SecurityEvent.objects.filter(kind="signed_in").order_by("pk").last().detail == "passkey"


def test_passkey_is_the_second_step_after_the_password(key, axe_finds):
    page, _device = key
    give_password(page)
    expect(page.get_by_label("Code:")).to_have_count(0)
    look(page, axe_finds)
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url("**/admin/")


def test_passkey_without_finger_or_pin_is_refused(key, open_page):
    page, device = key
    device("setUserVerified", isUserVerified=False)
    open_page.harmless.add("NotAllowedError")
    page.get_by_role("button", name="Sign in with a passkey").click()
    status = page.locator("#passkey-verification-status-message")
    expect(status).to_contain_text("Your device gave no passkey for this site. Press the button to try again")
    assert "/admin/login/" in page.url


def test_passkey_that_was_removed_is_refused_with_a_sentence(key, lena, open_page):
    page, _device = key
    factors.passkeys_of(lena).delete()
    open_page.harmless.add("Failed to load resource")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("#passkey-verification-status-message")).to_contain_text("not found")


def test_passkey_confirms_an_action_and_nothing_typed_is_lost(key, localhost, settings, clock, axe_finds, open_page):
    page, _device = key
    open_page.refusals.add(403)  # of the page that asks
    settings.STAFF_FRESH_MINUTES = 10
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/admin/")
    page.goto(f"{localhost}/admin/second-factor/recovery-codes/")
    page.get_by_role("button", name="Or confirm with your passkey").click()
    expect(page.get_by_role("button", name="Make new recovery codes")).to_be_visible()
    clock.shift(dt.timedelta(minutes=11))
    page.get_by_role("button", name="Make new recovery codes").click()
    assert axe_finds(page) == []
    page.get_by_role("button", name="Or confirm with your passkey").click()
    expect(page.locator(".codes li")).to_have_count(10)
