"""Requests about the same matter: what linking them changes, and what undoing it gives back."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from intake import reference, workflow
from intake.contact.preferences import newest_preferences
from intake.models import Alias, AssessmentRequest
from tests.intake.support.factories import link_duplicate, make_request
from tests.intake.support.helpers import codes_of, local_time

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]

TUESDAY = local_time("2026-11-24 10:00")
ANY_TIME = {"preferred_time": "asap", "time_zone": "America/Phoenix"}


@pytest.fixture
def actor(make_staff):
    return make_staff("admissions", username="amal")


def asked_again(actor, clock, days=1, **changes):
    """A newer request of the same person, not answered yet."""
    clock.move_to(TUESDAY + dt.timedelta(days=days), tick=False)
    return make_request(message="I need help now", **changes)


def test_a_duplicate_is_closed_and_says_of_which_on_both(actor):
    first, second = make_request(), make_request()
    link_duplicate(second, first, actor)
    second.refresh_from_db()
    assert (second.stage, second.outcome, second.duplicate_of) == ("closed", "duplicate", first)
    assert [request.events.last().code for request in (first, second)] == ["linked", "linked"]


def test_a_duplicate_of_a_duplicate_is_one_of_the_first(actor):
    first, second, third = make_request(), make_request(), make_request()
    link_duplicate(second, first, actor)
    assert link_duplicate(third, second, actor).duplicate_of == first


def test_a_reference_may_be_typed_as_it_is_heard(actor):
    first, second = make_request(), make_request()
    typed = f" {first.reference.replace('-', ' ').lower()} "
    workflow.link_duplicate(request_id=second.pk, of_reference=typed, actor=actor)
    second.refresh_from_db()
    assert second.duplicate_of == first


def test_another_reference_of_a_request_names_it_too(actor):
    first, second = make_request(), make_request()
    other = reference.draw()
    Alias.objects.create(pk=uuid.uuid4(), reference=other, private_link_hash="0" * 64, request=first)
    workflow.link_duplicate(request_id=second.pk, of_reference=other, actor=actor)
    second.refresh_from_db()
    assert second.duplicate_of == first


def test_a_duplicate_of_itself_or_of_nothing_is_refused(actor):
    request = make_request()
    for typed in (request.reference, "4K7T-09QX", "", "x" * 1000):
        with pytest.raises(workflow.TransitionRefused):
            workflow.link_duplicate(request_id=request.pk, of_reference=typed, actor=actor)
    assert codes_of(request) == ["received"]


def test_requests_that_name_no_common_contact_are_linked_only_by_who_is_sure(actor):
    first, strangers = make_request(), make_request(phone="(480) 555-0199", email="")
    before = AssessmentRequest.objects.values().get(pk=first.pk)
    names = {"request_id": strangers.pk, "of_reference": first.reference, "actor": actor}
    with pytest.raises(workflow.TransitionRefused, match="share no phone number or email"):
        workflow.link_duplicate(**names)
    assert (AssessmentRequest.objects.values().get(pk=first.pk), codes_of(first)) == (before, ["received"])
    assert workflow.link_duplicate(**names, same_matter=True).duplicate_of == first


def place_of(request):
    names = ("stage", "due_at", "awaiting_reply_since", "snoozed_until", "snooze_reason", "owner", "claimed_until")
    return AssessmentRequest.objects.values_list(*names).get(pk=request.pk)


def booked(request, actor):
    workflow.book(request_id=request.pk, at=TUESDAY + dt.timedelta(days=20), actor=actor)


def tried(request, actor, channel="call", result="no_answer"):
    workflow.log_attempt(request_id=request.pk, channel=channel, result=result, actor=actor)


def snooze_request(request, actor):
    until = TUESDAY + dt.timedelta(days=9)
    workflow.snooze(request_id=request.pk, until=until, reason="away", actor=actor)


PLACES = {
    "new": lambda request, actor: None,
    "tried": tried,
    "called and was missed": lambda request, actor: tried(request, actor, "they_called", "missed"),
    "in conversation": lambda request, actor: tried(request, actor, "call", "reached"),
    "put off": snooze_request,
    "booked": booked,
}


@pytest.mark.parametrize("undo", ["staff", "the person"])
@pytest.mark.parametrize("second_is", [place for place in PLACES if place != "booked"])
@pytest.mark.parametrize("first_is", PLACES)
def test_unlinking_gives_both_their_own_place_back(actor, clock, first_is, second_is, undo):
    first = make_request()
    PLACES[first_is](first, actor)
    second = asked_again(actor, clock)
    PLACES[second_is](second, actor)
    before = [place_of(first), place_of(second)]
    link_duplicate(second, first, actor)
    if undo == "staff":
        workflow.unlink_duplicate(request_id=second.pk, actor=actor)
        assert [place_of(first), place_of(second)] == before
    else:
        workflow.add_message(request_id=second.pk, text="One more thing")  # by its private link
        assert place_of(first) == before[0]
    assert AssessmentRequest.objects.filter(link_undo_state__isnull=False).count() == 0


def test_what_happened_since_they_were_linked_stays_when_they_are_unlinked(actor, clock):
    first = make_request()
    tried(first, actor)
    second = asked_again(actor, clock)
    link_duplicate(second, first, actor)
    tried(first, actor)
    after = place_of(first)
    workflow.unlink_duplicate(request_id=second.pk, actor=actor)
    assert place_of(first) == after


@pytest.mark.parametrize("undo", ["staff", "taken back", "words"])
@pytest.mark.parametrize("done", ["no_answer", "reached", "booked"])
def test_work_that_was_done_since_they_were_linked_is_not_put_to_sleep_again(actor, clock, done, undo):
    first = make_request()
    tried(first, actor)
    snooze_request(first, actor)
    second = asked_again(actor, clock, phone="(480) 555-0199", email="")
    link_duplicate(second, first, actor)
    if done == "booked":
        workflow.book(request_id=first.pk, at=timezone.now() + dt.timedelta(days=5), actor=actor)
    else:
        tried(first, actor, result=done)
    after = place_of(first)
    match undo:
        case "staff":
            workflow.unlink_duplicate(request_id=second.pk, actor=actor)
        case "taken back":
            workflow.withdraw(request_id=second.pk)
        case "words":
            workflow.add_message(request_id=second.pk, text="One more thing")
    assert place_of(first) == after


@pytest.mark.parametrize("first_is", ["in conversation", "put off"])
def test_unlinking_one_request_keeps_the_snooze_of_another_linked_one(actor, clock, first_is):
    first = make_request(**ANY_TIME)
    PLACES[first_is](first, actor)
    second = asked_again(actor, clock, **ANY_TIME)
    link_duplicate(second, first, actor)
    third = asked_again(actor, clock, days=2, **ANY_TIME)
    link_duplicate(third, first, actor)
    workflow.unlink_duplicate(request_id=second.pk, actor=actor)
    workflow.close(request_id=second.pk, outcome="declined", actor=actor)
    first.refresh_from_db()
    assert (first.snoozed_until, first.due_at <= timezone.now()) == (None, True)
    assert workflow.take_next(actor=actor) == first


def test_what_linking_cleared_is_suspected_again_when_it_is_unlinked(actor):
    first, second = make_request(), make_request()
    workflow.quarantine(request_id=first.pk, actor=actor)
    link_duplicate(second, first, actor)
    workflow.unlink_duplicate(request_id=second.pk, actor=actor)
    first.refresh_from_db()
    assert (first.quarantined_at, first.spam_signals) == (TUESDAY, "staff")
    assert codes_of(first) == ["received", "suspected", "cleared", "linked", "suspected", "unlinked"]


def test_a_follow_up_before_the_assessment_is_kept_by_linking(actor):
    first, second = make_request(), make_request()
    booked(first, actor)
    tried(second, actor, result="reached")
    follow_up = AssessmentRequest.objects.get(pk=second.pk).due_at
    link_duplicate(second, first, actor)
    first.refresh_from_db()
    assert (first.stage, first.due_at, first.is_due_before_assessment) == ("booked", follow_up, True)


def test_who_asked_to_be_called_later_is_not_called_sooner_by_linking(actor, clock):
    first = make_request()
    workflow.log_attempt(request_id=first.pk, channel="call", result="reached", actor=actor)
    second = asked_again(actor, clock)
    snooze_request(second, actor)
    until = AssessmentRequest.objects.get(pk=second.pk).snoozed_until
    link_duplicate(second, first, actor)
    first.refresh_from_db()
    assert (first.stage, first.snoozed_until, first.snooze_reason, first.due_at) == ("talking", until, "away", until)
    assert workflow.take_next(actor=actor) is None


def test_who_asked_to_be_called_later_is_not_woken_by_what_they_said_before(actor, clock):
    first = make_request()
    tried(first, actor)
    second = asked_again(actor, clock)
    snooze_request(second, actor)
    before = place_of(second)
    link_duplicate(first, second, actor)
    assert place_of(second) == before


@pytest.mark.parametrize("said", ["asked again", "called"])
def test_who_says_something_after_they_asked_to_be_called_later_is_not_snoozed(actor, clock, said):
    first = make_request()
    snooze_request(first, actor)
    second = asked_again(actor, clock)
    if said == "called":
        tried(second, actor, "they_called", "missed")
    link_duplicate(second, first, actor)
    first.refresh_from_db()
    assert (first.snoozed_until, first.due_at <= timezone.now()) == (None, True)


def test_what_we_wait_for_ourselves_keeps_nobody_snoozed_who_waits(actor, clock):
    first = make_request()
    second = asked_again(actor, clock)
    until = timezone.now() + dt.timedelta(days=9)
    workflow.wait_for(request_id=second.pk, until=until, text="The insurer", actor=actor)
    link_duplicate(first, second, actor)
    second.refresh_from_db()
    assert (second.snoozed_until, second.due_at) == (None, AssessmentRequest.objects.get(pk=first.pk).due_at)


def test_a_missed_call_counts_on_the_new_request_that_goes_on(actor):
    first, second = make_request(), make_request()
    tried(second, actor, "they_called", "missed")
    link_duplicate(second, first, actor)
    first.refresh_from_db()
    assert (first.stage, first.awaiting_reply_since) == ("new", TUESDAY)


def test_a_claim_ends_with_what_is_linked_away(actor):
    first, second = make_request(), make_request()
    workflow.claim(request_id=second.pk, actor=actor)
    link_duplicate(second, first, actor)
    workflow.unlink_duplicate(request_id=second.pk, actor=actor)
    second.refresh_from_db()
    assert (second.owner, second.claimed_until) == (None, None)


@pytest.mark.parametrize("is_real", ["released", "spoken with"])
def test_what_is_linked_to_a_suspected_request_and_is_real_clears_it(actor, is_real):
    first, second = make_request(), make_request()
    workflow.quarantine(request_id=first.pk, actor=actor)
    if is_real == "spoken with":
        workflow.quarantine(request_id=second.pk, actor=actor)
        tried(second, actor, "they_called", "reached")
    link_duplicate(second, first, actor)
    first.refresh_from_db()
    assert (first.quarantined_at, first.spam_signals) == (None, "")


def test_whose_introduction_was_narrower_in_one_of_two_keeps_it(actor, clock):
    first = make_request(introduction="first_name")
    second = asked_again(actor, clock, introduction="center")
    link_duplicate(second, first, actor)
    assert newest_preferences(first).introduction == "first_name"


def test_one_that_has_duplicates_is_not_linked_away(actor):
    first, second, third = make_request(), make_request(), make_request()
    link_duplicate(second, first, actor)
    with pytest.raises(workflow.TransitionRefused, match="Other requests are linked to this one"):
        link_duplicate(first, third, actor)


@pytest.mark.parametrize(("result", "stage"), [(None, "new"), ("no_answer", "reaching"), ("reached", "talking")])
def test_unlinking_gives_a_request_its_own_place_back(actor, result, stage):
    first, second = make_request(), make_request()
    if result:
        workflow.log_attempt(request_id=second.pk, channel="call", result=result, actor=actor)
    due_at = AssessmentRequest.objects.get(pk=second.pk).due_at
    link_duplicate(second, first, actor)
    workflow.unlink_duplicate(request_id=second.pk, actor=actor)
    second.refresh_from_db()
    assert (second.stage, second.outcome, second.duplicate_of, second.due_at) == (stage, "", None, due_at)
    assert [request.events.last().code for request in (first, second)] == ["unlinked", "unlinked"]


def test_a_linked_duplicate_is_unlinked_and_not_reopened(actor):
    first, second = make_request(), make_request()
    link_duplicate(second, first, actor)
    with pytest.raises(workflow.TransitionRefused, match="Unlink"):
        workflow.reopen(request_id=second.pk, actor=actor)
    with pytest.raises(workflow.TransitionRefused, match="Link this request"):
        workflow.close(request_id=first.pk, outcome="duplicate", actor=actor)


def test_a_duplicate_of_one_that_ended_is_refused_so_that_somebody_calls(actor):
    ended, request = make_request(), make_request()
    workflow.close(request_id=ended.pk, outcome="declined", actor=actor)
    with pytest.raises(workflow.TransitionRefused, match="is closed, so nobody would call"):
        link_duplicate(request, ended, actor)
    assert codes_of(request) == ["received"]


def test_of_two_linked_requests_the_safer_rules_hold(actor):
    first, second = make_request(voicemail_ok="on", text_ok="on"), make_request(voicemail_ok="", text_ok="on")
    link_duplicate(second, first, actor)
    kept = newest_preferences(first)
    assert (kept.may_leave_voicemail, kept.may_text, kept.may_call, kept.author) == (False, True, True, actor)


@pytest.mark.parametrize(
    ("first_said", "then_said", "kept"),
    [
        ("asap", "evening", "evening"),
        ("evening", "asap", "evening"),  # a part of the day is safer than any time
        ("morning", "evening", "evening"),  # of two parts, the newest
    ],
)
def test_of_two_linked_requests_the_safer_time_holds(actor, clock, first_said, then_said, kept):
    first = make_request(preferred_time=first_said, time_zone="America/Phoenix")
    clock.move_to(TUESDAY + dt.timedelta(minutes=5), tick=False)
    second = make_request(preferred_time=then_said, time_zone="America/Denver")
    link_duplicate(second, first, actor)
    first.refresh_from_db()
    zone = "America/Phoenix" if kept == first_said else "America/Denver"
    assert (first.preferred_time, first.time_zone) == (kept, zone)


def test_who_asks_again_and_is_linked_to_a_snoozed_one_is_on_top(actor, clock):
    first = make_request()
    planned = workflow.log_attempt(request_id=first.pk, channel="call", result="no_answer", actor=actor).next_at
    workflow.snooze(request_id=first.pk, until=TUESDAY + dt.timedelta(days=60), reason="thinking", actor=actor)
    link_duplicate(asked_again(actor, clock), first, actor)
    first.refresh_from_db()
    now = TUESDAY + dt.timedelta(days=1)
    assert (first.snoozed_until, first.awaiting_reply_since, first.due_at) == (None, now, min(planned, now))
    assert list(AssessmentRequest.objects.open().by_urgency()) == [first]


def test_who_asks_again_after_a_conversation_is_called_back_and_not_in_a_month(actor, clock):
    first, month = make_request(), TUESDAY + dt.timedelta(days=30)
    workflow.log_attempt(request_id=first.pk, channel="call", result="reached", next_at=month, actor=actor)
    link_duplicate(asked_again(actor, clock), first, actor)
    first.refresh_from_db()
    assert (first.stage, first.due_at) == ("talking", TUESDAY + dt.timedelta(days=1))


def test_who_asks_again_at_the_end_of_the_plan_is_not_given_up(actor, clock):
    first = make_request(email="")
    for hours in (0, 3, 24, 51):
        clock.move_to(TUESDAY + dt.timedelta(hours=hours), tick=False)
        workflow.log_attempt(request_id=first.pk, channel="call", result="no_answer", actor=actor)
    link_duplicate(asked_again(actor, clock, days=3, email=""), first, actor)
    workflow.log_attempt(request_id=first.pk, channel="call", result="no_answer", actor=actor)
    with pytest.raises(workflow.TransitionRefused, match="3 more attempts are needed"):
        workflow.close(request_id=first.pk, outcome="not_reached", actor=actor)


def test_a_follow_up_is_due_as_soon_as_in_the_one_that_ends(actor):
    first, second = make_request(), make_request()
    for request, days in ((first, 30), (second, 2)):
        next_at = TUESDAY + dt.timedelta(days=days)
        workflow.log_attempt(request_id=request.pk, channel="call", result="reached", next_at=next_at, actor=actor)
    link_duplicate(second, first, actor)
    first.refresh_from_db()
    assert (first.due_at, first.awaiting_reply_since) == (TUESDAY + dt.timedelta(days=2), None)


def test_a_snoozed_request_unsnoozes_nothing_when_it_is_linked(actor):
    first, second = make_request(), make_request()
    until = TUESDAY + dt.timedelta(days=9)
    for request in (first, second):
        workflow.snooze(request_id=request.pk, until=until, reason="away", actor=actor)
    link_duplicate(second, first, actor)
    first.refresh_from_db()
    assert (first.snoozed_until, first.due_at) == (until, until)


def test_two_requests_that_allow_no_common_way_are_not_linked(actor):
    by_phone = make_request(email="", voicemail_ok="")
    by_email = make_request(phone="", voicemail_ok="")
    with pytest.raises(workflow.TransitionRefused, match="no common way"):
        link_duplicate(by_email, by_phone, actor)


def test_an_assessment_ahead_is_not_linked_away(actor):
    first, second = make_request(), make_request()
    workflow.book(request_id=second.pk, at=local_time("2026-12-04 11:00"), actor=actor)
    with pytest.raises(workflow.TransitionRefused, match="has an assessment booked"):
        link_duplicate(second, first, actor)
    assert link_duplicate(first, second, actor).duplicate_of == second


def test_a_booking_comes_back_with_its_time_when_it_is_unlinked(actor):
    first, second = make_request(), make_request()
    at = local_time("2026-12-04 11:00")
    for request in (first, second):
        workflow.book(request_id=request.pk, at=at, actor=actor)
    link_duplicate(second, first, actor)
    workflow.unlink_duplicate(request_id=second.pk, actor=actor)
    second.refresh_from_db()
    assert (second.stage, second.assessment_at, second.due_at) == ("booked", at, at)


@pytest.mark.parametrize("undo", [workflow.reopen, workflow.unlink_duplicate])
def test_what_was_erased_is_not_opened_again(actor, make_staff, undo):
    first, second = make_request(), make_request()
    if undo == workflow.unlink_duplicate:
        link_duplicate(second, first, actor)
    else:
        workflow.close(request_id=second.pk, outcome="declined", actor=actor)
    workflow.erase(request_id=second.pk, actor=make_staff("lead"))
    with pytest.raises(workflow.TransitionRefused, match="was erased"):
        undo(request_id=second.pk, actor=actor)


@pytest.mark.parametrize("then", ["they wrote", "in conversation by hand"])
def test_who_said_something_after_the_other_one_was_snoozed_is_not_put_to_sleep(actor, clock, then):
    first = make_request(**ANY_TIME)
    tried(first, actor)
    second = asked_again(actor, clock, **ANY_TIME)
    tried(second, actor)
    snooze_request(second, actor)
    clock.move_to(TUESDAY + dt.timedelta(days=2), tick=False)
    if then == "they wrote":
        workflow.add_message(request_id=first.pk, text="Please call me now")
        tried(first, actor)  # in vain
    else:
        workflow.set_stage(request_id=first.pk, stage="talking", actor=actor)
    link_duplicate(second, first, actor)
    assert AssessmentRequest.objects.get(pk=first.pk).is_snoozed is False


def test_new_request_after_a_snooze_ends_it_however_late_they_are_linked(actor, clock):
    first = make_request(**ANY_TIME)
    tried(first, actor)
    second = asked_again(actor, clock, **ANY_TIME)
    tried(second, actor)
    snooze_request(second, actor)
    third = asked_again(actor, clock, days=2, **ANY_TIME)
    clock.move_to(TUESDAY + dt.timedelta(days=3), tick=False)
    link_duplicate(second, first, actor)
    assert AssessmentRequest.objects.get(pk=first.pk).is_snoozed
    link_duplicate(third, first, actor)
    assert workflow.take_next(actor=actor) == first


def test_snooze_from_a_wrong_link_ends_when_it_is_unlinked(actor, clock):
    first = make_request()
    tried(first, actor)
    second = asked_again(actor, clock, phone="(480) 555-0199", email="")
    tried(second, actor)
    snooze_request(second, actor)
    before = place_of(first)
    link_duplicate(second, first, actor)
    workflow.correct(request_id=first.pk, before={"name": "Wilhelmina Canary"}, after={"name": "Wilma"}, actor=actor)
    workflow.claim(request_id=first.pk, actor=actor)
    workflow.release(request_id=first.pk, actor=actor)
    workflow.unlink_duplicate(request_id=second.pk, actor=actor)
    assert place_of(first) == before


def test_two_links_are_undone_one_after_the_other(actor, clock):
    first = make_request()
    tried(first, actor)
    snooze_request(first, actor)
    before = place_of(first)
    second, third = asked_again(actor, clock), asked_again(actor, clock, days=2)
    for request in (second, third):
        link_duplicate(request, first, actor)
    for request in (third, second):
        workflow.unlink_duplicate(request_id=request.pk, actor=actor)
    assert place_of(first) == before


def test_who_contacted_us_and_waits_in_a_held_request_waits_in_the_one_that_goes_on(actor, clock):
    first = make_request()
    tried(first, actor, result="reached")
    second = asked_again(actor, clock)
    tried(second, actor, "they_called", "missed")
    until = timezone.now() + dt.timedelta(days=3)
    workflow.wait_for(request_id=second.pk, until=until, text="The insurer", actor=actor)
    link_duplicate(second, first, actor)
    assert AssessmentRequest.objects.get(pk=first.pk).awaiting_reply_since == timezone.now()
