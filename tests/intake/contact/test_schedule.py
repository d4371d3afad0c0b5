import dataclasses
import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from intake.contact import schedule
from intake.contact.schedule import ASSUMED, PHOENIX, FirstContact, OpenHours, first_contact
from intake.contact.time_zones import TIME_ZONES
from intake.models.contact import PreferredTime
from pages.facts import Facts
from pages.models import Center, Holiday, OpeningHours

NEW_YORK = ZoneInfo("America/New_York")
ALASKA, HAWAII = ZoneInfo("America/Anchorage"), ZoneInfo("Pacific/Honolulu")
GUAM = ZoneInfo("Pacific/Guam")  # where it is afternoon while it is night in New York
OFFICE = OpenHours(
    spans=dict.fromkeys(range(5), ((dt.time(9), dt.time(17)),)), zone=PHOENIX, target=dt.timedelta(hours=4)
)
NIGHTS = OpenHours(
    spans=dict.fromkeys(range(7), ((dt.time(0), dt.time(8)),)), zone=NEW_YORK, target=dt.timedelta(hours=4)
)


def at(words, zone=PHOENIX):
    """2026-11-23 is a Monday."""
    return dt.datetime.fromisoformat(words).replace(tzinfo=zone)


def due_at(received_at, hours, zone=PHOENIX):
    return first_contact(received_at, hours, zone=zone).ends


def contact(begins, ends, zone=PHOENIX, preference_is_met=True):
    return FirstContact(at(begins, zone), at(ends, zone), preference_is_met)


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
    assert due_at(at("2026-03-07 00:00", NEW_YORK), NIGHTS, GUAM) == at("2026-03-07 04:00", NEW_YORK)
    assert due_at(at("2026-03-08 00:00", NEW_YORK), NIGHTS, GUAM) == at("2026-03-08 05:00", NEW_YORK)


def test_in_the_night_that_gains_an_hour_the_hour_is_counted():
    assert due_at(at("2026-11-01 00:00", NEW_YORK), NIGHTS, GUAM) == at("2026-11-01 03:00", NEW_YORK)


def test_a_span_that_a_clock_change_skips_is_left_out():
    """On 2026-03-08 it is 3:00 in New York one minute after 1:59."""
    hours = dataclasses.replace(NIGHTS, spans={6: ((dt.time(2, 30), dt.time(3, 15)), (dt.time(3), dt.time(8)))})
    assert first_contact(at("2026-03-08 00:00", NEW_YORK), hours, zone=GUAM) == contact(
        "2026-03-08 03:00", "2026-03-08 07:00", NEW_YORK
    )


def test_over_a_clock_change_opening_stays_at_the_same_hour_of_the_wall():
    office = dataclasses.replace(OFFICE, zone=NEW_YORK)
    assert due_at(at("2026-03-06 16:00", NEW_YORK), office, NEW_YORK) == at("2026-03-09 12:00", NEW_YORK)
    assert due_at(at("2026-10-30 16:00", NEW_YORK), office, NEW_YORK) == at("2026-11-02 12:00", NEW_YORK)


def test_the_day_of_the_center_counts_and_not_the_day_in_utc():
    # Monday 18:30 in Phoenix is Tuesday in UTC.
    assert due_at(dt.datetime(2026, 11, 24, 1, 30, tzinfo=dt.UTC), OFFICE) == at("2026-11-24 13:00")


@pytest.mark.parametrize(
    ("received_at", "begins", "ends"),
    [
        ("2026-11-23 00:00", "2026-11-23 09:00", "2026-11-23 13:00"),
        ("2026-11-23 08:59", "2026-11-23 09:00", "2026-11-23 13:00"),
        ("2026-11-23 09:00", "2026-11-23 09:00", "2026-11-23 13:00"),
        ("2026-11-23 13:00", "2026-11-23 13:00", "2026-11-23 17:00"),
        ("2026-11-23 13:01", "2026-11-23 13:01", "2026-11-24 09:01"),
        ("2026-11-23 16:59", "2026-11-23 16:59", "2026-11-24 12:59"),
        ("2026-11-23 17:00", "2026-11-24 09:00", "2026-11-24 13:00"),
        ("2026-11-23 23:59", "2026-11-24 09:00", "2026-11-24 13:00"),
        ("2026-11-27 17:00", "2026-11-30 09:00", "2026-11-30 13:00"),
    ],
)
def test_as_soon_as_possible_begins_with_the_first_open_moment(received_at, begins, ends):
    assert first_contact(at(received_at), OFFICE) == contact(begins, ends)


