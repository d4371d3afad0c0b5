import datetime as dt
import email
import logging
import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from email import policy

import pytest
from aiosmtpd.controller import Controller
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from intake import notices
from intake.models import Notice
from tests.intake.helpers import personal_words_in, receive

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


class Mailbox:
    """A mail server on loopback that can be down, can refuse what it is told, and keeps what it takes."""

    def __init__(self):
        self.mails = []
        self.refusals = []  # what it answers to the next mails, before it takes one
        self.on_mail = lambda: None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._controller = None

    async def handle_DATA(self, server, session, envelope):
        self.on_mail()
        if self.refusals:
            return self.refusals.pop(0)
        self.mails.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"

    def start(self):
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self):
        if self._controller:
            self._controller.stop()
            self._controller = None

    @property
    def subjects(self):
        return sorted(mail["Subject"] for mail in self.mails)


@pytest.fixture
def mailbox(settings):
    box = Mailbox()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.ADMISSIONS_EMAILS = ["desk@example.org", "lead@example.org"]
    box.start()
    yield box
    box.stop()


def waiting(**changes):
    """A notice that became due at `NOW`."""
    notice = receive().notices.get()
    Notice.objects.filter(pk=notice.pk).update(**{"next_try_at": NOW} | changes)
    notice.refresh_from_db()
    return notice


def state_of(notice):
    notice.refresh_from_db()
    return (notice.state, notice.attempts)


@pytest.mark.django_db
def test_a_mail_holds_the_reference_and_the_link_and_nothing_else(mailbox, settings):
    settings.PUBLIC_ORIGIN = "https://www.example.org"
    notice = waiting()
    assert notices.send_due(NOW) == 1
    (mail,) = mailbox.mails
    request = notice.request
    link = f"https://www.example.org/admin/intake/assessmentrequest/{request.pk}/change/"
    assert mail["Subject"] == f"New request {request.reference}"
    assert mail["To"] == "desk@example.org, lead@example.org"
    assert mail.get_content().strip().splitlines() == [
        f"A new request is on the desk: {request.reference}",
        "",
        link,
    ]
    assert personal_words_in(mail.as_string()) == []


@pytest.mark.django_db
def test_the_link_in_the_mail_leads_to_the_request(mailbox, client, make_staff):
    notice = waiting()
    notices.send_due(NOW)
    client.force_login(make_staff("admissions"))
    link = mailbox.mails[0].get_content().split()[-1]
    page = client.get("/" + link.split("/", 3)[3])
    assert page.context["request_row"] == notice.request


@pytest.mark.django_db
def test_a_notice_is_sent_once_and_then_rests(mailbox):
    notice = waiting()
    assert [notices.send_due(NOW), notices.send_due(NOW), notices.send_due(NOW + dt.timedelta(days=9))] == [1, 0, 0]
    assert len(mailbox.mails) == 1
    assert state_of(notice) == ("sent", 1)
    assert (notice.sent_at, notice.last_error) == (NOW, "")


@pytest.mark.django_db
def test_a_notice_that_is_not_due_yet_waits(mailbox):
    notice = waiting()
    assert notices.send_due(NOW - SECOND) == 0
    assert state_of(notice) == ("queued", 0)
    assert mailbox.mails == []


@pytest.mark.django_db
def test_while_the_server_is_down_the_wait_grows_and_after_the_last_the_notice_failed(mailbox):
    mailbox.stop()
    notice, now, waits = waiting(), NOW, []
    for attempt in range(1, len(notices.WAITS) + 1):
        assert notices.send_due(now) == 0
        assert state_of(notice) == ("retrying", attempt)
        assert notice.last_error == "ConnectionRefusedError"
        waits.append(notice.next_try_at - now)
        assert notices.send_due(notice.next_try_at - SECOND) == 0
        assert state_of(notice) == ("retrying", attempt)
        now = notice.next_try_at
    outside = [
        (wait, planned)
        for wait, planned in zip(waits, notices.WAITS, strict=True)
        if not planned * 0.8 <= wait <= planned * 1.2
    ]
    assert outside == []
    assert sorted(waits) == waits

    notices.send_due(now)
    assert state_of(notice) == ("failed", len(notices.WAITS) + 1)
    mailbox.start()
    assert notices.send_due(now + dt.timedelta(days=365)) == 0
    assert mailbox.mails == []


@pytest.mark.django_db
def test_when_the_server_is_back_the_notice_is_sent_once(mailbox):
    mailbox.stop()
    notice = waiting()
    notices.send_due(NOW)
    assert state_of(notice) == ("retrying", 1)
    mailbox.start()
    later = notice.next_try_at
    assert [notices.send_due(later), notices.send_due(later + dt.timedelta(days=1))] == [1, 0]
    assert len(mailbox.mails) == 1
    assert state_of(notice) == ("sent", 2)
    assert (notice.sent_at, notice.last_error) == (later, "")


