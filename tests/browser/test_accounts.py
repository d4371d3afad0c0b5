"""The pages of accounts and of set-up links in a real browser."""

import re

import pytest
from django.core import mail
from playwright.sync_api import expect

from staff.accounts import links
from staff.passwords import must_change
from tests.browser import looking

LOOKS = [(width, scheme) for width in (320, 390, 1280) for scheme in ("light", "dark")]
NEW = "violet ladder quiet harbor"


@pytest.fixture
def maria(make_staff):
    return make_staff("editor", username="maria", email="maria@example.org", first_name="Maria")


def link_in_mail():
    links.send_due()
    return re.search(r"(/admin/set-up/\S+/)", mail.outbox[-1].body).group(1)


def test_pages_of_accounts_fit_and_pass_axe(sign_in, address, maria, axe_in_looks):
    page = sign_in("lead", width=1280)
    account = f"/admin/auth/user/{maria.pk}"
    pages = ("/admin/auth/user/", "/admin/auth/user/add/", f"{account}/change/")
    for path in (*pages, f"{account}/deactivate/", f"{account}/send-link/"):
        page.goto(address + path)
        assert (path, axe_in_looks(page, LOOKS)) == (path, {})
        for width in (320, 390, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert (path, width, looking.what_does_not_fit(page)) == (path, width, [])
    page.goto(f"{address}{account}/deactivate/")
    assert looking.what_hides_the_focus(page, contrast=False) == []


def test_account_is_created_and_its_owner_sets_a_password(sign_in, open_page, axe_in_looks):
    manager = sign_in("lead", path="/admin/auth/user/add/", width=1280)
    manager.get_by_label("Username").fill("rosa")
    manager.get_by_label("Email address").fill("rosa@example.org")
    manager.get_by_role("button", name="Save", exact=True).click()
    expect(manager.get_by_text("was added successfully")).to_be_visible()
    hers = open_page(link_in_mail())
    assert axe_in_looks(hers, LOOKS) == {}
    assert looking.what_does_not_fit(hers) == []
    hers.get_by_label("New password:", exact=True).fill("kratomkratomkratom")
    hers.get_by_label("New password confirmation:").fill("kratomkratomkratom")
    hers.get_by_role("button", name="Set my password").click()
    expect(hers.get_by_text("Most of this password repeats")).to_be_visible()
    assert axe_in_looks(hers, LOOKS) == {}
    hers.get_by_label("New password:", exact=True).fill(NEW)
    hers.get_by_label("New password confirmation:").fill(NEW)
    hers.get_by_role("button", name="Set my password").click()
    expect(hers.get_by_text("Now sign in with it.")).to_be_visible()
    assert axe_in_looks(hers, LOOKS) == {}
    hers.get_by_role("link", name="Sign in").click()
    hers.get_by_label("Username").fill("rosa")
    hers.get_by_label("Password").fill(NEW)
    hers.get_by_role("button", name="Sign in", exact=True).click()
    expect(hers.get_by_role("heading", name="Desk and content")).to_be_visible()


def test_link_works_without_a_script_and_an_old_one_says_what_to_do(open_page, maria, axe_in_looks):
    links.request_link(maria)
    path = link_in_mail()
    page = open_page(path, javascript=False)
    page.get_by_label("New password:", exact=True).fill(NEW)
    page.get_by_label("New password confirmation:").fill(NEW)
    page.get_by_role("button", name="Set my password").click()
    expect(page.get_by_text("Now sign in with it.")).to_be_visible()
    open_page.refusals.add(410)
    again = open_page(path)
    expect(again.get_by_role("alert")).to_contain_text("ask a lead or an administrator to send you a new one")
    assert axe_in_looks(again, LOOKS) == {}


def test_colleague_is_deactivated_and_reactivated(sign_in, address, maria):
    page = sign_in("lead", path=f"/admin/auth/user/{maria.pk}/change/", width=1280)
    page.get_by_role("link", name="Deactivate").click()
    page.get_by_label("The person no longer works here").check()
    page.get_by_role("button", name="Deactivate").click()
    expect(page.get_by_text("maria is deactivated and signed out everywhere.")).to_be_visible()
    page.get_by_role("link", name="Reactivate").click()
    page.get_by_role("button", name="Reactivate").click()
    expect(page.get_by_text("maria can sign in again.")).to_be_visible()


def test_given_password_is_replaced_while_signing_in(open_page, maria):
    must_change.require(maria)
    page = open_page("/admin/login/", javascript=False)
    page.get_by_label("Username").fill("maria")
    page.get_by_label("Password").fill("a password for tests")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Choose your own password")).to_be_visible()
    page.get_by_label("New password:", exact=True).fill(NEW)
    page.get_by_label("New password confirmation:").fill(NEW)
    page.get_by_role("button", name="Set my password").click()
    expect(page.get_by_role("heading", name="Desk and content")).to_be_visible()


def test_page_to_replace_a_password_fits_and_passes_axe(open_page, maria, axe_in_looks):
    must_change.require(maria)
    page = open_page("/admin/login/")
    page.get_by_label("Username").fill("maria")
    page.get_by_label("Password").fill("a password for tests")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Choose your own password")).to_be_visible()
    assert axe_in_looks(page, LOOKS) == {}
    page.set_viewport_size({"width": 320, "height": 800})
    assert looking.what_does_not_fit(page) == []
    assert looking.what_hides_the_focus(page, contrast=False) == []