@pytest.mark.parametrize(
    ("preferred", "received_at", "begins", "ends"),
    [
        ("morning", "2026-11-23 03:00", "2026-11-23 09:00", "2026-11-23 12:00"),
        ("morning", "2026-11-23 10:00", "2026-11-23 10:00", "2026-11-23 12:00"),
        ("morning", "2026-11-23 11:45", "2026-11-23 11:45", "2026-11-23 12:00"),
        ("morning", "2026-11-23 11:46", "2026-11-24 09:00", "2026-11-24 12:00"),
        ("morning", "2026-11-23 12:00", "2026-11-24 09:00", "2026-11-24 12:00"),
        ("morning", "2026-11-27 12:00", "2026-11-30 09:00", "2026-11-30 12:00"),
        ("afternoon", "2026-11-23 10:00", "2026-11-23 12:00", "2026-11-23 16:00"),
        ("afternoon", "2026-11-23 15:00", "2026-11-23 15:00", "2026-11-23 17:00"),
        ("afternoon", "2026-11-23 23:59", "2026-11-24 12:00", "2026-11-24 16:00"),
    ],
)
def test_at_a_preferred_time_contact_begins_and_ends_within_one_span_of_it(preferred, received_at, begins, ends):
    assert first_contact(at(received_at), OFFICE, preferred) == contact(begins, ends)


def test_a_preferred_time_with_a_break_takes_the_part_before_or_after_the_break():
    hours = with_hours(("08:00", "10:00"), ("11:00", "12:00"))
    assert first_contact(at("2026-11-23 07:00"), hours, "morning") == contact("2026-11-23 08:00", "2026-11-23 10:00")
    assert first_contact(at("2026-11-23 09:50"), hours, "morning") == contact("2026-11-23 11:00", "2026-11-23 12:00")


def test_two_spans_that_touch_or_overlap_are_one_span_of_a_preferred_time():
    for later_opens in ("10:00", "09:30"):
        hours = with_hours(("08:00", "10:00"), (later_opens, "12:00"))
        assert first_contact(at("2026-11-23 09:50"), hours, "morning") == contact(
            "2026-11-23 09:50", "2026-11-23 12:00"
        )


def test_a_short_span_within_a_longer_one_takes_nothing_from_it():
    hours = with_hours(("09:00", "17:00"), ("10:00", "11:00"))
    assert first_contact(at("2026-11-23 12:00"), hours) == contact("2026-11-23 12:00", "2026-11-23 16:00")


@pytest.mark.parametrize(
    "hours",
    [OFFICE, with_hours(("09:00", "17:00"), ("17:00", "17:14"))],
    ids=["closed in the evening", "open for less than is worth a try"],
)
def test_a_preferred_time_that_is_never_open_gets_first_contact_as_soon_as_possible(hours):
    received = at("2026-11-23 10:00")
    assert first_contact(received, hours, "evening") == contact(
        "2026-11-23 10:00", "2026-11-23 14:00", preference_is_met=False
    )


@pytest.mark.parametrize(
    ("zone", "preferred", "received_at", "begins", "ends"),
    [
        # 9 to 17 in Phoenix is 11 to 19 in New York, 7 to 15 in Alaska, 6 to 14 in Hawaii in November.
        (NEW_YORK, "asap", "2026-11-23 05:00", "2026-11-23 11:00", "2026-11-23 15:00"),
        (NEW_YORK, "morning", "2026-11-23 05:00", "2026-11-23 11:00", "2026-11-23 12:00"),
        (NEW_YORK, "evening", "2026-11-23 05:00", "2026-11-23 17:00", "2026-11-23 19:00"),
        (ALASKA, "asap", "2026-11-23 05:00", "2026-11-23 08:00", "2026-11-23 12:00"),
        (HAWAII, "asap", "2026-11-23 05:00", "2026-11-23 08:00", "2026-11-23 12:00"),
        (HAWAII, "asap", "2026-11-23 11:00", "2026-11-23 11:00", "2026-11-24 09:00"),
        (HAWAII, "afternoon", "2026-11-23 05:00", "2026-11-23 12:00", "2026-11-23 14:00"),
        # In Guam, the center's Monday is 2:00 to 10:00 of Tuesday.
        (GUAM, "morning", "2026-11-23 22:00", "2026-11-24 08:00", "2026-11-24 10:00"),
        (GUAM, "asap", "2026-11-28 10:00", "2026-12-01 08:00", "2026-12-02 10:00"),
    ],
)
def test_far_from_the_center_the_hours_of_both_places_count(zone, preferred, received_at, begins, ends):
    assert first_contact(at(received_at, zone), OFFICE, preferred, zone) == contact(begins, ends, zone)


