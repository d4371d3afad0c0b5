"""Whose turn it is: taking the next, claims that end, putting off, and two people who press at the same moment."""

import datetime as dt
from contextlib import suppress
from functools import partial

import pytest
from django.utils import timezone

from intake import workflow
from intake.models import AssessmentRequest
from pages.models import Center, OpeningHours
from tests import staff_roles
from tests.intake.support.at_once import at_once
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import codes_of, format_local, local_time

pytestmark = pytest.mark.usefixtures("stopped_clock")

TUESDAY = local_time("2026-11-24 10:00")
ANY_TIME = {"preferred_time": "asap", "time_zone": "America/Phoenix"}


@pytest.fixture
def amal(make_staff):
    return make_staff("admissions", username="amal")


def make_request_of_another(minutes_ago=0, **changes):
    """A request of another person than all before, unless `changes` give the same phone or email."""
    at, number = timezone.now() - dt.timedelta(minutes=minutes_ago), AssessmentRequest.objects.count()
    contact = {"phone": f"602-555-01{number:02}", "email": f"canary-{number}@nightingale.example"}
    return make_request(**ANY_TIME | contact | changes, at=at)


def state_of(request):
    request.refresh_from_db()
    return request.owner, request.claimed_until


# Take next request


def test_the_most_urgent_is_given_for_half_an_hour(amal):
    _later, first = make_request_of_another(), make_request_of_another(minutes_ago=30)
    assert workflow.take_next(actor=amal) == first
    assert state_of(first) == (amal, TUESDAY + dt.timedelta(minutes=30))
    assert codes_of(first) == ["received", "taken"]


ONE_PERSON = {"phone": "602-555-0142", "email": "canary@nightingale.example"}
SAME_CONTACT = {
    "the same phone": {"phone": "+1 (602) 555.0142", "email": ""},
    "the same email": {"phone": "", "email": "Canary@nightingale.example"},
}


@pytest.mark.parametrize("second", SAME_CONTACT.values(), ids=SAME_CONTACT)
def test_a_phone_or_email_that_a_colleague_is_at_is_given_to_nobody_meanwhile(amal, sam, second):
    first = make_request_of_another(minutes_ago=30, **ONE_PERSON)
    again = make_request_of_another(minutes_ago=20, **second)
    other = make_request_of_another(minutes_ago=10)
    assert workflow.take_next(actor=amal) == first
    assert workflow.take_next(actor=sam) == other
    workflow.close(request_id=other.pk, outcome="declined", actor=sam)
    assert workflow.take_next(actor=sam) is None
    assert workflow.next_possible_contact(actor=sam) == state_of(first)[1]
    workflow.release(request_id=first.pk, actor=amal)
    assert workflow.take_next(actor=sam) == first
    assert workflow.take_next(actor=amal) is None
    workflow.close(request_id=first.pk, outcome="declined", actor=sam)
    assert workflow.take_next(actor=amal) == again


def test_a_colleagues_claim_keeps_nobody_from_what_they_have_or_from_a_question(amal, sam):
    mine, theirs = (make_request_of_another(phone="602-555-0142", email="") for _ in range(2))
    for request, actor in ((mine, amal), (theirs, sam)):
        workflow.claim(request_id=request.pk, actor=actor)
    assert workflow.take_next(actor=amal) == mine
    asked = make_request_of_another(phone="602-555-0142", email="")
    AssessmentRequest.objects.filter(pk=asked.pk).update(to_confirm_since=timezone.now())
    workflow.close(request_id=mine.pk, outcome="declined", actor=amal)
    assert workflow.take_next(actor=amal) == asked


def test_who_has_not_finished_gets_the_same_again(amal):
    first = make_request_of_another(minutes_ago=30)
    make_request_of_another()
    assert [workflow.take_next(actor=amal) for _ in range(2)] == [first, first]
    assert codes_of(first) == ["received", "taken"]


def test_who_has_not_finished_gets_another_where_theirs_may_not_be_contacted_now(amal, clock):
    afternoon, now = make_request_of_another(minutes_ago=30, preferred_time="afternoon"), make_request_of_another()
    workflow.claim(request_id=afternoon.pk, actor=amal)
    assert workflow.take_next(actor=amal) == now


