import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User

from intake.admin.guidance import in_list
from intake.admin.guidance.next_action import Kind, Reason, decide
from intake.admin.guidance.reachability import reachability_of
from intake.contact import schedule
from intake.models import AssessmentRequest, Attempt, ContactPreferences
from intake.workflow.attempt_plan import AttemptPlan

PHOENIX = ZoneInfo("America/Phoenix")
NOW = dt.datetime(2026, 11, 24, 10, 0, tzinfo=PHOENIX)  # a Tuesday
DAY = dt.timedelta(days=1)
CALL_ONLY = {"may_call": True, "may_leave_voicemail": False, "may_text": False, "may_email": False}
EVERY_WAY = dict.fromkeys(CALL_ONLY, True)
EMAIL_ONLY = CALL_ONLY | {"may_call": False, "may_email": True}


def at(hour, minute=0, days=0):
    return NOW.replace(hour=hour, minute=minute) + days * DAY


def plan_after(ways=CALL_ONLY, tried=(), more=0, is_answered=False, preferred="asap", zone="America/Phoenix"):
    attempts = [Attempt(channel=channel, result="no_answer", occurred_at=at(9)) for channel in tried]
    preferences = ways and ContactPreferences(preferred_time=preferred, time_zone=zone, **ways)
    return AttemptPlan(preferences, attempts, more, is_mailed="email" in tried and not is_answered)


def request_with(**fields):
    due_at = fields.get("assessment_at", at(9))
    return AssessmentRequest(**{"stage": "new", "due_at": due_at, "received_at": at(8)} | fields)


def action_for(request, plan, viewer=None, elsewhere=None):
    reachability = None
    if plan.preferences:
        preferences = plan.preferences
        reachability = reachability_of(preferences.preferred_time, preferences.time_zone, NOW, schedule.ASSUMED)
    return decide(request, plan, reachability, viewer, NOW, elsewhere)


def step(ways=CALL_ONLY, tried=(), language="", more=0, **fields):
    """The next step for a request with these fields, ways of contact, and channels that were tried."""
    request, plan = request_with(**fields), plan_after(ways, tried, more, "awaiting_reply_since" in fields)
    return in_list.label_for_next_step(action_for(request, plan), request, plan, language, NOW)


LONG = "American Sign Language through a relay service"
CASES = [
    ("Call, leave no message", {}),
    ("Call", {"ways": EVERY_WAY}),
    ("Call, leave no message, Spanish, by 10:15 AM", {"language": "Spanish", "due_at": at(10, 15)}),
    ("Call, leave no message, by Wed 8:00 AM", {"due_at": at(8, days=1)}),
    ("Call, leave no message, by Dec 3, 8:00 AM", {"due_at": at(8, days=9)}),
    ("Call, leave no message, American Sign Language throug…", {"language": LONG}),
    ("Email once", {"ways": EMAIL_ONLY}),
    ("Text", {"ways": CALL_ONLY | {"may_call": False, "may_text": True}}),
    ("Check, then call, leave no message", {"quarantined_at": at(8), "spam_signals": "fast"}),
    ("Check, then email once", {"ways": EMAIL_ONLY, "quarantined_at": at(8), "spam_signals": "fast"}),
    ("Call again, leave no message", {"stage": "reaching", "tried": ["call"]}),
    ("Call again, leave no message, at 2:15 PM", {"stage": "reaching", "tried": ["call"], "due_at": at(14, 15)}),
    ("Call again, leave no message, Wed 8:00 AM", {"stage": "reaching", "tried": ["call"], "due_at": at(8, days=1)}),
    ("Text", {"stage": "reaching", "ways": EVERY_WAY, "tried": ["call"]}),
    ("Email", {"stage": "reaching", "ways": EVERY_WAY, "tried": ["call", "text"]}),
    ("Call again", {"stage": "reaching", "ways": EVERY_WAY, "tried": ["call", "text", "email"]}),
    ("Decide: keep trying or close", {"stage": "reaching", "tried": ["call"] * 4}),
    ("Decide: close or snooze", {"stage": "reaching", "ways": EMAIL_ONLY, "tried": ["email"]}),
    ("Call again, leave no message", {"stage": "reaching", "tried": ["call"] * 4, "more": 2}),
    (
        "They contacted us: call, leave no message",
        {"stage": "reaching", "awaiting_reply_since": at(9), "tried": ["call"]},
    ),
    (
        "They contacted us: email",
        {"stage": "talking", "ways": EVERY_WAY | EMAIL_ONLY, "awaiting_reply_since": at(9), "tried": ["email"]},
    ),
    (
        "They contacted us: call, leave no message",
        {"stage": "booked", "awaiting_reply_since": at(9), "assessment_at": at(9, days=1)},
    ),
    ("Follow up, leave no message, Spanish", {"stage": "talking", "language": "Spanish"}),
    ("Follow up, at 3:00 PM", {"stage": "talking", "ways": EVERY_WAY, "due_at": at(15)}),
    ("Follow up: email once", {"stage": "talking", "ways": EMAIL_ONLY}),
    ("Decide: keep trying or close", {"stage": "talking", "tried": ["call"] * 4}),
    (
        "They contacted us: call, leave no message",
        {"stage": "reaching", "awaiting_reply_since": at(9), "tried": ["call"] * 4},
    ),
    ("Follow up, at 3:00 PM", {"stage": "booked", "ways": EVERY_WAY, "assessment_at": at(16), "due_at": at(15)}),
    (
        "Assessment was 9:00 AM: did they come?",
        {"stage": "booked", "ways": EMAIL_ONLY, "tried": ["email"], "assessment_at": at(9), "due_at": at(8)},
    ),
    ("Assessment 4:00 PM", {"stage": "booked", "assessment_at": at(16)}),
    ("Assessment Wed 10:00 AM", {"stage": "booked", "assessment_at": at(10, days=1)}),
    ("Assessment was Nov 23, 10:00 AM: did they come?", {"stage": "booked", "assessment_at": at(10, days=-1)}),
    ("Wait until Wed 8:00 AM", {"snoozed_until": at(8, days=1), "snooze_reason": "away"}),
    ("Call, leave no message", {"snoozed_until": at(9), "snooze_reason": "away"}),
    ("Do not contact: the contact preferences can't be read", {"ways": None}),
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


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        (at(12), {"preferred_time": "afternoon", "stage": "reaching", "tried": ["call"] * 3}),
        (None, {"preferred_time": "afternoon", "stage": "reaching", "tried": ["call"] * 4}),  # someone has to decide
        (
            at(12),
            {"preferred_time": "afternoon", "stage": "reaching", "tried": ["call"] * 4, "awaiting_reply_since": at(9)},
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
    ],
)
def test_from_when_a_person_may_be_contacted_is_said_where_they_may_not_be_now(stopped_clock, expected, fields):
    preferred, zone = fields.get("preferred_time"), fields.get("time_zone", "America/Phoenix")
    known = {"due_at": at(9)} | fields
    request = request_with(**{name: value for name, value in known.items() if name != "tried"})
    plan = plan_after(tried=fields.get("tried", ()), preferred=preferred, zone=zone)
    assert in_list.not_before(action_for(request, plan), request) == expected