@pytest.mark.parametrize(
    ("received_at", "begins"),
    [
        ("2026-10-30 12:00", "2026-10-31 05:00"),
        ("2026-10-31 12:00", "2026-11-01 06:00"),
        ("2027-03-12 12:00", "2027-03-13 06:00"),
        ("2027-03-13 12:00", "2027-03-14 05:00"),
    ],
)
def test_clock_change_moves_the_persons_morning_but_not_our_hours(received_at, begins):
    """Phoenix never changes its clocks; New York does on 2026-11-01 and 2027-03-14."""
    early = OpenHours(
        spans=dict.fromkeys(range(7), ((dt.time(4), dt.time(12)),)), zone=PHOENIX, target=dt.timedelta(hours=2)
    )
    begins = at(begins)
    assert first_contact(at(received_at), early, "morning", NEW_YORK) == FirstContact(
        begins, begins + dt.timedelta(hours=2), preference_is_met=True
    )
    assert begins.astimezone(NEW_YORK).time() == dt.time(8)


def test_no_one_is_called_before_8_or_after_21_of_their_own_day():
    always = OpenHours(
        spans=dict.fromkeys(range(7), ((dt.time(0), dt.time(23, 59)),)), zone=PHOENIX, target=dt.timedelta(hours=4)
    )
    for zone in (PHOENIX, NEW_YORK, HAWAII):
        for received_at in ("2026-11-23 21:00", "2026-11-23 23:59", "2026-11-24 00:00", "2026-11-24 08:00"):
            assert first_contact(at(received_at, zone), always, zone=zone) == contact(
                "2026-11-24 08:00", "2026-11-24 12:00", zone
            )


def test_target_ignores_hours_at_which_nobody_may_be_called():
    received = at("2026-11-23 10:00")
    assert first_contact(received, with_hours(("05:00", "08:00"), ("21:00", "23:00"))) == FirstContact(
        received, received + OFFICE.target, preference_is_met=False
    )


@pytest.mark.parametrize("preferred", PreferredTime.values)
def test_closed_for_months_the_target_passes_without_hours(preferred):
    received = at("2026-11-23 10:00")
    closed = frozenset(received.date() + dt.timedelta(days=day) for day in range(90))
    expected = FirstContact(received, received + OFFICE.target, preference_is_met=False)
    assert first_contact(received, dataclasses.replace(OFFICE, holidays=closed), preferred) == expected
    assert first_contact(received, dataclasses.replace(OFFICE, spans={}), preferred) == expected


def test_the_last_day_that_is_looked_at_still_counts_and_the_next_does_not():
    received = at("2026-11-23 10:00")
    days = [received.date() + dt.timedelta(days=day) for day in range(61)]
    opens_on_the_last_day = dataclasses.replace(OFFICE, holidays=frozenset(days[:60]))
    opens_later = dataclasses.replace(OFFICE, holidays=frozenset(days))
    assert first_contact(received, opens_on_the_last_day) == contact("2027-01-22 09:00", "2027-01-22 13:00")
    assert first_contact(received, opens_later) == FirstContact(
        received, received + OFFICE.target, preference_is_met=False
    )


def test_before_a_long_closure_first_contact_is_due_when_the_last_open_time_ends():
    received = at("2026-11-23 16:00")
    closed = frozenset(received.date() + dt.timedelta(days=day) for day in range(1, 90))
    assert first_contact(received, dataclasses.replace(OFFICE, holidays=closed)) == contact(
        "2026-11-23 16:00", "2026-11-23 17:00"
    )


def test_a_moment_in_any_zone_gives_the_same_moments_in_utc():
    received = at("2026-11-23 10:00")
    for hours in (OFFICE, dataclasses.replace(OFFICE, spans={})):
        for zone in (dt.UTC, NEW_YORK, PHOENIX):
            found = first_contact(received.astimezone(zone), hours)
            assert found == first_contact(received, hours)
            assert (found.begins.tzinfo, found.ends.tzinfo) == (dt.UTC, dt.UTC)


