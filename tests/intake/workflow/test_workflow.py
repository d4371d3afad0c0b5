import datetime as dt
import itertools

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from intake import workflow
from intake.models import AssessmentRequest, EncryptedText, Event, OutboxMessage
from staff.append_only import AppendOnlyViolation
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import local_time, personal_words_in, refuse_inserts, rows

STAGES = {label: stage for stage, label in AssessmentRequest.Stage.choices}
MOVES = rows("transitions.csv")

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor(make_staff):
    return make_staff("admissions", username="amal")


def request_at(stage, actor):
    request = make_request()
    return request if stage == "new" else move(request, stage, actor)


def request_closed_at(stage, actor):
    return move(request_at(stage, actor), "closed", actor)


def move(request, stage, actor):
    """What the desk does to bring a request to a stage."""
    if stage == "closed":
        return workflow.close(request_id=request.pk, outcome="declined", actor=actor)
    if request.stage == "closed":
        return workflow.reopen(request_id=request.pk, actor=actor)
    if stage == "booked" and request.stage != "booked":
        return workflow.book(request_id=request.pk, at=in_hours(30), actor=actor)
    return workflow.set_stage(request_id=request.pk, stage=stage, actor=actor)


def in_hours(hours):
    return timezone.now() + dt.timedelta(hours=hours)


def state_of(request):
    return AssessmentRequest.objects.values_list("stage", "outcome", "closed_at", "owner").get(pk=request.pk)


def last_event(request):
    return request.events.order_by("pk").values_list("code", "from_value", "to_value", "actor__username").last()


def test_the_table_of_transitions_names_every_pair_of_stages_once():
    assert sorted((row["from"], row["to"]) for row in MOVES) == sorted(itertools.product(STAGES, repeat=2))


@pytest.mark.parametrize("row", MOVES, ids=lambda row: f"{row['from']} to {row['to']}")
def test_a_request_moves_as_the_table_says(actor, row):
    is_closed = row["from"] == "Closed" != row["to"]
    request = request_closed_at(STAGES[row["to"]], actor) if is_closed else request_at(STAGES[row["from"]], actor)
    before, happened = state_of(request), request.events.count()
    if row["allowed"] == "yes":
        assert move(request, STAGES[row["to"]], actor).stage == STAGES[row["to"]]
        assert state_of(request)[0] == STAGES[row["to"]]
        is_booked = row["to"] == "Assessment booked" and not is_closed
        assert request.events.count() == happened + (2 if is_booked else 1)
    else:
        with pytest.raises(workflow.TransitionRefused):
            move(request, STAGES[row["to"]], actor)
        assert state_of(request) == before
        assert request.events.count() == happened


def test_setting_a_stage_writes_who_did_it_from_where_to_where(actor):
    request = request_at("reaching", actor)
    workflow.set_stage(request_id=request.pk, stage="talking", actor=actor)
    assert last_event(request) == ("stage_set", "reaching", "talking", "amal")


@pytest.mark.parametrize("stage", ["closed", "", "made-up", None])
def test_a_stage_that_is_closed_or_unknown_can_not_be_set(actor, stage):
    request = make_request()
    with pytest.raises(workflow.TransitionRefused):
        workflow.set_stage(request_id=request.pk, stage=stage, actor=actor)
    assert state_of(request) == ("new", "", None, None)


def test_a_refusal_says_in_words_where_the_request_is(actor):
    request = request_at("closed", actor)
    with pytest.raises(workflow.TransitionRefused) as refused:
        workflow.set_stage(request_id=request.pk, stage="talking", actor=actor)
    assert str(refused.value) == (
        "This request is now “Closed”, and can't go from there to “In conversation”. Nothing was changed."
    )


@pytest.mark.parametrize("outcome", ["admitted", "declined", "withdrawn", "spam"])
def test_closing_keeps_why_and_when(actor, outcome):
    request = request_at("talking", actor)
    workflow.close(request_id=request.pk, outcome=outcome, actor=actor)
    event = request.events.last()
    stage, kept_outcome, closed_at, _owner = state_of(request)
    assert (stage, kept_outcome) == ("closed", outcome)
    assert request.received_at < closed_at <= event.occurred_at
    assert last_event(request) == ("closed", "", outcome, "amal")


@pytest.mark.parametrize("outcome", ["", "made-up", None, "unlinked"])
def test_closing_needs_an_outcome_that_is_offered(actor, outcome):
    request = request_at("talking", actor)
    with pytest.raises(workflow.TransitionRefused, match="Choose an outcome for this request"):
        workflow.close(request_id=request.pk, outcome=outcome, actor=actor)
    assert state_of(request) == ("talking", "", None, None)
    assert last_event(request)[0] == "stage_set"


