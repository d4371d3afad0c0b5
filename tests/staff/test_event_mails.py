"""Each change of someone's access is mailed to leads, auditors and the people concerned, exactly once."""

import datetime as dt

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from intake import worker
from staff import event_mails, events
from staff.models import EventMail, SecurityEvent
from tests.intake.support.at_once import at_once

User = get_user_model()
Kind = SecurityEvent.Kind

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(make_staff):
    """A lead, an auditor and an administrator with addresses, and an account that something happens to."""
    made = {name: make_staff(name, username=name, email=f"{name}@x.org") for name in ("lead", "auditor")}
    made["amal"] = make_staff("administrator", username="amal", email="amal@x.org", first_name="Amal")
    made["sam"] = make_staff("editor", username="sam", email="sam@x.org")
    return made


def change(people, kind=Kind.ACCOUNT_CHANGED, **more):
    events.record(kind, actor=people["amal"], account=people["sam"], **more)


def test_leads_auditors_actor_and_owner_get_it(mailbox, people):
    change(people)
    assert event_mails.send_due() == 1
    (mail,) = mailbox.mails
    assert sorted(mailbox.got) == ["amal@x.org", "auditor@x.org", "lead@x.org", "sam@x.org"]
    assert mail["Subject"] == "A change of a staff account"
    text = mail.get_content()
    assert "The name or email address of an account was changed." in text
    assert "Account: sam\nBy: Amal (amal)\nWhen: Nov. 24, 2026, 10" in text.replace("\r", "")
    assert "http" not in text


def test_address_that_the_account_had_before_gets_it_too(mailbox, people):
    change(people, detail="email", before=User(username="sam", email="old@x.org"))
    event_mails.send_due()
    assert "old@x.org" in mailbox.got
    assert list(EventMail.objects.values_list("name_before", "left_to")) == [("", [])]


def test_name_that_the_account_had_before_is_told(mailbox, people):
    change(people, detail="username", before=User(username="bob", email="sam@x.org"))
    event_mails.send_due()
    assert "Account: sam\nName before: bob\nBy: " in mailbox.mails[0].get_content().replace("\r", "")


def test_addresses_and_names_are_those_of_the_moment_it_happened(mailbox, people):
    """An administrator does something, and before the email goes out, changes who would get it and whom it names."""
    change(people)
    for name in people:
        User.objects.filter(username=name).update(
            is_active=False, email=f"{name}@evil.example", username=f"not-{name}", first_name="Someone"
        )
    event_mails.send_due()
    assert sorted(mailbox.got) == ["amal@x.org", "auditor@x.org", "lead@x.org", "sam@x.org"]
    assert "Account: sam\nBy: Amal (amal)\n" in mailbox.mails[0].get_content().replace("\r", "")


@pytest.mark.parametrize(("kind", "with_desk"), [(Kind.ROLE_GIVEN, True), (Kind.FACTOR_ADDED, False)])
def test_role_given_on_the_server_is_mailed_to_the_desk_too(mailbox, people, kind, with_desk):
    events.record(kind, account=people["sam"], detail="lead")
    event_mails.send_due()
    assert ("desk@example.org" in mailbox.got) == with_desk
    text = mailbox.mails[0].get_content()
    assert "By: the site, or someone who runs the server" in text
    assert ("Role: Lead: admissions, erasing, figures, accounts" in text) == with_desk


def test_desk_gets_it_if_no_lead_or_auditor_has_an_address(mailbox, make_staff):
    make_staff("lead")
    events.record(Kind.PASSWORD_CHANGED, actor=make_staff("editor"))
    event_mails.send_due()
    assert sorted(mailbox.got) == ["desk@example.org", "lead@example.org"]


def test_ordinary_events_are_not_mailed(people):
    change(people, Kind.SIGNED_IN)
    change(people, Kind.LOG_READ)
    assert EventMail.objects.count() == 0


def test_every_mailed_kind_has_its_sentence():
    assert event_mails.SAYS.keys() == event_mails.MAILED


def test_nothing_is_lost_and_nothing_repeated_while_the_mail_server_is_away(mailbox, people, clock, stopped_clock):
    mailbox.stop()
    change(people)
    change(people, Kind.PASSWORD_CHANGED)
    assert event_mails.send_due() == 0
    mailbox.start()
    clock.shift(dt.timedelta(minutes=1))
    assert event_mails.send_due() == 2
    clock.shift(dt.timedelta(hours=3))
    assert event_mails.send_due() == 0
    assert len(mailbox.mails) == 2


def test_only_the_address_that_was_refused_for_now_gets_it_again(mailbox, people, clock, stopped_clock):
    mailbox.refuses = {"lead@x.org": "450 try later", "auditor@x.org": "550 no such user"}
    change(people)
    assert event_mails.send_due() == 0
    mailbox.refuses = {}
    clock.shift(dt.timedelta(minutes=1))
    assert event_mails.send_due() == 1
    assert sorted(mailbox.got) == ["amal@x.org", "lead@x.org", "sam@x.org"]


def test_address_that_refuses_keeps_no_other_mail_waiting(mailbox, people, clock, stopped_clock):
    mailbox.rcpt_refusals = ["550 no"] * 4
    change(people)
    change(people, Kind.PASSWORD_CHANGED)
    assert event_mails.send_due() == 1
    clock.shift(dt.timedelta(minutes=1))
    assert event_mails.send_due() == 1


def test_worker_that_died_while_sending_is_followed_by_another(mailbox, people, clock, stopped_clock):
    change(people)
    now = timezone.now()
    EventMail.objects.update(next_try_at=now + dt.timedelta(minutes=10), attempts=1)  # as after the claim
    assert event_mails.send_due(now) == 0
    assert event_mails.send_due(now + dt.timedelta(minutes=10)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_mail_once(mailbox, people):
    for _number in range(6):
        change(people)
    assert sum(at_once(event_mails.send_due, event_mails.send_due, event_mails.send_due)) == 6
    assert len(mailbox.mails) == 6


@pytest.mark.django_db(transaction=True)
def test_worker_sends_them_in_its_round(mailbox, people):
    change(people)
    worker.work_once()
    assert len(mailbox.mails) == 1
