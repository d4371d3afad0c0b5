"""The synthetic request: the whole way on a real server with a real mail server, and what its header can't do."""

import datetime as dt
import email
import io
import os
import signal
import socket
import subprocess
import sys
import threading
from email import policy

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings as site_settings
from django.core import signing
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from intake import worker
from intake.models import (
    AccessRecord,
    AssessmentRequest,
    BlindIndex,
    ConsentRecord,
    ContactPreferences,
    EncryptedText,
    Event,
    Heartbeat,
    OutboxMessage,
    RecentSender,
)
from intake.monitoring import synthetic, synthetic_client, synthetic_header
from intake.notifications import outbox
from intake.submission import rate_limit, spam_signals, spool, tokens
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import ADDRESS, LIST, PERSON, form_on
from tests.ports import free_port

EVERYTHING_OF_A_REQUEST = [
    AssessmentRequest,
    BlindIndex,
    ConsentRecord,
    ContactPreferences,
    Event,
    OutboxMessage,
    RecentSender,
    EncryptedText,
]


def stored():
    return [model.objects.count() for model in EVERYTHING_OF_A_REQUEST]


def probe_of(request):
    return f"/assessment/probe/{tokens.to_receipt(request.pk)}/"


def signed(**headers):
    return {"headers": {synthetic_header.NAME: synthetic_header.sign(site_settings.SYNTHETIC_KEY)} | headers}


def receive_synthetic(**circumstances):
    return make_request(is_synthetic=True, **circumstances)


# The whole way


