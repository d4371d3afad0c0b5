"""The page of an account's roles, the panel about requested roles, and the command on the server."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from staff import assignments, roles
from staff.models import RoleAssignment, SecurityEvent
from tests.html import forms_on, soup, visible_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def lena(make_staff):
    return make_staff("lead", username="lena")


@pytest.fixture
def otto(make_staff):
    return make_staff("auditor", username="otto")


@pytest.fixture
def sam(make_staff):
    return make_staff(username="sam")


def signed_in(user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def address(account):
    return f"/admin/auth/user/{account.pk}/roles/"


def press(user, account, action, **typed):
    """Open the page as a user and press a button, with what was typed into its form."""
    client = signed_in(user)
    forms = [form for form in forms_on(client.get(address(account))) if ("action", action) in form.buttons]
    assert forms, f"no button {action}"
    return client.post(address(account), forms[0].fields | typed | {"action": action}, follow=True)


def words(response):
    return " ".join(visible_text(soup(response).find(id="content")).split())


def roles_of(user):
    return set(roles.roles_of(type(user).objects.get(pk=user.pk)))


def test_role_is_given_and_ended_on_the_page_and_the_history_stays(lena, sam):
    page = press(lena, sam, "give", role="admissions", reason="Joins the team")
    assert "Given by lena on Nov 24, 2026, 10:00 AM: Joins the team" in words(page)
    assert roles_of(sam) == {"admissions"}
    page = press(lena, sam, "end", reason="Moves to billing")
    assert roles_of(sam) == set()
    assert "Joins the team" in words(page)
    assert "Moves to billing" in words(page)


def test_powerful_role_is_requested_by_one_and_confirmed_by_another(lena, otto, sam):
    page = press(lena, sam, "give", role="lead", reason="Second lead")
    assert ("These colleagues can confirm it: otto." in words(page), roles_of(sam)) == (True, set())
    assert not [form for form in forms_on(page) if ("action", "confirm") in form.buttons]
    page = press(otto, sam, "confirm")
    assert ("Confirmed by otto" in words(page), roles_of(sam)) == (True, {"lead"})
    event = SecurityEvent.objects.get(kind="role_given")
    assert (event.actor, event.account, event.network != "", event.session != "") == (otto, sam, True, True)


def test_who_confirms_sees_the_address_and_whether_it_is_new(lena, otto, make_staff, clock):
    bob = make_staff(username="bob", email="bob@example.org")
    client = Client()
    client.force_login(lena)
    client.post(f"/admin/auth/user/{bob.pk}/change/", {"username": "bob", "email": "new@example.org"})
    assignments.give(account=bob, role="lead", reason="Second lead", actor=lena)
    shown = words(signed_in(otto).get(address(bob)))
    assert "Email address of this account: new@example.org" in shown
    assert "It was changed on Nov 24, 2026, 10:00 AM. Before you confirm a role, ask the person" in shown
    clock.shift(dt.timedelta(days=31))
    shown = words(signed_in(otto).get(address(bob)))
    assert ("new@example.org" in shown, "It was changed" in shown) == (True, False)


def test_requested_role_is_refused_or_withdrawn_with_a_reason(lena, otto, sam):
    for who in (otto, lena):
        press(lena, sam, "give", role="lead", reason="Second lead")
        page = press(who, sam, "refuse", reason="")
        assert ("Enter a reason. Nothing was changed." in words(page), page.status_code) == (True, 422)
        page = press(who, sam, "refuse", reason="Not now")
        assert f"Refused by {who} on" in words(page)
    assert roles_of(sam) == set()


def test_refusal_keeps_what_was_typed(lena, sam):
    page = press(lena, sam, "give", role="", reason="Joins the team", last_day="2026-11-01")
    form = next(form for form in forms_on(page) if ("action", "give") in form.buttons)
    assert (page.status_code, form.fields["reason"], form.fields["last_day"]) == (422, "Joins the team", "2026-11-01")
    assert "Enter today or a later day, or leave it empty." in words(page)
    assert not RoleAssignment.objects.filter(account=sam).exists()


def test_last_day_ends_at_midnight_of_the_center(lena, sam):
    press(lena, sam, "give", role="admissions", reason="Holidays", last_day="2026-12-01")
    ends_at = RoleAssignment.objects.get(account=sam).ends_at
    assert timezone.localtime(ends_at) == timezone.make_aware(dt.datetime(2026, 12, 2))


def test_own_page_has_no_form_and_says_who_can_help(lena, make_staff):
    make_staff("administrator", username="ada")
    page = signed_in(lena).get(address(lena))
    assert "You can't change your own roles. These colleagues can: ada." in words(page)
    assert [form.buttons for form in forms_on(page) if form.buttons and form.buttons[0][0] == "action"] == []
    for action in ("give", "end", "confirm", "refuse"):
        typed = {"action": action, "assignment": lena.role_assignments.get().pk, "role": "auditor", "reason": "r"}
        client = Client()
        client.force_login(lena)
        assert client.post(address(lena), typed).status_code == 422
    assert RoleAssignment.objects.filter(account=lena).count() == 1


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("lead", 200),
        ("administrator", 200),
        ("auditor", 200),
        ("admissions", 403),
        ("publisher", 403),
        (None, 403),
    ],
)
def test_page_opens_for_those_who_give_or_confirm_roles(role, status, make_staff, sam):
    client = signed_in(make_staff(*[role] if role else []))
    response = client.get(address(sam))
    assert response.status_code == status
    if status == 200:
        assert "no-store" in response["Cache-Control"]


def test_auditor_sees_and_confirms_but_gives_nothing(otto, sam):
    assignments.give_from_server(sam, "editor", "Writes")
    page = signed_in(otto).get(address(sam))
    assert [form.buttons for form in forms_on(page) if form.buttons and form.buttons[0][0] == "action"] == []
    client = Client()
    client.force_login(otto)
    for typed in (
        {"action": "give", "role": "lead", "reason": "r"},
        {"action": "end", "assignment": sam.role_assignments.get().pk, "reason": "r"},
    ):
        assert client.post(address(sam), typed).status_code == 422
    assert roles_of(sam) == {"editor"}


def test_assignment_of_another_account_is_not_changed_here(lena, otto, sam):
    client = Client()
    client.force_login(lena)
    typed = {"action": "end", "assignment": otto.role_assignments.get().pk, "reason": "r"}
    assert client.post(address(sam), typed).status_code == 422
    assert roles_of(otto) == {"auditor"}


@pytest.mark.parametrize("value", ["", "x", "0", "-1", str(2**63), "9" * 40])
def test_malformed_assignment_changes_nothing(value, lena, sam):
    client = Client()
    client.force_login(lena)
    assert client.post(address(sam), {"action": "end", "assignment": value, "reason": "r"}).status_code == 422


def test_account_leads_to_its_roles(lena, sam):
    account = signed_in(lena).get(f"/admin/auth/user/{sam.pk}/change/")
    assert f'href="{address(sam)}"' in account.content.decode()


def test_double_click_gives_one_role(lena, sam):
    client = Client()
    client.force_login(lena)
    typed = {"action": "give", "role": "editor", "reason": "Writes"}
    assert [client.post(address(sam), typed).status_code for _time in range(2)] == [302, 422]
    assert RoleAssignment.objects.filter(account=sam).count() == 1


def test_change_of_a_role_asks_for_the_password_and_loses_nothing(lena, sam, settings, clock):
    settings.STAFF_FRESH_MINUTES = 10
    client = Client()
    client.force_login(lena)
    clock.shift(dt.timedelta(minutes=11))
    asked = client.post(address(sam), {"action": "give", "role": "editor", "reason": "Writes", "last_day": ""})
    (form,) = [form for form in forms_on(asked) if "confirm_password" in form.fields]
    assert (asked.status_code, roles_of(sam)) == (403, set())
    client.post(address(sam), form.fields | {"confirm_password": "a password for tests"})
    assert roles_of(sam) == {"editor"}


def test_front_page_shows_requests_to_those_who_may_confirm_them(lena, otto, sam):
    assignments.give(account=sam, role="lead", reason="Second lead", actor=lena)
    shown = {who: "Roles to confirm" in signed_in(who).get("/admin/").content.decode() for who in (lena, otto, sam)}
    assert shown == {lena: False, otto: True, sam: False}
    assert f'href="{address(sam)}"' in signed_in(otto).get("/admin/").content.decode()


def grant(*words, **options):
    return call_command("grant_role", *words, reason="First lead", **options)


def test_server_makes_the_first_lead_and_records_it(sam, capsys):
    grant("sam", "lead")
    assert roles_of(sam) == {"lead"}
    assert capsys.readouterr().out.startswith("sam has the role lead since 2026-11-24")
    event = SecurityEvent.objects.get()
    assert (event.kind, event.actor, event.account, event.detail) == ("role_given", None, sam, "lead")


def test_server_makes_a_second_lead_where_one_is_alone(lena, sam):
    grant("sam", "lead")
    assert roles_of(sam) == {"lead"}


def test_server_refuses_where_two_can_do_it_on_the_page(lena, otto, sam):
    with pytest.raises(CommandError, match=r"These colleagues can do it on the account's page: lena, otto\."):
        grant("sam", "lead")
    assert roles_of(sam) == set()
    grant("sam", "lead", anyway=True)
    assert roles_of(sam) == {"lead"}


def test_server_refuses_a_plain_role_where_one_can_give_it(lena, sam):
    with pytest.raises(CommandError, match=r"on the account's page: lena\."):
        grant("sam", "editor")


def test_two_auditors_without_a_lead_can_not_give_a_role(otto, sam, make_staff):
    make_staff("auditor")
    grant("sam", "lead")
    assert roles_of(sam) == {"lead"}


def test_server_gives_nothing_to_names_without_an_active_account(make_staff):
    make_staff(username="gone", is_active=False)
    for name in ("gone", "nobody"):
        with pytest.raises(CommandError, match="no active staff account"):
            grant(name, "lead")
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("grant_role", "gone", "owner", "--reason", "r")
