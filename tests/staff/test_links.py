"""Set-up links: only their owner gets them, they work once, and a copy of the table opens none."""

import datetime as dt
import logging
import re

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client

from recovery_site.log_filters import MaskSecretAddresses
from staff import assignments, event_mails
from staff.accounts import links
from staff.models import PasswordMustChange, SecurityEvent, SetUpLink
from tests.html import forms_on, soup
from tests.intake.support.at_once import at_once

NEW = "violet ladder quiet harbor"
PASSWORDS = {"new_password1": NEW, "new_password2": NEW}
REFUSAL = "This link was used, is too old, or is not complete."

pytestmark = pytest.mark.django_db


@pytest.fixture
def maria(make_staff):
    account = make_staff("editor", username="maria", email="maria@example.org")
    account.set_unusable_password()
    account.save()
    return account


@pytest.fixture
def manager(make_staff):
    client = Client()
    client.force_login(make_staff("lead", username="lena", email="lena@example.org"))
    return client


def ask(manager, account):
    return manager.post(f"/admin/auth/user/{account.pk}/send-link/", follow=True)


def sent_link():
    """Send what is due, and return the path in the newest email with a link."""
    links.send_due()
    bodies = [message.body for message in mail.outbox if message.subject == "Your staff account"]
    return re.search(r"http://127\.0\.0\.1:8000(/admin/set-up/[\w-]{43}/)", bodies[-1]).group(1)


def test_link_reaches_its_owner_alone(manager, maria):
    answer = ask(manager, maria)
    path = sent_link()
    event_mails.send_due()
    assert "A new link for maria is on its way." in soup(answer).get_text()
    token = path.split("/")[-2]
    for message in mail.outbox:
        assert (token in message.body) == (
            message.to == ["maria@example.org"] and message.subject == "Your staff account"
        )
    shown = manager.get(f"/admin/auth/user/{maria.pk}/change/").content.decode()
    assert token not in shown
    assert "Not used yet." in shown


def test_owner_sets_a_password_and_signs_in(manager, maria):
    ask(manager, maria)
    path = sent_link()
    her = Client(enforce_csrf_checks=True)
    assert "maria" in soup(her.get(path)).get_text()
    answer = her.post(path, PASSWORDS, headers={"origin": "null"}, follow=True)
    assert "Now sign in with it." in soup(answer).get_text()
    assert Client().post("/admin/login/", {"username": "maria", "password": NEW}).status_code == 302
    kinds = SecurityEvent.objects.filter(account=maria).order_by("pk").values_list("kind", flat=True)
    assert list(kinds)[:3] == ["link_sent", "link_used", "password_changed"]


def test_opening_the_link_does_not_use_it_up(manager, maria):
    ask(manager, maria)
    path = sent_link()
    assert [Client().get(path).status_code for _scanner in range(5)] == [200] * 5
    assert Client().head(path).status_code == 200
    assert Client().post(path, PASSWORDS).status_code == 302


def test_used_old_replaced_and_made_up_links_get_the_same_page(manager, maria, clock):
    ask(manager, maria)
    replaced = sent_link()
    ask(manager, maria)
    used = sent_link()
    Client().post(used, PASSWORDS)
    ask(manager, maria)
    old = sent_link()
    clock.shift(dt.timedelta(hours=72))
    paths = [replaced, used, old, f"/admin/set-up/{'x' * 43}/", "/admin/set-up/%00/", f"/admin/set-up/{'ü' * 2000}/"]
    pages = [client_method(path, data) for path in paths for client_method, data in ((get, None), (post, PASSWORDS))]
    assert {page.status_code for page in pages} == {410}
    assert {soup(page).get_text() for page in pages} == {soup(pages[0]).get_text()}
    assert REFUSAL in soup(pages[0]).get_text()


def get(path, data):
    return Client().get(path)


def post(path, data):
    return Client().post(path, data)


def test_refused_password_leaves_the_link_open(manager, maria):
    ask(manager, maria)
    path = sent_link()
    answer = Client().post(path, {"new_password1": "Renaissance2026", "new_password2": "Renaissance2026"})
    assert "Most of this password is your name" in soup(answer).get_text()
    assert Client().post(path, PASSWORDS).status_code == 302


def test_posted_rights_and_other_accounts_change_nothing(manager, maria, make_staff):
    other = make_staff("lead", username="other")
    ask(manager, maria)
    Client().post(sent_link(), PASSWORDS | {"user": other.pk, "username": "other", "is_superuser": "on"})
    maria.refresh_from_db()
    assert (maria.username, maria.is_superuser, maria.check_password(NEW)) == ("maria", False, True)
    other.refresh_from_db()
    assert other.check_password("a password for tests")


def test_table_holds_no_secret_that_opens_a_link(manager, maria):
    ask(manager, maria)
    token = sent_link().split("/")[-2]
    row = SetUpLink.objects.values().get()
    assert token not in str(row)
    assert Client().get(f"/admin/set-up/{row['token_hash']}/").status_code == 410


def test_page_is_kept_by_no_cache_and_sends_no_referrer(manager, maria):
    ask(manager, maria)
    path = sent_link()
    for response in (Client().get(path), Client().post(path, {}), Client().get("/admin/set-up/made-up/")):
        assert response["Referrer-Policy"] == "no-referrer"
        assert "no-store" in response["Cache-Control"]
        assert response.cookies == {}


