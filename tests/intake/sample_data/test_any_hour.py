"""Form, desk, worker and the made-up requests, at the hours at which nobody tries them: at night, on a Sunday, at the
end of the year, while the clocks change."""

import datetime as dt
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from intake import workflow
from intake.contact import schedule as hours_of_contact
from intake.contact.preferences import newest_preferences
from intake.models import AssessmentRequest, Attempt, EncryptedText, Event
from intake.sample_data import history
from intake.worker import work_once
from pages.models import Center
from tests.html import forms_on
from tests.intake.support.helpers import ADDRESS, LIST, PERSON, change_page, form_on, local_time, personal_words_in
from tests.intake.support.request_page import press

# name: (when, the zone of the center and of the person)
MOMENTS = {
    "a night": (local_time("2026-11-25 02:22"), "America/Phoenix"),
    "a Sunday": (local_time("2026-11-29 07:31"), "America/Phoenix"),
    "the end of a year": (local_time("2026-12-31 23:30"), "America/Phoenix"),
    "an hour that comes twice": (local_time("2026-11-01 01:30", "America/New_York"), "America/New_York"),
    "an hour that never comes": (local_time("2026-03-08 02:30", "America/New_York"), "America/New_York"),
}


@pytest.fixture(params=MOMENTS.values(), ids=MOMENTS)
def zone(request, clock, site):
    """The clock ticks from one of `MOMENTS` on; gives the name of the zone in which that is a special hour."""
    begin, name = request.param
    clock.move_to(begin)
    Center.objects.all().update(time_zone=name)
    return name


def is_open(at):
    hours = hours_of_contact.our_hours()
    return any(opens <= at < closes for opens, closes in hours.on(at.astimezone(hours.zone).date()))


def is_at_their_own_hours(request):
    """Whether the due time lies in the part of the day that the person asked for, which our open hours never meet."""
    given, hours = newest_preferences(request), hours_of_contact.our_hours()
    zone = ZoneInfo(given.time_zone)
    begins, ends = hours_of_contact.PARTS_OF_DAY[given.preferred_time]
    is_met = hours_of_contact.is_ever_met(request.due_at, hours, given.preferred_time, zone)
    return not is_met and begins <= request.due_at.astimezone(zone).time() <= ends


def test_the_demo_lies_in_open_hours_and_in_order(zone):
    call_command("make_demo_requests", "--count=34", stdout=StringIO())  # which takes a second: once for all three
    check_what_staff_did()
    check_what_is_planned()
    check_order()


def check_what_staff_did():
    now = timezone.now()
    attempts = list(Attempt.objects.values_list("occurred_at", flat=True))
    events = list(Event.objects.filter(actor__isnull=False).values_list("occurred_at", flat=True))
    texts = list(EncryptedText.objects.filter(author__isnull=False).values_list("recorded_at", flat=True))
    assert (len(attempts) > 30, len(events) > 60, len(texts) > 10) == (True, True, True)
    assert [at for at in attempts + events + texts if not is_open(at) or at > now] == []


def check_what_is_planned():
    planned = AssessmentRequest.objects.open()
    booked = list(planned.filter(stage="booked").values_list("assessment_at", flat=True))
    snooze_request = list(planned.filter(snoozed_until__isnull=False).values_list("snoozed_until", flat=True))
    assert (len(booked), len(snooze_request)) == (2, 4)
    assert [at for at in booked + snooze_request if not is_open(at) or at.minute] == []
    # A due time is the end of a span or within it. Who asked for hours that are never ours is called in theirs or not.
    due = planned.filter(snoozed_until__isnull=True)
    outside = [one for one in due if not is_open(one.due_at - dt.timedelta(minutes=1)) and not is_open(one.due_at)]
    assert [one for one in outside if not is_at_their_own_hours(one)] == []


def check_order():
    for request in AssessmentRequest.objects.prefetch_related("attempts", "events"):
        done = [one.occurred_at for one in request.attempts.all()]
        assert done == sorted(done)
        assert all(at >= request.received_at for at in done + [event.occurred_at for event in request.events.all()])
        known = [request.received_at, request.first_attempt_at, request.reached_at, request.closed_at]
        known = [at for at in known if at]
        assert known == sorted(known)
        if request.outcome == "admitted":
            assert request.reached_at < request.assessment_at < request.closed_at


def test_a_history_is_made_at_any_hour(zone):
    assert list(history.make_history(200)) == [0, 200]
    moments = AssessmentRequest.objects.values_list("received_at", "first_attempt_at", "reached_at", "closed_at")
    for row in moments:
        known = [at for at in row if at]
        assert known == sorted(known)
        assert known[-1] <= timezone.now()


def test_a_request_goes_from_the_form_to_the_desk_and_is_worked_on(zone, desk, me, mailoutbox, caplog):
    visitor = Client(enforce_csrf_checks=True)
    typed = PERSON | {"preferred_time": "asap", "time_zone": zone, "email_ok": "on"}
    sent = visitor.post(ADDRESS, form_on(visitor.get(ADDRESS)) | typed, follow=True)
    assert sent.status_code == 200
    request = AssessmentRequest.objects.get()
    assert request.reference in sent.content.decode()
    assert request.received_at <= timezone.now() < request.due_at
    assert is_open(request.due_at - dt.timedelta(minutes=1))

    work_once()
    assert [mail.to for mail in mailoutbox] == [["admissions@example.org"]]
    assert [personal_words_in(mail.subject + mail.body) for mail in mailoutbox] == [[]]

    page = desk.get(LIST)
    assert [row.request.pk for row in page.context["rows"]] == [request.pk]
    (take,) = [form for form in forms_on(page) if form.css_class == "take-next"]
    taken = desk.post(f"{LIST}take/", take.fields)
    # Nobody is handed out while nobody may be called; whoever opens the request may write an attempt down.
    is_handed_out = taken["Location"].startswith(change_page(request))
    assert is_handed_out is is_open(timezone.now())
    assert press(desk, request, "attempt:call:no_answer").status_code == 302
    request.refresh_from_db()
    assert request.stage == "reaching"
    assert is_open(request.due_at)
    work_once()
    workflow.book(request_id=request.pk, at=request.due_at, actor=me)
    assert change_page(request) in desk.get(LIST).content.decode()
    assert [record.getMessage() for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []
