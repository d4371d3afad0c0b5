import dataclasses
import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import override

from intake.contact import promise, schedule
from intake.contact.schedule import ASSUMED, PHOENIX, FirstContact, OpenHours, first_contact
from intake.contact.time_zones import TIME_ZONES
from intake.submission import tokens

NEW_YORK, HAWAII = ZoneInfo("America/New_York"), ZoneInfo("Pacific/Honolulu")
OFFICE = OpenHours(
    spans=dict.fromkeys(range(5), ((dt.time(9), dt.time(17)),)), zone=PHOENIX, target=dt.timedelta(hours=4)
)
LONG = dataclasses.replace(
    OFFICE, spans=dict.fromkeys(range(7), ((dt.time(8), dt.time(21)),)), target=dt.timedelta(hours=2)
)


def at(words, zone=PHOENIX):
    """2026-11-23 is a Monday."""
    return dt.datetime.fromisoformat(words).replace(tzinfo=zone)


def promised(received_at, hours=OFFICE, preferred="asap", zone=PHOENIX, channel="call"):
    received_at = at(received_at, zone)
    return promise.sentence_for(
        first_contact(received_at, hours, preferred, zone), received_at, hours, preferred, zone, channel
    )


@pytest.mark.parametrize(
    ("received_at", "sentence"),
    [
        ("2026-11-23 00:00", "We will call today, between 9 in the morning and 1 in the afternoon, Arizona time."),
        ("2026-11-23 08:59", "We will call today, between 9 in the morning and 1 in the afternoon, Arizona time."),
        ("2026-11-23 09:00", "We will call today, by 1 in the afternoon, Arizona time."),
        ("2026-11-23 11:30", "We will call today, by 3:30 in the afternoon, Arizona time."),
        ("2026-11-23 13:00", "We will call today, by 5 in the afternoon, Arizona time."),
        ("2026-11-23 13:01", "We will call by tomorrow, Tuesday, at 9:01 in the morning, Arizona time."),
        ("2026-11-23 16:00", "We will call by tomorrow, Tuesday, at noon, Arizona time."),
        (
            "2026-11-23 17:00",
            "We will call tomorrow, Tuesday, between 9 in the morning and 1 in the afternoon, Arizona time.",
        ),
        (
            "2026-11-23 23:59",
            "We will call tomorrow, Tuesday, between 9 in the morning and 1 in the afternoon, Arizona time.",
        ),
        ("2026-11-27 16:00", "We will call by Monday, November 30, at noon, Arizona time."),
        (
            "2026-11-27 18:00",
            "We will call on Monday, November 30, between 9 in the morning and 1 in the afternoon, Arizona time.",
        ),
    ],
)
def test_as_soon_as_possible_names_the_day_and_the_time(received_at, sentence):
    assert promised(received_at) == sentence


@pytest.mark.parametrize(
    ("preferred", "received_at", "sentence"),
    [
        ("morning", "2026-11-23 21:00", "We will call tomorrow, Tuesday, between 8 and 10 in the morning"),
        ("morning", "2026-11-23 10:30", "We will call today, by noon"),
        ("afternoon", "2026-11-23 09:00", "We will call today, between noon and 2 in the afternoon"),
        ("afternoon", "2026-11-23 15:30", "We will call today, by 5 in the afternoon"),
        ("evening", "2026-11-23 09:00", "We will call today, between 5 and 7 in the evening"),
        ("evening", "2026-11-23 17:00", "We will call today, by 7 in the evening"),
        ("evening", "2026-11-23 20:00", "We will call today, by 9 in the evening"),
    ],
)
def test_a_preferred_time_is_promised_within_its_part_of_the_day(preferred, received_at, sentence):
    assert promised(received_at, LONG, preferred) == f"{sentence}, Arizona time."