def test_after_closing_time_not_even_ones_own_is_handed_out(db, amal, clock):
    clock.move_to(local_time("2026-11-24 16:50"), tick=False)
    request = make_request_of_another()
    assert workflow.take_next(actor=amal) == request
    clock.move_to(local_time("2026-11-24 17:01"), tick=False)
    assert workflow.take_next(actor=amal) is None


def test_who_gives_one_back_gets_another_first_and_a_colleague_gets_that_one(amal, sam, clock):
    first, second = make_request_of_another(minutes_ago=30), make_request_of_another()
    workflow.take_next(actor=amal)
    workflow.release(request_id=first.pk, actor=amal)
    assert workflow.take_next(actor=amal) == second
    assert workflow.take_next(actor=sam) == first
    for request, who in ((first, sam), (second, amal)):
        workflow.release(request_id=request.pk, actor=who)
    assert workflow.take_next(actor=amal) == first  # given back too, and there is no other
    workflow.release(request_id=first.pk, actor=amal)
    make_request_of_another()
    clock.move_to(TUESDAY + dt.timedelta(minutes=1), tick=False)
    workflow.log_attempt(request_id=first.pk, channel="they_called", result="missed", actor=sam)
    assert workflow.take_next(actor=amal) == first  # given back before they called
    workflow.log_attempt(request_id=first.pk, channel="call", result="no_answer", next_at=None, actor=amal)
    AssessmentRequest.objects.filter(pk=first.pk).update(due_at=TUESDAY)
    clock.move_to(TUESDAY + dt.timedelta(minutes=11), tick=False)
    assert workflow.take_next(actor=amal) == first


def test_a_colleague_who_is_at_a_request_is_not_snoozed_it(amal, sam):
    request = make_request_of_another()
    workflow.take_next(actor=sam)
    with pytest.raises(workflow.TransitionRefused, match="sam is working on this request"):
        workflow.release(request_id=request.pk, actor=amal)
    assert state_of(request)[0] == sam
    with pytest.raises(workflow.TransitionRefused, match="sam is working on this request"):
        workflow.assign(request_id=request.pk, owner=None, actor=amal)
    workflow.assign(request_id=request.pk, owner=amal, actor=amal)  # taking over says so
    assert state_of(request) == (amal, None)


def test_two_people_get_two_requests_and_the_third_gets_none(amal, sam, make_staff):
    first, second = make_request_of_another(minutes_ago=30), make_request_of_another()
    assert [workflow.take_next(actor=who) for who in (amal, sam)] == [first, second]
    assert workflow.take_next(actor=make_staff("lead")) is None


def test_what_belongs_to_a_colleague_is_not_handed_out(amal, sam):
    workflow.assign(request_id=make_request_of_another(minutes_ago=30).pk, owner=sam, actor=sam)
    mine = make_request_of_another()
    assert workflow.take_next(actor=amal) == mine


def test_what_a_colleague_left_overdue_for_an_hour_is_everyones(amal, sam, clock):
    request = make_request_of_another()
    workflow.assign(request_id=request.pk, owner=sam, actor=sam)
    for minutes, taken in ((59, None), (60, request)):
        clock.move_to(request.due_at + dt.timedelta(minutes=minutes), tick=False)
        assert workflow.take_next(actor=amal) == taken
    assert list(request.events.values_list("code", "from_value", "to_value"))[-1] == (
        "taken",
        str(sam.pk),
        str(amal.pk),
    )


@pytest.mark.parametrize(
    ("now", "preferred", "zone", "is_given"),
    [
        ("2026-11-24 10:00", "asap", "America/Phoenix", True),
        ("2026-11-24 10:00", "morning", "America/Phoenix", True),
        ("2026-11-24 10:00", "afternoon", "America/Phoenix", False),
        ("2026-11-24 10:00", "afternoon", "America/New_York", True),  # noon there
        ("2026-11-24 10:00", "asap", "Pacific/Honolulu", False),  # 7 in the morning there
        ("2026-11-24 17:00", "asap", "America/Phoenix", False),  # we close
        ("2026-11-28 10:00", "asap", "America/Phoenix", False),  # Saturday
        ("2026-11-24 11:30", "evening", "Pacific/Honolulu", False),  # not within hours that are only assumed:
        ("2026-11-24 20:15", "evening", "Pacific/Honolulu", True),  # someone works then, or the owner tells the hours
    ],
)
def test_nobody_is_handed_out_who_may_not_be_contacted_now(db, amal, clock, now, preferred, zone, is_given):
    clock.move_to(local_time(now), tick=False)
    request = make_request_of_another(preferred_time=preferred, time_zone=zone)
    assert workflow.take_next(actor=amal) == (request if is_given else None)


