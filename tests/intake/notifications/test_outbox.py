import datetime as dt
import logging
import os
import re
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from intake import workflow
from intake.contact import preferences
from intake.models import ContactPreferences, OutboxMessage, RecentEmail
from intake.monitoring import status
from intake.notifications import daily_limit, outbox
from intake.submission import tokens
from pages import facts
from pages.models import Center
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import PERSONAL, personal_words_in

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def waiting(kind="new_request", answers=MappingProxyType({}), **changes):
    """A notice about a new request with these answers that became due at `NOW`."""
    outbox_message = make_request(**answers).outbox_messages.get(kind=kind)
    OutboxMessage.objects.filter(pk=outbox_message.pk).update(**{"next_try_at": NOW} | changes)
    outbox_message.refresh_from_db()
    return outbox_message


def state_of(outbox_message):
    outbox_message.refresh_from_db()
    return (outbox_message.state, outbox_message.attempts)


@pytest.mark.django_db
def test_a_mail_holds_the_reference_and_the_link_and_nothing_else(mailbox, settings):
    settings.PUBLIC_ORIGIN = "https://www.example.org"
    outbox_message = waiting()
    assert outbox.send_due(NOW) == 1
    (mail,) = mailbox.mails
    request = outbox_message.request
    link = f"https://www.example.org/admin/intake/assessmentrequest/{request.pk}/change/"
    assert mail["Subject"] == f"New request {request.reference}"
    assert mail["To"] == "desk@example.org, lead@example.org"
    assert mail.get_content().strip().splitlines() == [
        f"A new request is waiting: {request.reference}",
        "",
        link,
    ]
    assert personal_words_in(mail.as_string()) == []


@pytest.mark.django_db
def test_the_link_in_the_mail_leads_to_the_request(mailbox, client, make_staff):
    outbox_message = waiting()
    outbox.send_due(NOW)
    client.force_login(make_staff("admissions"))
    link = mailbox.mails[0].get_content().split()[-1]
    page = client.get("/" + link.split("/", 3)[3])
    assert page.context["request_row"] == outbox_message.request


@pytest.mark.django_db
def test_a_notice_is_sent_once_and_then_rests(mailbox):
    outbox_message = waiting()
    assert [outbox.send_due(NOW), outbox.send_due(NOW), outbox.send_due(NOW + dt.timedelta(days=9))] == [1, 0, 0]
    assert len(mailbox.mails) == 1
    assert state_of(outbox_message) == ("sent", 1)
    assert (outbox_message.sent_at, outbox_message.last_error) == (NOW, "")


@pytest.mark.django_db
def test_a_notice_that_is_not_due_yet_waits(mailbox):
    outbox_message = waiting()
    assert outbox.send_due(NOW - SECOND) == 0
    assert state_of(outbox_message) == ("queued", 0)
    assert mailbox.mails == []


@pytest.mark.django_db
def test_wait_between_tries_grows_and_the_last_failure_ends_the_notice(mailbox):
    mailbox.stop()
    outbox_message, now, waits = waiting(), NOW, []
    for attempt in range(1, len(outbox.WAITS) + 1):
        assert outbox.send_due(now) == 0
        assert state_of(outbox_message) == ("retrying", attempt)
        assert outbox_message.last_error == "ConnectionRefusedError"
        waits.append(outbox_message.next_try_at - now)
        assert outbox.send_due(outbox_message.next_try_at - SECOND) == 0
        assert state_of(outbox_message) == ("retrying", attempt)
        now = outbox_message.next_try_at
    outside = [
        (wait, planned)
        for wait, planned in zip(waits, outbox.WAITS, strict=True)
        if not planned * 0.8 <= wait <= planned * 1.2
    ]
    assert outside == []
    assert sorted(waits) == waits

    outbox.send_due(now)
    assert state_of(outbox_message) == ("failed", len(outbox.WAITS) + 1)
    mailbox.start()
    assert outbox.send_due(now + dt.timedelta(days=365)) == 0
    assert mailbox.mails == []


@pytest.mark.django_db
def test_when_the_server_is_back_the_notice_is_sent_once(mailbox):
    mailbox.stop()
    outbox_message = waiting()
    outbox.send_due(NOW)
    assert state_of(outbox_message) == ("retrying", 1)
    mailbox.start()
    later = outbox_message.next_try_at
    assert [outbox.send_due(later), outbox.send_due(later + dt.timedelta(days=1))] == [1, 0]
    assert len(mailbox.mails) == 1
    assert state_of(outbox_message) == ("sent", 2)
    assert (outbox_message.sent_at, outbox_message.last_error) == (later, "")


