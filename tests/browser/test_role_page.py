"""The page of an account's roles in a real browser: without a script, by keyboard, on a phone, in the dark."""

import pytest
from playwright.sync_api import expect

from staff import assignments, roles
from tests.browser import looking


@pytest.fixture
def sam(transactional_db, make_staff):
    """Return an account with a role, a request that waits, and a history."""
    account, otto, lena = make_staff(username="sam"), make_staff("auditor"), make_staff("lead", username="lena")
    assignments.give(account=account, role="editor", reason="Writes", actor=lena)
    assignments.give(account=account, role="lead", reason="Second lead", actor=lena)
    ended = assignments.give(account=account, role="reviewer", reason="Reviews " + "everything" * 12, actor=lena)
    assignments.end(ended.pk, actor=lena, reason="Done")
    late = assignments.give(account=account, role="auditor", reason="Audit", actor=lena)
    assignments.refuse(late.pk, actor=otto, reason="Not needed")
    return account


def test_page_of_roles_passes_axe_and_the_policy_in_every_look(sign_in, axe_in_looks, sam):
    page = sign_in("administrator", path=f"/admin/auth/user/{sam.pk}/roles/", width=1280)
    looking.open_all(page)
    assert axe_in_looks(page, [*[(width, scheme) for width in (1280, 320) for scheme in ("light", "dark")]]) == {}


def test_page_of_roles_fits_and_is_reached_by_keyboard(sign_in, sam):
    page = sign_in("administrator", path=f"/admin/auth/user/{sam.pk}/roles/", width=320)
    looking.open_all(page)
    page.evaluate("document.querySelectorAll('[type=date]').forEach((box) => { box.type = 'text'; })")
    assert looking.what_does_not_fit(page) == []
    assert looking.what_hides_the_focus(page, contrast=False) == []


def test_role_is_given_and_ended_without_a_script(sign_in, sam):
    page = sign_in("lead", path=f"/admin/auth/user/{sam.pk}/roles/", javascript=False)
    page.get_by_role("combobox", name="Role").select_option("admissions")
    page.get_by_label("Reason").last.fill("Joins the team")
    page.get_by_role("button", name="Give this role").click()
    expect(page.get_by_text("Given: Admissions: answers requests.")).to_be_visible()
    held = page.locator("li", has=page.get_by_role("heading", name="Admissions: answers requests"))
    held.locator("summary").click()
    held.get_by_label("Reason").fill("Moves to billing")
    held.get_by_role("button").click()
    expect(page.get_by_text("Ended: Admissions: answers requests.")).to_be_visible()
    assert roles.roles_of(type(sam).objects.get(pk=sam.pk)) == {"editor"}
