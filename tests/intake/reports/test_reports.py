import csv
import datetime as dt
import io
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake import access, workflow
from intake.contact import schedule
from intake.models import AccessRecord, AssessmentRequest, Attempt
from intake.reports import export, figures, period, sections, small_numbers
from intake.reports.small_numbers import FEW, HIDDEN
from intake.submission import tokens
from pages import facts
from pages.models import Center, OpeningHours
from staff.models import SecurityEvent
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import LIST, accesses, personal_words_in, title_of

pytestmark = pytest.mark.django_db

PAGE = f"{LIST}reports/"
CSV = f"{PAGE}csv/"
NOON = dt.datetime(2026, 11, 18, 12, tzinfo=schedule.PHOENIX)
NOVEMBER = period.Period(dt.date(2026, 11, 1), dt.date(2026, 11, 30), schedule.PHOENIX)
MINUTE = dt.timedelta(minutes=1)


def make_dated_request(at=NOON, tried=None, reached=None, due=240, outcome="", attempts=None, **more):
    """A request that came in at a moment; the other times are minutes after it."""

    def after(minutes):
        return None if minutes is None else at + minutes * MINUTE

    number = AssessmentRequest.objects.count()
    draft = tokens.draw()
    closed = {"stage": "closed", "outcome": outcome, "closed_at": at + dt.timedelta(days=9)} if outcome else {}
    return AssessmentRequest.objects.create(
        id=draft.id,
        reference=draft.reference,
        received_at=at + number * dt.timedelta(microseconds=1),
        acknowledged_at=at,
        due_at=at,
        first_due_at=after(due),
        first_attempt_at=after(tried),
        reached_at=after(reached),
        attempts_to_reach=attempts,
        **closed | more,
    )


def everyone(asked=NOVEMBER):
    return figures.figures_for(asked).everyone


def shown_in(key):
    """The section of the report that has this key."""
    return {section.key: section for section in sections.sections_for(figures.figures_for(NOVEMBER))}[key]


@pytest.fixture
def lead(make_staff):
    return make_staff("lead")


@pytest.fixture
def desk(lead):
    client = Client()
    client.force_login(lead)
    return client


# Figures


def test_half_and_nine_of_ten_are_the_times_that_so_many_did_not_exceed():
    for minutes in range(1, 11):
        make_dated_request(tried=10 * minutes, reached=100 * minutes)
    found = everyone()
    assert (found.count, found.median_to_attempt, found.ninetieth_to_attempt) == (10, 50, 90)
    assert (found.median_to_talk, found.ninetieth_to_talk) == (500, 900)


def test_who_was_not_tried_or_not_reached_counts_as_longer_than_anyone():
    for minutes in (10, 20, 30, 40, 50, 60):
        make_dated_request(tried=minutes)
    for _number in range(4):
        make_dated_request()
    found = everyone()
    assert (found.median_to_attempt, found.ninetieth_to_attempt) == (50, figures.NEVER)
    assert (found.median_to_talk, found.ninetieth_to_talk) == (figures.NEVER, figures.NEVER)


def test_who_called_us_before_anyone_tried_was_contacted_then():
    for _number in range(10):
        make_dated_request(reached=7)
    assert (everyone().median_to_attempt, everyone().median_to_talk) == (7, 7)
    assert (everyone().in_time, everyone().late) == (10, 0)


def test_in_time_counts_contacts_before_due_and_leaves_out_what_is_not_due():
    make_dated_request(tried=240)
    make_dated_request(tried=241)
    make_dated_request()  # never, and long due
    make_dated_request(tried=5, due=None)  # from before due times were kept
    soon = timezone.now() - 10 * MINUTE
    make_dated_request(at=soon)
    around = period.Period(dt.date(2026, 11, 1), timezone.localdate() + dt.timedelta(days=2), schedule.PHOENIX)
    found = figures.figures_for(around).everyone
    assert (found.count, found.in_time, found.late) == (5, 1, 2)