@pytest.mark.django_db
def test_a_server_that_refuses_the_mail_is_tried_again(mailbox):
    mailbox.refusals = ["451 come back later"]
    outbox_message = waiting()
    assert outbox.send_due(NOW) == 0
    assert state_of(outbox_message) == ("retrying", 1)
    assert outbox_message.last_error == "SMTPDataError 451"
    assert outbox.send_due(outbox_message.next_try_at) == 1
    assert len(mailbox.mails) == 1


MISCONFIGURED = [
    ("ADMISSIONS_EMAILS", [], "no recipients"),
    ("DEFAULT_FROM_EMAIL", "desk@example.org\nBcc: all@example.org", "ValueError"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("setting", "value", "error"), MISCONFIGURED)
def test_a_notice_that_can_not_be_made_is_tried_again_and_never_counted_as_sent(
    mailbox, settings, setting, value, error
):
    outbox_message = waiting()
    setattr(settings, setting, value)
    assert outbox.send_due(NOW) == 0
    outbox_message.refresh_from_db()
    assert (outbox_message.state, outbox_message.last_error, outbox_message.sent_at) == ("retrying", error, None)


@pytest.mark.django_db
def test_one_failure_does_not_hold_up_the_others(mailbox):
    mailbox.refusals = ["451 come back later"]
    first, second = waiting(next_try_at=NOW - SECOND), waiting()
    assert outbox.send_due(NOW) == 1
    assert [state_of(first), state_of(second)] == [("retrying", 1), ("sent", 1)]
    assert mailbox.subjects == [f"New request {second.request.reference}"]


@pytest.mark.django_db
def test_notices_go_out_in_the_order_they_became_due(mailbox):
    late, early = waiting(next_try_at=NOW), waiting(next_try_at=NOW - dt.timedelta(hours=1))
    assert outbox.send_due(NOW) == 2
    assert [mail["Subject"] for mail in mailbox.mails] == [
        f"New request {outbox_message.request.reference}" for outbox_message in (early, late)
    ]


@pytest.mark.django_db
def test_a_notice_whose_worker_died_is_taken_up_again_after_a_while(mailbox):
    outbox_message = waiting(state="sending", claimed_at=NOW, attempts=1)
    assert outbox.send_due(NOW + outbox.STUCK_AFTER - SECOND) == 0
    assert state_of(outbox_message) == ("sending", 1)
    assert outbox.send_due(NOW + outbox.STUCK_AFTER) == 1
    assert state_of(outbox_message) == ("sent", 2)
    assert len(mailbox.mails) == 1


def test_while_a_mail_is_on_its_way_the_claim_is_visible_to_others(site, mailbox):
    outbox_message, seen = waiting(), []

    def look():
        try:
            seen.append(OutboxMessage.objects.values_list("state", "attempts").get(pk=outbox_message.pk))
        finally:
            connection.close()

    def look_from_elsewhere():
        looker = threading.Thread(target=look)
        looker.start()
        looker.join()

    mailbox.on_mail = look_from_elsewhere
    outbox.send_due(NOW)
    assert seen == [("sending", 1)]


def test_several_workers_at_once_send_every_notice_exactly_once(site, mailbox):
    references = sorted(waiting().request.reference for _ in range(20))
    workers = 4
    together = threading.Barrier(workers)

    def work(_number):
        try:
            together.wait()
            return outbox.send_due(NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        sent = list(pool.map(work, range(workers)))
    assert sum(sent) == len(references)
    assert mailbox.subjects == [f"New request {reference}" for reference in references]
    assert list(OutboxMessage.objects.values_list("state", "attempts").distinct()) == [("sent", 1)]


def test_a_notice_that_was_withdrawn_while_its_mail_was_on_its_way_stays_gone(site, mailbox):
    first, second = waiting(next_try_at=NOW - SECOND), waiting()
    mailbox.on_mail = lambda: in_another_thread(lambda: OutboxMessage.objects.filter(pk=first.pk).delete())
    assert outbox.send_due(NOW) == 2
    assert state_of(second) == ("sent", 1)
    assert OutboxMessage.objects.count() == 1


def test_news_that_came_while_the_mail_was_on_its_way_is_told_too(site, mailbox):
    outbox_message = waiting()

    def add_message():
        mailbox.on_mail = lambda: None
        in_another_thread(lambda: workflow.add_message(request_id=outbox_message.request_id, text="one more thing"))

    mailbox.on_mail = add_message
    outbox.send_due(NOW)
    assert state_of(outbox_message) == ("queued", 0)
    OutboxMessage.objects.update(next_try_at=NOW)
    assert outbox.send_due(NOW) == 1
    assert mailbox.subjects == [f"New request {outbox_message.request.reference}"] * 2


def in_another_thread(work):
    """Runs it with a connection of its own, and waits until it is done."""

    def run():
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


# The neutral email to the person

BY_EMAIL = {"phone": "", "email": "Canary+help@nightingale.example", "email_ok": "on"}
HEALTH = re.compile(r"kratom|7-oh|addict|drug|rehab|withdrawal|treatment|opioid|detox|assess|recover|sober", re.I)


def acknowledgement(**changes):
    return waiting("acknowledgement", BY_EMAIL, **changes)


def only(outbox_message):
    """Lets this notice alone be due."""
    OutboxMessage.objects.exclude(pk=outbox_message.pk).delete()
    return outbox_message


ALLOWED = {
    "a phone alone": ({"email": ""}, False),
    "both without a tick": ({}, False),
    "both with a tick": ({"email_ok": "on"}, True),
    "both without calls": ({"do_not_call": "on"}, False),
    "both without calls, with a tick": ({"do_not_call": "on", "email_ok": "on"}, True),
    "an email alone": ({"phone": ""}, False),
    "an email alone with a tick": ({"phone": "", "email_ok": "on"}, True),
    "a tick without an address": ({"email": "", "email_ok": "on"}, False),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("answers", "allowed"), ALLOWED.values(), ids=ALLOWED)
def test_the_person_is_written_to_only_where_they_ticked_the_box(mailbox, answers, allowed):
    request = make_request(**answers)
    kinds = ["acknowledgement", "new_request"] if allowed else ["new_request"]
    assert sorted(request.outbox_messages.values_list("kind", flat=True)) == kinds
    outbox.send_due(request.received_at)
    assert [mail["To"] for mail in mailbox.mails if "@nightingale" in mail["To"]] == (
        ["canary@nightingale.example"] if allowed else []
    )


@pytest.mark.django_db
def test_the_email_to_the_person_is_neutral(mailbox, settings, client):
    settings.NEUTRAL_FROM_EMAIL = "Front Desk <hello@frontdesk.example>"
    settings.DEFAULT_FROM_EMAIL = "desk@recovery.example"
    outbox_message = only(acknowledgement())
    assert outbox.send_due(NOW) == 1
    (mail,) = mailbox.mails
    assert (mail["Subject"], mail["From"], mail["To"]) == (
        "Your message",
        "Front Desk <hello@frontdesk.example>",
        "Canary+help@nightingale.example",
    )
    assert "subject “Your message”" in client.get("/assessment/").content.decode()  # so that it is known when it comes
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == ("auto-replied", "All")
    center = Center.objects.get()
    assert mail.get_content().strip().splitlines() == [
        "Hello,",
        "",
        f"We have your message and will get back to you. Your reference is {outbox_message.request.reference}.",
        f"If you would rather talk, call {center.phone} and give the reference.",
        "",
        "If you did not write to us, please ignore this email.",
    ]
    assert [part.get_content_type() for part in mail.walk()] == ["text/plain"]
    everything = mail.as_string().replace("Canary+help@nightingale.example", "")
    assert HEALTH.findall(everything) == []
    assert [word for word in (center.name, "Renaissance", "http", *PERSONAL) if word in everything] == []


@pytest.mark.django_db
def test_the_email_to_the_person_names_no_phone_where_the_owner_told_none(mailbox):
    only(acknowledgement())
    Center.objects.all().delete()
    facts.forget()
    outbox.send_due(NOW)
    assert "call" not in mailbox.mails[0].get_content()


@pytest.mark.django_db
def test_the_email_goes_to_the_address_that_was_told_last(mailbox):
    draft = tokens.draw()
    make_request(draft, **BY_EMAIL)
    request = make_request(draft, **BY_EMAIL | {"email": "new@nightingale.example"})
    workflow.add_message(request_id=request.pk, text="a word")
    outbox.send_due(timezone.now())
    assert [mail["To"] for mail in mailbox.mails if mail["Subject"] == "Your message"] == ["new@nightingale.example"]


@pytest.mark.django_db
def test_the_email_is_refused_when_the_person_no_longer_allows_it(mailbox):
    outbox_message = only(acknowledgement())
    codes = preferences.newest_preferences(outbox_message.request).codes() | {"may_email": False, "may_text": True}
    ContactPreferences.objects.create(request=outbox_message.request, recorded_at=timezone.now(), **codes)
    assert outbox.send_due(NOW) == 0
    assert (state_of(outbox_message), mailbox.mails) == (("refused", 1), [])
    assert outbox.send_due(NOW + dt.timedelta(days=9)) == 0


@pytest.mark.django_db
def test_an_email_that_an_amendment_forbids_is_refused_though_it_was_queued(mailbox):
    draft = tokens.draw()
    request = make_request(draft, email_ok="on")
    make_request(draft, email_ok="")
    outbox.send_due(timezone.now())
    assert request.outbox_messages.get(kind="acknowledgement").state == "refused"
    assert mailbox.subjects == [f"New request {request.reference}"]


@pytest.mark.django_db
@pytest.mark.parametrize("email_ok", ["on", ""])
def test_nobody_is_written_to_about_a_suspected_request_before_its_release(mailbox, make_staff, email_ok):
    request = make_request(email_ok=email_ok, spam_signals=("fast",))
    outbox.send_due(timezone.now())
    assert mailbox.subjects == [f"New request {request.reference}"]
    workflow.release_from_quarantine(request_id=request.pk, actor=make_staff("admissions"))
    assert outbox.send_due(timezone.now()) == (email_ok == "on")
    assert mailbox.subjects == [f"New request {request.reference}", *["Your message"] * (email_ok == "on")]


@pytest.mark.django_db
def test_an_address_gets_one_email_a_day_however_often_someone_types_it(mailbox):
    first = only(acknowledgement())
    assert outbox.send_due(timezone.now()) == 1
    again = acknowledgement(next_try_at=first.next_try_at)
    make_request(**BY_EMAIL | {"email": "CANARY+help@nightingale.example"})
    other = make_request(**BY_EMAIL | {"email": "other@nightingale.example"})
    outbox.send_due(timezone.now())
    to_people = [mail["To"] for mail in mailbox.mails if mail["Subject"] == "Your message"]
    assert to_people == ["Canary+help@nightingale.example", "other@nightingale.example"]
    assert state_of(again) == ("refused", 1)
    assert other.outbox_messages.get(kind="acknowledgement").state == "sent"
    RecentEmail.objects.update(sent_at=timezone.now() - dt.timedelta(days=1))
    only(acknowledgement())
    assert outbox.send_due(timezone.now()) == 1


def to_people(mailbox):
    return [mail["To"] for mail in mailbox.mails if mail["Subject"] == "Your message"]


@pytest.mark.django_db
def test_variants_of_one_address_get_one_email_a_day(mailbox):
    typed = ["vic.tim@nightingale.example", "Victim@nightingale.example"]
    typed += [f"victim+{number}@nightingale.example" for number in range(10)]
    for address in typed:
        make_request(**BY_EMAIL | {"email": address})
    outbox.send_due(timezone.now())
    assert to_people(mailbox) == typed[:1]  # as typed
    assert len(mailbox.subjects) == 1 + len(typed)  # each request is kept, and staff know


@pytest.mark.django_db
def test_withdrawing_does_not_make_room_for_another_email(mailbox):
    for _ in range(3):
        request = make_request(**BY_EMAIL)
        outbox.send_due(timezone.now())
        workflow.withdraw(request_id=request.pk)
    assert to_people(mailbox) == [BY_EMAIL["email"]]


def send_from(network, number, count):
    """Send `count` forms with different addresses from one network, then what is due."""
    for one in range(count):
        make_request(sender=network, **BY_EMAIL | {"email": f"person{number}x{one}@nightingale.example"})
    outbox.send_due(timezone.now())


@pytest.mark.django_db
def test_one_network_causes_few_emails_a_day_and_others_still_get_theirs(mailbox, settings):
    settings.EMAIL_LIMIT_PER_NETWORK = 2
    send_from("a" * 64, 1, 5)
    send_from("b" * 64, 2, 1)
    assert len(to_people(mailbox)) == 3
    states = OutboxMessage.objects.filter(kind="acknowledgement").values_list("state", "sender")
    assert sorted(states) == [("refused", "")] * 3 + [("sent", "")] * 3
    RecentEmail.objects.update(sent_at=timezone.now() - dt.timedelta(days=1))
    send_from("a" * 64, 3, 1)
    assert len(to_people(mailbox)) == 4


@pytest.mark.django_db
def test_all_networks_together_cause_no_flood_of_emails(mailbox, settings):
    settings.EMAIL_LIMIT_TOTAL = 2
    for number in range(5):
        send_from(f"{number}" * 64, number, 1)
    assert len(to_people(mailbox)) == 2


@pytest.mark.django_db
def test_counts_of_emails_say_nothing_and_go_after_a_day(mailbox):
    make_request(sender="a" * 64, **BY_EMAIL)
    outbox.send_due(timezone.now())
    row = RecentEmail.objects.get()
    assert (len(row.recipient), "canary" in str(RecentEmail.objects.values()).lower()) == (64, False)
    assert daily_limit.forget_old(row.sent_at + dt.timedelta(hours=23)) == 0
    assert daily_limit.forget_old(row.sent_at + dt.timedelta(days=1)) == 1


@pytest.mark.django_db
def test_the_network_of_a_form_is_kept_only_while_its_email_waits(mailbox):
    make_request(sender="a" * 64, **BY_EMAIL)
    assert set(OutboxMessage.objects.values_list("kind", "sender")) == {
        ("new_request", ""),
        ("acknowledgement", "a" * 64),
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        OutboxMessage.objects.filter(kind="acknowledgement").update(state="sent")


@pytest.mark.django_db
@pytest.mark.parametrize("email", ["me@example", "me @example.org", "me@@example.org"])
def test_unusable_address_is_reported_to_staff_and_not_retried(mailbox, email):
    outbox_message = waiting("acknowledgement", {"phone": "", "email": email, "email_ok": "on", "asked_about": email})
    only(outbox_message)
    assert outbox.send_due(NOW) == 0
    assert (state_of(outbox_message), outbox_message.last_error) == (("failed", 1), "no address")
    assert mailbox.mails == []


@pytest.mark.django_db
def test_an_email_about_a_request_withdrawn_under_hold_is_not_sent(mailbox, make_staff):
    outbox_message = acknowledgement()
    workflow.set_legal_hold(request_id=outbox_message.request_id, actor=make_staff("lead"))
    workflow.withdraw(request_id=outbox_message.request_id)
    assert (outbox.send_due(NOW), mailbox.mails, OutboxMessage.objects.count()) == (0, [], 0)


@pytest.mark.django_db
def test_an_email_whose_address_can_not_be_opened_now_is_tried_again(mailbox):
    outbox_message = only(acknowledgement())
    text = outbox_message.request.texts.get()
    envelope = bytes(text.envelope)
    outbox_message.request.texts.update(envelope=b"\x01\x04gone" + bytes(40))
    assert outbox.send_due(NOW) == 0
    assert (state_of(outbox_message), outbox_message.last_error) == (("retrying", 1), "encrypted with a missing key")
    outbox_message.request.texts.update(envelope=envelope)
    assert outbox.send_due(outbox_message.next_try_at) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("refusal", "state", "error"),
    [
        ("550 no such user", "failed", "SMTPDataError 550"),
        ("554 not this one", "failed", "SMTPDataError 554"),
        ("451 come back later", "retrying", "SMTPDataError 451"),
        ("421 closing", "retrying", "SMTPDataError 421"),
    ],
)
def test_an_email_to_the_person_ends_at_a_refusal_for_good_and_only_then(mailbox, refusal, state, error):
    mailbox.refusals = [refusal]
    outbox_message = only(acknowledgement())
    assert outbox.send_due(NOW) == 0
    assert (state_of(outbox_message), outbox_message.last_error) == ((state, 1), error)
    assert outbox.send_due(NOW + dt.timedelta(days=1)) == (state == "retrying")
    assert len(mailbox.mails) == (state == "retrying")


@pytest.mark.django_db
@pytest.mark.parametrize(("refusal", "state"), [("550 no such user", "failed"), ("450 busy", "retrying")])
def test_an_address_that_the_server_refuses_ends_or_waits_alike(mailbox, refusal, state):
    mailbox.rcpt_refusals = [refusal]
    outbox_message = only(acknowledgement())
    assert outbox.send_due(NOW) == 0
    assert (state_of(outbox_message), outbox_message.last_error) == ((state, 1), f"SMTPRecipientsRefused {refusal[:3]}")


@pytest.mark.django_db
def test_the_alert_to_staff_is_tried_again_even_after_a_refusal_for_good(mailbox):
    mailbox.refusals = ["550 no such user"]
    outbox_message = waiting()
    assert outbox.send_due(NOW) == 0
    assert state_of(outbox_message) == ("retrying", 1)
    assert outbox.send_due(outbox_message.next_try_at) == 1


@pytest.mark.django_db
def test_the_alert_about_a_synthetic_request_goes_to_ourselves(mailbox, settings):
    settings.DEFAULT_FROM_EMAIL = "robot@example.org"
    make_request(is_synthetic=True)
    outbox.send_due(timezone.now())
    assert [mail["To"] for mail in mailbox.mails] == ["robot@example.org"]


# A mail server that takes a message for some, and not for all

DESK, LEAD, NIGHT = "desk@example.org", "lead@example.org", "night@example.org"
NO_SUCH, BUSY = "550 no such user", "450 busy"


@pytest.mark.django_db
def test_permanently_refused_address_is_recorded_and_others_get_one_mail(mailbox):
    mailbox.refuses = {LEAD: NO_SUCH}
    outbox_message = waiting()
    assert outbox.send_due(NOW) == 1
    assert state_of(outbox_message) == ("partly", 1)
    assert (outbox_message.refused, outbox_message.last_error, outbox_message.sent_at) == (
        1,
        "1 of 2 recipients refused: 550",
        NOW,
    )
    assert sorted(outbox_message.answers.values()) == [250, 550]
    assert "example" not in str(outbox_message.answers)
    assert outbox.send_due(NOW + dt.timedelta(days=9)) == 0
    assert mailbox.got == [DESK]


@pytest.mark.django_db
def test_an_address_that_is_refused_for_the_time_being_is_tried_again_alone(mailbox):
    mailbox.refuses = {LEAD: BUSY}
    outbox_message = waiting()
    assert outbox.send_due(NOW) == 1
    assert (state_of(outbox_message), outbox_message.refused) == (("retrying", 1), 0)
    mailbox.refuses = {}
    assert outbox.send_due(outbox_message.next_try_at) == 1
    assert (state_of(outbox_message), outbox_message.refused, outbox_message.last_error) == (("sent", 2), 0, "")
    assert mailbox.got == [DESK, LEAD]
    assert [mail["To"] for mail in mailbox.mails] == ["desk@example.org, lead@example.org", LEAD]


@pytest.mark.django_db
def test_address_that_stays_refused_is_given_up_and_nobody_is_mailed_twice(mailbox):
    mailbox.refuses = {LEAD: BUSY}
    outbox_message, now = waiting(), NOW
    for _ in range(len(outbox.WAITS) + 1):
        outbox.send_due(now)
        outbox_message.refresh_from_db()
        now = outbox_message.next_try_at
    assert (state_of(outbox_message), outbox_message.refused) == (("partly", len(outbox.WAITS) + 1), 1)
    assert mailbox.got == [DESK]


@pytest.mark.django_db
def test_one_refused_for_good_and_one_for_the_time_being_go_their_own_ways(mailbox, settings):
    settings.ADMISSIONS_EMAILS = [DESK, LEAD, NIGHT]
    mailbox.refuses = {LEAD: NO_SUCH, NIGHT: BUSY}
    outbox_message = waiting()
    outbox.send_due(NOW)
    assert (state_of(outbox_message), outbox_message.refused) == (("retrying", 1), 1)
    mailbox.refuses = {LEAD: NO_SUCH}
    outbox.send_due(outbox_message.next_try_at)
    assert (state_of(outbox_message), outbox_message.refused) == (("partly", 2), 1)
    assert mailbox.got == [DESK, NIGHT]


@pytest.mark.django_db
def test_while_nobody_has_it_all_are_tried_again_and_each_gets_it_once(mailbox):
    mailbox.refuses = {DESK: NO_SUCH, LEAD: BUSY}
    outbox_message = waiting()
    assert outbox.send_due(NOW) == 0
    assert (state_of(outbox_message), outbox_message.refused) == (("retrying", 1), 1)
    mailbox.refuses = {}
    assert outbox.send_due(outbox_message.next_try_at) == 1
    assert (state_of(outbox_message), outbox_message.refused) == (("sent", 2), 0)
    assert mailbox.got == [DESK, LEAD]


@pytest.mark.django_db
def test_a_server_that_goes_away_between_two_tries_does_not_forget_who_has_it(mailbox):
    mailbox.refuses = {LEAD: BUSY}
    outbox_message = waiting()
    outbox.send_due(NOW)
    mailbox.stop()
    outbox.send_due(OutboxMessage.objects.get().next_try_at)
    assert state_of(outbox_message) == ("retrying", 2)
    mailbox.start()
    mailbox.refuses = {}
    outbox.send_due(outbox_message.next_try_at)
    assert state_of(outbox_message) == ("sent", 3)
    assert mailbox.got == [DESK, LEAD]


@pytest.mark.django_db
def test_a_list_of_addresses_that_changed_between_two_tries_reaches_the_new_one(mailbox, settings):
    mailbox.refuses = {LEAD: BUSY}
    outbox_message = waiting()
    outbox.send_due(NOW)
    settings.ADMISSIONS_EMAILS = [NIGHT, DESK]  # the lead's address was wrong
    outbox.send_due(OutboxMessage.objects.get().next_try_at)
    assert mailbox.got == [DESK, NIGHT]
    assert (state_of(outbox_message), outbox_message.refused) == (("sent", 2), 0)


@pytest.mark.django_db
def test_a_list_from_which_the_refused_address_was_taken_ends_the_notice(mailbox, settings):
    mailbox.refuses = {LEAD: BUSY}
    outbox_message = waiting()
    outbox.send_due(NOW)
    settings.ADMISSIONS_EMAILS = [DESK]
    outbox.send_due(OutboxMessage.objects.get().next_try_at)
    assert state_of(outbox_message) == ("sent", 2)
    assert mailbox.got == [DESK]


@pytest.mark.django_db
def test_new_keys_between_two_tries_mail_nobody_twice(mailbox, settings):
    mailbox.refuses = {LEAD: BUSY}
    waiting()
    outbox.send_due(NOW)
    mailbox.refuses = {}
    settings.INDEX_KEYS = "new:" + "A" * 43 + "," + settings.INDEX_KEYS
    outbox.send_due(OutboxMessage.objects.get().next_try_at)
    assert mailbox.got == [DESK, LEAD]


@pytest.mark.django_db
def test_names_and_international_domains_are_known_again(mailbox, settings):
    settings.ADMISSIONS_EMAILS = ['"Desk, Front" <desk@example.org>', "Ná Bo <lead@bücher.example>"]
    mailbox.refuses = {"lead@xn--bcher-kva.example": NO_SUCH}
    outbox_message = waiting()
    outbox.send_due(NOW)
    assert (state_of(outbox_message), outbox_message.refused) == (("partly", 1), 1)
    assert mailbox.got == [DESK]


def test_news_after_a_refusal_are_sent_to_everyone_again(site, mailbox):
    mailbox.refuses = {LEAD: NO_SUCH}
    outbox_message = waiting()
    outbox.send_due(NOW)
    mailbox.refuses = {}
    workflow.add_message(request_id=outbox_message.request_id, text="one more thing")
    outbox_message.refresh_from_db()
    assert (outbox_message.state, outbox_message.answers, outbox_message.refused) == ("queued", None, 0)
    outbox.send_due(outbox_message.next_try_at)
    assert mailbox.got == [DESK, DESK, LEAD]


@pytest.mark.django_db
def test_the_daily_list_names_the_address_of_the_settings_that_was_refused(mailbox):
    mailbox.refuses = {LEAD: NO_SUCH}
    outbox_message = waiting()
    outbox.send_due(NOW)
    outbox.queue_digest(NOW)
    outbox.send_due(NOW)
    (mail,) = [mail for mail in mailbox.mails if mail["Subject"].startswith("Messages that could not be sent")]
    assert mail["Subject"] == "Messages that could not be sent: 1"
    line = f"{outbox_message.request.reference}  To staff: new request  1 of 2 recipients refused: 550; {LEAD} (550)"
    assert mail.get_content().splitlines()[2] == line
    assert mailbox.got == [DESK, DESK]


@pytest.mark.django_db
def test_a_daily_list_that_one_address_refused_makes_no_list_of_the_next_day(mailbox):
    mailbox.refuses = {LEAD: NO_SUCH}
    failed_acknowledgement(NOW - dt.timedelta(hours=1))
    OutboxMessage.objects.exclude(state="failed").delete()
    outbox.queue_digest(NOW)
    outbox.send_due(NOW)
    assert OutboxMessage.objects.get(kind="failures").state == "partly"
    outbox.queue_digest(NOW + dt.timedelta(days=2))
    assert digests() == [(dt.date(2026, 11, 23), "partly")]


@pytest.mark.django_db
def test_undelivered_weekly_figures_are_in_the_daily_list_without_the_address(mailbox, make_staff):
    for name in ("ana", "ben"):
        make_staff("lead", username=name, email=f"{name}@leads.example")
    mailbox.refuses = {"ben@leads.example": NO_SUCH}
    OutboxMessage.objects.create(kind="week", day=dt.date(2026, 11, 23), next_try_at=NOW)
    outbox.send_due(NOW)
    assert mailbox.got == ["ana@leads.example"]
    outbox.queue_digest(NOW)
    outbox.send_due(NOW)
    listed = mailbox.mails[-1].get_content()
    assert listed.splitlines()[2] == "-  To the lead: weekly figures  1 of 2 recipients refused: 550"
    assert "leads.example" not in listed


@pytest.mark.django_db
def test_the_answer_to_the_person_leaves_no_trace_of_their_address(mailbox):
    for number, refusal in enumerate([NO_SUCH, BUSY, None]):
        mailbox.refuses = {"Canary+help@nightingale.example": refusal} if refusal else {}
        outbox_message = only(acknowledgement())
        outbox.send_due(NOW)
        outbox_message.refresh_from_db()
        assert (number, outbox_message.answers, outbox_message.refused) == (number, None, 0)


@pytest.mark.django_db
def test_the_alert_of_a_refused_address_turns_status_red_and_the_desk_is_told(mailbox, client, settings):
    settings.STATUS_TOKEN = "a token for the tests"
    mailbox.refuses = {LEAD: NO_SUCH}
    waiting()
    outbox.send_due(timezone.now())
    report = client.get("/status", headers={"authorization": f"Bearer {settings.STATUS_TOKEN}"}).json()
    assert (report["parts"]["outbox"]["why"], report["parts"]["outbox"]["refused_addresses"]) == (["refused"], 1)
    assert status.for_staff() == [
        "In the last day, the mail server refused 1 address that receives our alerts. Tell the person who runs "
        "the site."
    ]


@pytest.mark.django_db
def test_alert_whose_connection_closes_after_delivery_is_not_sent_again(mailbox, monkeypatch):
    async def handle_QUIT(server, session, envelope):
        server.transport.close()
        return "221 bye"

    monkeypatch.setattr(mailbox, "handle_QUIT", handle_QUIT, raising=False)
    outbox_message = waiting()
    assert [outbox.send_due(NOW), outbox.send_due(NOW + dt.timedelta(days=1))] == [1, 0]
    assert (state_of(outbox_message), mailbox.got) == (("sent", 1), [DESK, LEAD])


# The list of what failed


def failed_acknowledgement(at):
    return acknowledgement(state="failed", claimed_at=at, attempts=1, last_error="SMTPDataError 550", next_try_at=at)


def digests():
    return list(OutboxMessage.objects.filter(kind="failures").values_list("day", "state"))


@pytest.mark.django_db
def test_what_failed_is_told_once_a_day_with_references_only(mailbox):
    failed = [failed_acknowledgement(NOW - dt.timedelta(hours=hours)) for hours in (1, 2)]
    OutboxMessage.objects.exclude(state="failed").delete()
    for minutes in (0, 5, 10):
        outbox.queue_digest(NOW + dt.timedelta(minutes=minutes))
        outbox.send_due(NOW + dt.timedelta(minutes=minutes))
    assert digests() == [(dt.date(2026, 11, 23), "sent")]
    (mail,) = mailbox.mails
    assert (mail["Subject"], mail["To"]) == (
        "Messages that could not be sent: 2",
        "desk@example.org, lead@example.org",
    )
    assert mail.get_content().strip().splitlines() == [
        "These messages could not be sent. Please handle them by hand:",
        "",
        *[f"{n.request.reference}  To the person: acknowledgement  SMTPDataError 550" for n in failed],
        "",
        "http://127.0.0.1:8000/admin/intake/assessmentrequest/",
    ]
    assert personal_words_in(mail.as_string()) == []


@pytest.mark.django_db
def test_a_day_without_failures_has_no_list(mailbox):
    waiting()
    failed_acknowledgement(NOW - dt.timedelta(days=1, minutes=1))
    outbox.queue_digest(NOW)
    assert digests() == []


@pytest.mark.django_db
def test_what_fails_on_the_next_day_is_told_on_the_next_day(mailbox):
    tomorrow = NOW + dt.timedelta(days=1)
    for now in (NOW, tomorrow):
        failed_acknowledgement(now - dt.timedelta(minutes=1))
        outbox.queue_digest(now)
    assert digests() == [(dt.date(2026, 11, 23), "queued"), (dt.date(2026, 11, 24), "queued")]


@pytest.mark.django_db
def test_a_list_that_had_to_wait_for_the_server_still_tells_all_of_it(mailbox):
    failed = failed_acknowledgement(NOW - dt.timedelta(hours=20))
    outbox.queue_digest(NOW)
    OutboxMessage.objects.filter(kind="failures").update(state="retrying", next_try_at=NOW + dt.timedelta(hours=12))
    outbox.send_due(NOW + dt.timedelta(hours=12))
    (mail,) = [mail for mail in mailbox.mails if mail["Subject"].startswith("Messages that could not be sent")]
    assert failed.request.reference in mail.get_content()


# The command


def said_by_worker(caplog):
    """Without what the mail server on loopback logs about itself, at moments of its own."""
    return [record.getMessage() for record in caplog.records if record.name == "intake.worker"]


def test_the_worker_run_once_sends_what_is_due_and_ends(site, mailbox, caplog):
    caplog.set_level(logging.INFO)
    due, later = waiting(), waiting(next_try_at=timezone.now() + dt.timedelta(days=1))
    call_command("run_worker", "--once")
    assert [state_of(due), state_of(later)] == [("sent", 1), ("queued", 0)]
    assert mailbox.subjects == [f"New request {due.request.reference}"]
    assert said_by_worker(caplog) == ["Worker: messages sent: 1"]
    assert personal_words_in(caplog.text) == []


def test_the_worker_run_once_with_nothing_to_do_says_nothing(site, mailbox, caplog):
    caplog.set_level(logging.INFO)
    call_command("run_worker", "--once")
    assert mailbox.mails == []
    assert said_by_worker(caplog) == []


def test_a_database_that_refuses_does_not_end_the_worker_with_an_error(site, mailbox, caplog):
    outbox_message = waiting()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE intake_outboxmessage RENAME TO intake_outboxmessage_away")
    try:
        call_command("run_worker", "--once")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE intake_outboxmessage_away RENAME TO intake_outboxmessage")
    said = said_by_worker(caplog)
    assert said != []
    assert [line for line in said if not line.startswith("Worker step failed: ")] == []
    assert state_of(outbox_message) == ("queued", 0)
    call_command("run_worker", "--once")
    assert state_of(outbox_message) == ("sent", 1)


def stop():
    os.kill(os.getpid(), signal.SIGTERM)


def test_a_running_worker_ends_its_round_and_stops_when_it_is_told_to(site, mailbox):
    outbox_message = waiting()
    mailbox.on_mail = stop
    in_any_case = threading.Timer(60, stop)  # a worker that sends nothing fails this test instead of holding it up
    in_any_case.start()
    before = [(number, signal.getsignal(number)) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        call_command("run_worker")
    finally:
        in_any_case.cancel()
        for number, handler in before:
            signal.signal(number, handler)
    assert state_of(outbox_message) == ("sent", 1)
    assert len(mailbox.mails) == 1
