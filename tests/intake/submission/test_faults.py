"""Whatever of ours fails while a form is accepted: it is stored, or spooled, or shown with everything typed."""

import datetime as dt
import os

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.utils import timezone

from intake import worker
from intake.contact import schedule
from intake.models import AssessmentRequest, EncryptedText
from intake.monitoring import status
from intake.submission import accept as submission
from intake.submission import circuit_breaker, private_link, sent_form, spool, tokens
from pages import facts
from pages.models import Center, OpeningHours
from tests.html import forms_on
from tests.intake.support.factories import make_answers, make_request
from tests.intake.support.helpers import (
    ADDRESS,
    LIST,
    PERSON,
    accept_inserts,
    form_on,
    personal_words_in,
    refuse_inserts,
)
from tests.intake.support.visitor import TYPED, Browser, main_of, send, typed_on

STORED, SPOOLED, SHOWN = "stored", "spooled", "shown"


def tell_hours():
    Center.objects.update(contact_target_hours=2)
    for weekday in range(7):
        OpeningHours.objects.create(center=Center.objects.get(), weekday=weekday, opens=dt.time(8), closes=dt.time(20))
    facts.forget()


def rename(table, name):
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {name}")


class TimeZoneThatIsNone:
    def begin(self, settings):
        tell_hours()
        Center.objects.update(time_zone="Nowhere/Atall")
        facts.forget()

    def end(self, settings):
        Center.objects.update(time_zone="America/Phoenix")
        facts.forget()


class TargetBeyondAllDates:
    """As an older database may have kept it, or the copy of the facts on the disk."""

    def begin(self, settings):
        tell_hours()
        facts.current().center.contact_target_hours = 10**15

    def end(self, settings):
        facts.forget()


class TargetOfManyYears(TimeZoneThatIsNone):
    """No fault to read, but one to count with."""

    def begin(self, settings):
        tell_hours()
        facts.current().center.contact_target_hours = 90_000_000


class BrokenSetting:
    def __init__(self, name, value):
        self.name, self.value = name, value

    def begin(self, settings):
        self.before = getattr(settings, self.name)
        setattr(settings, self.name, self.value)

    def end(self, settings):
        setattr(settings, self.name, self.before)


class RefusedRows:
    def __init__(self, table):
        self.table = table

    def begin(self, settings):
        refuse_inserts(self.table)

    def end(self, settings):
        accept_inserts(self.table)


class MissingTable:
    def __init__(self, table):
        self.table = table

    def begin(self, settings):
        rename(self.table, "taken_away")

    def end(self, settings):
        rename("taken_away", self.table)


class Both:
    def __init__(self, *faults):
        self.faults = faults

    def begin(self, settings):
        for fault in self.faults:
            fault.begin(settings)

    def end(self, settings):
        for fault in self.faults:
            fault.end(settings)


# What fails, where the form is then, and where it is when the worker comes while it still fails
FAULTS = {
    "a time zone that is none": (TimeZoneThatIsNone(), STORED, STORED),
    "a target beyond all dates": (TargetBeyondAllDates(), STORED, STORED),
    "a target of ten thousand years": (TargetOfManyYears(), STORED, STORED),
    "the keys of the index": (BrokenSetting("INDEX_KEYS", "broken"), SPOOLED, SPOOLED),
    "a limit that is no number": (BrokenSetting("REQUEST_LIMIT_PER_NETWORK", "many"), SPOOLED, STORED),
    "rows of the limiter": (RefusedRows("intake_recentsender"), SPOOLED, STORED),
    "the table of the limiter": (MissingTable("intake_recentsender"), SPOOLED, STORED),
    "rows of the index": (RefusedRows("intake_blindindex"), SPOOLED, SPOOLED),
    "the keys that seal": (BrokenSetting("ENCRYPTION_KEYS", "broken"), SHOWN, SHOWN),
    "a folder that is none, and the database": (
        Both(BrokenSetting("SPOOL_DIR", None), RefusedRows("intake_outboxmessage")),
        SHOWN,
        SHOWN,
    ),
    "a folder that is closed, and the keys of the index": (
        Both(BrokenSetting("SPOOL_DIR", "/dev/null"), BrokenSetting("INDEX_KEYS", "broken")),
        SHOWN,
        SHOWN,
    ),
}


