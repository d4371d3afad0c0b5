import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from intake.admin.guidance import in_list
from intake.contact import schedule
from intake.models import AssessmentRequest, Attempt, ContactPreferences
from intake.workflow.attempts import AttemptPlan

PHOENIX = ZoneInfo("America/Phoenix")
NOW = dt.datetime(2026, 11, 24, 10, 0, tzinfo=PHOENIX)  # a Tuesday
DAY = dt.timedelta(days=1)
CALL_ONLY = {"may_call": True, "may_leave_voicemail": False, "may_text": False, "may_email": False}
EVERY_WAY = dict.fromkeys(CALL_ONLY, True)
E_MAIL_ONLY = CALL_ONLY | {"may_call": False, "may_email": True}


def at(hour, minute=0, days=0):
    return NOW.replace(hour=hour, minute=minute) + days * DAY


def ladder_after(ways=CALL_ONLY, tries=(), more=0, is_answered=False):
    attempts = [Attempt(channel=channel, result="no_answer", occurred_at=at(9)) for channel in tries]
    profile = ways and ContactPreferences(preferred_time="asap", time_zone="America/Phoenix", **ways)
    return AttemptPlan(profile, attempts, more, is_mailed="email" in tries and not is_answered)


def step(ways=CALL_ONLY, tries=(), language="", more=0, **fields):
    """The next step for a request with these fields, ways of contact, and channels that were tried."""
    due_at = fields.get("assessment_at", at(9))
    request = AssessmentRequest(**{"stage": "new", "due_at": due_at, "received_at": at(8)} | fields)
    return in_list.label_for_next_step(
        request, ladder_after(ways, tries, more, "awaiting_reply_since" in fields), language, NOW
    )


LONG = "American Sign Language through a relay service"
CASES = [
    ("Call, leave no message", {}),
    ("Call", {"ways": EVERY_WAY}),
    ("Call, leave no message, Spanish, by 10:15 AM", {"language": "Spanish", "due_at": at(10, 15)}),
    ("Call, leave no message, by Wed 8:00 AM", {"due_at": at(8, days=1)}),
    ("Call, leave no message, by Dec 3, 8:00 AM", {"due_at": at(8, days=9)}),
    ("Call, leave no message, American Sign Language throug…", {"language": LONG}),
    ("E-mail once", {"ways": E_MAIL_ONLY}),
    ("Text", {"ways": CALL_ONLY | {"may_call": False, "may_text": True}}),
    ("Check, then call, leave no message", {"quarantined_at": at(8), "spam_signals": "fast"}),
    ("Check, then e-mail once", {"ways": E_MAIL_ONLY, "quarantined_at": at(8), "spam_signals": "fast"}),
    ("Call again, leave no message", {"stage": "reaching", "tries": ["call"]}),
    ("Call again, leave no message, at 2:15 PM", {"stage": "reaching", "tries": ["call"], "due_at": at(14, 15)}),
    ("Call again, leave no message, Wed 8:00 AM", {"stage": "reaching", "tries": ["call"], "due_at": at(8, days=1)}),
    ("Text", {"stage": "reaching", "ways": EVERY_WAY, "tries": ["call"]}),
    ("E-mail", {"stage": "reaching", "ways": EVERY_WAY, "tries": ["call", "text"]}),
    ("Call again", {"stage": "reaching", "ways": EVERY_WAY, "tries": ["call", "text", "email"]}),
    ("Decide: keep trying or close", {"stage": "reaching", "tries": ["call"] * 4}),
    ("Decide: close or put off", {"stage": "reaching", "ways": E_MAIL_ONLY, "tries": ["email"]}),
    ("Call again, leave no message", {"stage": "reaching", "tries": ["call"] * 4, "more": 2}),
    (
        "They got in touch: call, leave no message",
        {"stage": "reaching", "awaiting_reply_since": at(9), "tries": ["call"]},
    ),
    (
        "They got in touch: e-mail",
        {"stage": "talking", "ways": EVERY_WAY | E_MAIL_ONLY, "awaiting_reply_since": at(9), "tries": ["email"]},
    ),
    (
        "They got in touch: call, leave no message",
        {"stage": "booked", "awaiting_reply_since": at(9), "assessment_at": at(9, days=1)},
    ),
    ("Follow up, leave no message, Spanish", {"stage": "talking", "language": "Spanish"}),
    ("Follow up, at 3:00 PM", {"stage": "talking", "ways": EVERY_WAY, "due_at": at(15)}),
    ("Follow up: e-mail once", {"stage": "talking", "ways": E_MAIL_ONLY}),
    ("Decide: keep trying or close", {"stage": "talking", "tries": ["call"] * 4}),
    (
        "They got in touch: call, leave no message",
        {"stage": "reaching", "awaiting_reply_since": at(9), "tries": ["call"] * 4},
    ),
    ("Follow up, at 3:00 PM", {"stage": "booked", "ways": EVERY_WAY, "assessment_at": at(16), "due_at": at(15)}),
    (
        "Assessment was 9:00 AM: did they come?",
        {"stage": "booked", "ways": E_MAIL_ONLY, "tries": ["email"], "assessment_at": at(9), "due_at": at(8)},
    ),
    ("Assessment 4:00 PM", {"stage": "booked", "assessment_at": at(16)}),
    ("Assessment Wed 10:00 AM", {"stage": "booked", "assessment_at": at(10, days=1)}),
    ("Assessment was Nov 23, 10:00 AM: did they come?", {"stage": "booked", "assessment_at": at(10, days=-1)}),
    ("Wait until Wed 8:00 AM", {"snoozed_until": at(8, days=1), "snooze_reason": "away"}),
    ("Call, leave no message", {"snoozed_until": at(9), "snooze_reason": "away"}),
    ("Do not contact: how this person may be reached can't be read", {"ways": None}),
    ("Nothing to do", {"stage": "closed", "outcome": "spam"}),
]