@pytest.mark.parametrize(
    ("moment", "preferred", "may", "following"),
    [
        ("2026-11-23 08:59", "asap", False, "2026-11-23 09:00"),
        ("2026-11-23 09:00", "asap", True, "2026-11-23 09:00"),
        ("2026-11-23 16:59", "asap", True, "2026-11-23 16:59"),
        ("2026-11-23 17:00", "asap", False, "2026-11-24 09:00"),
        ("2026-11-23 11:59", "afternoon", False, "2026-11-23 12:00"),
        ("2026-11-23 12:00", "morning", False, "2026-11-24 09:00"),
        ("2026-11-28 12:00", "asap", False, "2026-11-30 09:00"),
    ],
)
def test_the_moment_of_opening_is_usable_and_the_moment_of_closing_is_not(moment, preferred, may, following):
    assert schedule.may_contact_at(at(moment), OFFICE, preferred, PHOENIX) is may
    assert schedule.next_usable(at(moment), OFFICE, preferred, PHOENIX) == at(following)


def test_of_a_time_that_is_never_open_no_moment_is_usable():
    assert schedule.may_contact_at(at("2026-11-23 18:00"), OFFICE, "evening", PHOENIX) is False
    assert schedule.next_usable(at("2026-11-23 18:00"), OFFICE, "evening", PHOENIX) is None


def test_in_the_hour_that_a_clock_change_repeats_both_passes_are_usable():
    for fold in (0, 1):
        moment = at("2026-11-01 01:30", NEW_YORK).replace(fold=fold)
        assert schedule.may_contact_at(moment, NIGHTS, "asap", GUAM) is True


def test_every_time_that_the_form_offers_is_a_part_of_the_day():
    assert PreferredTime.values == list(schedule.PARTS_OF_DAY)


QUARTER = dt.timedelta(minutes=15)
# A clock change repeats or skips hours between 0 and 3; a span that begins or ends there has no one plain meaning.
_times = st.sampled_from([dt.time(0), *(dt.time(hour, minute) for hour in range(4, 24) for minute in (0, 15, 30, 45))])
_spans = st.lists(st.tuples(_times, _times).filter(lambda span: span[0] < span[1]), max_size=3).map(tuple)
_clock_changes = [dt.date(2026, 11, 1), dt.date(2027, 3, 14)]
_zones = st.sampled_from([ZoneInfo(name) for name, _ in TIME_ZONES] + [GUAM])


@st.composite
def _hours(draw):
    days = [day + dt.timedelta(days=number) for day in _clock_changes for number in range(-3, 4)]
    return OpenHours(
        spans=draw(st.dictionaries(st.integers(0, 6), _spans)),
        zone=draw(_zones),
        target=draw(st.integers(1, 30)) * dt.timedelta(hours=1),
        holidays=draw(st.frozensets(st.sampled_from(days), max_size=4)),
    )


@st.composite
def _received(draw):
    """A quarter of an hour near a day on which most clocks of the country change."""
    day = dt.datetime.combine(draw(st.sampled_from(_clock_changes)), dt.time(), tzinfo=dt.UTC)
    return day + draw(st.integers(-4 * 96, 2 * 96)) * QUARTER


def usable_quarters(received_at, hours, preferred, zone):
    """The same question asked plainly: which quarters of an hour are open by one clock and in the part by the other."""
    opens, closes = schedule.PARTS_OF_DAY[preferred]
    last_day = received_at.astimezone(hours.zone).date() + schedule.LOOK_AHEAD
    found, moment = [], received_at
    while (here := moment.astimezone(hours.zone)).date() <= last_day:
        is_open = here.date() not in hours.holidays and any(
            span[0] <= here.time() < span[1] for span in hours.spans.get(here.weekday(), ())
        )
        if is_open and opens <= moment.astimezone(zone).time() < closes:
            found.append(moment)
        moment += QUARTER
    return found


def run_at_the_start(quarters):
    breaks = [number for number, (one, other) in enumerate(pairwise(quarters), 1) if other - one > QUARTER]
    return quarters[: breaks[0]] if breaks else quarters