def test_closing_twice_keeps_the_first_outcome(actor):
    request = request_at("closed", actor)
    before = state_of(request)
    with pytest.raises(workflow.TransitionRefused):
        workflow.close(request_id=request.pk, outcome="spam", actor=actor)
    assert state_of(request) == before
    assert before[1] == "declined"


def test_reopening_writes_from_which_outcome_to_which_stage(actor):
    request = request_closed_at("reaching", actor)
    workflow.reopen(request_id=request.pk, actor=actor)
    assert last_event(request) == ("reopened", "declined", "reaching", "amal")


def test_an_open_request_can_not_be_reopened(actor):
    request = request_at("booked", actor)
    with pytest.raises(workflow.TransitionRefused):
        workflow.reopen(request_id=request.pk, actor=actor)
    assert state_of(request)[0] == "booked"


def test_an_owner_is_set_handed_over_and_released(actor, make_staff):
    request, lead = make_request(), make_staff("lead")
    for owner in (actor, lead, None):
        workflow.assign(request_id=request.pk, owner=owner, actor=actor)
        assert state_of(request)[3] == (owner and owner.pk)
    assert list(request.events.values_list("code", "from_value", "to_value"))[1:] == [
        ("assigned", "", str(actor.pk)),
        ("assigned", str(actor.pk), str(lead.pk)),
        ("released", str(lead.pk), ""),
    ]


def test_setting_the_same_owner_again_is_no_event(actor):
    request = make_request()
    for owner in (None, actor, actor):
        workflow.assign(request_id=request.pk, owner=owner, actor=actor)
    assert list(request.events.values_list("code", flat=True)) == ["received", "assigned"]


@pytest.mark.parametrize("roles", [(), ("editor",), ("publisher",), ("reviewer",), ("auditor",)])
def test_who_may_not_read_requests_can_not_own_one(actor, make_staff, roles):
    request, other = make_request(), make_staff(*roles, is_superuser=True)
    with pytest.raises(workflow.TransitionRefused, match="Only admissions staff"):
        workflow.assign(request_id=request.pk, owner=other, actor=actor)
    assert state_of(request)[3] is None


def test_who_left_can_not_own_a_request(actor, make_staff):
    request, gone = make_request(), make_staff("admissions", is_active=False)
    with pytest.raises(workflow.TransitionRefused):
        workflow.assign(request_id=request.pk, owner=gone, actor=actor)
    assert state_of(request)[3] is None


@pytest.mark.parametrize("stage", STAGES.values())
def test_a_note_is_kept_encrypted_at_every_stage(actor, stage):
    request = request_at(stage, actor)
    before = state_of(request)
    workflow.add_note(request_id=request.pk, text="Sister answers:\n“call after 6” 🌱", actor=actor)
    note = request.texts.get(kind="note")
    assert (note.decrypt(), note.author) == ("Sister answers:\n“call after 6” 🌱", actor)
    assert b"Sister" not in bytes(note.envelope)
    assert last_event(request) == ("note_added", "", "", "amal")
    assert state_of(request) == before


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_note_is_refused(actor, text):
    request = make_request()
    with pytest.raises(workflow.TransitionRefused, match="empty"):
        workflow.add_note(request_id=request.pk, text=text, actor=actor)
    assert request.texts.count() == 1


@pytest.mark.parametrize("name", ["set_stage", "close", "reopen", "assign", "add_note"])
def test_a_change_whose_event_can_not_be_written_does_not_happen(actor, name):
    request = request_at("closed" if name == "reopen" else "new", actor)
    before, texts = state_of(request), request.texts.count()
    more = {
        "set_stage": {"stage": "talking"},
        "close": {"outcome": "spam"},
        "reopen": {},
        "assign": {"owner": actor},
        "add_note": {"text": "called"},
    }
    refuse_inserts("intake_event")
    with pytest.raises(DatabaseError):
        getattr(workflow, name)(request_id=request.pk, actor=actor, **more[name])
    assert state_of(request) == before
    assert request.texts.count() == texts