@pytest.mark.parametrize(("words", "case"), CASES)
def test_the_next_step_is_said_in_words(stopped_clock, words, case):
    assert step(**case) == words


@pytest.mark.parametrize(
    ("due_at", "words"),
    [
        (NOW, "Due now"),
        (NOW - dt.timedelta(seconds=59), "Due now"),
        (NOW - dt.timedelta(minutes=1), "Overdue by 1 min"),
        (NOW + dt.timedelta(minutes=59), "In 59 min"),
        (NOW - dt.timedelta(minutes=125), "Overdue by 2 h 5 min"),
        (NOW + dt.timedelta(hours=24), "In 1 day"),
        (NOW - dt.timedelta(hours=47), "Overdue by 2 days"),
    ],
)
def test_how_far_a_due_time_is_away_is_said_in_words(due_at, words):
    assert in_list.label_for_due(due_at, NOW) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (at(0, 5), "12:05 AM"),
        (at(12), "12:00 PM"),
        (at(9, days=-6), "Nov 18, 9:00 AM"),
        (at(9, days=7), "Dec 1, 9:00 AM"),
        (at(9, days=60), "Jan 23, 2027, 9:00 AM"),
    ],
)
def test_a_time_is_told_by_the_desks_clock_as_shortly_as_it_can(moment, words):
    assert in_list.label_for_time(moment.astimezone(dt.UTC), NOW) == words


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        (at(12), {"preferred_time": "afternoon", "stage": "reaching", "tries": ["call"] * 3}),
        (None, {"preferred_time": "afternoon", "stage": "reaching", "tries": ["call"] * 4}),  # someone has to decide
        (
            at(12),
            {"preferred_time": "afternoon", "stage": "reaching", "tries": ["call"] * 4, "awaiting_reply_since": at(9)},
        ),
        (None, {"preferred_time": "asap"}),
        (at(12), {"preferred_time": "afternoon"}),
        (at(15), {"preferred_time": "evening", "time_zone": "America/New_York"}),
        (at(9, days=1), {"preferred_time": "morning", "time_zone": "America/New_York"}),
        (at(12), {"preferred_time": "afternoon", "stage": "talking"}),
        (None, {"preferred_time": "afternoon", "stage": "reaching", "due_at": at(13)}),  # due later than that anyway
        (None, {"preferred_time": "afternoon", "stage": "booked", "assessment_at": at(9)}),
        (at(12), {"preferred_time": "afternoon", "stage": "booked", "assessment_at": at(16)}),  # due before it
        (None, {"preferred_time": "afternoon", "stage": "closed"}),
        (None, {"preferred_time": "afternoon", "snoozed_until": at(15)}),
        (None, {"preferred_time": ""}),
    ],
)
def test_from_when_a_person_may_be_contacted_is_said_where_they_may_not_be_now(stopped_clock, expected, fields):
    tried = fields.get("tries", ())
    known = {"stage": "new", "due_at": at(9), "time_zone": "America/Phoenix"} | fields
    request = AssessmentRequest(**{name: value for name, value in known.items() if name != "tries"})

    def next_contact(preferred, zone):
        return schedule.next_contact(NOW, schedule.ASSUMED, preferred, ZoneInfo(zone))

    assert in_list.not_before(request, ladder_after(tries=tried), next_contact, NOW) == expected