@pytest.mark.parametrize("left_out", ["spam", "duplicate", "unlinked", "test of the site"])
def test_what_is_no_request_for_help_is_left_out(left_out):
    counted = make_dated_request(tried=1, reached=1)
    match left_out:
        case "test of the site":
            make_dated_request(tried=99, is_synthetic=True)
        case "duplicate":
            make_dated_request(tried=99, outcome="duplicate", duplicate_of=counted)
        case outcome:
            make_dated_request(tried=99, outcome=outcome)
    found = figures.figures_for(NOVEMBER)
    assert found.everyone.to_attempt == [1]
    assert sum(count for _name, count in found.by_outcome) == 1


def test_a_period_begins_and_ends_at_the_centers_midnight():
    inside = [(11, 1, 0, 0), (11, 30, 23, 59)]
    outside = [(10, 31, 23, 59), (12, 1, 0, 0)]
    for moment in inside + outside:
        make_dated_request(at=dt.datetime(2026, *moment, tzinfo=schedule.PHOENIX))
    assert everyone().count == 2


def test_weeks_and_hours_are_the_centers_own():
    make_dated_request(at=dt.datetime(2026, 11, 9, 5, 30, tzinfo=dt.UTC), tried=3)  # Sunday, 10:30 in the evening
    found = figures.figures_for(NOVEMBER)
    assert [week for week, waits in found.by_week if waits.count] == [dt.date(2026, 11, 2)]
    assert [hour for hour, waits in found.by_hour if waits.count] == [22]
    assert [week for week, _waits in found.by_week][:2] == [dt.date(2026, 10, 26), dt.date(2026, 11, 2)]


@pytest.mark.parametrize(("name", "hour"), [("Asia/Kathmandu", 11), ("America/New_York", 1)])
def test_the_hour_is_right_in_a_zone_that_is_off_by_minutes_and_when_clocks_change(name, hour):
    make_dated_request(
        at=dt.datetime(2026, 11, 1, 5, 20, tzinfo=dt.UTC)
    )  # 11:05 in Nepal; 1:20 in New York, before clocks go back
    found = figures.figures_for(period.Period(dt.date(2026, 10, 30), dt.date(2026, 11, 3), ZoneInfo(name)))
    assert [place for place, waits in found.by_hour if waits.count] == [hour]


def test_outcomes_and_attempts_are_counted():
    make_dated_request(reached=9, attempts=1, outcome="admitted")
    make_dated_request(reached=9, attempts=4, outcome="admitted")
    make_dated_request(reached=9, attempts=12)
    make_dated_request(reached=9)
    make_dated_request(outcome="not_reached")
    found = figures.figures_for(NOVEMBER)
    assert dict(found.by_outcome) == {
        "Still open": 2,
        "Admitted": 2,
        "Referred elsewhere": 0,
        "Declined for now": 0,
        "Not reached": 1,
        "Withdrawn by the person": 0,
    }
    assert {name: count for name, count in found.by_attempts if count} == {
        "1 attempt": 1,
        "4 attempts": 1,
        "8 or more attempts": 1,
        "Reached, no attempt logged": 1,
        "Not reached yet": 1,
    }


def test_a_chart_of_numbers_that_are_not_shown_says_no_more_than_its_table():
    for number in range(6):
        make_dated_request(outcome="admitted" if number else "declined", referrer_path="phone")
    hidden = "No number can be shown: each is too small, or would reveal a small one."
    assert shown_in("outcomes").chart.summary == hidden
    assert shown_in("pages").chart.summary == "Most: A phone call, 6. Every number is in the table below."


def test_pages_stand_in_the_order_of_their_requests_and_the_rarest_together():
    for number in range(15):
        for _times in range(15 - number):
            make_dated_request(referrer_path=f"/page-{number:02}/", tried=number)
    make_dated_request()
    found = figures.figures_for(NOVEMBER).by_page
    assert [name for name, _waits in found] == [f"/page-{number:02}/" for number in range(12)] + ["Other pages"]
    assert (found[-1][1].count, found[-1][1].median_to_attempt) == (3 + 2 + 1 + 1, 13)
    assert found[0][1].to_attempt == [0] * 15


def test_what_the_desk_does_is_what_the_report_counts(make_staff):
    me, request = make_staff("admissions"), make_request()
    due = AssessmentRequest.objects.get(pk=request.pk).due_at
    workflow.log_attempt(request_id=request.pk, channel="call", result="no_answer", actor=me)
    request.refresh_from_db()
    assert (request.first_due_at, request.attempts_to_reach) == (due, None)
    assert request.due_at != due
    workflow.log_attempt(request_id=request.pk, channel="they_called", result="reached", actor=me)
    workflow.log_attempt(request_id=request.pk, channel="call", result="reached", actor=me)
    request.refresh_from_db()
    assert (request.first_due_at, request.attempts_to_reach) == (due, 2)


