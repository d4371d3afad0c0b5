"""What alarms watch, and what the desk is told: each red condition, with real rows, files and a real dead database."""

import base64
import contextlib
import datetime as dt
import os
import socket
import threading
import time
import uuid

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake.models import Heartbeat, OutboxMessage
from intake.monitoring import heartbeat, status
from intake.submission import spool
from pages import content_generation
from staff import event_mails
from staff.accounts import links
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import LIST, personal_words_in

TOKEN = "a token for the tests"
SECOND = dt.timedelta(seconds=1)
MINUTE = dt.timedelta(minutes=1)
PARTS = ["keys", "spool", "database", "kept_pages", "migrations", "logs", "worker", "outbox", "account_mail"]
PARTS += ["synthetic", "content"]


@pytest.fixture(autouse=True)
def token(settings):
    settings.STATUS_TOKEN = TOKEN
    spool.prepare()


@pytest.fixture
def healthy(db):
    """A site on which all is well: a worker beats, the mail is out."""
    heartbeat.beat(heartbeat.of_this_worker())


def get_status(client, authorization=f"Bearer {TOKEN}", **headers):
    return client.get("/status", headers={"authorization": authorization} | headers)


def problems(client):
    """The status code, and the red parts with their reasons."""
    response = get_status(client)
    report = response.json()
    assert sorted(report["parts"]) == sorted(PARTS)
    assert report["ok"] is (response.status_code == 200)
    return response.status_code, {name: part["why"] for name, part in report["parts"].items() if not part["ok"]}


def beat_ago(name, age):
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": timezone.now() - age})


def spool_file(age=dt.timedelta(0)):
    spool.put(uuid.uuid4(), {"answers": {"message": "tea"}})
    path = spool.waiting()[-1]
    os.utime(path, (time.time() - age.total_seconds(),) * 2)
    return path


def notice_of(**changes):
    notice = make_request().outbox_messages.get()
    OutboxMessage.objects.filter(pk=notice.pk).update(**changes)
    return notice


# Who may see it


def test_with_the_token_all_is_well(client, healthy):
    response = get_status(client, host="10.0.0.7")
    report = response.json()
    assert (response.status_code, response["Cache-Control"], response["Content-Type"]) == (
        200,
        "no-store",
        "application/json",
    )
    assert report["ok"] is True
    assert dt.datetime.fromisoformat(report["at"]).tzinfo is not None
    assert report["parts"]["worker"].pop("seconds_since").keys() == {heartbeat.of_this_worker()}
    assert report["parts"] == {
        "keys": {"ok": True, "why": []},
        "spool": {"ok": True, "why": [], "files": 0, "oldest_seconds": 0, "set_aside": 0, "writable": True},
        "database": {"ok": True, "why": []},
        "kept_pages": {"ok": True, "why": ["not_watched"]},
        "migrations": {"ok": True, "why": [], "pending": 0},
        "logs": {"ok": True, "why": []},
        "worker": {"ok": True, "why": []},
        "outbox": {
            "ok": True,
            "why": [],
            "waiting": 0,
            "failing": 0,
            "oldest_seconds_late": 0,
            "failed_to_staff": 0,
            "failed_to_people": 0,
            "refused_addresses": 0,
        },
        "account_mail": {"ok": True, "why": [], "overdue": 0},
        "synthetic": {"ok": True, "why": ["not_set_up"]},
        "content": {"ok": True, "why": [], "overdue": 0},
    }


def test_pages_kept_in_memory_that_were_not_checked_turn_it_red(client, healthy, monkeypatch):
    monkeypatch.setattr(content_generation, "_is_watched", True)
    now = time.monotonic()
    answers = []
    for asked_at in (None, now - content_generation.PATIENCE - 1, now):
        monkeypatch.setattr(content_generation, "_asked_at", asked_at)
        answers.append(problems(client))
    assert answers == [(503, {"kept_pages": ["not_checked"]})] * 2 + [(200, {})]


WRONG = ["", TOKEN, f"Basic {TOKEN}", "Bearer", "Bearer ", "Bearer wrong", f"Bearer {TOKEN}x", "Bearer \xe9"]


@pytest.mark.parametrize("authorization", WRONG)
def test_without_the_right_token_there_is_no_such_page(client, healthy, authorization):
    response, elsewhere = get_status(client, authorization), client.get("/nothing-here/")
    assert (response.status_code, elsewhere.status_code) == (404, 404)
    assert response.content == elsewhere.content
    assert response.headers == elsewhere.headers


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Bearer None", f"Bearer {TOKEN}"])
def test_where_no_token_is_set_nobody_gets_in(client, healthy, settings, authorization):
    settings.STATUS_TOKEN = ""
    assert get_status(client, authorization).status_code == 404