@pytest.fixture
def mails(settings):
    """What a mail server on loopback takes, as (recipients, mail)."""
    taken = []

    class Handler:
        async def handle_DATA(self, server, session, envelope):
            taken.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=policy.default)))
            return "250 taken"

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(Handler(), hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.ADMISSIONS_EMAILS, settings.DEFAULT_FROM_EMAIL = ["staff@example.org"], "machine@example.org"
    yield taken
    controller.stop()


@pytest.fixture
def working_worker(site):
    """A worker that goes round and round until the test ends."""
    stop = threading.Event()

    def work():
        try:
            while not stop.wait(0.2):
                worker.work_once()
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


def send(live_server, *arguments):
    out = io.StringIO()
    call_command("send_synthetic_request", "--origin", live_server.url, *arguments, stdout=out)
    return out.getvalue()


def test_it_goes_the_whole_way_and_leaves_nothing_but_its_success(site, live_server, working_worker, mails, settings):
    settings.REQUEST_LIMIT_PER_NETWORK = settings.REQUEST_LIMIT_TOTAL = 0  # it is not counted
    make_request()
    outbox.send_due()
    mails.clear()
    before = stored()
    said = send(live_server)
    assert stored() == before
    [(recipients, mail)] = mails
    assert recipients == ["machine@example.org"]
    reference = mail["Subject"].removeprefix("Test request ")
    assert said == f"The synthetic request {reference} came all the way and was erased.\n"
    assert Heartbeat.objects.filter(name="synthetic").count() == 1


def test_without_a_worker_it_says_that_the_notice_is_not_out(site, live_server, mails):
    with pytest.raises(CommandError) as failed:
        send(live_server, "--timeout", "0")
    assert failed.value.returncode == 1
    assert str(failed.value) == (
        "After 0 seconds: the notification to staff is 'queued', not sent. Do the worker and the mail server work?"
    )
    assert Heartbeat.objects.count() == 0
    request = AssessmentRequest.objects.get()
    assert (request.is_synthetic, request.quarantined_at, request.spam_signals) == (True, None, "")
    assert [notice.kind for notice in request.outbox_messages.all()] == ["new_request"]
    assert mails == []


def test_while_the_database_is_away_it_is_kept_and_comes_all_the_way_later(site, live_server, mails, working_worker):
    """The table is away when the form is sent, and back while the sender waits."""
    come_back = threading.Event()

    def bring_back():
        try:
            assert come_back.wait(60)
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE intake_encryptedtext_away RENAME TO intake_encryptedtext")
        finally:
            connection.close()

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE intake_encryptedtext RENAME TO intake_encryptedtext_away")
    thread = threading.Thread(target=bring_back)
    thread.start()
    watch = threading.Thread(target=lambda: (_wait_for_a_spool_file(), come_back.set()))
    watch.start()
    try:
        assert "came all the way" in send(live_server)
    finally:
        come_back.set()
        thread.join()
        watch.join()
    assert (AssessmentRequest.objects.count(), spool.waiting(), len(mails)) == (0, [], 1)


def _wait_for_a_spool_file():
    pause = threading.Event()
    for _ in range(600):
        if spool.state().files:
            return
        pause.wait(0.1)


def test_a_site_that_is_not_there_is_said_in_a_sentence(free_port):
    with pytest.raises(CommandError, match=r"^The form was not answered: .*refused"):
        call_command("send_synthetic_request", "--origin", f"http://127.0.0.1:{free_port}")


@pytest.fixture(name="free_port")
def a_free_port():
    return free_port()


def test_an_origin_that_is_no_address_is_said_in_a_sentence():
    with pytest.raises(CommandError, match=r"^The origin must begin with http:// or https://$"):
        call_command("send_synthetic_request", "--origin", "www.example.org")


def test_another_site_is_said_in_a_sentence(live_server, site, monkeypatch):
    monkeypatch.setattr(synthetic_client, "FORM", "/faq/")
    with pytest.raises(CommandError, match="has no form of ours"):
        send(live_server)


def test_sent_again_and_again_it_tells_of_failures_and_ends_when_told_to(free_port):
    command = [sys.executable, "manage.py", "send_synthetic_request"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [*command, "--every", "15", "--origin", f"http://127.0.0.1:{free_port}"],
        cwd=site_settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert said.startswith("The form was not answered: ")
    assert (process.returncode, out, err) == (0, "", "")


def test_the_sender_needs_no_secret_of_the_site_but_its_own(site, live_server, working_worker, mails, settings):
    settings.SYNTHETIC_KEY = "its own, and no other secret of the site"
    sender = subprocess.Popen(
        [sys.executable, "-m", "intake.monitoring.synthetic_client", "--every", "15"],
        cwd=site_settings.BASE_DIR,
        env={"PUBLIC_ORIGIN": live_server.url, "SYNTHETIC_KEY": settings.SYNTHETIC_KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = sender.stdout.readline()
    sender.send_signal(signal.SIGTERM)
    _out, err = sender.communicate(timeout=60)
    assert (said.endswith("came all the way and was erased.\n"), sender.returncode, err) == (True, 0, "")
    assert len(mails) == 1


@pytest.mark.parametrize("missing", ["PUBLIC_ORIGIN", "SYNTHETIC_KEY"])
def test_the_sender_names_what_it_lacks(missing):
    environment = {"PUBLIC_ORIGIN": "http://127.0.0.1:1", "SYNTHETIC_KEY": "k"} | {missing: ""}
    command = [sys.executable, "-m", "intake.monitoring.synthetic_client", "--every", "15"]
    done = subprocess.run(
        command, cwd=site_settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, f"Not started: {missing} is not set. See .env.example.\n")


def test_the_sender_knows_what_the_site_expects():
    assert synthetic_client.WHOLE == synthetic.WHOLE
    assert spam_signals.TOO_FAST.total_seconds() < synthetic_client.READING_TIME


# The form with the header


def sent_form(client, **extra):
    fields = form_on(client.get(ADDRESS)) | PERSON
    return client.post(ADDRESS, fields, **extra)


@pytest.mark.django_db
def test_a_form_with_the_header_is_synthetic_never_suspected_and_never_counted(settings):
    settings.REQUEST_LIMIT_PER_NETWORK = settings.REQUEST_LIMIT_TOTAL = 0
    client = Client(enforce_csrf_checks=True)
    response = sent_form(client, **signed())  # at once, which is suspicious
    assert response.status_code == 303
    request = AssessmentRequest.objects.get()
    assert (request.is_synthetic, request.spam_signals, RecentSender.objects.count()) == (True, "", 0)
    assert rate_limit.recent_traffic("anyone", timezone.now()).is_flood is True


FORGED = {
    "none": "",
    "unsigned": "synthetic",
    "other purpose": signing.TimestampSigner(salt="intake.form").sign("synthetic"),
    "other word": signing.TimestampSigner(salt="intake.synthetic").sign("other"),
    "other key": signing.TimestampSigner(salt="intake.synthetic", key="k" * 50).sign("synthetic"),
    "no timestamp": signing.Signer(salt="intake.synthetic").sign("synthetic"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("value", FORGED.values(), ids=FORGED.keys())
def test_a_form_with_a_made_up_header_is_a_real_one(value):
    sent_form(Client(enforce_csrf_checks=True), headers={synthetic_header.NAME: value})
    assert AssessmentRequest.objects.get().is_synthetic is False


@pytest.mark.django_db
def test_a_header_is_good_for_a_minute(stopped_clock):
    now = timezone.now()
    header = synthetic_header.sign(site_settings.SYNTHETIC_KEY)
    request = receive_synthetic()
    statuses = []
    for age in (59, 61):
        stopped_clock.move_to(now + dt.timedelta(seconds=age), tick=False)
        statuses.append(Client().get(probe_of(request), headers={synthetic_header.NAME: header}).status_code)
    assert statuses == [200, 404]


# The probe


@pytest.mark.django_db
def test_the_probe_tells_how_far_it_came_in_codes(client):
    request = receive_synthetic()
    response = client.get(probe_of(request), **signed())
    assert (response.status_code, response.json()) == (200, {"stored": True, "notification": "queued", "on_desk": True})
    assert "no-store" in response["Cache-Control"]
    OutboxMessage.objects.update(state="sent")
    assert client.get(probe_of(request), **signed()).json() == synthetic.WHOLE
    EncryptedText.objects.update(envelope=b"\x01\x01kgarbled")
    assert client.get(probe_of(request), **signed()).json()["on_desk"] is False


@pytest.mark.django_db
def test_the_probe_erases_what_came_all_the_way_and_notes_it(client):
    make_request()
    before = stored()
    request = receive_synthetic(form_key="k" * 64)
    assert client.post(probe_of(request), **signed()).json()["erased"] is False
    assert (AssessmentRequest.objects.count(), Heartbeat.objects.count()) == (2, 0)
    OutboxMessage.objects.filter(request=request).update(state="sent")
    assert client.post(probe_of(request), **signed()).json() == synthetic.WHOLE | {"erased": True}
    assert stored() == before
    assert list(Heartbeat.objects.values_list("name", flat=True)) == ["synthetic"]
    assert client.post(probe_of(request), **signed()).json()["erased"] is False


@pytest.mark.django_db
def test_a_valid_header_neither_shows_nor_erases_a_real_request(client):
    request = make_request()
    OutboxMessage.objects.update(state="sent")
    before = stored()
    assert client.get(probe_of(request), **signed()).json() == {"stored": False, "notification": "", "on_desk": False}
    assert client.post(probe_of(request), **signed()).json()["erased"] is False
    assert synthetic.erase(request.pk) is False
    assert (stored(), Heartbeat.objects.count()) == (before, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "head", "put", "delete", "options"])
@pytest.mark.parametrize("value", FORGED.values(), ids=FORGED.keys())
def test_without_a_valid_header_the_probe_is_not_there(method, value):
    client = Client(enforce_csrf_checks=True)
    request = receive_synthetic()
    OutboxMessage.objects.update(state="sent")
    headers = {synthetic_header.NAME: value} if value else {}
    response = getattr(client, method)(probe_of(request), headers=headers)
    elsewhere = client.get("/assessment/nothing/here/")
    assert response.status_code == 404
    assert response.headers == elsewhere.headers
    assert response.content == (b"" if method == "head" else elsewhere.content)
    assert AssessmentRequest.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["head", "put", "delete"])
def test_the_probe_answers_to_get_and_post_only(client, method):
    assert getattr(client, method)(probe_of(receive_synthetic()), **signed()).status_code == 404


@pytest.mark.django_db
def test_a_made_up_receipt_is_not_there(client):
    receipt = tokens.to_receipt(receive_synthetic().pk)
    assert client.get(f"/assessment/probe/{receipt[:-1]}x/", **signed()).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_while_the_database_is_away_the_probe_says_so(client):
    request = receive_synthetic()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE intake_assessmentrequest RENAME TO away")
    try:
        response = client.get(probe_of(request), **signed())
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO intake_assessmentrequest")
    assert (response.status_code, response.json()) == (503, {"why": "database"})


# Elsewhere


@pytest.mark.django_db
def test_no_list_of_the_desk_shows_it(client, make_staff):
    real, machine = make_request(), receive_synthetic()
    client.force_login(make_staff("admissions"))
    for tab in ({}, {"tab": "unassigned"}):
        page = client.get(LIST, tab).content.decode()
        assert (real.reference in page, machine.reference in page) == (True, False)
    assert AccessRecord.objects.first().request_ids == [real.pk]


def test_the_worker_erases_what_was_left_behind_for_a_day(site):
    now, day, second = timezone.now(), dt.timedelta(days=1), dt.timedelta(seconds=1)
    old, young = receive_synthetic(at=now - day - second), receive_synthetic(at=now - day + 60 * second)
    real = make_request(at=now - 9 * day)
    worker.work_once()
    assert set(AssessmentRequest.objects.values_list("pk", flat=True)) == {young.pk, real.pk}
    assert EncryptedText.objects.filter(request_id=old.pk).count() == 0