def test_who_chooses_another_time_before_anyone_tried_is_due_then_and_not_before(make_staff):
    me, early, late = make_staff("admissions"), make_request(preferred_time="asap"), make_request(preferred_time="asap")
    workflow.log_attempt(request_id=late.pk, channel="call", result="no_answer", actor=me)
    kept = AssessmentRequest.objects.get(pk=late.pk).first_due_at
    for request in (early, late):
        workflow.change_preferred_time(request_id=request.pk, preferred_time="evening", time_zone="Pacific/Honolulu")
        request.refresh_from_db()
    assert early.first_due_at == early.due_at
    assert (late.first_due_at, late.first_due_at != late.due_at) == (kept, True)


# Small numbers


@pytest.mark.parametrize(
    ("counts", "as_shown"),
    [
        ([], []),
        ([5, 0, 100], [5, 0, 100]),
        ([4, 100, 50], [FEW, 100, HIDDEN]),
        ([1, 1, 30, 9], [FEW, FEW, 30, HIDDEN]),
        ([4, 4, 30, 40], [FEW, FEW, HIDDEN, 40]),
        ([3, 3, 30, 40], [FEW, FEW, 30, 40]),
        ([2, 5, 5, 5], [FEW, HIDDEN, HIDDEN, HIDDEN]),
        ([1, 1, 1, 1, 1], [HIDDEN] * 5),
        ([4, 4], [HIDDEN, HIDDEN]),
        ([2], [HIDDEN]),
    ],
)
def test_small_counts_are_not_shown_and_can_not_be_worked_out(counts, as_shown):
    assert small_numbers.shown(counts) == as_shown


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (30, 40, "75%"),
        (40, 40, "100%"),
        (0, 40, "0%"),
        (38, 40, "over 87%"),
        (2, 40, "under 13%"),
        (2, 4, "not shown"),
        (3, 7, "not shown"),
    ],
)
def test_a_share_tells_of_no_few_people(part, whole, words):
    assert str(small_numbers.share(part, whole)) == words


def test_each_chart_of_the_weeks_draws_what_its_table_says():
    for _number in range(12):
        make_dated_request(tried=11, reached=77)
    attempts, talks = shown_in("weeks"), shown_in("weeks-to-talk")
    assert attempts.columns == [
        "Week of",
        "Requests",
        "Half had a first attempt within",
        "9 of 10 had a first attempt within",
        "First contact in time",
    ]
    assert talks.columns == [
        "Week of",
        "Requests",
        "Half had a conversation within",
        "9 of 10 had a conversation within",
    ]
    assert ["12", "11 min", "11 min", "100%"] in [row[1:] for row in attempts.rows]
    assert ["12", "77 min", "77 min"] in [row[1:] for row in talks.rows]
    for section, top in ((attempts, "20 min"), (talks, "80 min")):
        names = [line.name for line in section.chart.lines]
        assert names == ["Half waited at most this long", "9 of 10 waited at most this long"]
        assert [len(line.dots) for line in section.chart.lines] == [1, 1]
        assert section.chart.marks[-1].text == top
        assert section.chart.title == section.title


def test_a_group_of_a_few_shows_neither_its_number_nor_its_times():
    for number in range(40):
        make_dated_request(tried=11, referrer_path="/" if number % 2 else "/about/")
    for _number in range(3):
        make_dated_request(tried=77, referrer_path="/contact/")
    table = {row[0]: row[1:] for row in shown_in("pages").rows}
    assert table["/contact/"] == [FEW, *[HIDDEN] * 5]
    assert table["/ (home page)"] == [HIDDEN] * 6
    assert table["/about/"] == ["20", "11 min", "11 min", "not yet", "not yet", "100%"]