@pytest.mark.django_db
def test_a_server_that_refuses_the_mail_is_tried_again(mailbox):
    mailbox.refusals = ["451 come back later"]
    notice = waiting()
    assert notices.send_due(NOW) == 0
    assert state_of(notice) == ("retrying", 1)
    assert notice.last_error == "SMTPDataError"
    assert notices.send_due(notice.next_try_at) == 1
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
    notice = waiting()
    setattr(settings, setting, value)
    assert notices.send_due(NOW) == 0
    notice.refresh_from_db()
    assert (notice.state, notice.last_error, notice.sent_at) == ("retrying", error, None)


@pytest.mark.django_db
def test_one_failure_does_not_hold_up_the_others(mailbox):
    mailbox.refusals = ["451 come back later"]
    first, second = waiting(next_try_at=NOW - SECOND), waiting()
    assert notices.send_due(NOW) == 1
    assert [state_of(first), state_of(second)] == [("retrying", 1), ("sent", 1)]
    assert mailbox.subjects == [f"New request {second.request.reference}"]


@pytest.mark.django_db
def test_notices_go_out_in_the_order_they_became_due(mailbox):
    late, early = waiting(next_try_at=NOW), waiting(next_try_at=NOW - dt.timedelta(hours=1))
    assert notices.send_due(NOW) == 2
    assert [mail["Subject"] for mail in mailbox.mails] == [
        f"New request {notice.request.reference}" for notice in (early, late)
    ]


@pytest.mark.django_db
def test_a_notice_whose_worker_died_is_taken_up_again_after_a_while(mailbox):
    notice = waiting(state="sending", claimed_at=NOW, attempts=1)
    assert notices.send_due(NOW + notices.STUCK_AFTER - SECOND) == 0
    assert state_of(notice) == ("sending", 1)
    assert notices.send_due(NOW + notices.STUCK_AFTER) == 1
    assert state_of(notice) == ("sent", 2)
    assert len(mailbox.mails) == 1


def test_while_a_mail_is_on_its_way_the_claim_is_visible_to_others(site, mailbox):
    notice, seen = waiting(), []

    def look():
        try:
            seen.append(Notice.objects.values_list("state", "attempts").get(pk=notice.pk))
        finally:
            connection.close()

    def look_from_elsewhere():
        looker = threading.Thread(target=look)
        looker.start()
        looker.join()

    mailbox.on_mail = look_from_elsewhere
    notices.send_due(NOW)
    assert seen == [("sending", 1)]


def test_several_workers_at_once_send_every_notice_exactly_once(site, mailbox):
    references = sorted(waiting().request.reference for _ in range(20))
    workers = 4
    together = threading.Barrier(workers)

    def work(_number):
        try:
            together.wait()
            return notices.send_due(NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        sent = list(pool.map(work, range(workers)))
    assert sum(sent) == len(references)
    assert mailbox.subjects == [f"New request {reference}" for reference in references]
    assert list(Notice.objects.values_list("state", "attempts").distinct()) == [("sent", 1)]


# The command


def said_by_worker(caplog):
    """Without what the mail server on loopback logs about itself, at moments of its own."""
    return [record.getMessage() for record in caplog.records if record.name.endswith("run_worker")]


def test_the_worker_run_once_sends_what_is_due_and_ends(site, mailbox, caplog):
    caplog.set_level(logging.INFO)
    due, later = waiting(), waiting(next_try_at=timezone.now() + dt.timedelta(days=1))
    call_command("run_worker", "--once")
    assert [state_of(due), state_of(later)] == [("sent", 1), ("queued", 0)]
    assert mailbox.subjects == [f"New request {due.request.reference}"]
    assert said_by_worker(caplog) == ["Notices sent: 1"]
    assert personal_words_in(caplog.text) == []


def test_the_worker_run_once_with_nothing_to_do_says_nothing(site, mailbox, caplog):
    caplog.set_level(logging.INFO)
    call_command("run_worker", "--once")
    assert mailbox.mails == []
    assert said_by_worker(caplog) == []


def test_a_database_that_refuses_does_not_end_the_worker_with_an_error(site, mailbox, caplog):
    notice = waiting()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE intake_notice RENAME TO intake_notice_away")
    try:
        call_command("run_worker", "--once")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE intake_notice_away RENAME TO intake_notice")
    (said,) = said_by_worker(caplog)
    assert said.startswith("The queue of notices could not be read: ")
    assert state_of(notice) == ("queued", 0)
    call_command("run_worker", "--once")
    assert state_of(notice) == ("sent", 1)


def stop():
    os.kill(os.getpid(), signal.SIGTERM)


def test_a_running_worker_ends_its_round_and_stops_when_it_is_told_to(site, mailbox):
    notice = waiting()
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
    assert state_of(notice) == ("sent", 1)
    assert len(mailbox.mails) == 1