@pytest.mark.parametrize(
    ("begins", "ends", "times"),
    [
        ("08:00", "09:30", "between 8 and 9:30 in the morning"),
        ("08:00", "12:00", "between 8 in the morning and noon"),
        ("10:00", "14:00", "between 10 in the morning and 2 in the afternoon"),
        ("12:00", "12:30", "between noon and 12:30 in the afternoon"),
        ("13:00", "17:00", "between 1 and 5 in the afternoon"),
        ("16:45", "17:15", "between 4:45 in the afternoon and 5:15 in the evening"),
        ("17:00", "21:00", "between 5 and 9 in the evening"),
        ("08:00", "21:00", "between 8 in the morning and 9 in the evening"),
    ],
)
def test_a_part_of_the_day_is_named_once_where_both_ends_share_it(begins, ends, times):
    contact = FirstContact(at(f"2026-11-24 {begins}"), at(f"2026-11-24 {ends}"), preference_is_met=True)
    assert promise.sentence_for(contact, at("2026-11-23 22:00"), LONG, "asap", PHOENIX, "call") == (
        f"We will call tomorrow, Tuesday, {times}, Arizona time."
    )


@pytest.mark.parametrize(
    ("received_at", "sentence"),
    [
        ("2026-11-23 10:00", "We will email you today, by 2 in the afternoon, Arizona time."),
        (
            "2026-11-23 20:00",
            "We will email you tomorrow, Tuesday, between 9 in the morning and 1 in the afternoon, Arizona time.",
        ),
        (
            "2026-11-27 20:00",
            "We will email you on Monday, November 30, between 9 in the morning and 1 in the afternoon, Arizona time.",
        ),
        ("2026-11-23 15:00", "We will email you by tomorrow, Tuesday, at 11 in the morning, Arizona time."),
        ("2026-11-27 15:00", "We will email you by Monday, November 30, at 11 in the morning, Arizona time."),
    ],
)
def test_who_chose_email_is_promised_an_email(received_at, sentence):
    assert promised(received_at, channel="email") == sentence


@pytest.mark.parametrize(
    ("hours", "preferred", "sentence"),
    [
        (dataclasses.replace(OFFICE, target_is_assumed=True), "asap", ""),
        (dataclasses.replace(OFFICE, target_is_assumed=True), "morning", ""),
        (dataclasses.replace(OFFICE, spans_are_assumed=True), "asap", ""),
        (dataclasses.replace(OFFICE, spans_are_assumed=True), "evening", ""),
        (ASSUMED, "asap", ""),
        (  # hours that were told say this much without any target
            dataclasses.replace(OFFICE, target_is_assumed=True),
            "evening",
            "We are closed in the evening in your time zone, so we can't promise a time. We won't call at another time "
            "of day. You can choose another time with your private link, or call us when it is safe for you.",
        ),
    ],
)
def test_until_hours_and_target_are_told_no_time_is_named(hours, preferred, sentence):
    assert promised("2026-11-23 10:00", hours, preferred) == sentence


def test_seconds_are_dropped_so_that_no_later_time_than_the_due_one_is_promised():
    assert promised("2026-11-23 11:29:59.999999") == "We will call today, by 3:29 in the afternoon, Arizona time."
    assert promised("2026-11-23 16:00:59") == "We will call by tomorrow, Tuesday, at noon, Arizona time."
    assert promised("2026-11-23 16:59:59", LONG) == "We will call today, by 6:59 in the evening, Arizona time."


@pytest.mark.parametrize(
    ("zone", "received_at", "sentence"),
    [
        (NEW_YORK, "2026-11-23 08:00", "We will call today, between 11 in the morning and 3 in the afternoon, Eastern"),
        (NEW_YORK, "2026-11-23 17:00", "We will call by tomorrow, Tuesday, at 1 in the afternoon, Eastern"),
        # It is still Monday in Hawaii while it is Tuesday at the center.
        (HAWAII, "2026-11-23 23:00", "We will call tomorrow, Tuesday, between 8 in the morning and noon, Hawaii"),
        # Hours far away are still of their day: it is Wednesday in New York, Tuesday at the center.
        (
            NEW_YORK,
            "2026-11-25 00:30",
            "We will call today, between 11 in the morning and 3 in the afternoon, Eastern",
        ),
    ],
)
def test_days_and_times_are_those_of_the_person(zone, received_at, sentence):
    assert promised(received_at, zone=zone) == f"{sentence} time."


@pytest.mark.parametrize(
    ("received_at", "sentence"),
    [
        ("2026-10-31 22:00", "We will call tomorrow, Sunday, between 10 in the morning and noon, Eastern time."),
        (
            "2026-10-30 22:00",
            "We will call tomorrow, Saturday, between 11 in the morning and 1 in the afternoon, Eastern time.",
        ),
        (
            "2027-03-13 22:00",
            "We will call tomorrow, Sunday, between 11 in the morning and 1 in the afternoon, Eastern time.",
        ),
    ],
)
def test_over_a_clock_change_of_the_person_the_promise_is_in_their_new_time(received_at, sentence):
    assert promised(received_at, LONG, zone=NEW_YORK) == sentence