def test_it_is_not_sent_to_tls(client, healthy, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert get_status(client).status_code == 200


def test_it_holds_nothing_that_a_person_told(client, healthy):
    notice_of(state="failed", claimed_at=timezone.now(), last_error="ConnectionRefusedError")
    response = get_status(client)
    assert response.status_code == 503
    assert personal_words_in(response.content.decode()) == []


# What is red


@pytest.mark.parametrize("setting", ["ENCRYPTION_KEYS", "INDEX_KEYS"])
def test_keys_that_can_not_be_used_are_red(client, healthy, settings, setting):
    setattr(settings, setting, "k1:short")
    assert problems(client) == (503, {"keys": [setting]})


def test_a_spool_that_can_not_be_written_is_red(client, healthy, settings, tmp_path):
    (tmp_path / "file").touch()
    settings.SPOOL_DIR = tmp_path / "file" / "spool"
    assert problems(client) == (503, {"spool": ["not_writable"]})


def test_a_file_that_waits_too_long_is_red_and_a_fresh_one_is_not(client, healthy):
    spool_file(age=100 * SECOND)
    assert problems(client) == (200, {})
    spool_file(age=150 * SECOND)
    assert problems(client) == (503, {"spool": ["waiting"]})
    part = get_status(client).json()["parts"]["spool"]
    assert (part["files"], part["oldest_seconds"] // 10) == (2, 15)


def test_a_file_that_was_set_aside_is_red(client, healthy):
    spool.set_aside(spool_file())
    assert problems(client) == (503, {"spool": ["set_aside"]})
    assert get_status(client).json()["parts"]["spool"]["set_aside"] == 1


@pytest.mark.django_db
def test_a_worker_that_was_never_there_is_red(client):
    assert problems(client) == (503, {"worker": ["none"]})
    beat_ago("worker of another kind", dt.timedelta(hours=25))
    beat_ago("synthetic", dt.timedelta(0))
    assert problems(client) == (503, {"worker": ["none"]})


def test_a_machine_whose_worker_fell_silent_is_red_although_another_one_works(client, healthy):
    beat_ago("worker two", 55 * SECOND)
    assert problems(client) == (200, {})
    beat_ago("worker two", 65 * SECOND)
    assert problems(client) == (503, {"worker": ["silent"]})
    assert get_status(client).json()["parts"]["worker"]["seconds_since"].keys() == {
        heartbeat.of_this_worker(),
        "worker two",
    }
    beat_ago("worker two", dt.timedelta(hours=25))  # given up
    assert problems(client) == (200, {})


def test_a_worker_that_was_told_to_end_is_not_missed(client, healthy):
    beat_ago("worker two", dt.timedelta(0))
    heartbeat.sign_off()
    assert list(get_status(client).json()["parts"]["worker"]["seconds_since"]) == ["worker two"]


def test_a_notice_that_is_late_is_red(client, healthy):
    notice = notice_of(next_try_at=timezone.now() - 9 * MINUTE)
    assert problems(client) == (200, {})
    for state in ("queued", "sending", "retrying"):
        OutboxMessage.objects.filter(pk=notice.pk).update(next_try_at=timezone.now() - 11 * MINUTE, state=state)
        assert problems(client) == (503, {"outbox": ["late"]})
    part = get_status(client).json()["parts"]["outbox"]
    assert (part["waiting"], part["oldest_seconds_late"] // 60) == (1, 11)
    OutboxMessage.objects.filter(pk=notice.pk).update(state="sent")
    assert problems(client) == (200, {})


def test_late_email_about_an_account_is_red(client, healthy, make_staff, clock):
    link = links.request_link(make_staff("editor", email="maria@example.org"))
    clock.shift(9 * MINUTE)
    heartbeat.beat(heartbeat.of_this_worker())
    assert problems(client) == (200, {})
    clock.shift(2 * MINUTE)
    heartbeat.beat(heartbeat.of_this_worker())
    assert problems(client) == (503, {"account_mail": ["late"]})
    assert get_status(client).json()["parts"]["account_mail"]["overdue"] == 2  # the link, and the news of it
    links.end_open(link.account, timezone.now())
    event_mails.send_due()
    assert problems(client) == (200, {})


def test_a_notice_that_waits_for_its_next_try_is_no_problem(client, healthy):
    notice_of(state="retrying", next_try_at=timezone.now() + dt.timedelta(hours=1))
    assert problems(client) == (200, {})
    assert get_status(client).json()["parts"]["outbox"]["oldest_seconds_late"] == 0


def test_an_alert_that_fails_again_and_again_is_red_long_before_it_is_given_up(client, healthy):
    notice = notice_of(state="retrying", attempts=3, next_try_at=timezone.now() + MINUTE)
    assert problems(client) == (200, {})
    OutboxMessage.objects.filter(pk=notice.pk).update(attempts=4)
    assert problems(client) == (503, {"outbox": ["failing"]})
    assert get_status(client).json()["parts"]["outbox"]["failing"] == 1


def test_an_address_that_the_mail_server_refuses_is_red_for_a_day(client, healthy):
    notice = notice_of(state="partly", refused=2, claimed_at=timezone.now() - dt.timedelta(hours=23))
    assert problems(client) == (503, {"outbox": ["refused"]})
    assert get_status(client).json()["parts"]["outbox"]["refused_addresses"] == 2
    OutboxMessage.objects.filter(pk=notice.pk).update(claimed_at=timezone.now() - dt.timedelta(hours=25))
    assert problems(client) == (200, {})


def test_a_notice_to_staff_that_failed_is_red_for_a_day(client, healthy):
    notice = notice_of(state="failed", claimed_at=timezone.now() - dt.timedelta(hours=23))
    assert problems(client) == (503, {"outbox": ["failed"]})
    assert get_status(client).json()["parts"]["outbox"]["failed_to_staff"] == 1
    OutboxMessage.objects.filter(pk=notice.pk).update(claimed_at=timezone.now() - dt.timedelta(hours=25))
    assert problems(client) == (200, {})


def test_an_address_that_someone_mistyped_is_counted_and_no_alarm(client, healthy):
    make_request(email_ok="on")
    OutboxMessage.objects.filter(kind="acknowledgement").update(state="failed", claimed_at=timezone.now())
    assert problems(client) == (200, {})
    assert get_status(client).json()["parts"]["outbox"]["failed_to_people"] == 1


def test_a_synthetic_request_that_never_came_or_is_late_is_red(client, healthy, settings):
    settings.SYNTHETIC_MAX_MINUTES = 45
    assert problems(client) == (503, {"synthetic": ["never"]})
    beat_ago("synthetic", 46 * MINUTE)
    assert problems(client) == (503, {"synthetic": ["late"]})
    beat_ago("synthetic", 44 * MINUTE)
    assert problems(client) == (200, {})
    assert get_status(client).json()["parts"]["synthetic"]["seconds_since"] // 60 == 44


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_waits_is_red(client):
    heartbeat.beat(heartbeat.of_this_worker())
    call_command("migrate", "staff", "zero", fake=True, verbosity=0)
    try:
        assert problems(client) == (503, {"migrations": ["pending"]})
        assert get_status(client).json()["parts"]["migrations"]["pending"] == 1
    finally:
        call_command("migrate", "staff", fake=True, verbosity=0)
    assert problems(client) == (200, {})


def test_a_log_that_can_be_changed_is_red(client, healthy):
    trigger = "refuse_change_DELETE_staff_securityevent"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"DROP TRIGGER {trigger}")
        else:
            cursor.execute("ALTER TABLE staff_securityevent DISABLE TRIGGER refuse_change")
    assert problems(client) == (503, {"logs": ["not_guarded"]})


@pytest.mark.django_db(transaction=True)
def test_a_table_that_is_missing_is_red_and_the_other_parts_still_tell(client):
    heartbeat.beat(heartbeat.of_this_worker())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE intake_outboxmessage RENAME TO intake_outboxmessage_away")
    try:
        assert problems(client) == (503, {"outbox": ["database"]})
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE intake_outboxmessage_away RENAME TO intake_outboxmessage")


@pytest.mark.django_db(transaction=True)
def test_a_database_that_takes_no_writes_is_red(client):
    heartbeat.beat(heartbeat.of_this_worker())
    on_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON" if on_sqlite else "SET default_transaction_read_only = on")
        try:
            status_code, red = problems(client)
        finally:
            cursor.execute("PRAGMA query_only = OFF" if on_sqlite else "SET default_transaction_read_only = off")
    assert (status_code, red["database"]) == (503, ["no_writes"])


def test_while_the_database_is_away_it_says_so_and_tells_of_the_rest(client, take_database_away, settings):
    settings.SYNTHETIC_MAX_MINUTES = 45
    spool_file()
    take_database_away()
    status_code, red = problems(client)
    unknown = {part: ["database"] for part in PARTS[PARTS.index("migrations") :]}
    assert (status_code, red) == (503, {"database": ["away"]} | unknown)
    assert get_status(client).json()["parts"]["spool"]["files"] == 1


def test_a_dead_database_is_asked_once_so_that_the_answer_comes_within_one_timeout(client, take_database_away):
    """Where the database is a server: it takes connections and never speaks. On SQLite, nobody knocks."""
    knocks = []
    server = socket.create_server(("127.0.0.1", 0))

    def turn_away():
        with contextlib.suppress(OSError):
            while True:
                visitor, _address = server.accept()
                knocks.append(1)
                visitor.close()

    thread = threading.Thread(target=turn_away)
    thread.start()
    before = {name: connection.settings_dict[name] for name in ("HOST", "PORT")}
    connection.settings_dict |= {"HOST": "127.0.0.1", "PORT": server.getsockname()[1]}
    try:
        take_database_away()
        asked_once = len(knocks)
        assert problems(client)[0] == 503
    finally:
        connection.settings_dict |= before
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()
    assert (asked_once > 0) is (connection.vendor == "postgresql")
    assert len(knocks) == 2 * asked_once


def test_readyz_is_ready_with_the_spool_alone_and_not_without_both(client, take_database_away, settings, tmp_path):
    take_database_away()
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (200, b"ready\n")
    (tmp_path / "file").touch()
    settings.SPOOL_DIR = tmp_path / "file" / "spool"
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, b"storage\n")


@pytest.mark.django_db
def test_readyz_is_ready_with_the_database_alone(client, settings, tmp_path):
    (tmp_path / "file").touch()
    settings.SPOOL_DIR = tmp_path / "file" / "spool"
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("setting", ["ENCRYPTION_KEYS", "INDEX_KEYS"])
def test_readyz_is_not_ready_without_one_of_the_rings(client, settings, setting):
    setattr(settings, setting, "k1:" + base64.urlsafe_b64encode(b"short").decode())
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, b"keys\n")