def test_where_nobody_can_be_called_it_says_when_the_next_can(db, amal, clock):
    clock.move_to(local_time("2026-11-27 16:59"), tick=False)
    make_request_of_another(preferred_time="morning")
    assert workflow.take_next(actor=amal) is None
    assert format_local(workflow.next_possible_contact(actor=amal)) == "Mon 30 09:00"


def test_where_nobody_waits_there_is_no_next_contact(amal):
    assert workflow.next_possible_contact(actor=amal) is None


def test_an_attempt_that_is_due_later_is_not_handed_out_before(amal, clock):
    request = make_request_of_another()
    attempt = workflow.log_attempt(request_id=request.pk, channel="call", result="no_answer", actor=amal)
    assert workflow.take_next(actor=amal) is None
    assert workflow.next_possible_contact(actor=amal) == attempt.next_at
    clock.move_to(attempt.next_at, tick=False)
    assert workflow.take_next(actor=amal) == request


def test_queue_has_suspected_requests_but_no_synthetic_ones(amal):
    make_request(**ANY_TIME, is_synthetic=True)
    suspected = make_request(**ANY_TIME, spam_signals=("fast",))
    assert workflow.take_next(actor=amal) == suspected


@pytest.mark.parametrize("role", ["auditor", "editor"])
def test_who_may_not_read_requests_takes_none(make_staff, role):
    make_request_of_another()
    with pytest.raises(workflow.TransitionRefused, match="Only admissions staff"):
        workflow.take_next(actor=make_staff(role, is_superuser=True))


def test_a_request_without_rules_of_contact_is_not_handed_out(amal):
    request = make_request_of_another()
    AssessmentRequest.objects.filter(pk=request.pk).update(preferred_time="", time_zone="")
    assert workflow.take_next(actor=amal) is None


# Claims


def test_a_claim_without_action_goes_back_to_the_queue(amal, sam, clock):
    request = make_request_of_another()
    workflow.take_next(actor=amal)
    clock.move_to(TUESDAY + dt.timedelta(minutes=29), tick=False)
    assert workflow.release_expired_claims() == 0
    clock.move_to(TUESDAY + dt.timedelta(minutes=30), tick=False)
    assert workflow.take_next(actor=sam) == request  # even before the worker came by
    clock.move_to(TUESDAY + dt.timedelta(minutes=60), tick=False)
    assert workflow.release_expired_claims() == 1
    assert state_of(request) == (None, None)
    assert codes_of(request) == ["received", "taken", "taken", "lapsed"]


def test_what_someone_worked_on_stays_theirs(amal, clock):
    request = make_request_of_another()
    workflow.take_next(actor=amal)
    workflow.set_stage(request_id=request.pk, stage="talking", actor=amal)
    clock.move_to(TUESDAY + dt.timedelta(hours=1), tick=False)
    assert workflow.release_expired_claims() == 0
    assert state_of(request) == (amal, None)


def test_who_writes_a_note_keeps_the_claim(amal, clock):
    request = make_request_of_another()
    workflow.take_next(actor=amal)
    clock.move_to(TUESDAY + dt.timedelta(minutes=10), tick=False)
    workflow.add_note(request_id=request.pk, text="on the phone", actor=amal)
    assert state_of(request) == (amal, TUESDAY + dt.timedelta(minutes=40))


def test_what_a_colleague_is_at_can_not_be_claimed(amal, sam):
    request = make_request_of_another()
    workflow.claim(request_id=request.pk, actor=amal)
    with pytest.raises(workflow.TransitionRefused, match="amal is working on this request"):
        workflow.claim(request_id=request.pk, actor=sam)
    workflow.release(request_id=request.pk, actor=amal)
    assert workflow.claim(request_id=request.pk, actor=sam).owner == sam


def test_a_change_of_what_somebody_changed_meanwhile_is_refused_and_says_who(amal, sam):
    request = make_request_of_another()
    workflow.assign(request_id=request.pk, owner=sam, actor=sam, expected_version=0)
    with pytest.raises(workflow.StaleVersion, match=r"sam changed this request on Nov 24, 10:00 AM: assigned"):
        workflow.close(request_id=request.pk, outcome="spam", actor=amal, expected_version=0)
    request.refresh_from_db()
    assert (request.stage, request.version) == ("new", 1)