def test_log_masks_the_secret_of_a_link():

    record = logging.LogRecord(
        "django.request", logging.WARNING, "", 0, "Gone: %s", ("/admin/set-up/se-cret_1/",), None
    )
    MaskSecretAddresses().filter(record)
    assert record.getMessage() == "Gone: /admin/set-up/-/"


def test_form_lets_a_password_manager_know_the_name(manager, maria):
    ask(manager, maria)
    tree = soup(Client().get(sent_link()))
    assert tree.find("input", autocomplete="username")["value"] == "maria"
    assert [box["autocomplete"] for box in tree.find_all("input", type="password")] == ["new-password"] * 2
    assert forms_on(Client().get(sent_link()))[0].fields.keys() == {"username", "new_password1", "new_password2"}


def test_link_of_a_deactivated_account_does_not_work(manager, maria):
    ask(manager, maria)
    path = sent_link()
    manager.post(f"/admin/auth/user/{maria.pk}/deactivate/", {"reason": "mistake"})
    assert Client().get(path).status_code == 410
    assert "This account is deactivated." in soup(ask(manager, maria)).get_text()
    manager.post(f"/admin/auth/user/{maria.pk}/reactivate/")
    assert Client().get(path).status_code == 410


def test_account_without_an_address_gets_no_link(manager, make_staff):
    answer = ask(manager, make_staff("editor"))
    assert "This account has no email address." in soup(answer).get_text()
    assert SetUpLink.objects.count() == 0


def test_changed_address_takes_no_account_over(manager, maria, clock):
    """A manager enters their own address and asks for a link: the owner's old address hears of it a day before."""
    maria.last_login = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    maria.save()
    ask(manager, maria)
    before = sent_link()
    manager.post(f"/admin/auth/user/{maria.pk}/change/", {"username": "maria", "email": "lena2@example.org"})
    assert Client().get(before).status_code == 410
    answer = ask(manager, maria)
    assert "The email address of this account is new." in soup(answer).get_text()
    event_mails.send_due()
    assert any("maria@example.org" in message.to for message in mail.outbox)
    clock.shift(dt.timedelta(hours=25))
    manager.force_login(get_user_model().objects.get(username="lena"))
    assert "is on its way" in soup(ask(manager, maria)).get_text()


def test_mistyped_address_of_a_new_account_is_corrected_at_once(manager):
    new = {"username": "sam", "email": "smm@example.org"}
    manager.post("/admin/auth/user/add/", new)
    sam = get_user_model().objects.get(username="sam")
    manager.post(f"/admin/auth/user/{sam.pk}/change/", new | {"email": "sam@example.org"})
    ask(manager, sam)
    links.send_due()
    assert [message.to for message in mail.outbox] == [["sam@example.org"]]


def test_address_of_a_new_account_with_a_role_waits_too(manager, maria):
    manager.post(f"/admin/auth/user/{maria.pk}/change/", {"username": "maria", "email": "lena2@example.org"})
    assert "The email address of this account is new." in soup(ask(manager, maria)).get_text()
    assert SetUpLink.objects.count() == 0


def test_address_of_a_new_account_with_a_requested_role_waits_too(manager, make_staff):
    """An administrator requests lead for an account, mails its link to themselves, and lets a lead confirm."""
    bob = make_staff(username="bob", email="bob@example.org")
    ada = make_staff("administrator", username="ada")
    asked = assignments.give(account=bob, role="lead", reason="Second lead", actor=ada)
    manager.force_login(ada)
    manager.post(f"/admin/auth/user/{bob.pk}/change/", {"username": "bob", "email": "ada2@example.org"})
    assert (asked.ending.ended_by, asked.ending.reason) == (ada, "The email address of the account was changed")
    assert SecurityEvent.objects.filter(kind="role_refused", account=bob, actor=ada, detail="lead").exists()
    assignments.give(account=bob, role="lead", reason="Second lead", actor=ada)
    assert "The email address of this account is new." in soup(ask(manager, bob)).get_text()
    assert SetUpLink.objects.count() == 0


def test_link_waits_for_the_mail_server_and_is_then_sent_once(manager, maria, mailbox, clock, stopped_clock):
    mailbox.stop()
    ask(manager, maria)
    assert links.send_due() == 0
    mailbox.start()
    clock.shift(dt.timedelta(minutes=1))
    assert (links.send_due(), links.send_due(), mailbox.got) == (1, 0, ["maria@example.org"])


def test_link_that_could_not_be_sent_for_three_days_is_given_up(manager, maria, mailbox, clock, stopped_clock):
    mailbox.stop()
    ask(manager, maria)
    links.send_due()
    clock.shift(links.VALID_FOR)
    mailbox.start()
    assert (links.send_due(), mailbox.got) == (0, [])


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_one_link(manager, maria, mailbox):
    ask(manager, maria)
    assert sum(at_once(links.send_due, links.send_due)) == 1
    assert mailbox.got == ["maria@example.org"]


@pytest.mark.django_db(transaction=True)
def test_link_that_is_used_twice_at_once_sets_one_password(manager, maria):
    ask(manager, maria)
    path = sent_link()
    other = dict.fromkeys(PASSWORDS, "copper window gentle river")
    statuses = at_once(lambda: post(path, PASSWORDS).status_code, lambda: post(path, other).status_code)
    assert sorted(statuses) == [302, 410]
    assert SecurityEvent.objects.filter(kind="link_used").count() == 1


def test_password_set_by_its_owner_need_not_be_changed_again(manager, maria):
    PasswordMustChange.objects.create(account=maria)
    ask(manager, maria)
    Client().post(sent_link(), PASSWORDS)
    assert PasswordMustChange.objects.exists() is False
