"""Booking, referring, closing: what each end needs and keeps."""

import datetime as dt

import pytest

from intake import workflow
from intake.models import AssessmentRequest
from pages import facts
from pages.models import Center, OpeningHours
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import codes_of, local_time

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]

TUESDAY = local_time("2026-11-24 10:00")


@pytest.fixture
def actor(make_staff):
    return make_staff("admissions", username="amal")


def test_a_booked_assessment_has_a_time_and_is_due_then(actor):
    request, at = make_request(), local_time("2026-11-26 11:00")
    workflow.book(request_id=request.pk, at=at, actor=actor)
    request.refresh_from_db()
    assert (request.stage, request.assessment_at, request.due_at, request.reached_at) == ("booked", at, at, TUESDAY)
    assert codes_of(request) == ["received", "stage_set", "booked"]


def test_a_booked_assessment_can_be_moved(actor):
    request = make_request()
    for day in (26, 27):
        workflow.book(request_id=request.pk, at=local_time(f"2026-11-{day} 11:00"), actor=actor)
    event = request.events.last()
    assert (event.code, event.from_value, event.to_value) == (
        "booked",
        "2026-11-26T18:00+00:00",
        "2026-11-27T18:00+00:00",
    )


def test_nothing_is_booked_on_a_closed_request(actor):
    request = make_request()
    workflow.book(request_id=request.pk, at=local_time("2026-11-26 11:00"), actor=actor)
    workflow.close(request_id=request.pk, outcome="declined", actor=actor)
    with pytest.raises(workflow.TransitionRefused, match="This request is now “Closed”"):
        workflow.book(request_id=request.pk, at=local_time("2026-11-27 11:00"), actor=actor)
    request.refresh_from_db()
    assert (request.stage, request.assessment_at) == ("closed", local_time("2026-11-26 11:00"))


@pytest.mark.parametrize("at", [None, TUESDAY, TUESDAY + dt.timedelta(days=366)])
def test_an_assessment_in_the_past_or_far_away_is_refused(actor, at):
    request = make_request()
    with pytest.raises(workflow.TransitionRefused, match=r"Choose a time .*for the assessment"):
        workflow.book(request_id=request.pk, at=at, actor=actor)
    assert codes_of(request) == ["received"]


def test_booked_is_no_stage_to_set_without_a_time(actor):
    request = make_request()
    with pytest.raises(workflow.TransitionRefused, match="Enter when the assessment is"):
        workflow.set_stage(request_id=request.pk, stage="booked", actor=actor)


def test_who_did_not_come_is_due_now(actor):
    request = make_request()
    workflow.book(request_id=request.pk, at=local_time("2026-11-26 11:00"), actor=actor)
    workflow.set_stage(request_id=request.pk, stage="reaching", actor=actor)
    request.refresh_from_db()
    assert (request.assessment_at, request.due_at) == (None, TUESDAY)


def test_a_referral_says_encrypted_to_whom_and_that_the_person_was_told(actor):
    request = make_request()
    for more in ({}, {"referral": "Canary Clinic"}, {"person_told": True}):
        with pytest.raises(workflow.TransitionRefused):
            workflow.close(request_id=request.pk, outcome="referred", actor=actor, **more)
    workflow.close(request_id=request.pk, outcome="referred", referral="Canary Clinic", person_told=True, actor=actor)
    text = request.texts.get(kind="referral")
    assert (text.decrypt(), text.author, b"Canary" in bytes(text.envelope)) == ("Canary Clinic", actor, False)


def test_closing_ends_claim_and_sleep(actor):
    claimed, snoozed = make_request(), make_request()
    workflow.claim(request_id=claimed.pk, actor=actor)
    workflow.snooze(request_id=snoozed.pk, until=TUESDAY + dt.timedelta(days=1), reason="away", actor=actor)
    for request in (claimed, snoozed):
        workflow.close(request_id=request.pk, outcome="declined", actor=actor)
    ends = AssessmentRequest.objects.values_list("claimed_until", "snoozed_until", "snooze_reason")
    assert list(ends.order_by("pk")) == [(None, None, "")] * 2


# Quarantine by hand


def test_staff_put_into_quarantine_and_take_out_again(actor):
    request = make_request()
    workflow.quarantine(request_id=request.pk, actor=actor)
    request.refresh_from_db()
    assert (request.quarantined_at, request.spam_signals) == (TUESDAY, "staff")
    with pytest.raises(workflow.TransitionRefused, match="already"):
        workflow.quarantine(request_id=request.pk, actor=actor)
    workflow.release_from_quarantine(request_id=request.pk, actor=actor)
    request.refresh_from_db()
    assert (request.quarantined_at, request.spam_signals) == (None, "")
    assert codes_of(request) == ["received", "suspected", "cleared"]


def test_who_is_told_real_after_the_end_gets_no_message(actor):
    request = make_request(email_ok="on")
    workflow.quarantine(request_id=request.pk, actor=actor)
    request.outbox_messages.filter(kind="acknowledgement").delete()
    workflow.close(request_id=request.pk, outcome="spam", actor=actor)
    workflow.release_from_quarantine(request_id=request.pk, actor=actor)
    assert list(request.outbox_messages.values_list("kind", flat=True)) == ["new_request"]


@pytest.mark.parametrize(("at", "is_refused"), [("02:30", True), ("05:59", True), ("06:00", False), ("22:00", True)])
def test_nothing_is_planned_in_the_night_where_am_was_meant_as_pm(actor, at, is_refused):
    booked, snoozed, at = make_request(), make_request(), local_time(f"2026-11-26 {at}")
    steps = [
        lambda: workflow.book(request_id=booked.pk, at=at, actor=actor),
        lambda: workflow.snooze(request_id=snoozed.pk, until=at, reason="away", actor=actor),
    ]
    for step in steps:
        if is_refused:
            with pytest.raises(
                workflow.TransitionRefused, match=r"at the center then\. Choose a time between 6 AM and 10"
            ):
                step()
        else:
            step()


def test_a_time_at_which_the_center_is_open_or_the_person_awake_is_no_night(actor):
    far = make_request(time_zone="Pacific/Honolulu")
    workflow.snooze(
        request_id=far.pk, until=local_time("2026-11-26 23:00"), reason="asked_later", actor=actor
    )  # 8 PM there
    center = Center.objects.get()
    center.contact_target_hours = 1
    center.save()
    for weekday in range(7):
        OpeningHours.objects.create(center=center, weekday=weekday, opens=dt.time(0, 0), closes=dt.time(23, 59))
    facts.forget()
    workflow.book(request_id=make_request().pk, at=local_time("2026-11-26 05:00"), actor=actor)