# Putting off


def test_a_snoozed_request_comes_back_due(amal, clock):
    request, until = make_request_of_another(), local_time("2026-11-26 09:00")
    workflow.snooze(request_id=request.pk, until=until, reason="away", actor=amal)
    assert workflow.take_next(actor=amal) is None
    assert workflow.next_possible_contact(actor=amal) == until
    assert not AssessmentRequest.objects.not_snoozed().exists()
    clock.move_to(until, tick=False)
    assert workflow.take_next(actor=amal) == request
    assert codes_of(request)[:2] == ["received", "snoozed"]


def test_a_hold_keeps_what_we_wait_for_encrypted(amal):
    request = make_request_of_another()
    workflow.wait_for(request_id=request.pk, until=local_time("2026-11-30 09:00"), text="Canary papers", actor=amal)
    text = request.texts.get(kind="waiting")
    assert (text.decrypt(), text.author, b"Canary" in bytes(text.envelope)) == ("Canary papers", amal, False)
    request.refresh_from_db()
    assert request.snooze_reason == "waiting"


@pytest.mark.parametrize(
    ("until", "reason", "refusal"),
    [
        (TUESDAY, "away", "in the future"),
        (None, "away", "in the future"),
        (TUESDAY + dt.timedelta(days=91), "away", "90 days"),
        (TUESDAY + dt.timedelta(days=1), "", "Choose why"),
        (TUESDAY + dt.timedelta(days=1), "waiting", "Choose why"),
    ],
)
def test_snoozing_needs_a_reason_and_an_end(amal, until, reason, refusal):
    request = make_request_of_another()
    with pytest.raises(workflow.TransitionRefused, match=refusal):
        workflow.snooze(request_id=request.pk, until=until, reason=reason, actor=amal)
    assert codes_of(request) == ["received"]


def test_a_request_that_is_woken_is_due_when_it_was_before(amal):
    request = make_request_of_another()
    due_at = request.due_at
    workflow.snooze(request_id=request.pk, until=local_time("2026-11-26 09:00"), reason="thinking", actor=amal)
    workflow.unsnooze(request_id=request.pk, actor=amal)
    request.refresh_from_db()
    assert (request.due_at, request.snoozed_until) == (due_at, None)
    with pytest.raises(workflow.TransitionRefused, match="not snoozed"):
        workflow.unsnooze(request_id=request.pk, actor=amal)


# At the same moment


@pytest.fixture
def open_around_the_clock(site):
    center = Center.objects.get()
    center.contact_target_hours = 1
    center.save()
    for weekday in range(7):
        OpeningHours.objects.create(center=center, weekday=weekday, opens=dt.time(0, 0), closes=dt.time(23, 59))


def test_eight_people_who_press_at_the_same_moment_get_eight_requests(open_around_the_clock, make_staff, clock):
    clock.move_to(local_time("2026-11-24 12:00"), tick=False)
    staff = [make_staff("admissions", username=f"staff-{number}") for number in range(8)]
    for _ in range(9):
        make_request_of_another()
    for _round in range(3):
        taken = at_once(*(partial(workflow.take_next, actor=who) for who in staff))
        assert None not in taken
        assert len({request.pk for request in taken}) == 8
        assert {request.owner_id for request in AssessmentRequest.objects.filter(claimed_until__isnull=False)} == {
            who.pk for who in staff
        }
        for request, who in zip(taken, staff, strict=True):
            workflow.release(request_id=request.pk, actor=who)


def test_one_person_who_presses_twice_gets_the_same_request_twice(open_around_the_clock, amal, clock):
    clock.move_to(local_time("2026-11-24 12:00"), tick=False)
    for _ in range(3):
        make_request_of_another()
    for _round in range(5):
        first, second = at_once(*[partial(workflow.take_next, actor=amal)] * 2)
        assert first == second
        assert AssessmentRequest.objects.filter(claimed_until__isnull=False).count() == 1
        workflow.release(request_id=first.pk, actor=amal)