@given(_received(), _hours(), st.sampled_from(PreferredTime.values), _zones)
@hypothesis_settings(deadline=None, database=None, max_examples=100)
def test_first_contact_is_what_counting_by_the_quarter_finds(received_at, hours, preferred, zone):
    quarters = usable_quarters(received_at, hours, preferred, zone)
    preference_is_met = bool(quarters)
    if quarters and preferred != "asap":
        counted = run_at_the_start(quarters)
    else:
        quarters = counted = quarters or usable_quarters(received_at, hours, "asap", zone)
    found = first_contact(received_at, hours, preferred, zone)
    if not quarters:
        assert found == FirstContact(received_at, received_at + hours.target, preference_is_met=False)
        return
    assert found == FirstContact(
        quarters[0], counted[: hours.target // QUARTER][-1] + QUARTER, preference_is_met=preference_is_met
    )
    assert received_at <= found.begins < found.ends
    assert schedule.may_contact_at(found.begins, hours, "asap", zone)
    for moment in (found.begins, found.ends):
        assert dt.time(8) <= moment.astimezone(zone).time() <= dt.time(21)


@given(_received(), _hours(), st.sampled_from(PreferredTime.values), _zones)
@hypothesis_settings(deadline=None, database=None, max_examples=40)
def test_a_moment_may_be_used_where_counting_by_the_quarter_finds_it_usable(received_at, hours, preferred, zone):
    quarters = usable_quarters(received_at, hours, preferred, zone)
    two_days = [received_at + number * QUARTER for number in range(2 * 96)]
    assert [moment for moment in two_days if schedule.may_contact_at(moment, hours, preferred, zone)] == [
        moment for moment in two_days if moment in quarters
    ]


def facts_with(target=2, spans=(), zone="America/New_York", holidays=()):
    return Facts(
        center=Center(contact_target_hours=target, time_zone=zone),
        opening_hours=tuple(
            OpeningHours(weekday=day, opens=dt.time(opens), closes=dt.time(closes)) for day, opens, closes in spans
        ),
        holidays=tuple(Holiday(day=day) for day in holidays),
    )


HOLIDAY = dt.date(2026, 11, 24)  # a Tuesday
OWN_HOURS = {0: ((dt.time(8), dt.time(12)),)}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(), ASSUMED),
        (
            facts_with(target=None, zone="America/Phoenix", holidays=[HOLIDAY]),
            dataclasses.replace(ASSUMED, holidays=frozenset({HOLIDAY})),
        ),
        (
            facts_with(target=None, spans=[(0, 8, 12)], holidays=[HOLIDAY]),
            OpenHours(OWN_HOURS, NEW_YORK, ASSUMED.target, frozenset({HOLIDAY}), target_is_assumed=True),
        ),
        (
            facts_with(target=2, holidays=[HOLIDAY]),
            OpenHours(ASSUMED.spans, NEW_YORK, dt.timedelta(hours=2), frozenset({HOLIDAY}), spans_are_assumed=True),
        ),
    ],
    ids=["nothing told", "holidays alone", "no target told", "no hours told"],
)
def test_only_what_the_owner_has_not_told_is_assumed_and_marked(facts, expected):
    assert schedule.hours_of(facts) == expected
    assert schedule.hours_of(facts).is_assumed


def test_told_hours_and_holidays_are_counted_with_while_the_target_is_assumed():
    hours = schedule.hours_of(facts_with(target=None, zone="America/Phoenix", spans=[(day, 8, 10) for day in range(5)]))
    assert due_at(at("2026-11-23 09:00"), hours) == at("2026-11-25 09:00")
    with_holiday = dataclasses.replace(hours, holidays=frozenset({HOLIDAY}))
    assert due_at(at("2026-11-23 09:00"), with_holiday) == at("2026-11-26 09:00")


def test_what_the_owner_has_told_is_counted_with_and_not_marked():
    facts = facts_with(spans=[(0, 8, 12), (0, 13, 16), (2, 10, 11)], holidays=[dt.date(2026, 11, 25)])
    assert schedule.hours_of(facts) == OpenHours(
        spans={0: ((dt.time(8), dt.time(12)), (dt.time(13), dt.time(16))), 2: ((dt.time(10), dt.time(11)),)},
        zone=NEW_YORK,
        target=dt.timedelta(hours=2),
        holidays=frozenset({dt.date(2026, 11, 25)}),
    )
    assert not schedule.hours_of(facts).is_assumed