# What the desk is told


def alarms_on(response):
    page = response.content.decode()
    if "messagelist alarms" not in page:
        return []
    found = page.partition('<ul class="messagelist alarms">')[2].partition("</ul>")[0]
    return [item.partition("</li>")[0] for item in found.split('<li class="warning">')[1:]]


@pytest.fixture
def desk(client, make_staff):
    client.force_login(make_staff("admissions"))
    return client


@pytest.mark.django_db
def test_the_list_of_the_desk_says_nothing_while_all_is_well(desk):
    make_request()
    notice_of(state="failed", claimed_at=timezone.now() - dt.timedelta(hours=25))
    notice_of(kind="acknowledgement", state="failed", claimed_at=timezone.now())  # someone mistyped their address
    assert alarms_on(desk.get(LIST)) == []


@pytest.mark.django_db
def test_the_list_of_the_desk_warns_of_what_is_missing_in_it(desk):
    spool_file()
    spool_file()
    spool.set_aside(spool_file())
    notice_of(state="failed", claimed_at=timezone.now())
    assert alarms_on(desk.get(LIST)) == [
        "2 requests or changes are not in this list yet. They are safe and will appear by themselves. If this "
        "message stays, tell the person who runs the site.",
        "1 request or change can&#x27;t be read and is not in this list. Tell the person who runs the site.",
        "1 alert could not be emailed to you in the last day. Please watch this list.",
    ]


@pytest.mark.django_db
def test_the_warnings_cost_one_query_and_one_more_file_or_notice_costs_none(desk):
    with CaptureQueriesContext(connection) as queries:
        status.for_staff()
    assert len(queries) == 1
    for _ in range(3):
        spool_file()
        notice_of(state="failed", claimed_at=timezone.now())
    with CaptureQueriesContext(connection) as queries:
        assert len(status.for_staff()) == 2
    assert len(queries) == 1


@pytest.mark.django_db
def test_someone_without_the_role_is_told_nothing(client, make_staff):
    spool_file()
    client.force_login(make_staff("editor"))
    response = client.get(LIST)
    assert response.status_code == 403
    assert alarms_on(response) == []