def test_a_link_undone_while_the_person_takes_it_all_back_stops_neither(open_around_the_clock, amal):
    for _round in range(6):
        first, second = make_request_of_another(**ONE_PERSON), make_request_of_another(**ONE_PERSON)
        workflow.link_duplicate(request_id=second.pk, of_reference=first.reference, actor=amal)
        at_once(partial(workflow.withdraw, request_id=first.pk), partial(undo_the_link, second, amal))
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.outcome, second.duplicate_of, second.stage) == ("withdrawn", None, "new")


def test_two_who_link_a_pair_in_opposite_directions_leave_one_of_it_open(open_around_the_clock, amal, sam):
    for _round in range(6):
        first, second = make_request_of_another(**ONE_PERSON), make_request_of_another(**ONE_PERSON)
        at_once(partial(try_to_link, first, second, amal), partial(try_to_link, second, first, sam))
        rows = AssessmentRequest.objects.filter(pk__in=[first.pk, second.pk])
        assert sorted(rows.values_list("stage", "outcome")) == [("closed", "duplicate"), ("new", "")]


def try_to_link(request, of, actor):
    with suppress(workflow.TransitionRefused):  # the other one was faster
        workflow.link_duplicate(request_id=request.pk, of_reference=of.reference, actor=actor)


def undo_the_link(request, actor):
    with suppress(workflow.TransitionRefused):  # the person was faster
        workflow.unlink_duplicate(request_id=request.pk, actor=actor)


def test_two_who_unlink_two_requests_of_one_at_the_same_moment_open_all_three(open_around_the_clock, amal, sam):
    for _round in range(6):
        first = make_request_of_another()
        workflow.log_attempt(request_id=first.pk, channel="call", result="no_answer", actor=amal)
        until = timezone.now() + dt.timedelta(days=2)
        workflow.snooze(request_id=first.pk, until=until.replace(hour=19, minute=0), reason="away", actor=amal)
        others = [make_request_of_another(), make_request_of_another()]
        for other in others:
            try_to_link(other, first, amal)
        at_once(*(partial(undo_the_link, other, who) for other, who in zip(others, (amal, sam), strict=True)))
        rows = AssessmentRequest.objects.filter(pk__in=[first.pk, *(other.pk for other in others)])
        assert sorted(rows.values_list("stage", "duplicate_of")) == [("new", None), ("new", None), ("reaching", None)]


def test_a_family_that_is_taken_back_by_two_links_at_once_is_gone(open_around_the_clock, amal):
    for _round in range(6):
        family = [make_request_of_another(**ONE_PERSON) for _ in range(3)]
        for other in family[1:]:
            workflow.link_duplicate(request_id=other.pk, of_reference=family[0].reference, actor=amal)
        at_once(*(partial(take_back, one) for one in family))
        ended = AssessmentRequest.objects.filter(pk__in=[one.pk for one in family])
        assert set(ended.values_list("outcome", flat=True)) == {"withdrawn"}
        assert [one.events.filter(code="withdrawn").count() for one in family] == [1, 1, 1]


def take_back(request):
    with suppress(workflow.TransitionRefused):  # another link was faster
        workflow.withdraw(request_id=request.pk)


# Nobody falls between


def test_what_belongs_to_someone_who_left_is_everyones(amal, sam):
    request = make_request_of_another()
    workflow.assign(request_id=request.pk, owner=sam, actor=sam)
    staff_roles.end_all(sam)
    assert workflow.take_next(actor=amal) == request


def test_who_contacted_us_is_handed_out_whoever_owns_it_and_whatever_the_stage(amal, sam):
    talking, booked = make_request_of_another(), make_request_of_another()
    workflow.log_attempt(request_id=talking.pk, channel="call", result="reached", actor=sam)
    workflow.book(request_id=booked.pk, at=local_time("2026-12-01 11:00"), actor=sam)
    workflow.assign(request_id=booked.pk, owner=sam, actor=sam)
    for request in (talking, booked):
        workflow.log_attempt(request_id=request.pk, channel="they_called", result="missed", actor=sam)
        assert workflow.take_next(actor=amal) == request
        workflow.log_attempt(request_id=request.pk, channel="call", result="reached", actor=amal)


def test_who_seems_not_to_have_come_to_the_assessment_is_handed_out(amal, clock):
    request, at = make_request_of_another(), local_time("2026-11-25 11:00")
    workflow.book(request_id=request.pk, at=at, actor=amal)
    for hours, taken in ((0, None), (1, request)):
        clock.move_to(at + dt.timedelta(hours=hours), tick=False)
        assert workflow.take_next(actor=amal) == taken


