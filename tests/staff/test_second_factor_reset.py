"""A colleague who lost the phone gets a new start from a lead, and nobody else can use the gap."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from staff.models import SecurityEvent, SetUpLink
from staff.second_factor import factors, recovery_codes
from tests.html import soup
from tests.staff.support import code_of, enroll, give_code, give_password, sign_in_fully

Kind = SecurityEvent.Kind
LOST = {"reason": "lost"}


@pytest.fixture
def required(settings):
    settings.STAFF_SECOND_FACTOR, settings.STAFF_FRESH_MINUTES = "required", 10


@pytest.fixture
def lead(make_staff, required):
    client = Client()
    sign_in_fully(client, make_staff("lead", username="lena", email="lena@example.org"))
    return client


@pytest.fixture
def amal(make_staff):
    account = make_staff("admissions", username="amal", email="amal@example.org")
    enroll(account)
    recovery_codes.make(account)
    return account


def address(account):
    return f"/admin/auth/user/{account.pk}/reset-second-factor/"


def test_reset_removes_everything_ends_sessions_and_sends_a_link(lead, amal):
    of_amal = Client()
    sign_in_fully(of_amal, amal)
    answer = lead.post(address(amal), LOST, follow=True)
    assert "The second factor of amal is reset, and a link is on its way." in soup(answer).get_text()
    assert (factors.is_enrolled(amal), recovery_codes.left(amal)) == (False, 0)
    assert of_amal.get("/admin/").status_code == 302
    assert SetUpLink.objects.filter(account=amal, used_at=None, ended_at=None).count() == 1
    recorded = list(SecurityEvent.objects.filter(account=amal).order_by("pk").values_list("kind", "actor__username"))
    assert recorded[-3:] == [(Kind.LINK_SENT, "lena"), (Kind.FACTOR_REMOVED, "lena"), (Kind.SESSION_ENDED, "lena")]
    assert SecurityEvent.objects.get(kind=Kind.FACTOR_REMOVED).detail == "reset lost"


def test_old_password_sets_up_no_new_factor_after_a_reset(lead, amal):
    """Whoever stole the password waits for the reset. Only the link starts over."""
    lead.post(address(amal), LOST)
    thief = Client()
    assert give_password(thief, amal).status_code == 200
    assert thief.get("/admin/second-factor/set-up/")["Location"] == "/admin/login/"


def test_pending_sign_in_ends_with_a_reset(lead, amal):
    device, thief = factors.apps_of(amal).get(), Client()
    give_password(thief, amal)
    lead.post(address(amal), LOST)
    assert "/admin/login/" in give_code(thief, code_of(device))["Location"]


def test_reset_needs_a_reason_and_a_fresh_proof(lead, amal, clock):
    assert "This field is required." in soup(lead.post(address(amal), {})).get_text()
    clock.shift(dt.timedelta(minutes=11))
    assert soup(lead.post(address(amal), LOST)).find(id="id_confirm_code")
    assert factors.is_enrolled(amal)


def test_nobody_resets_their_own_factor(lead, amal, django_user_model):
    lena = django_user_model.objects.get(username="lena")
    answer = lead.post(address(lena), LOST, follow=True)
    assert "You can't do this to your own account." in soup(answer).get_text()
    assert factors.is_enrolled(lena)


@pytest.mark.parametrize("role", ["admissions", "publisher", "reviewer", "auditor"])
def test_other_roles_reset_nobody(make_staff, required, amal, role):
    client = Client()
    sign_in_fully(client, make_staff(role, username="someone"))
    assert client.post(address(amal), LOST).status_code == 403
    assert factors.is_enrolled(amal)


def test_reset_without_an_address_for_the_link_changes_nothing(lead, amal):
    amal.email = ""
    amal.save()
    answer = lead.post(address(amal), LOST, follow=True)
    assert "This account has no email address." in soup(answer).get_text()
    assert factors.is_enrolled(amal)
    assert amal.has_usable_password()


def test_reset_of_an_account_without_a_factor_says_what_to_do(lead, make_staff):
    new = make_staff("editor", username="new", email="new@example.org")
    answer = lead.post(address(new), LOST, follow=True)
    assert "This account has no second factor." in soup(answer).get_text()
    new.refresh_from_db()
    assert new.has_usable_password()


def test_command_resets_the_only_lead_and_is_recorded(amal, capsys):
    call_command("reset_second_factor", "amal", "--reason", "stolen")
    assert "amal@example.org" in capsys.readouterr().out
    event = SecurityEvent.objects.get(kind=Kind.FACTOR_REMOVED)
    assert (event.actor, event.account, event.detail) == (None, amal, "reset stolen")
    assert SetUpLink.objects.filter(account=amal).exists()
    with pytest.raises(CommandError, match="has no second factor"):
        call_command("reset_second_factor", "amal")
    with pytest.raises(CommandError, match="No account has this username"):
        call_command("reset_second_factor", "nobody")