def test_nine_of_ten_needs_ten():
    for _number in range(9):
        make_dated_request(tried=11)
    assert (everyone().median_to_attempt, everyone().ninetieth_to_attempt) == (11, None)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "0 min"),
        (89, "89 min"),
        (90, "1 h 30 min"),
        (120, "2 h"),
        (2879, "47 h 59 min"),
        (2880, "2 days"),
        (5000, "3.5 days"),
        (figures.NEVER, "not yet"),
        (None, "too few"),
    ],
)
def test_times_are_said_in_words(minutes, words):
    assert sections.label_for_minutes(minutes) == words


# The days


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ({}, 29, 0),
        ({"days": "7"}, 6, 0),
        ({"days": "90"}, 89, 0),
        ({"days": "12345"}, 29, 0),
        ({"days": "x"}, 29, 0),
    ],
)
def test_presets_end_today(query, first, last):
    _form, asked = period.asked_for(query)
    today = period.today()
    assert (asked.first, asked.last) == (today - dt.timedelta(days=first), today - dt.timedelta(days=last))


def test_days_are_asked_for_with_both_ends_and_end_today_at_the_latest():
    today, days = period.today(), dt.timedelta(days=10)
    _form, asked = period.asked_for({"begin": str(today - days), "end": str(today + days)})
    assert (asked.first, asked.last) == (today - days, today)


@pytest.mark.parametrize(
    ("begin", "end", "why"),
    [
        ("2026-11-02", "2026-11-01", "is after the last one"),
        ("2025-01-01", "2026-11-01", "at most a year"),
        ("", "2026-11-01", "This field is required"),
        ("2026-02-30", "2026-11-01", "Type this day as year, month, day"),
        ("<script>", "2026-11-01", "Type this day as year, month, day"),
        ("9999-12-31", "9999-12-31", "less than or equal to"),
        ("2999-12-31", "2999-12-31", "have not come yet"),
        ("0001-01-01", "0001-01-01", "greater than or equal to"),
    ],
)
def test_days_that_can_not_be_are_asked_about_again(desk, begin, end, why):
    make_dated_request()
    for address in (PAGE, CSV):
        page = desk.get(address, {"begin": begin, "end": end})
        assert (page.status_code, page["Content-Type"]) == (422, "text/html; charset=utf-8")
        assert why in page.content.decode()
        assert "<script>" not in page.content.decode()
    assert AccessRecord.objects.count() == 0


def test_the_zone_is_the_centers():
    center = Center.objects.get()
    Center.objects.update(time_zone="America/New_York", contact_target_hours=2)
    OpeningHours.objects.create(center=center, weekday=0, opens=dt.time(9), closes=dt.time(17))
    facts.forget()
    assert period.last_days(7).zone == ZoneInfo("America/New_York")


# The page


def fill(count=40):
    for number in range(count):
        make_dated_request(
            at=timezone.now() - number * 9 * MINUTE * 60,
            tried=30,
            reached=60,
            attempts=number % 4 + 1,
            referrer_path="/",
        )


def test_the_page_draws_each_chart_with_its_table(desk):
    fill()
    page = desk.get(PAGE)
    words = page.content.decode()
    assert (page.status_code, title_of(page)) == (200, "Response times | Renaissance Recovery Center")
    assert (words.count('<svg role="img"'), words.count("<table>")) == (6, 6)
    assert words.count('role="region" tabindex="0"') == 6
    for chart in page.context["sections"]:
        assert f'aria-labelledby="{chart.key}-title {chart.key}-desc"' in words
    assert [word for word in (" style=", "<style", "onclick") if word in words] == []


def test_a_report_of_fifty_costs_as_many_queries_as_a_report_of_none(desk):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(PAGE).status_code == 200
        return len(captured)

    desk.get(PAGE)
    none = queries()
    fill(50)
    assert queries() == none


def test_a_report_of_a_few_requests_shows_nothing_of_them(desk):
    fill(4)
    page = desk.get(PAGE)
    assert "Fewer than 5 requests" in page.content.decode()
    assert (page.context["sections"], page.context["summary"]) == ([], [("Requests", FEW)])


def test_the_page_shows_no_personal_word_and_no_reference(desk):
    for number in range(6):
        make_request(tokens.draw(referrer_path="/"), phone=f"(602) 555-01{number:02}")
    page = desk.get(PAGE).content.decode()
    assert personal_words_in(page) == []
    assert [one.reference for one in AssessmentRequest.objects.all() if one.reference in page] == []
    assert AccessRecord.objects.count() == 0