def test_who_has_an_assessment_and_contacted_us_waits_for_the_morning(amal, sam, clock):
    request = make_request_of_another()
    workflow.book(request_id=request.pk, at=local_time("2026-12-01 11:00"), actor=sam)
    workflow.assign(request_id=request.pk, owner=sam, actor=sam)
    clock.move_to(local_time("2026-11-24 22:00"), tick=False)
    workflow.add_message(request_id=request.pk, text="Another question")
    assert workflow.take_next(actor=amal) is None
    assert format_local(workflow.next_possible_contact(actor=amal)) == "Wed 25 09:00"


def test_a_call_before_the_assessment_is_not_lost_when_they_choose_another_time(amal, clock):
    request = make_request_of_another()
    workflow.book(request_id=request.pk, at=local_time("2026-12-01 11:00"), actor=amal)
    later = local_time("2026-11-26 10:00")
    workflow.snooze(request_id=request.pk, until=later, reason="asked_later", actor=amal)
    workflow.change_preferred_time(request_id=request.pk, preferred_time="afternoon", time_zone="")
    request.refresh_from_db()
    assert (request.is_due_before_assessment, request.due_at <= later) == (True, True)
    clock.move_to(local_time("2026-11-24 13:00"), tick=False)
    assert workflow.take_next(actor=amal) == request


def test_nothing_is_snoozed_past_its_assessment(amal):
    request, at = make_request_of_another(), local_time("2026-11-25 11:00")
    workflow.book(request_id=request.pk, at=at, actor=amal)
    with pytest.raises(workflow.TransitionRefused, match="The assessment is before that"):
        workflow.snooze(request_id=request.pk, until=at + dt.timedelta(hours=1), reason="away", actor=amal)
    workflow.snooze(request_id=request.pk, until=at - dt.timedelta(hours=1), reason="away", actor=amal)
    workflow.unsnooze(request_id=request.pk, actor=amal)
    request.refresh_from_db()
    assert (request.due_at, request.is_due_before_assessment) == (at, False)


def test_what_a_colleague_owns_is_everyones_one_hour_after_it_is_due(amal, sam, clock):
    request = make_request_of_another()
    due_at = workflow.log_attempt(request_id=request.pk, channel="call", result="reached", actor=sam).next_at
    clock.move_to(due_at + dt.timedelta(minutes=5), tick=False)
    assert workflow.take_next(actor=amal) is None
    assert workflow.next_possible_contact(actor=amal) == due_at + dt.timedelta(hours=1)
    clock.move_to(due_at + dt.timedelta(hours=1), tick=False)
    assert workflow.take_next(actor=amal) == request


def claimed_by_now(request, sam):
    workflow.log_attempt(request_id=request.pk, channel="call", result="no_answer", actor=sam)
    workflow.claim(request_id=request.pk, actor=sam)


def snoozed_by(request, sam):
    workflow.log_attempt(request_id=request.pk, channel="call", result="reached", actor=sam)
    until = TUESDAY + dt.timedelta(hours=2)
    workflow.snooze(request_id=request.pk, until=until, reason="away", actor=sam)


@pytest.mark.parametrize("left", [claimed_by_now, snoozed_by])
def test_when_the_next_can_be_contacted_somebody_is_handed_out(amal, sam, clock, left):
    left(make_request_of_another(), sam)
    at = workflow.next_possible_contact(actor=amal)
    clock.move_to(at - dt.timedelta(minutes=1), tick=False)
    workflow.release_expired_claims()
    assert workflow.take_next(actor=amal) is None
    clock.move_to(at, tick=False)
    assert workflow.take_next(actor=amal) is not None


@pytest.mark.parametrize("result", ["no_answer", "missed"])
def test_an_attempt_leaves_a_colleague_at_it_who_is_at_it(amal, sam, result):
    request = make_request_of_another()
    workflow.claim(request_id=request.pk, actor=sam)
    channel = "call" if result == "no_answer" else "they_called"
    workflow.log_attempt(request_id=request.pk, channel=channel, result=result, actor=amal)
    assert state_of(request)[0] == sam
    assert AssessmentRequest.objects.get().is_claimed