ME, SAM = User(pk=1, username="me"), User(pk=2, username="sam")
SOON, EARLIER = NOW + dt.timedelta(minutes=20), NOW - dt.timedelta(minutes=20)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Kind.TAKE, {}),
        (Kind.CONTACT, {"owner": ME}),
        (Kind.CONTACT, {"owner": ME, "claimed_until": SOON}),
        (Kind.TAKE, {"owner": ME, "claimed_until": EARLIER}),
        (Kind.TAKE, {"owner": SAM, "claimed_until": EARLIER}),
        (Kind.LEAVE, {"owner": SAM, "claimed_until": SOON}),
        (Kind.LEAVE, {"owner": SAM, "claimed_until": SOON, "to_confirm_since": at(9)}),
        (Kind.MAKE_OWNER, {"owner": SAM}),
        (Kind.CONFIRM_PERSON, {"owner": SAM, "to_confirm_since": at(9)}),
        (Kind.NOTHING, {"owner": SAM, "stage": "closed"}),
        (Kind.DO_NOT_CONTACT, {"stage": "closed", "hidden_at": at(9)}),
    ],
)
def test_only_the_colleague_who_has_a_request_is_told_to_contact_the_person(stopped_clock, kind, fields):
    assert action_for(request_with(**fields), plan_after(), viewer=ME).kind == kind


def test_nobody_is_told_to_contact_a_person_whom_a_colleague_works_with_elsewhere(stopped_clock):
    elsewhere = request_with(owner=SAM, claimed_until=SOON)
    assert action_for(request_with(owner=ME), plan_after(), ME, elsewhere).kind == Kind.ASK_COLLEAGUE
    later = request_with(owner=ME, stage="reaching", due_at=at(15))
    assert action_for(later, plan_after(), ME, elsewhere).kind == Kind.CONTACT  # at 3 PM, not now


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "moment", "preferred", "ways"),
    [
        (Kind.CONTACT, None, "asap", CALL_ONLY),
        (Kind.CONTACT, at(12), "afternoon", CALL_ONLY),
        (Kind.CONTACT, at(12), "afternoon", EVERY_WAY),
        (Kind.CONTACT, None, "confirmed", EVERY_WAY),  # by text: they are asked for a time
    ],
)
def test_nobody_is_called_before_the_time_that_they_prefer(stopped_clock, kind, moment, preferred, ways):
    action = action_for(request_with(), plan_after(ways, preferred=preferred))
    assert (action.kind, action.at, action.reason) == (kind, moment, Reason.FIRST)


@pytest.mark.django_db
def test_who_confirms_times_by_phone_only_is_not_called_though_they_called_us(stopped_clock):
    plan = plan_after(preferred="confirmed")
    assert action_for(request_with(), plan).kind == Kind.DECIDE
    request = request_with(stage="reaching", awaiting_reply_since=at(9))
    action = action_for(request, plan)
    assert (action.kind, action.reason) == (Kind.CONFIRM_TIME, Reason.REPLY)
    words = in_list.label_for_next_step(action, request, plan, "", NOW)
    assert words == "They contacted us: do not call until they confirm a time, leave no message"
