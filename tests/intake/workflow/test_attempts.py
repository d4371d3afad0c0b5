"""Trying to reach a person: what an attempt changes, when the next is due, and the decision at the end."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from intake import workflow
from intake.contact import details
from intake.models import RESULTS, AssessmentRequest, Attempt
from intake.submission import tokens
from intake.workflow.attempt_plan import AttemptPlan, attempt_plan_of, must_decide
from pages import facts
from pages.models import Center, Holiday, OpeningHours
from tests.intake.support.factories import log_attempt, make_request
from tests.intake.support.helpers import codes_of, format_local, local_time

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]

TUESDAY = local_time("2026-11-24 10:00")
MINUTE = dt.timedelta(minutes=1)
PHONE_ONLY = {"preferred_time": "asap", "time_zone": "America/Phoenix", "email": ""}


@pytest.fixture
def actor(make_staff):
    return make_staff("admissions", username="amal")


def make_phone_request(**changes):
    return make_request(**PHONE_ONLY | changes, at=TUESDAY)


def try_in_vain(request, actor, clock, times):
    """Calls at the time that was proposed, again and again."""
    for _ in range(times):
        attempt = log_attempt(request, actor)
        clock.move_to(attempt.next_at, tick=False)
    request.refresh_from_db()
    return request


# What an attempt changes


def test_a_call_that_nobody_answers_begins_to_reach_and_is_due_again_later_that_day(actor):
    request = make_phone_request()
    attempt = log_attempt(request, actor)
    request.refresh_from_db()
    assert (request.stage, request.first_attempt_at, request.reached_at) == ("reaching", TUESDAY, None)
    assert format_local(request.due_at) == format_local(attempt.next_at) == "Tue 24 13:00"
    assert codes_of(request) == ["received", "attempted", "stage_set"]


def test_who_is_reached_is_in_conversation_with_whoever_reached_them(actor):
    request = make_phone_request()
    log_attempt(request, actor, "reached")
    request.refresh_from_db()
    assert (request.stage, request.owner, request.reached_at) == ("talking", actor, TUESDAY)
    assert format_local(request.due_at) == "Wed 25 09:00"


def test_who_speaks_with_them_owns_the_request_even_while_a_colleague_is_at_it(actor, make_staff):
    request, sam = make_phone_request(), make_staff("admissions", username="sam")
    workflow.claim(request_id=request.pk, actor=actor)
    log_attempt(request, sam, "reached")
    request.refresh_from_db()
    assert (request.owner, request.claimed_until) == (sam, None)


def test_the_next_attempt_can_be_set_by_hand(actor):
    request = make_phone_request()
    log_attempt(request, actor, next_at=local_time("2026-11-27 16:30"))
    request.refresh_from_db()
    assert format_local(request.due_at) == "Fri 27 16:30"


def test_a_next_attempt_in_the_past_is_refused(actor):
    request = make_phone_request()
    with pytest.raises(workflow.TransitionRefused, match="in the future"):
        log_attempt(request, actor, next_at=TUESDAY)
    assert request.attempts.count() == 0


def test_who_called_back_and_was_missed_is_on_top_of_the_queue_until_someone_calls(actor):
    overdue, called_back = make_phone_request(), make_phone_request()
    AssessmentRequest.objects.filter(pk=overdue.pk).update(due_at=TUESDAY - dt.timedelta(days=3))
    log_attempt(called_back, actor, "missed", "they_called")
    assert AssessmentRequest.objects.by_urgency().first() == called_back
    log_attempt(called_back, actor)
    assert AssessmentRequest.objects.by_urgency().first() == overdue


def test_a_person_who_calls_while_snoozed_is_not_snoozed_any_more(actor):
    request = make_phone_request()
    workflow.snooze(request_id=request.pk, until=TUESDAY + dt.timedelta(days=3), reason="away", actor=actor)
    log_attempt(request, actor, "missed", "they_called")
    request.refresh_from_db()
    assert (request.snoozed_until, request.snooze_reason, request.due_at) == (None, "", TUESDAY)


def test_a_call_to_someone_with_a_booked_assessment_leaves_its_time(actor):
    request, at = make_phone_request(), local_time("2026-11-26 11:00")
    workflow.book(request_id=request.pk, at=at, actor=actor)
    for result in ("no_answer", "reached"):
        log_attempt(request, actor, result)
        request.refresh_from_db()
        assert (request.stage, request.due_at) == ("booked", at)


def test_a_call_to_someone_who_did_not_come_sets_the_next_one(actor, clock):
    request, booked = make_phone_request(), TUESDAY + 60 * MINUTE
    workflow.book(request_id=request.pk, at=booked, actor=actor)
    clock.move_to(booked + 120 * MINUTE, tick=False)
    attempt = log_attempt(request, actor)
    request.refresh_from_db()
    assert request.due_at == attempt.next_at > booked + 120 * MINUTE
    clock.move_to(booked + 130 * MINUTE, tick=False)
    tomorrow = TUESDAY + 1440 * MINUTE
    workflow.snooze(request_id=request.pk, until=tomorrow, reason="asked_later", actor=actor)
    clock.move_to(booked + 140 * MINUTE, tick=False)
    assert workflow.unsnooze(request_id=request.pk, actor=actor).due_at == attempt.next_at


def test_a_double_click_is_one_attempt(actor, clock):
    request = make_phone_request()
    first = log_attempt(request, actor, expected_version=0)
    assert log_attempt(request, actor, expected_version=0) == first
    clock.move_to(TUESDAY + dt.timedelta(seconds=11), tick=False)
    with pytest.raises(workflow.StaleVersion):
        log_attempt(request, actor, expected_version=0)
    assert request.attempts.count() == 1


def test_an_attempt_frees_what_was_taken_from_the_queue_and_leaves_what_was_given(actor):
    taken, given = make_phone_request(), make_phone_request()
    workflow.claim(request_id=taken.pk, actor=actor)
    workflow.assign(request_id=given.pk, owner=actor, actor=actor)
    owners = [log_attempt(request, actor).request.owner for request in (taken, given)]
    assert owners == [None, actor]


@pytest.mark.parametrize(
    ("channel", "result", "answers"),
    [
        ("call", "no_answer", {"do_not_call": "on", "email": "a@example.org", "email_ok": "on"}),
        ("call", "voicemail", {"voicemail_ok": ""}),
        ("text", "sent", {"text_ok": ""}),
        ("email", "sent", {"email": ""}),
    ],
)
def test_what_the_person_does_not_allow_is_refused_in_words(actor, channel, result, answers):
    request = make_phone_request(**answers)
    with pytest.raises(workflow.TransitionRefused, match="does not allow"):
        log_attempt(request, actor, result, channel)
    assert request.attempts.count() == 0


@pytest.mark.parametrize(
    ("channel", "result"),
    [(c, r) for c in Attempt.Channel.values for r in Attempt.Result.values if r not in RESULTS[c]],
)
def test_rules_and_database_refuse_a_result_that_its_channel_can_not_have(actor, channel, result):
    request = make_phone_request(text_ok="on", email="a@example.org", email_ok="on")
    with pytest.raises(workflow.TransitionRefused):
        log_attempt(request, actor, result, channel)
    with pytest.raises(IntegrityError), transaction.atomic():
        Attempt.objects.create(request=request, channel=channel, result=result, actor=actor, occurred_at=TUESDAY)


# The ladder


def test_four_attempts_are_made_at_different_hours_of_several_days(actor, clock):
    request = make_phone_request()
    request = try_in_vain(request, actor, clock, 4)
    assert [format_local(attempt.occurred_at) for attempt in request.attempts.all()] == [
        "Tue 24 10:00",
        "Tue 24 13:00",
        "Wed 25 09:00",
        "Thu 26 12:00",
    ]


def test_last_attempt_needs_a_decision_and_comes_after_people_who_wait(actor, clock):
    request = try_in_vain(make_phone_request(), actor, clock, 4)
    assert must_decide(request, attempt_plan_of(request))
    assert [format_local(request.attempts.last().occurred_at), format_local(request.due_at)] == [
        "Thu 26 12:00",
        "Thu 26 16:00",
    ]
    clock.move_to(local_time("2026-11-26 13:00"), tick=False)
    assert workflow.take_next(actor=actor) is None
    waiting = make_request(**PHONE_ONLY, at=local_time("2026-11-26 12:59"))
    assert workflow.take_next(actor=actor) == waiting
    clock.move_to(request.due_at + MINUTE, tick=False)
    with pytest.raises(workflow.TransitionRefused, match="Decide now"):
        log_attempt(request, actor)
    assert request.attempts.count() == 4


def test_before_the_last_attempt_nobody_is_given_up(actor, clock):
    request = try_in_vain(make_phone_request(), actor, clock, 3)
    with pytest.raises(workflow.TransitionRefused, match="1 more attempt is needed"):
        workflow.close(request_id=request.pk, outcome="not_reached", actor=actor)
    log_attempt(request, actor)
    assert workflow.close(request_id=request.pk, outcome="not_reached", actor=actor).outcome == "not_reached"


def test_four_calls_within_one_hour_are_one_attempt_to_reach_somebody(actor, clock):
    request = make_phone_request()
    for minute in range(4):
        clock.move_to(TUESDAY + dt.timedelta(minutes=minute), tick=False)
        log_attempt(request, actor)
    with pytest.raises(workflow.TransitionRefused, match="3 more attempts are needed"):
        workflow.close(request_id=request.pk, outcome="not_reached", actor=actor)


def test_calls_before_and_after_a_full_hour_are_one_attempt_too(actor, clock):
    request = make_phone_request()
    for time in ("12:59", "13:00", "14:59", "15:00"):
        clock.move_to(local_time(f"2026-11-24 {time}"), tick=False)
        log_attempt(request, actor)
    with pytest.raises(workflow.TransitionRefused, match="2 more attempts are needed"):
        workflow.close(request_id=request.pk, outcome="not_reached", actor=actor)


def test_four_calls_at_the_same_time_of_day_are_not_enough_to_give_up(actor, clock):
    request = make_phone_request()
    for day in (25, 26, 27, 28):
        clock.move_to(local_time(f"2026-11-{day} 09:15"), tick=False)
        log_attempt(request, actor)
    with pytest.raises(workflow.TransitionRefused, match="Every attempt was at the same time of day"):
        workflow.close(request_id=request.pk, outcome="not_reached", actor=actor)
    workflow.keep_trying(request_id=request.pk, actor=actor)
    clock.move_to(local_time("2026-11-28 14:15"), tick=False)
    log_attempt(request, actor)
    assert workflow.close(request_id=request.pk, outcome="not_reached", actor=actor).outcome == "not_reached"


def test_who_calls_back_after_the_last_attempt_is_called_and_not_given_up(actor, clock):
    request = try_in_vain(make_phone_request(), actor, clock, 4)
    log_attempt(request, actor, "missed", "they_called")
    request.refresh_from_db()
    assert not must_decide(request, attempt_plan_of(request))
    with pytest.raises(workflow.TransitionRefused, match="The person contacted us again and waits"):
        workflow.close(request_id=request.pk, outcome="not_reached", actor=actor)
    clock.move_to(request.awaiting_reply_since + MINUTE, tick=False)
    log_attempt(request, actor)
    request.refresh_from_db()
    assert must_decide(request, attempt_plan_of(request))
    workflow.close(request_id=request.pk, outcome="not_reached", actor=actor)


def test_who_was_reached_and_does_not_answer_four_times_asks_for_a_decision_too(actor, clock):
    request = make_phone_request()
    clock.move_to(log_attempt(request, actor, "reached").next_at, tick=False)
    try_in_vain(request, actor, clock, 4)
    assert (request.stage, must_decide(request, attempt_plan_of(request))) == ("talking", True)


def test_who_keeps_trying_has_two_attempts_more(actor, clock):
    request = try_in_vain(make_phone_request(), actor, clock, 4)
    workflow.keep_trying(request_id=request.pk, actor=actor)
    request.refresh_from_db()
    assert request.due_at > request.attempts.last().occurred_at
    clock.move_to(request.due_at, tick=False)
    request = try_in_vain(request, actor, clock, 2)
    assert must_decide(request, attempt_plan_of(request))


def test_keeping_on_is_no_decision_while_attempts_are_left(actor):
    request = make_phone_request()
    log_attempt(request, actor)
    with pytest.raises(workflow.TransitionRefused, match="plan has not ended"):
        workflow.keep_trying(request_id=request.pk, actor=actor)


def test_a_person_who_was_reached_and_lost_again_gets_a_whole_new_plan(actor, clock):
    request = try_in_vain(make_phone_request(), actor, clock, 4)
    log_attempt(request, actor, "reached")
    workflow.set_stage(request_id=request.pk, stage="reaching", actor=actor)
    request.refresh_from_db()
    assert attempt_plan_of(request).attempts == []
    with pytest.raises(workflow.TransitionRefused, match="4 more attempts are needed"):
        workflow.close(request_id=request.pk, outcome="not_reached", actor=actor)


def test_a_request_that_is_opened_again_gets_a_whole_new_plan(actor, clock):
    request = try_in_vain(make_phone_request(), actor, clock, 4)
    workflow.close(request_id=request.pk, outcome="not_reached", actor=actor)
    clock.move_to(request.due_at + MINUTE, tick=False)
    workflow.reopen(request_id=request.pk, actor=actor)
    assert attempt_plan_of(request).attempts == []


def test_an_email_address_alone_allows_one_email_and_then_a_decision(actor):
    request = make_phone_request(phone="", email="a@example.org", voicemail_ok="")
    log_attempt(request, actor, "sent", "email")
    request.refresh_from_db()
    assert must_decide(request, attempt_plan_of(request))
    assert format_local(request.due_at) == "Thu 26 14:00"  # two days to answer, and four open hours to decide
    assert workflow.close(request_id=request.pk, outcome="not_reached", actor=actor).outcome == "not_reached"


def test_one_email_means_one_email(actor, clock):
    request = make_phone_request(phone="", email="a@example.org")
    log_attempt(request, actor, "sent", "email")
    clock.move_to(TUESDAY + MINUTE, tick=False)
    with pytest.raises(workflow.TransitionRefused, match="The person allows one email, and it was sent"):
        workflow.keep_trying(request_id=request.pk, actor=actor)
    with pytest.raises(workflow.TransitionRefused, match="does not allow this way"):
        log_attempt(request, actor, "sent", "email", next_at=TUESDAY + 60 * MINUTE)


def opened_again(request, actor):
    workflow.close(request_id=request.pk, outcome="not_reached", actor=actor)
    workflow.reopen(request_id=request.pk, actor=actor)


def corrected(request, actor, **after):
    known = details.plain(details.details_of(request))
    before = {name: known[name] for name in after}
    workflow.correct(request_id=request.pk, before=before, after=after, actor=actor)


def test_one_email_stays_one_email_when_we_open_the_request_again(actor, clock):
    request = make_phone_request(phone="", email="a@example.org", voicemail_ok="")
    log_attempt(request, actor, "sent", "email")
    clock.move_to(TUESDAY + 60 * MINUTE, tick=False)
    opened_again(request, actor)
    request.refresh_from_db()
    assert must_decide(request, attempt_plan_of(request))
    with pytest.raises(workflow.TransitionRefused, match="does not allow this way"):
        log_attempt(request, actor, "sent", "email")
    assert workflow.close(request_id=request.pk, outcome="not_reached", actor=actor).outcome == "not_reached"


def test_correcting_a_number_not_to_be_called_allows_no_second_email(actor, clock):
    request = make_phone_request(email="a@example.org", voicemail_ok="", do_not_call="on")
    log_attempt(request, actor, "sent", "email")
    clock.move_to(TUESDAY + 60 * MINUTE, tick=False)
    corrected(request, actor, phone="(602) 555-0143")
    assert attempt_plan_of(request).channels == []


@pytest.mark.parametrize("said", ["they wrote", "they called", "another address"])
def test_one_more_email_is_allowed_after_new_content_or_a_new_address(actor, clock, said):
    request = make_phone_request(phone="", email="a@exmaple.org", voicemail_ok="")
    log_attempt(request, actor, "sent", "email")
    clock.move_to(TUESDAY + 60 * MINUTE, tick=False)
    match said:
        case "they wrote":
            workflow.add_message(request_id=request.pk, text="Did you get this?")
        case "they called":
            log_attempt(request, actor, "missed", "they_called")
        case "another address":
            corrected(request, actor, email="a@example.org")
    assert attempt_plan_of(request).channels == ["email"]
    clock.move_to(TUESDAY + 61 * MINUTE, tick=False)
    log_attempt(request, actor, "sent", "email")
    assert attempt_plan_of(request).channels == []


def test_who_takes_the_consent_to_email_back_allows_one_email(actor, clock):
    draft, preferred_times = tokens.draw(), PHONE_ONLY | {"email": "a@example.org"}
    request = make_request(draft, **preferred_times, email_ok="on", at=TUESDAY)
    clock.move_to(TUESDAY + MINUTE, tick=False)
    make_request(draft, **preferred_times, do_not_call="on", voicemail_ok="", at=TUESDAY + MINUTE)
    assert (attempt_plan_of(request).agreed_to_email, attempt_plan_of(request).length) == (False, 1)
    make_request(draft, **preferred_times, do_not_call="on", voicemail_ok="", email_ok="on", at=TUESDAY + 2 * MINUTE)
    assert (attempt_plan_of(request).agreed_to_email, attempt_plan_of(request).length) == (True, 4)


def test_who_answers_the_one_email_is_written_to_again(actor, clock):
    request = make_phone_request(phone="", email="a@example.org")
    log_attempt(request, actor, "sent", "email")
    log_attempt(request, actor, "reached", "email")
    for hours in (20, 40):
        clock.move_to(TUESDAY + hours * 60 * MINUTE, tick=False)
        log_attempt(request, actor, "sent", "email")


def test_who_agreed_to_email_and_wants_no_calls_has_four_attempts(actor):
    request = make_phone_request(email="a@example.org", do_not_call="on", email_ok="on")
    log_attempt(request, actor, "sent", "email")
    plan = attempt_plan_of(request)
    assert (plan.length, plan.has_ended, plan.channels) == (4, False, ["email"])


def test_a_number_that_does_not_work_and_no_other_way_ask_for_a_decision(actor):
    request = make_phone_request()
    log_attempt(request, actor, "bad_number")
    request.refresh_from_db()
    assert must_decide(request, attempt_plan_of(request))
    assert attempt_plan_of(request).why_not_closable == ""


def test_a_number_that_does_not_work_leaves_the_email_that_is_allowed(actor):
    request = make_phone_request(email="a@example.org", email_ok="on")
    log_attempt(request, actor, "bad_number")
    assert not attempt_plan_of(request).has_ended
    assert attempt_plan_of(request).propose(TUESDAY).channel == "email"


def test_the_next_try_is_proposed_by_another_way_that_is_allowed(actor, clock):
    request = make_phone_request(text_ok="on", email="a@example.org", email_ok="on")
    channels = []
    for channel, result in [("call", "no_answer"), ("text", "sent"), ("email", "sent")]:
        log_attempt(request, actor, result, channel)
        channels.append(attempt_plan_of(request).propose(TUESDAY).channel)
    assert channels == ["text", "email", "call"]


# Hours: the center is open Monday to Friday, 9 to 17 in Phoenix


def proposed_after_a_try_at(words, attempts=1, **changes):
    tried = local_time(words)
    request = make_request(**PHONE_ONLY | changes, at=tried)
    made = [Attempt(request=request, channel="call", result="no_answer", occurred_at=tried)] * attempts
    return AttemptPlan(request.contact_preferences.get(), made).propose(tried).at


def test_a_try_in_the_last_hour_before_closing_is_followed_by_one_the_next_morning():
    assert format_local(proposed_after_a_try_at("2026-11-24 16:10")) == "Wed 25 09:00"


def test_a_try_on_friday_afternoon_is_followed_by_one_on_monday_morning():
    assert format_local(proposed_after_a_try_at("2026-11-27 16:10")) == "Mon 30 09:00"


def test_on_a_holiday_nobody_is_called():
    center = Center.objects.get()
    center.contact_target_hours = 4
    center.save()
    for weekday in range(5):
        OpeningHours.objects.create(center=center, weekday=weekday, opens=dt.time(9), closes=dt.time(17))
    Holiday.objects.create(center=center, day=dt.date(2026, 11, 25), name="A day off")
    facts.forget()
    assert format_local(proposed_after_a_try_at("2026-11-24 16:10")) == "Thu 26 09:00"


def test_in_the_persons_own_evening_the_hour_that_was_tried_is_not_tried_again():
    # 5 to 9 in New York is 3 to 7 in Phoenix, and we close at 5.
    proposed = proposed_after_a_try_at("2026-11-24 15:30", preferred_time="evening", time_zone="America/New_York")
    assert format_local(proposed) == "Wed 25 16:00"


def test_part_of_day_follows_a_clock_change_where_the_person_lives():
    # New York's clocks go back on Sunday, 1 November 2026: noon there is 9 in Phoenix before, 10 after.
    before = proposed_after_a_try_at("2026-10-29 15:30", preferred_time="afternoon", time_zone="America/New_York")
    after = proposed_after_a_try_at("2026-10-30 15:30", preferred_time="afternoon", time_zone="America/New_York")
    assert (format_local(before), format_local(after)) == ("Fri 30 09:00", "Mon 02 10:00")


# A new beginning


def test_a_conversation_that_was_noted_as_a_stage_begins_anew_too(actor, clock):
    request = try_in_vain(make_phone_request(), actor, clock, 4)
    clock.move_to(request.due_at + MINUTE, tick=False)
    for stage in ("talking", "reaching"):
        workflow.set_stage(request_id=request.pk, stage=stage, actor=actor)
    assert attempt_plan_of(request).attempts == []


def test_a_number_that_was_corrected_is_not_dead_any_more(actor, clock):
    request = make_phone_request()
    log_attempt(request, actor, "bad_number")
    clock.move_to(TUESDAY + MINUTE, tick=False)
    before = {"phone": "(602) 555-0142"}
    workflow.correct(request_id=request.pk, before=before, after={"phone": "(602) 555-0143"}, actor=actor)
    assert attempt_plan_of(request).attempts == []
    log_attempt(request, actor)


def test_to_a_number_that_does_not_work_no_text_is_proposed(actor):
    request = make_phone_request(text_ok="on", email="a@example.org", email_ok="on")
    log_attempt(request, actor, "bad_number")
    assert attempt_plan_of(request).propose(TUESDAY).channel == "email"


def test_keeping_on_ends_the_snooze_and_the_claim(actor, clock):
    request = try_in_vain(make_phone_request(), actor, clock, 4)
    workflow.claim(request_id=request.pk, actor=actor)
    workflow.keep_trying(request_id=request.pk, actor=actor)
    request.refresh_from_db()
    assert (request.owner, request.claimed_until, request.snoozed_until) == (None, None, None)


@pytest.mark.parametrize(
    ("at", "zone", "is_refused"),
    [
        ("2026-11-29 03:00", "America/Phoenix", True),
        ("2026-11-29 21:00", "America/Phoenix", True),
        ("2026-11-29 20:59", "America/Phoenix", False),  # a Sunday: they may have asked for it
        ("2026-11-25 19:30", "America/New_York", True),
        ("2026-11-25 07:00", "America/New_York", False),
    ],
)
def test_nobody_is_to_be_contacted_in_the_night_of_their_own_day(actor, at, zone, is_refused):
    request = make_phone_request(time_zone=zone)
    if is_refused:
        with pytest.raises(workflow.TransitionRefused, match="between 8 AM and 9 PM for them"):
            log_attempt(request, actor, next_at=local_time(at))
        assert request.attempts.count() == 0
    else:
        assert log_attempt(request, actor, next_at=local_time(at)).next_at == local_time(at)


def test_a_next_attempt_in_another_age_is_refused(actor):
    request = make_phone_request()
    with pytest.raises(workflow.TransitionRefused, match="within the next 90 days"):
        log_attempt(request, actor, next_at=local_time("2062-11-24 10:00"))


def test_person_who_calls_before_the_assessment_is_tried_until_reached(actor, clock):
    request, at = make_phone_request(), local_time("2026-12-14 11:00")
    workflow.book(request_id=request.pk, at=at, actor=actor)
    times = [
        (TUESDAY, "they_called", "missed", "Tue 24 10:00"),
        (TUESDAY, "call", "no_answer", "Tue 24 13:00"),
        (TUESDAY + dt.timedelta(hours=3), "call", "no_answer", "Wed 25 09:00"),
        (TUESDAY + dt.timedelta(hours=24), "call", "reached", "Mon 14 11:00"),
    ]
    for now, channel, result, due_at in times:
        clock.move_to(now, tick=False)
        if now != TUESDAY:
            assert workflow.take_next(actor=actor) == request
        log_attempt(request, actor, result, channel)
        request.refresh_from_db()
        assert (request.stage, format_local(request.due_at)) == ("booked", due_at)
    assert request.awaits_assessment


def test_no_attempt_is_planned_past_the_assessment(actor, clock):
    request, at = make_phone_request(), local_time("2026-11-25 09:00")
    workflow.book(request_id=request.pk, at=at, actor=actor)
    log_attempt(request, actor, "missed", "they_called")
    log_attempt(request, actor, next_at=local_time("2026-12-24 10:00"))
    request.refresh_from_db()
    assert request.due_at == at
    clock.move_to(local_time("2026-11-25 10:00"), tick=False)
    assert workflow.take_next(actor=actor) == request


@pytest.mark.parametrize("result", ["\0", "made-up", None, "sent"])
def test_a_result_that_its_channel_can_not_have_is_refused_before_it_is_looked_for(actor, result):
    request = make_phone_request()
    with pytest.raises(workflow.TransitionRefused, match="Unknown action"):
        log_attempt(request, actor, result)
    assert request.attempts.count() == 0


def test_a_time_asked_for_before_the_assessment_is_kept(actor):
    request, wanted = make_phone_request(), local_time("2026-11-30 15:00")
    workflow.book(request_id=request.pk, at=local_time("2026-12-14 11:00"), actor=actor)
    log_attempt(request, actor, "missed", "they_called")
    log_attempt(request, actor, next_at=wanted)
    request.refresh_from_db()
    assert request.due_at == wanted


def test_a_correction_by_staff_puts_nothing_off_and_changes_no_promise(actor, clock):
    request = make_phone_request()
    AssessmentRequest.objects.filter(pk=request.pk).update(promise="We will call today.")
    clock.move_to(request.due_at + dt.timedelta(days=1), tick=False)
    zone = {"time_zone": "America/Phoenix"}
    workflow.correct(request_id=request.pk, before=zone, after={"time_zone": "America/Denver"}, actor=actor)
    due_at, request.promise = request.due_at, ""
    request.refresh_from_db()
    assert (request.due_at, request.promise, request.time_zone) == (due_at, "We will call today.", "America/Denver")


@pytest.mark.parametrize("result", ["no_answer", "reached"])
def test_what_is_planned_moves_into_the_part_of_the_day_that_staff_write_down(actor, result):
    request = make_phone_request()
    log_attempt(request, actor, result, next_at=local_time("2026-11-25 09:30"))
    corrected(request, actor, preferred_time="afternoon")
    request.refresh_from_db()
    assert format_local(request.due_at) == "Wed 25 12:00"


def test_call_before_the_assessment_stays_before_it_in_any_part_of_the_day(actor):
    request = make_phone_request()
    workflow.book(request_id=request.pk, at=local_time("2026-11-25 11:00"), actor=actor)
    log_attempt(request, actor, "missed", "they_called")
    log_attempt(request, actor, next_at=local_time("2026-11-25 09:30"))
    corrected(request, actor, preferred_time="afternoon")
    request.refresh_from_db()
    assert (format_local(request.due_at), request.is_due_before_assessment) == ("Wed 25 09:30", True)


def test_person_tried_before_is_handed_out_when_their_chosen_time_begins(actor, clock):
    request = make_phone_request()
    log_attempt(request, actor)
    clock.move_to(local_time("2026-11-24 16:30"), tick=False)
    workflow.change_preferred_time(request_id=request.pk, preferred_time="morning", time_zone="")
    request.refresh_from_db()
    assert format_local(request.due_at) == "Wed 25 09:00"
    clock.move_to(local_time("2026-11-25 09:00"), tick=False)
    assert workflow.take_next(actor=actor) == request


def test_a_time_that_they_asked_for_stays_when_another_way_is_written_down(actor):
    request = make_phone_request(email="a@example.org", email_ok="on", text_ok="on")
    log_attempt(request, actor, "reached", next_at=local_time("2026-11-25 19:00"))
    corrected(request, actor, may_call=False, may_leave_voicemail=False)
    request.refresh_from_db()
    assert format_local(request.due_at) == "Wed 25 19:00"


def test_planned_attempt_moves_to_the_part_of_day_chosen_in_conversation(actor):
    request = make_phone_request()
    log_attempt(request, actor, "reached", next_at=local_time("2026-11-25 09:30"))
    workflow.change_preferred_time(request_id=request.pk, preferred_time="afternoon", time_zone="")
    request.refresh_from_db()
    assert format_local(request.due_at) == "Wed 25 12:00"


@pytest.mark.parametrize("stage", ["talking", "booked"])
def test_who_got_the_one_email_and_talks_with_us_by_now_needs_no_decision(actor, clock, stage):
    request = make_phone_request(phone="", email="a@example.org", voicemail_ok="")
    log_attempt(request, actor, "sent", "email")
    clock.move_to(TUESDAY + 60 * MINUTE, tick=False)
    if stage == "booked":
        workflow.book(request_id=request.pk, at=local_time("2026-11-26 11:00"), actor=actor)
    else:
        workflow.set_stage(request_id=request.pk, stage="talking", actor=actor)
    request.refresh_from_db()
    assert (must_decide(request, attempt_plan_of(request)), attempt_plan_of(request).channels) == (False, ["email"])


def test_a_link_that_is_undone_gives_no_second_email_and_no_new_plan(actor, clock):
    written_to, called = make_phone_request(phone="", email="a@example.org", voicemail_ok=""), make_phone_request()
    log_attempt(written_to, actor, "sent", "email")
    log_attempt(called, actor)
    clock.move_to(TUESDAY + 60 * MINUTE, tick=False)
    for request in (written_to, called):
        other = make_phone_request(phone="(602) 555-0199", email="b@example.org")
        if request == written_to:
            other = make_phone_request(phone="", email="b@example.org", voicemail_ok="")
        link = {"request_id": other.pk, "of_reference": request.reference, "actor": actor, "same_matter": True}
        workflow.link_duplicate(**link)
        assert attempt_plan_of(request).attempts == []
        workflow.unlink_duplicate(request_id=other.pk, actor=actor)
    assert (attempt_plan_of(written_to).channels, len(attempt_plan_of(called).attempts)) == ([], 1)


def test_another_address_is_no_reason_for_four_new_calls(actor, clock):
    request = try_in_vain(make_phone_request(email="a@exmaple.org", email_ok="on"), actor, clock, 4)
    corrected(request, actor, email="a@example.org")
    assert attempt_plan_of(request).why_not_closable == ""