def test_who_contacted_us_still_waits_when_a_hold_is_over(amal, clock):
    request = make_request_of_another()
    workflow.log_attempt(request_id=request.pk, channel="they_called", result="missed", actor=amal)
    until = TUESDAY + dt.timedelta(hours=1)
    workflow.wait_for(request_id=request.pk, until=until, text="The insurer calls back", actor=amal)
    assert workflow.take_next(actor=amal) is None
    clock.move_to(until, tick=False)
    request.refresh_from_db()
    assert (request.awaiting_reply_since, workflow.take_next(actor=amal)) == (TUESDAY, request)
    workflow.snooze(request_id=request.pk, until=until + dt.timedelta(days=1), reason="asked_later", actor=amal)
    assert AssessmentRequest.objects.get().awaiting_reply_since is None


@pytest.mark.parametrize("planned", ["spoken with", "put off"])
def test_who_did_not_come_and_has_another_time_is_due_then_and_not_an_hour_later(amal, clock, planned):
    request, at = make_request_of_another(), local_time("2026-11-25 10:00")
    workflow.book(request_id=request.pk, at=at, actor=amal)
    clock.move_to(at + dt.timedelta(minutes=30), tick=False)
    then = at + dt.timedelta(hours=4)
    if planned == "put off":
        workflow.snooze(request_id=request.pk, until=then, reason="asked_later", actor=amal)
    else:
        workflow.log_attempt(request_id=request.pk, channel="call", result="reached", actor=amal, next_at=then)
    assert workflow.take_next(actor=amal) is None
    assert workflow.next_possible_contact(actor=amal) == then
    clock.move_to(then, tick=False)
    assert workflow.take_next(actor=amal) == request
    assert AssessmentRequest.objects.get().awaits_assessment is False


def test_what_is_mine_and_due_later_is_no_reason_to_say_that_nobody_waits(amal):
    request = make_request_of_another()
    attempt = workflow.log_attempt(request_id=request.pk, channel="call", result="reached", actor=amal)
    assert workflow.take_next(actor=amal) is None
    assert workflow.next_possible_contact(actor=amal) == attempt.next_at


def test_a_conversation_longer_than_the_claim_can_still_be_written_down(amal, clock):
    request = make_request_of_another()
    seen = workflow.take_next(actor=amal).version
    clock.move_to(TUESDAY + dt.timedelta(minutes=45), tick=False)
    workflow.release_expired_claims()
    workflow.log_attempt(request_id=request.pk, channel="call", result="reached", actor=amal, expected_version=seen)
    assert state_of(request) == (amal, None)


def test_who_reaches_a_person_after_a_colleagues_claim_lapsed_owns_the_request(amal, sam, clock):
    request = make_request_of_another()
    workflow.take_next(actor=amal)
    clock.move_to(TUESDAY + dt.timedelta(minutes=31), tick=False)
    workflow.log_attempt(request_id=request.pk, channel="call", result="reached", actor=sam)
    assert state_of(request) == (sam, None)


def test_my_own_forgotten_request_is_not_handed_to_a_colleague_while_i_am_at_it(amal, sam, clock):
    request = make_request_of_another()
    workflow.assign(request_id=request.pk, owner=sam, actor=sam)
    clock.move_to(request.due_at + dt.timedelta(hours=2) - dt.timedelta(hours=1), tick=False)
    assert workflow.take_next(actor=sam) == request
    assert workflow.take_next(actor=amal) is None


def test_what_a_colleague_owns_can_not_be_claimed_in_passing(amal, sam):
    request = make_request_of_another()
    workflow.assign(request_id=request.pk, owner=sam, actor=sam)
    with pytest.raises(workflow.TransitionRefused, match="sam owns this request"):
        workflow.claim(request_id=request.pk, actor=amal)


def test_a_preferred_time_met_for_minutes_only_keeps_nobody_waiting(site, clock, amal):
    center = Center.objects.get()
    center.contact_target_hours = 4
    center.save()
    for weekday in range(5):
        OpeningHours.objects.create(center=center, weekday=weekday, opens=dt.time(9), closes=dt.time(17, 10))
    clock.move_to(TUESDAY, tick=False)
    request = make_request_of_another(preferred_time="evening", asked_about="evening America/Phoenix")
    assert (format_local(request.due_at), "can't promise a time" in request.promise) == ("Tue 24 14:00", True)
    assert workflow.take_next(actor=amal) == request