@pytest.mark.parametrize("zone", TIME_ZONES, ids=lambda zone: zone[0])
def test_a_zone_is_named_as_in_the_form(zone):
    name, label = zone
    assert promised("2026-11-23 02:00", LONG, zone=ZoneInfo(name)).endswith(f", {label} time.")


def test_a_zone_that_the_form_does_not_offer_goes_by_its_own_name():
    assert promised("2026-11-23 09:00", LONG, zone=ZoneInfo("Europe/Lisbon")).endswith(", Europe/Lisbon time.")


@pytest.mark.parametrize(
    ("preferred", "hours"),
    [
        ("morning", ((dt.time(13), dt.time(21)),)),
        ("afternoon", ((dt.time(8), dt.time(12)),)),
        ("evening", ((dt.time(8), dt.time(17)),)),
    ],
)
@pytest.mark.parametrize(
    ("channel", "may_call", "instead"),
    [
        (
            "call",
            True,
            "We won't call at another time of day. You can choose another time with your private link, or call us when "
            "it is safe for you.",
        ),
        ("text", True, "We will text you first and ask when a call is safe. We won't call before that."),
        ("email", True, "We will email you first and ask when a call is safe. We won't call before that."),
        ("email", False, "We will email you."),
    ],
)
def test_a_preferred_time_that_our_hours_never_meet_is_promised_no_time(preferred, hours, channel, may_call, instead):
    hours = dataclasses.replace(OFFICE, spans=dict.fromkeys(range(7), hours), target=dt.timedelta(hours=1))
    closed = f"We are closed in the {preferred} in your time zone, so we can't promise a time."
    received_at = at("2026-11-23 22:00")
    contact = first_contact(received_at, hours, preferred, PHOENIX)
    said = promise.sentence_for(contact, received_at, hours, preferred, PHOENIX, channel, may_call)
    assert said == f"{closed} {instead}"
    assert len(said) <= 400


@pytest.mark.parametrize(
    ("hours", "channel", "may_call", "said"),
    [
        (ASSUMED, "email", True, "We will email you first, and call only after you have confirmed a time."),
        (ASSUMED, "text", True, "We will text you first, and call only after you have confirmed a time."),
        (ASSUMED, "email", False, ""),
        (
            OFFICE,
            "email",
            True,
            "We will email you today, by 2 in the afternoon, Arizona time. "
            "We call only after you have confirmed a time.",
        ),
        (OFFICE, "email", False, "We will email you today, by 2 in the afternoon, Arizona time."),
    ],
)
def test_who_wants_to_confirm_a_time_is_promised_no_call_before(hours, channel, may_call, said):
    received_at = at("2026-11-23 10:00")
    contact = first_contact(received_at, hours, "confirmed", PHOENIX)
    assert promise.sentence_for(contact, received_at, hours, "confirmed", PHOENIX, channel, may_call) == said


def test_without_hours_told_no_time_is_named():
    assert promised("2026-11-23 10:00", ASSUMED) == ""
    assert promised("2026-11-23 10:00", ASSUMED, "evening") == ""


@pytest.mark.parametrize("preferred", ["asap", "evening"])
@pytest.mark.parametrize(
    "spans", [{}, dict.fromkeys(range(7), ((dt.time(5), dt.time(8)),))], ids=["never open", "open before 8"]
)
def test_where_no_time_is_usable_none_is_named(spans, preferred):
    """The request is still due by the target, but that moment may be one at which no one may be called."""
    assert promised("2026-11-23 22:00", dataclasses.replace(OFFICE, spans=spans), preferred) == ""