def whereabouts():
    try:
        waiting = spool.state().files
    except TypeError:  # no folder at all
        waiting = 0
    return STORED if AssessmentRequest.objects.exists() else SPOOLED if waiting else SHOWN


@pytest.mark.parametrize(("fault", "now", "then"), FAULTS.values(), ids=FAULTS)
def test_whatever_fails_a_form_is_stored_once_or_shown_with_all_that_was_typed(
    site, settings, caplog, fault, now, then
):
    visitor = Client(enforce_csrf_checks=True)
    fault.begin(settings)
    try:
        answer = send(visitor)
        assert whereabouts() == now
        if now == SHOWN:
            assert (answer.status_code, typed_on(answer)) == (503, TYPED)
            assert 'href="tel:+1' in main_of(answer)
        else:
            assert answer.status_code == 303
            confirmation = visitor.get(answer["Location"])
            assert (confirmation.status_code, "We have your request" in main_of(confirmation)) == (200, True)
            circuit_breaker.reset()
            worker.take_in_spool()
            assert whereabouts() == then
    finally:
        fault.end(settings)
    circuit_breaker.reset()
    if now == SHOWN:
        answer = visitor.post(ADDRESS, form_on(answer))
    worker.take_in_spool()
    assert (AssessmentRequest.objects.count(), spool.state().files) == (1, 0)
    assert EncryptedText.objects.get().decrypt()["message"] == TYPED["message"]
    assert AssessmentRequest.objects.get().reference in main_of(visitor.get(answer["Location"]))
    assert personal_words_in(caplog.text) == []


@pytest.mark.parametrize("fault", [fault for fault, now, _ in FAULTS.values() if now == SPOOLED])
def test_what_can_not_be_taken_in_stays_and_keeps_nothing_back(site, settings, clock, fault):
    healthy = tokens.draw()
    fault.begin(settings)
    try:
        send(Client(enforce_csrf_checks=True))
        is_taken_in = worker.take_in_spool() == 1
        state = spool.state()
        assert (state.files, state.set_aside) == (0 if is_taken_in else 1, 0)
        if not is_taken_in:
            old = timezone.now().timestamp() - 300
            for path in spool.waiting():
                os.utime(path, (old, old))
            part = status.report()["parts"]["spool"]
            assert (part["ok"], part["why"]) == (False, ["waiting"])
    finally:
        fault.end(settings)
    circuit_breaker.trip()
    submission.accept(sent_form.SentForm(healthy, make_answers(name="Healthy")))
    circuit_breaker.reset()
    worker.take_in_spool()
    assert sorted(text.decrypt()["name"] for text in EncryptedText.objects.all()) == ["Healthy", TYPED["name"]]


def test_a_file_that_the_database_refuses_does_not_block_those_behind_it(site):
    """One row that is refused, as a lock may do, is not a database that is away."""
    blocked, free = tokens.draw(), tokens.draw()
    first = make_request(blocked)
    circuit_breaker.trip()
    submission.accept(sent_form.SentForm(blocked, make_answers(message="One more word.")))
    submission.accept(sent_form.SentForm(free, make_answers(name="Behind")))
    circuit_breaker.reset()
    fault = RefusedUpdates("intake_assessmentrequest")
    fault.begin()
    assert worker.take_in_spool() == 1
    assert (spool.state().files, AssessmentRequest.objects.count()) == (1, 2)
    fault.end()
    assert (worker.take_in_spool(), first.texts.count(), spool.state().files) == (1, 2, 0)


