import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from pages import opening_hours
from pages.facts import Facts, ShownNotice
from pages.models import Center, Holiday, OpeningHours

PHOENIX, NEW_YORK = ZoneInfo("America/Phoenix"), ZoneInfo("America/New_York")
OFFICE = [(day, "09:00", "17:00") for day in range(5)]
CHRISTMAS = Holiday(day=dt.date(2026, 12, 25), name="Christmas Day")


def given(spans, *holidays, zone="America/Phoenix", notices=()):
    return Facts(
        center=Center(time_zone=zone),
        opening_hours=tuple(
            OpeningHours(weekday=day, opens=dt.time.fromisoformat(opens), closes=dt.time.fromisoformat(closes))
            for day, opens, closes in spans
        ),
        holidays=holidays,
        notices=notices,
    )


def at(words, zone=PHOENIX):
    """2026-11-23 is a Monday."""
    return dt.datetime.fromisoformat(words).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-11-23 09:00", "Open now until 5 PM"),
        ("2026-11-23 16:59:59", "Open now until 5 PM"),
        ("2026-11-23 17:00", "Closed now. Opens tomorrow at 9 AM."),
        ("2026-11-23 08:59:59", "Closed now. Opens at 9 AM."),
        ("2026-11-27 17:00", "Closed now. Opens Monday at 9 AM."),
        ("2026-11-28 12:00", "Closed now. Opens Monday at 9 AM."),
        ("2026-11-29 12:00", "Closed now. Opens tomorrow at 9 AM."),
        ("2026-12-25 10:00", "Closed today: Christmas Day. Opens Monday at 9 AM."),
        ("2026-12-24 17:00", "Closed now. Opens Monday at 9 AM."),
    ],
)
def test_status_says_what_is_true_at_a_moment(moment, words):
    assert opening_hours.status(given(OFFICE, CHRISTMAS), at(moment)).words == words


@pytest.mark.parametrize(
    ("spans", "words"),
    [
        ([], None),
        ([(0, "09:00", "12:00"), (0, "12:00", "15:30")], "Open now until 3:30 PM"),
        ([(0, "09:00", "12:00")], "Open now until noon"),
        ([(0, "00:00", "23:59")], "Open now until midnight"),
        ([(0, "10:00", "23:59"), (1, "00:00", "02:00")], "Open now until 2 AM"),
        ([(day, "00:00", "23:59") for day in range(7)], "Open now"),
        ([(6, "09:00", "12:00")], "Closed now. Opens Sunday at 9 AM."),
        ([(0, "09:00", "10:00")], "Closed now. Opens Monday, November 30, at 9 AM."),
    ],
)
def test_status_of_uncommon_hours_on_a_monday_at_eleven(spans, words):
    status = opening_hours.status(given(spans), at("2026-11-23 11:00"))
    assert (status.words if status else None) == words


def test_center_that_is_closed_for_months_names_no_day():
    days = [Holiday(day=dt.date(2026, 11, 23) + dt.timedelta(days=number), name="Rebuilding") for number in range(90)]
    assert opening_hours.status(given(OFFICE, *days), at("2026-11-23 11:00")).words == "Closed today: Rebuilding."


def test_status_is_by_the_clock_of_the_center():
    facts = given(OFFICE, zone="America/New_York")
    assert opening_hours.status(facts, at("2026-11-23 07:30")).words == "Open now until 5 PM"
    assert opening_hours.status(facts, at("2026-11-23 15:30")).words == "Closed now. Opens tomorrow at 9 AM."
    assert opening_hours.status(given(OFFICE, zone="no/such"), at("2026-11-23 11:00")) is None


def test_clock_change_neither_adds_nor_takes_open_time():
    sundays = given([(6, "01:00", "05:00")], zone="America/New_York")
    changes = []
    now = dt.datetime(2026, 11, 1, 4, tzinfo=dt.UTC)  # midnight in New York, in the night that gains an hour
    while now < dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC):
        now = opening_hours.next_change(sundays, now)
        changes.append((now.astimezone(dt.UTC).hour, opening_hours.status(sundays, now).is_open))
    assert changes[:2] == [(5, True), (10, False)]