@pytest.mark.parametrize("channel", ["call", "email"])
def test_at_any_minute_of_a_week_the_promise_is_one_whole_sentence(channel):
    times = r"(\d{1,2}(:\d\d)? in the (morning|afternoon|evening)|noon)"
    between = rf"between ({times}|\d{{1,2}}(:\d\d)?) and {times}"
    day = r"(tomorrow, [A-Z]\w+day|{on}[A-Z]\w+day, [A-Z]\w+ \d{{1,2}})"
    whole = re.compile(
        rf"We will (call|email you) (today, (by {times}|{between})|{day.format(on='on ')}, {between}"
        rf"|by {day.format(on='')}, at {times}), Hawaii time\."
    )
    start = at("2026-11-21 00:00", HAWAII)
    sentences = set()
    for minute in range(0, 7 * 24 * 60, 7):
        received_at = start + dt.timedelta(minutes=minute)
        contact = first_contact(received_at, OFFICE, zone=HAWAII)
        sentences.add(promise.sentence_for(contact, received_at, OFFICE, "asap", HAWAII, channel))
    assert len(sentences) > 100
    assert [sentence for sentence in sentences if not whole.fullmatch(sentence)] == []


def test_the_names_of_days_and_months_follow_the_language():
    with override("de"):
        assert "Montag, 30. November" in promised("2026-11-27 16:00")


# Before the form is sent


@pytest.fixture
def hours(monkeypatch):
    """Let the center keep other hours: `hours(OFFICE)`. Without a call, it has told none."""

    def set_hours(hours):
        monkeypatch.setattr(schedule, "our_hours", lambda: hours)

    set_hours(ASSUMED)
    return set_hours


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2026-11-23 00:10", "9 AM: We will call today, between 9 in the morning and 1 in the afternoon"),
        ("2026-11-23 08:50", "9:30 AM: We will call today, between 9 in the morning and 1:30 in the afternoon"),
        ("2026-11-23 09:00", "9:30 AM: We will call today, by 1:30 in the afternoon"),
        ("2026-11-23 11:46", "12:30 PM: We will call today, by 4:30 in the afternoon"),
        ("2026-11-23 11:40", "noon: We will call today, by 4 in the afternoon"),
        ("2026-11-23 12:50", "1:30 PM: We will call by tomorrow, Tuesday, at 9:30 in the morning"),
        ("2026-11-23 16:50", "5:30 PM: We will call by tomorrow, Tuesday, at 1 in the afternoon"),
        (
            "2026-11-23 17:00",
            "midnight: We will call tomorrow, Tuesday, between 9 in the morning and 1 in the afternoon",
        ),
        (
            "2026-11-27 23:59",
            "midnight: We will call on Monday, November 30, between 9 in the morning and 1 in the afternoon",
        ),
    ],
)
def test_form_names_a_time_and_until_when_it_holds(hours, now, words):
    hours(OFFICE)
    day = "Friday" if now.startswith("2026-11-27") else "Monday"
    sentence = promise.promise_if_sent_soon(at(now))
    limit, _colon, words = words.partition(": ")
    assert sentence == (
        f"If you send a phone number before {limit} on {day}: {words}, Arizona time. Other choices can change that."
    )


def test_named_day_of_the_week_can_not_come_twice_while_a_form_may_be_sent():
    assert dt.timedelta(days=7) >= tokens.FORM_LIFETIME


WEEK = [at("2026-11-23 00:00") + dt.timedelta(minutes=number * 7) for number in range(7 * 24 * 60 // 7)]


@pytest.mark.parametrize("open_hours", [OFFICE, LONG], ids=["office", "long days"])
def test_form_sent_in_time_is_never_due_later_than_was_said(hours, open_hours):
    for now in WEEK:
        begins, until, ends = promise.times_if_sent_soon(now, open_hours)
        assert now < until
        for sent in (now, now + (until - now) / 3, until - dt.timedelta(seconds=1)):
            contact = first_contact(sent, open_hours)
            assert begins <= contact.begins, (now, sent)
            assert contact.ends <= ends, (now, sent)
            assert sent.astimezone(PHOENIX).date() == now.date()  # so that "today" means the same day


@pytest.mark.parametrize(
    "unknown",
    [ASSUMED, dataclasses.replace(OFFICE, target_is_assumed=True), dataclasses.replace(OFFICE, spans={})],
    ids=["no hours", "no target", "never open"],
)
def test_form_names_no_time_that_can_not_be_promised(hours, unknown):
    hours(unknown)
    assert promise.promise_if_sent_soon(at("2026-11-23 10:00")) == ""


def test_form_without_a_computable_promise_is_shown_without_one(monkeypatch, caplog):
    monkeypatch.delattr(schedule, "our_hours")
    assert promise.promise_if_sent_soon(at("2026-11-23 10:00")) == ""
    assert "promises nothing" in caplog.text