class RefusedUpdates:
    def __init__(self, table):
        self.table = table

    def begin(self):
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute(
                    f"CREATE TRIGGER refuse_updates BEFORE UPDATE ON {self.table} "
                    "BEGIN INSERT INTO disk_is_full VALUES (1); END"
                )
                return
            cursor.execute(
                "CREATE FUNCTION refuse_updates() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'locked' USING ERRCODE = 'disk_full'; END $$"
            )
            cursor.execute(
                f"CREATE TRIGGER refuse_updates BEFORE UPDATE ON {self.table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_updates()"
            )

    def end(self):
        with connection.cursor() as cursor:
            is_sqlite = connection.vendor == "sqlite"
            cursor.execute("DROP TRIGGER refuse_updates" if is_sqlite else "DROP FUNCTION refuse_updates CASCADE")


@pytest.mark.django_db
def test_a_moment_with_which_nothing_can_be_counted_promises_nothing_and_is_stored():
    at = dt.datetime(9999, 12, 31, 10, tzinfo=dt.UTC)
    request = make_request(at=at)
    assert (request.promise, request.due_uses_default_hours, request.due_at) == ("", True, at + schedule.ASSUMED.target)


@pytest.mark.django_db
@pytest.mark.parametrize("content", ["word", ["no id", "ABCD-EFGH", 1], [1, 2, 3], ["0" * 32, "ABCD-EFGH", 1e300], []])
def test_a_token_of_ours_that_makes_no_sense_is_a_stale_page_with_all_kept(content):
    page = send(Browser(), token=signing.dumps(content, salt=tokens.FORM_SALT))
    assert (page.status_code, typed_on(page)) == (403, TYPED)


@pytest.mark.django_db
def test_a_request_by_phone_keeps_its_words_whatever_fails(desk, settings):
    address = f"{LIST}add/"
    fields = filled_by_staff(desk.get(address))
    settings.INDEX_KEYS = "broken"
    page = desk.post(address, fields)
    assert (page.status_code, AssessmentRequest.objects.count()) == (503, 0)
    assert [text for text in (PERSON["name"], PERSON["phone"]) if text not in page.content.decode()] == []


def filled_by_staff(page):
    fields = next(form.fields for form in forms_on(page) if "token" in form.fields)
    return {name: value for name, value in (fields | PERSON).items() if value is not None}


# Confirmation and private page


@pytest.mark.parametrize(
    "fault",
    [BrokenSetting("INDEX_KEYS", "broken"), MissingTable("intake_assessmentrequest"), MissingTable("intake_alias")],
    ids=["keys of the index", "requests", "other ids"],
)
def test_a_confirmation_is_never_a_bare_failure(site, settings, fault):
    visitor = Client(enforce_csrf_checks=True)
    address = send(visitor)["Location"]
    fault.begin(settings)
    try:
        page = visitor.get(address)
    finally:
        fault.end(settings)
    assert page.status_code == 200
    assert ("We have" in main_of(page), 'href="tel:+1' in main_of(page)) == (True, True)
    assert (page["Referrer-Policy"], page["X-Robots-Tag"]) == ("no-referrer", "noindex")


@pytest.mark.parametrize("action", ["time", "message", "withdraw"])
@pytest.mark.parametrize(
    "fault",
    [BrokenSetting("ENCRYPTION_KEYS", "broken"), MissingTable("intake_alias"), RefusedRows("intake_event")],
    ids=["keys that seal", "other ids", "events"],
)
def test_the_private_page_is_never_a_bare_failure(site, settings, fault, action):
    request = make_request()
    address = f"/assessment/manage/{private_link.secret_of(request.pk)}/"
    posted = {"action": action, "confirm": "yes", "preferred_time": "morning", "message": "One more word."}
    fault.begin(settings)
    try:
        page = Client().post(address, posted)
    finally:
        fault.end(settings)
    if page.status_code == 200:  # what does not need what failed
        assert action != "message"
        return
    assert page.status_code == 503
    assert ('href="tel:+1' in main_of(page), "One more word." in main_of(page)) == (True, action == "message")
