import datetime as dt

import pytest
from django.core import mail
from django.utils import timezone

from intake import worker
from intake.contact import schedule
from intake.models import AssessmentRequest, OutboxMessage
from intake.notifications import outbox
from tests.intake.reports.test_reports import make_dated_request
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import PERSONAL

pytestmark = pytest.mark.django_db

MONDAY = dt.datetime(2026, 11, 23, 8, tzinfo=schedule.PHOENIX)
SUNDAY = MONDAY - dt.timedelta(days=1)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def weeks():
    return list(OutboxMessage.objects.filter(kind="week").values_list("day", "state"))


def send(now=MONDAY):
    OutboxMessage.objects.exclude(kind="week").delete()
    outbox.send_due(now)
    return mail.outbox


def test_the_figures_of_the_week_are_queued_once_on_monday_morning():
    make_dated_request(at=SUNDAY)
    for now in (MONDAY, MONDAY + HOUR, MONDAY + 6 * DAY):
        outbox.queue_week(now)
    assert weeks() == [(dt.date(2026, 11, 23), "queued")]
    make_dated_request(at=MONDAY)
    outbox.queue_week(MONDAY + 7 * DAY)
    assert [day for day, _state in weeks()] == [dt.date(2026, 11, 23), dt.date(2026, 11, 30)]


@pytest.mark.parametrize(("now", "queued"), [(MONDAY - 2 * HOUR, 0), (MONDAY - HOUR, 1), (MONDAY + 2 * DAY, 1)])
def test_they_wait_for_the_morning_and_are_made_up_for_when_the_worker_was_away(now, queued):
    make_dated_request(at=SUNDAY)
    outbox.queue_week(now)
    assert len(weeks()) == queued


def test_the_morning_is_the_centers_own():
    make_dated_request(at=SUNDAY)
    outbox.queue_week(dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC))  # still night in Phoenix
    assert weeks() == []


@pytest.mark.parametrize("at", [SUNDAY - 7 * DAY, MONDAY])
def test_a_week_in_which_nobody_asked_has_none(at):
    make_dated_request(at=at)
    outbox.queue_week(MONDAY)
    assert weeks() == []


@pytest.mark.django_db(transaction=True)
def test_the_worker_queues_them(site):
    begins = timezone.localtime(timezone=schedule.PHOENIX)
    make_dated_request(at=begins - dt.timedelta(days=begins.weekday() + 1))
    is_early = begins.weekday() == 0 and begins.hour < 7
    worker.work_once()
    assert len(weeks()) == (0 if is_early else 1)


def test_they_go_to_the_leads_who_have_an_address(make_staff):
    make_staff("lead", email="lou@example.org")
    make_staff("lead", "admissions", email="ada@example.org")
    make_staff("lead", email="gone@example.org", is_active=False)
    make_staff("lead")
    make_staff("admissions", email="desk@example.org")
    make_dated_request(at=SUNDAY)
    outbox.queue_week(MONDAY)
    (message,) = send()
    assert message.to == ["ada@example.org", "lou@example.org"]
    assert [state for _day, state in weeks()] == ["sent"]


def test_they_go_to_the_desk_where_no_lead_has_an_address(make_staff):
    make_staff("lead")
    make_dated_request(at=SUNDAY)
    outbox.queue_week(MONDAY)
    assert [message.to for message in send()] == [["admissions@example.org"]]


def test_the_mail_holds_figures_and_a_link_and_nothing_about_anyone():
    for number in range(20):
        make_dated_request(at=SUNDAY - number * HOUR, tried=30 + number, reached=60)
    make_dated_request(at=SUNDAY, outcome="spam")
    outbox.queue_week(MONDAY)
    (message,) = send()
    assert message.subject == "The week from Nov 16 to Nov 22"
    assert message.body.splitlines() == [
        "Requests: 20",
        "First contact in time: 100%",
        "Half had a first attempt within: 39 min",
        "9 of 10 had a first attempt within: 47 min",
        "Half had a conversation within: 60 min",
        "9 of 10 had a conversation within: 60 min",
        "",
        "http://127.0.0.1:8000/admin/intake/assessmentrequest/reports/?begin=2026-11-16&end=2026-11-22",
    ]
    everything = str(message.message())
    references = AssessmentRequest.objects.values_list("reference", flat=True)
    assert [word for word in [*PERSONAL, *references, "kratom", "addict"] if word in everything] == []


def test_a_small_week_says_only_that_it_was_small():
    for _number in range(4):
        make_dated_request(at=SUNDAY, tried=7)
    outbox.queue_week(MONDAY)
    (message,) = send()
    assert message.body.splitlines()[:2] == ["Requests: under 5", ""]


def test_what_the_site_sends_to_itself_is_no_week():
    request = make_request()
    AssessmentRequest.objects.filter(pk=request.pk).update(received_at=SUNDAY, is_synthetic=True)
    outbox.queue_week(MONDAY)
    assert weeks() == []
