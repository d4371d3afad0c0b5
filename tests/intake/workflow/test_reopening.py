"""Reopening gives back what closing took, and "Back in the queue now" what a snooze took."""

import datetime as dt

import pytest

from intake import workflow
from intake.models import AssessmentRequest
from intake.submission import tokens
from tests import staff_roles
from tests.conftest import TUESDAY_MORNING
from tests.intake.support.factories import make_request

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
PLACE = ("stage", "owner", "due_at", "assessment_at", "awaiting_reply_since", "snoozed_until", "snooze_reason")


def place_of(request):
    return AssessmentRequest.objects.values(*PLACE).get(pk=request.pk)


def new(me):
    return make_request()


def tried(me):
    request = make_request()
    workflow.log_attempt(request_id=request.pk, channel="call", result="no_answer", actor=me)
    return request


def in_conversation(me):
    request = make_request()
    workflow.log_attempt(request_id=request.pk, channel="call", result="reached", actor=me)
    return request


def booked(me):
    request = make_request()
    workflow.assign(request_id=request.pk, owner=me, actor=me)
    workflow.book(request_id=request.pk, at=TUESDAY_MORNING + 5 * DAY, actor=me)
    return request


def snoozed(me):
    request = tried(me)
    workflow.snooze(request_id=request.pk, until=TUESDAY_MORNING + 5 * DAY, reason="away", actor=me)
    return request


def called_back(me):
    request = tried(me)
    workflow.log_attempt(request_id=request.pk, channel="they_called", result="missed", actor=me)
    return request


def close(request, me, outcome="declined"):
    workflow.close(request_id=request.pk, outcome=outcome, actor=me)


def reopened(request, me):
    return workflow.reopen(request_id=request.pk, actor=me)


@pytest.mark.parametrize("made", [new, tried, in_conversation, booked, snoozed, called_back])
@pytest.mark.parametrize("outcome", ["declined", "spam", "withdrawn", "admitted"])
def test_a_request_is_reopened_as_it_was_closed(me, clock, made, outcome):
    request = made(me)
    before = place_of(request)
    clock.move_to(TUESDAY_MORNING + 2 * DAY, tick=False)
    close(request, me, outcome)
    assert place_of(request)["stage"] == "closed"
    clock.move_to(TUESDAY_MORNING + 3 * DAY, tick=False)
    reopened(request, me)
    assert place_of(request) == before
    assert AssessmentRequest.objects.get(pk=request.pk).close_undo_state is None


def test_what_was_overdue_stays_overdue(me, clock):
    request = make_request()
    clock.move_to(request.due_at + HOUR, tick=False)
    close(request, me)
    assert reopened(request, me).is_overdue


def test_a_booking_that_passed_while_closed_asks_whether_they_came(me, clock):
    request = booked(me)
    close(request, me)
    clock.move_to(TUESDAY_MORNING + 6 * DAY, tick=False)
    request = reopened(request, me)
    assert (request.stage, request.awaits_assessment, request.is_overdue) == ("booked", True, True)


def test_a_snooze_that_passed_while_closed_is_over(me, clock):
    request = snoozed(me)
    close(request, me)
    clock.move_to(TUESDAY_MORNING + 6 * DAY, tick=False)
    request = reopened(request, me)
    assert (request.snoozed_until, request.due_at) == (None, TUESDAY_MORNING + 5 * DAY)


def test_an_owner_who_left_the_desk_does_not_come_back(me, make_staff):
    request, colleague = make_request(), make_staff("admissions")
    workflow.assign(request_id=request.pk, owner=colleague, actor=me)
    close(request, me)
    staff_roles.end_all(colleague)
    assert reopened(request, me).owner is None


def test_who_only_took_it_from_the_queue_does_not_own_it_later(me):
    request = make_request()
    workflow.claim(request_id=request.pk, actor=me)
    close(request, me)
    assert reopened(request, me).owner is None


def test_an_owner_who_was_set_while_closed_counts(me, make_staff):
    request, colleague = booked(me), make_staff("admissions")
    close(request, me)
    workflow.assign(request_id=request.pk, owner=colleague, actor=me)
    assert reopened(request, me).owner == colleague


def test_a_form_sent_again_after_closing_keeps_the_booking_and_stands_on_top(me):
    draft = tokens.draw()
    request = make_request(draft)
    workflow.book(request_id=request.pk, at=TUESDAY_MORNING + 5 * DAY, actor=me)
    close(request, me)
    make_request(draft, message="Please call me before I come")
    request.refresh_from_db()
    assert (request.stage, request.assessment_at) == ("booked", TUESDAY_MORNING + 5 * DAY)
    assert (request.awaiting_reply_since, request.due_at) == (TUESDAY_MORNING, TUESDAY_MORNING)
    assert request == AssessmentRequest.objects.open().by_urgency().first()


def test_a_form_sent_again_after_a_missed_assessment_waits_for_a_call(me, clock):
    draft = tokens.draw()
    request = make_request(draft)
    workflow.book(request_id=request.pk, at=TUESDAY_MORNING + DAY, actor=me)
    close(request, me)
    clock.move_to(TUESDAY_MORNING + 2 * DAY, tick=False)
    make_request(draft, message="I am sorry that I did not come")
    request.refresh_from_db()
    assert (request.stage, request.assessment_at) == ("reaching", None)
    assert request.awaiting_reply_since == TUESDAY_MORNING + 2 * DAY


@pytest.mark.parametrize("made", [new, tried, in_conversation, booked])
def test_the_due_time_from_before_a_snooze_comes_back(me, clock, made):
    request = made(me)
    due_at = place_of(request)["due_at"]
    workflow.snooze(request_id=request.pk, until=TUESDAY_MORNING + 2 * HOUR, reason="away", actor=me)
    clock.move_to(TUESDAY_MORNING + HOUR, tick=False)
    request = workflow.unsnooze(request_id=request.pk, actor=me)
    assert (request.due_at, request.due_before_snooze) == (due_at, None)


def test_of_two_snoozes_the_due_time_from_before_the_first_comes_back(me, clock):
    request = make_request()
    due_at = request.due_at
    workflow.snooze(request_id=request.pk, until=TUESDAY_MORNING + 2 * HOUR, reason="away", actor=me)
    workflow.wait_for(request_id=request.pk, until=TUESDAY_MORNING + DAY, text="The insurer", actor=me)
    assert workflow.unsnooze(request_id=request.pk, actor=me).due_at == due_at


def test_the_promise_comes_back_when_a_person_who_was_snoozed_speaks_up(me):
    request = make_request()
    due_at = request.due_at
    workflow.snooze(request_id=request.pk, until=TUESDAY_MORNING + DAY, reason="away", actor=me)
    workflow.add_message(request_id=request.pk, text="I am home now")
    request.refresh_from_db()
    assert (request.due_at, request.snoozed_until) == (due_at, None)