# CSV


def read(response):
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))


def test_the_download_has_a_line_for_each_request_with_its_times(desk, lead):
    at = dt.datetime(2026, 11, 18, 12, 0, 30, tzinfo=schedule.PHOENIX)
    request = make_dated_request(at=at, tried=45, reached=90, attempts=2, outcome="admitted", referrer_path="/faq/")
    for minutes, channel, result in ((45, "call", "no_answer"), (50, "they_called", "missed"), (90, "call", "reached")):
        moment = at + minutes * MINUTE
        Attempt.objects.create(request=request, channel=channel, result=result, occurred_at=moment, actor=lead)
    (line,) = read(desk.get(CSV, {"begin": "2026-11-18", "end": "2026-11-18"}))
    assert line == {
        "reference": request.reference,
        "received": "2026-11-18 12:00-07:00",
        "stage": "closed",
        "outcome": "admitted",
        "first_contact_due": "2026-11-18 16:00-07:00",
        "first_attempt": "2026-11-18 12:45-07:00",
        "minutes_to_first_attempt": "45",
        "first_conversation": "2026-11-18 13:30-07:00",
        "minutes_to_first_conversation": "90",
        "attempts": "2",
        "attempts_until_conversation": "2",
        "assessment": "",
        "closed": "2026-11-27 12:00-07:00",
        "referrer_path": "/faq/",
    }


def test_the_download_holds_every_request_once_in_order_and_no_personal_word(desk, lead, monkeypatch):
    monkeypatch.setattr(export, "PIECE", 3)
    requests = [make_request() for _number in range(7)]
    AssessmentRequest.objects.filter(pk__in=[one.pk for one in requests[2:5]]).update(received_at=timezone.now())
    receive_synthetic = make_request(is_synthetic=True)
    response = desk.get(CSV)
    text = b"".join(response.streaming_content).decode()
    assert SecurityEvent.objects.filter(kind="exported", actor=lead).count() == 1
    known = AssessmentRequest.objects.real().order_by("received_at", "pk").values_list("reference", flat=True)
    assert [line["reference"] for line in csv.DictReader(io.StringIO(text))] == list(known)
    assert len(known) == 7
    assert receive_synthetic.reference not in text
    assert personal_words_in(text) == []


def test_what_is_downloaded_is_recorded_piece_by_piece_before_it_leaves(desk, lead, monkeypatch):
    monkeypatch.setattr(export, "PIECE", 2)
    for _number in range(5):
        make_request()
    lines = export.lines(period.last_days(7), lead)
    assert next(lines).startswith("reference,")
    assert AccessRecord.objects.count() == 0
    for pieces in (1, 2, 3):
        next(lines)
        assert AccessRecord.objects.count() == pieces
    recorded = [key for _action, shown in accesses() for key in shown]
    assert recorded == list(AssessmentRequest.objects.order_by("received_at", "pk").values_list("pk", flat=True))
    assert set(AccessRecord.objects.values_list("action", "actor")) == {("export", lead.pk)}


def test_a_download_that_can_not_be_recorded_shows_nothing(lead, monkeypatch):
    make_request()
    monkeypatch.setattr(access, "record", lambda *_what: 1 / 0)
    lines = export.lines(period.last_days(7), lead)
    next(lines)
    with pytest.raises(ZeroDivisionError):
        next(lines)


def test_the_download_is_a_file_that_nothing_keeps(desk):
    response = desk.get(CSV, {"begin": "2026-11-01", "end": "2026-11-07"})
    assert response["Content-Disposition"] == 'attachment; filename="requests-2026-11-01-to-2026-11-07.csv"'
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "no-store" in response["Cache-Control"]
    assert (response.streaming, read(response)) == (True, [])


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_nothing_in_the_download_is_a_formula(desk, formula):
    make_dated_request(at=timezone.now(), referrer_path=formula)
    (line,) = read(desk.get(CSV))
    assert line["referrer_path"] == f"'{formula}"


def test_a_value_that_is_no_formula_stays_as_it_is():
    assert [export.plain(value) for value in (None, "", 0, "/faq/", "a-b")] == ["", "", "0", "/faq/", "a-b"]