def test_an_event_never_changes_and_holds_no_word_that_anyone_typed(actor):
    request = request_at("closed", actor)
    workflow.add_note(request_id=request.pk, text="Canary said nightingale", actor=actor)
    event = request.events.first()
    with pytest.raises(AppendOnlyViolation):
        event.save()
    with pytest.raises(AppendOnlyViolation):
        event.delete()
    assert personal_words_in(str(list(Event.objects.values_list("code", "from_value", "to_value")))) == []
    assert Event.objects.count() == 3


@pytest.mark.parametrize(("result", "what"), [("no_answer", "call, no answer"), ("reached", "call, we spoke")])
def test_who_was_faster_is_named_with_what_they_did_and_not_with_what_came_of_it(actor, make_staff, result, what):
    request = make_request()
    workflow.log_attempt(request_id=request.pk, channel="call", result=result, actor=make_staff("lead", username="lee"))
    with pytest.raises(workflow.StaleVersion, match=f"^lee changed this request on .*: {what}. Your change"):
        workflow.close(request_id=request.pk, outcome="declined", actor=actor, expected_version=0)


NOW = local_time("2026-11-24 10:00")
NONSENSE = {
    "a stage that is not known": (AssessmentRequest, {"stage": "made-up"}),
    "an empty stage": (AssessmentRequest, {"stage": ""}),
    "closed without outcome and time": (AssessmentRequest, {"stage": "closed"}),
    "closed without a time": (AssessmentRequest, {"stage": "closed", "outcome": "spam"}),
    "closed without an outcome": (AssessmentRequest, {"stage": "closed", "closed_at": NOW}),
    "open with an outcome": (AssessmentRequest, {"outcome": "spam"}),
    "open with a time of closing": (AssessmentRequest, {"closed_at": NOW}),
    "a claim that nobody has": (AssessmentRequest, {"claimed_until": NOW}),
    "put off without a reason": (AssessmentRequest, {"snoozed_until": NOW}),
    "put off without an end": (AssessmentRequest, {"snooze_reason": "away"}),
    "booked without a time": (AssessmentRequest, {"stage": "booked", "reached_at": NOW}),
    "booked and never reached": (AssessmentRequest, {"stage": "booked", "assessment_at": NOW}),
    "in conversation and never reached": (AssessmentRequest, {"stage": "talking"}),
    "attempts up to a conversation that never was": (AssessmentRequest, {"attempts_to_reach": 3}),
    "a duplicate of itself": (
        AssessmentRequest,
        {"stage": "closed", "closed_at": NOW, "outcome": "duplicate", "duplicate_of": F("id")},
    ),
    "a duplicate that does not say of which": (
        AssessmentRequest,
        {"stage": "closed", "closed_at": NOW, "outcome": "duplicate"},
    ),
    "an open duplicate": (AssessmentRequest, {"duplicate_of": F("id")}),
    "closed and called back": (
        AssessmentRequest,
        {"stage": "closed", "closed_at": NOW, "outcome": "spam", "awaiting_reply_since": NOW},
    ),
    "a wish that is not known": (AssessmentRequest, {"preferred_time": "at tea"}),
    "no due time": (AssessmentRequest, {"due_at": None}),
    "a text of an unknown kind": (EncryptedText, {"kind": "made-up"}),
    "a note that nobody wrote": (EncryptedText, {"kind": "note"}),
    "a referral that nobody wrote": (EncryptedText, {"kind": "referral"}),
    "a notice in an unknown state": (OutboxMessage, {"state": "made-up"}),
}


@pytest.mark.parametrize(("model", "values"), NONSENSE.values(), ids=NONSENSE)
def test_the_database_refuses_a_row_that_makes_no_sense(model, values):
    make_request()
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(**values)
    assert model.objects.filter(**values).count() == 0


def test_the_database_refuses_an_author_of_what_the_person_wrote(actor):
    make_request()
    with pytest.raises(IntegrityError), transaction.atomic():
        EncryptedText.objects.update(author=actor)


def test_the_database_refuses_second_answers_notices_and_consents():
    request = make_request()
    answers, notice, consent = request.texts.get(), request.outbox_messages.get(), request.consents.first()
    answers.pk = notice.pk = consent.pk = None
    consent._state.adding = True
    for copy in (EncryptedText(request=request, kind="answers", envelope=b"-", recorded_at=NOW), notice, consent):
        with pytest.raises(IntegrityError), transaction.atomic():
            copy.save(force_insert=True)
    assert [request.texts.count(), request.outbox_messages.count(), request.consents.count()] == [1, 1, 2]


def test_the_database_keeps_a_member_of_staff_who_did_something(actor):
    request_at("reaching", actor)
    with pytest.raises(IntegrityError):
        actor.delete()
