import dataclasses
import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from intake import clock
from intake.clock import ASSUMED, PHOENIX, OpenHours, due_at
from pages.facts import Facts
from pages.models import Center, Holiday, OpeningHours

NEW_YORK = ZoneInfo("America/New_York")
OFFICE = OpenHours(
    spans=dict.fromkeys(range(5), ((dt.time(9), dt.time(17)),)), zone=PHOENIX, target=dt.timedelta(hours=4)
)
NIGHTS = OpenHours(
    spans=dict.fromkeys(range(7), ((dt.time(0), dt.time(8)),)), zone=NEW_YORK, target=dt.timedelta(hours=4)
)


def at(words, zone=PHOENIX):
    """2026-11-23 is a Monday."""
    return dt.datetime.fromisoformat(words).replace(tzinfo=zone)


def with_hours(*spans, **changes):
    times = tuple((dt.time.fromisoformat(opens), dt.time.fromisoformat(closes)) for opens, closes in spans)
    return dataclasses.replace(OFFICE, spans=dict.fromkeys(range(5), times), **changes)


def test_inside_hours_the_target_simply_passes():
    assert due_at(at("2026-11-23 10:15"), OFFICE) == at("2026-11-23 14:15")


def test_what_ends_exactly_at_closing_is_due_at_closing():
    assert due_at(at("2026-11-23 13:00"), OFFICE) == at("2026-11-23 17:00")


def test_an_hour_before_closing_the_rest_carries_to_the_next_morning():
    assert due_at(at("2026-11-23 16:00"), OFFICE) == at("2026-11-24 12:00")


def test_before_opening_the_clock_starts_at_opening():
    assert due_at(at("2026-11-23 03:00"), OFFICE) == at("2026-11-23 13:00")


def test_at_closing_and_in_the_night_the_clock_starts_the_next_morning():
    assert due_at(at("2026-11-23 17:00"), OFFICE) == at("2026-11-24 13:00")
    assert due_at(at("2026-11-23 23:59"), OFFICE) == at("2026-11-24 13:00")


def test_a_weekend_does_not_count():
    assert due_at(at("2026-11-27 16:00"), OFFICE) == at("2026-11-30 12:00")
    assert due_at(at("2026-11-28 12:00"), OFFICE) == at("2026-11-30 13:00")


def test_a_holiday_does_not_count():
    with_thanksgiving = dataclasses.replace(OFFICE, holidays=frozenset({dt.date(2026, 11, 26)}))
    assert due_at(at("2026-11-25 16:00"), OFFICE) == at("2026-11-26 12:00")
    assert due_at(at("2026-11-25 16:00"), with_thanksgiving) == at("2026-11-27 12:00")
    assert due_at(at("2026-11-26 10:00"), with_thanksgiving) == at("2026-11-27 13:00")


def test_a_target_longer_than_a_day_takes_several_days():
    assert due_at(at("2026-11-23 12:00"), dataclasses.replace(OFFICE, target=dt.timedelta(hours=20))) == at(
        "2026-11-25 16:00"
    )


def test_of_two_spans_a_day_the_break_between_does_not_count():
    hours = with_hours(("09:00", "12:00"), ("13:00", "17:00"))
    assert due_at(at("2026-11-23 10:00"), hours) == at("2026-11-23 15:00")
    assert due_at(at("2026-11-23 12:30"), hours) == at("2026-11-23 17:00")
    assert due_at(at("2026-11-23 15:00"), hours) == at("2026-11-24 11:00")


def test_spans_that_were_told_in_any_order_count_in_the_order_of_the_day():
    hours = with_hours(("13:00", "17:00"), ("09:00", "12:00"))
    assert due_at(at("2026-11-23 10:00"), hours) == at("2026-11-23 15:00")


def test_an_hour_in_two_spans_that_overlap_counts_once():
    hours = with_hours(("09:00", "13:00"), ("11:00", "17:00"))
    assert due_at(at("2026-11-23 10:00"), hours) == at("2026-11-23 14:00")
    assert due_at(at("2026-11-23 16:00"), hours) == at("2026-11-24 12:00")


def test_in_the_night_that_loses_an_hour_the_hour_is_not_counted():
    assert due_at(at("2026-03-07 00:00", NEW_YORK), NIGHTS) == at("2026-03-07 04:00", NEW_YORK)
    assert due_at(at("2026-03-08 00:00", NEW_YORK), NIGHTS) == at("2026-03-08 05:00", NEW_YORK)


def test_in_the_night_that_gains_an_hour_the_hour_is_counted():
    assert due_at(at("2026-11-01 00:00", NEW_YORK), NIGHTS) == at("2026-11-01 03:00", NEW_YORK)


def test_over_a_clock_change_opening_stays_at_the_same_hour_of_the_wall():
    office = dataclasses.replace(OFFICE, zone=NEW_YORK)
    assert due_at(at("2026-03-06 16:00", NEW_YORK), office) == at("2026-03-09 12:00", NEW_YORK)
    assert due_at(at("2026-10-30 16:00", NEW_YORK), office) == at("2026-11-02 12:00", NEW_YORK)


def test_the_day_of_the_center_counts_and_not_the_day_in_utc():
    # Monday 18:30 in Phoenix is Tuesday in UTC.
    assert due_at(dt.datetime(2026, 11, 24, 1, 30, tzinfo=dt.UTC), OFFICE) == at("2026-11-24 13:00")


def test_closed_for_months_the_target_passes_without_hours():
    received = at("2026-11-23 10:00")
    closed = frozenset(received.date() + dt.timedelta(days=day) for day in range(90))
    assert due_at(received, dataclasses.replace(OFFICE, holidays=closed)) == received + OFFICE.target
    assert due_at(received, dataclasses.replace(OFFICE, spans={})) == received + OFFICE.target


def told(target=2, spans=(), zone="America/New_York", holidays=()):
    return Facts(
        center=Center(contact_target_hours=target, time_zone=zone),
        opening_hours=tuple(
            OpeningHours(weekday=day, opens=dt.time(opens), closes=dt.time(closes)) for day, opens, closes in spans
        ),
        holidays=tuple(Holiday(day=day) for day in holidays),
    )


@pytest.mark.parametrize(
    "facts",
    [Facts(), told(spans=[]), told(target=None, spans=[(0, 8, 12)])],
    ids=["nothing told", "no hours told", "no target told"],
)
def test_what_the_owner_has_not_told_is_assumed_and_marked(facts):
    hours = clock.hours_of(facts)
    assert hours == ASSUMED
    assert hours.is_assumed
    assert due_at(at("2026-11-23 16:00"), hours) == at("2026-11-24 12:00")


def test_what_the_owner_has_told_is_counted_with_and_not_marked():
    facts = told(spans=[(0, 8, 12), (0, 13, 16), (2, 10, 11)], holidays=[dt.date(2026, 11, 25)])
    assert clock.hours_of(facts) == OpenHours(
        spans={0: ((dt.time(8), dt.time(12)), (dt.time(13), dt.time(16))), 2: ((dt.time(10), dt.time(11)),)},
        zone=NEW_YORK,
        target=dt.timedelta(hours=2),
        holidays=frozenset({dt.date(2026, 11, 25)}),
        is_assumed=False,
    )