@pytest.mark.parametrize(
    ("moment", "change"),
    [
        ("2026-11-23 00:00", "2026-11-23 09:00"),
        ("2026-11-23 09:00", "2026-11-23 17:00"),
        ("2026-11-23 16:59:59", "2026-11-23 17:00"),
        ("2026-11-23 17:00", "2026-11-24 00:00"),
        ("2026-12-25 10:00", "2026-12-26 00:00"),
    ],
)
def test_words_hold_until_the_next_change(moment, change):
    facts = given(OFFICE, CHRISTMAS)
    assert opening_hours.next_change(facts, at(moment)) == at(change)
    last = at(change) - dt.timedelta(microseconds=1)
    assert opening_hours.status(facts, last).words == opening_hours.status(facts, at(moment)).words


def test_closing_time_is_named_from_the_very_moment_that_counts_as_a_change():
    day_and_night = [(day, "00:00", "23:59") for day in (0, 1, 2)] + [(3, "00:00", "15:00")]
    facts, monday = given(day_and_night), at("2026-11-23 09:00")
    assert opening_hours.status(facts, monday).words == "Open now"
    tuesday = opening_hours.next_change(facts, monday)
    change = opening_hours.next_change(facts, tuesday)
    assert change == at("2026-11-24 15:00")
    last = change - dt.timedelta(microseconds=1)
    words = [opening_hours.status(facts, moment).words for moment in (tuesday, last, change)]
    assert words == ["Open now", "Open now", "Open now until 3 PM"]


def test_notices_change_a_page_at_their_beginning_and_end():
    notice = ShownNotice("<p>x</p>", False, at("2026-11-23 10:00"), at("2026-11-23 11:30:15"))
    facts = given(OFFICE, notices=(notice,))
    assert facts.next_change(at("2026-11-23 09:30")) == at("2026-11-23 10:00")
    assert facts.next_change(at("2026-11-23 10:00")) == at("2026-11-23 11:30:15")
    assert facts.next_change(at("2026-11-23 11:30:15")) == at("2026-11-23 17:00")
    assert Facts(notices=(notice,)).next_change(at("2026-11-23 12:00")) is None


def test_week_is_told_in_few_lines():
    spans = [*OFFICE, (5, "10:00", "12:00"), (5, "13:30", "15:00")]
    assert opening_hours.week(given(spans)) == [
        ("Monday to Friday", "9 AM to 5 PM"),
        ("Saturday", "10 AM to noon and 1:30 PM to 3 PM"),
        ("Sunday", "Closed"),
    ]
    assert opening_hours.hours_words(given(spans)) == (
        "Monday to Friday, 9 AM to 5 PM; Saturday, 10 AM to noon and 1:30 PM to 3 PM"
    )
    assert opening_hours.week(given([(day, "00:00", "23:59") for day in range(7)])) == [
        ("Monday to Sunday", "Day and night")
    ]
    assert opening_hours.week(given([(0, "09:00", "17:00"), (1, "09:00", "17:00")]))[0][0] == "Monday and Tuesday"
    assert (opening_hours.week(given([])), opening_hours.hours_words(given([]))) == ([], "")


def test_holidays_are_told_from_the_day_itself_on():
    facts = given(OFFICE, Holiday(day=dt.date(2026, 11, 22), name="Past"), CHRISTMAS)
    assert opening_hours.holidays_ahead(facts, at("2026-11-23 11:00")) == [CHRISTMAS]
    assert opening_hours.holidays_ahead(facts, at("2026-12-25 23:59")) == [CHRISTMAS]
    assert opening_hours.holidays_ahead(facts, at("2026-12-26 00:00")) == []
