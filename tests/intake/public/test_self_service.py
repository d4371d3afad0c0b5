"""The person says something more, or takes everything back, at whatever point of the work."""

import base64
import datetime as dt

import pytest

from intake import search, workflow
from intake.contact.preferences import newest_preferences
from intake.models import AssessmentRequest, EncryptedText
from intake.submission import accept as submission
from intake.submission import circuit_breaker, private_link, sent_form, spool, tokens
from intake.worker import take_in_spool
from tests.intake.support.factories import make_answers, make_request
from tests.intake.support.helpers import codes_of, format_local, local_time

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]

TUESDAY = local_time("2026-11-24 10:00")
ANY_TIME = {"preferred_time": "asap", "time_zone": "America/Phoenix"}
CHANGED = {"message": "Please call today."}


@pytest.fixture
def actor(make_staff):
    return make_staff("admissions", username="amal")


def make_request_any_time(draft=None, at=TUESDAY, **changes):
    return make_request(draft, **ANY_TIME | changes, at=at)


def spool_form(at, draft=None, form_key=None, **changes):
    form = sent_form.SentForm(draft or tokens.draw(), make_answers(**ANY_TIME | changes), at=at, form_key=form_key)
    circuit_breaker.trip()
    submission.accept(form)
    circuit_breaker.reset()
    return form


def snooze_request(request, actor):
    until = TUESDAY + dt.timedelta(days=60)
    return workflow.snooze(request_id=request.pk, until=until, reason="thinking", actor=actor)


SPEAKING = {
    "sends the form again": lambda draft: make_request_any_time(draft, **CHANGED),
    "adds words": lambda draft: workflow.add_message(request_id=draft.id, text="Please call today."),
    "chooses another time": lambda draft: workflow.change_preferred_time(
        request_id=draft.id, preferred_time="afternoon", time_zone=""
    ),
}


@pytest.mark.parametrize("speak", SPEAKING.values(), ids=SPEAKING)
def test_who_speaks_up_while_snoozed_is_not_snoozed_and_a_new_version(actor, speak):
    draft = tokens.draw()
    request = snooze_request(make_request_any_time(draft), actor)
    seen = request.version
    speak(draft)
    request.refresh_from_db()
    assert (request.snoozed_until, request.snooze_reason) == (None, "")
    assert request.due_at < TUESDAY + dt.timedelta(days=1)
    assert "unsnoozed" in codes_of(request)
    with pytest.raises(workflow.StaleVersion):
        workflow.close(request_id=request.pk, outcome="declined", actor=actor, expected_version=seen)


@pytest.mark.parametrize("speak", ["sends the form again", "adds words"])
def test_who_speaks_up_after_an_attempt_stands_on_top(actor, speak):
    draft = tokens.draw()
    request, overdue = make_request_any_time(draft), make_request_any_time(at=TUESDAY - dt.timedelta(days=9))
    workflow.log_attempt(request_id=request.pk, channel="call", result="no_answer", actor=actor)
    SPEAKING[speak](draft)
    assert list(AssessmentRequest.objects.by_urgency()) == [request, overdue]
    assert workflow.take_next(actor=actor) == request


@pytest.mark.parametrize("speak", SPEAKING.values(), ids=SPEAKING)
def test_who_speaks_up_at_the_end_of_the_plan_gets_a_whole_new_one(actor, clock, speak):
    draft = tokens.draw()
    request = make_request_any_time(draft, email="")
    for hours in (0, 3, 24, 51):
        clock.move_to(TUESDAY + dt.timedelta(hours=hours), tick=False)
        workflow.log_attempt(request_id=request.pk, channel="call", result="no_answer", actor=actor)
    clock.move_to(TUESDAY + dt.timedelta(hours=52), tick=False)
    if speak is SPEAKING["sends the form again"]:
        make_request_any_time(draft, at=TUESDAY + dt.timedelta(hours=52), email="", **CHANGED)
    else:
        speak(draft)
    workflow.log_attempt(request_id=request.pk, channel="call", result="no_answer", actor=actor)
    with pytest.raises(workflow.TransitionRefused, match="3 more attempts are needed"):
        workflow.close(request_id=request.pk, outcome="not_reached", actor=actor)


def test_revoked_permission_stays_revoked_when_known_words_are_sent_again():
    draft = tokens.draw()
    for number, voicemail in enumerate(["", "on", ""]):
        request = make_request_any_time(draft, at=TUESDAY + dt.timedelta(minutes=number), voicemail_ok=voicemail)
    assert newest_preferences(request).may_leave_voicemail is False
    assert request.texts.count() == 3


def test_a_time_chosen_on_a_machine_whose_clock_is_behind_still_counts(clock):
    request = make_request_any_time()
    clock.move_to(TUESDAY - dt.timedelta(seconds=2), tick=False)
    workflow.change_preferred_time(request_id=request.pk, preferred_time="afternoon", time_zone="")
    assert newest_preferences(request).preferred_time == "afternoon"


# Linked as a duplicate


@pytest.fixture
def linked(actor):
    """The draft of a request that was linked to another one of the same person, and the two."""
    draft = tokens.draw()
    first, second = make_request_any_time(), make_request_any_time(draft)
    workflow.link_duplicate(request_id=second.pk, of_reference=first.reference, actor=actor)
    return draft, first, second


def test_a_linked_duplicate_that_is_sent_again_goes_on_by_itself(linked):
    draft, _first, second = linked
    make_request_any_time(draft, **CHANGED)
    second.refresh_from_db()
    assert (second.stage, second.duplicate_of, second.texts.count()) == ("new", None, 2)


def test_a_linked_duplicate_that_is_sent_again_during_an_outage_is_taken_in(linked):
    draft, _first, second = linked
    spool_form(TUESDAY, draft, **CHANGED)
    assert (take_in_spool(), spool.state().files) == (1, 0)
    second.refresh_from_db()
    assert (second.stage, second.texts.count()) == ("new", 2)


def outcomes(*requests):
    return [AssessmentRequest.objects.values_list("outcome", flat=True).get(pk=request.pk) for request in requests]


def is_in_question(request):
    return AssessmentRequest.objects.get(pk=request.pk).to_confirm_since is not None


@pytest.mark.parametrize("number", [0, 1])
def test_who_withdraws_by_either_link_ends_their_own_request_and_no_other(linked, actor, number):
    _draft, *both = linked
    withdrawn, left = both[number], both[1 - number]
    assert private_link.find(private_link.secret_of(withdrawn.pk)) == withdrawn
    workflow.withdraw(request_id=withdrawn.pk)
    assert outcomes(withdrawn, left) == ["withdrawn", ""]
    assert [EncryptedText.objects.filter(request=one).count() for one in (withdrawn, left)] == [0, 1]
    assert (is_in_question(left), workflow.take_next(actor=actor)) == (True, left)
    assert AssessmentRequest.objects.filter(duplicate_of__isnull=False).count() == 0


def test_a_correction_or_an_address_more_keeps_nobody_from_being_asked(actor):
    first, second = make_request_any_time(at=TUESDAY - dt.timedelta(minutes=5)), make_request_any_time(email="")
    before = {"email": "canary@nightingale.example"}
    workflow.correct(request_id=first.pk, before=before, after={"email": ""}, actor=actor)
    workflow.link_duplicate(request_id=second.pk, of_reference=first.reference, actor=actor)
    workflow.withdraw(request_id=second.pk)
    assert (outcomes(first, second), is_in_question(first)) == (["", "withdrawn"], True)


def test_while_the_keys_of_the_index_change_one_phone_is_still_one_phone(actor, settings):
    first = make_request_any_time()
    settings.INDEX_KEYS = f"newer:{base64.urlsafe_b64encode(bytes(range(32))).decode()},{settings.INDEX_KEYS}"
    second = make_request_any_time()
    assert first.blind_indexes.first().key_id != second.blind_indexes.first().key_id
    workflow.link_duplicate(request_id=second.pk, of_reference=first.reference, actor=actor)
    assert search.naming_another_contact([second], besides=first) == set()
    workflow.withdraw(request_id=second.pk)
    assert (outcomes(first, second), is_in_question(first)) == (["", "withdrawn"], True)


def test_what_ended_otherwise_before_stays_as_it_ended(linked, actor):
    _draft, first, second = linked
    workflow.close(request_id=first.pk, outcome="declined", actor=actor)
    workflow.withdraw(request_id=second.pk)
    assert outcomes(first, second) == ["declined", "withdrawn"]
    assert [EncryptedText.objects.filter(request=one).count() for one in (first, second)] == [1, 0]


def test_what_a_relative_sent_from_another_number_goes_on_by_itself(actor):
    first, relatives = make_request_any_time(), make_request_any_time(phone="(480) 555-0199", email="")
    workflow.link_duplicate(request_id=relatives.pk, of_reference=first.reference, actor=actor, same_matter=True)
    workflow.withdraw(request_id=first.pk)
    relatives.refresh_from_db()
    assert (relatives.stage, relatives.duplicate_of, relatives.texts.count()) == ("new", None, 1)
    assert is_in_question(relatives) is False
    assert workflow.take_next(actor=actor) == relatives


def test_a_relative_who_withdraws_takes_nothing_else_back(actor):
    first, relatives = make_request_any_time(), make_request_any_time(phone="(480) 555-0199", email="")
    workflow.link_duplicate(request_id=relatives.pk, of_reference=first.reference, actor=actor, same_matter=True)
    workflow.withdraw(request_id=relatives.pk)
    assert outcomes(first, relatives) == ["", "withdrawn"]
    assert [EncryptedText.objects.filter(request=one).count() for one in (first, relatives)] == [1, 0]
    assert (codes_of(first)[-1], is_in_question(first)) == ("unlinked", False)


def test_a_request_that_has_ended_is_not_withdrawn(actor):
    request = make_request_any_time()
    workflow.close(request_id=request.pk, outcome="declined", actor=actor)
    with pytest.raises(workflow.TransitionRefused, match="is closed"):
        workflow.withdraw(request_id=request.pk)
    assert request.texts.count() == 1


# Withdrawn while a form waited in a spool


def test_what_waited_in_the_spool_when_the_person_withdrew_does_not_come_back(clock):
    request = make_request_any_time(form_key="one browser session")
    spool_form(TUESDAY + dt.timedelta(minutes=1), form_key="one browser session", **CHANGED)
    clock.move_to(TUESDAY + dt.timedelta(minutes=2), tick=False)
    workflow.withdraw(request_id=request.pk)
    assert (take_in_spool(), spool.state().files) == (1, 0)
    assert (AssessmentRequest.objects.count(), EncryptedText.objects.count()) == (1, 0)


def test_what_the_person_sends_after_they_withdrew_is_a_new_request(clock):
    request = make_request_any_time(form_key="one browser session")
    workflow.withdraw(request_id=request.pk)
    spool_form(TUESDAY + dt.timedelta(minutes=1), form_key="one browser session", **CHANGED)
    take_in_spool()
    assert (AssessmentRequest.objects.open().count(), EncryptedText.objects.count()) == (1, 1)


# Opened again


def test_a_closed_request_that_is_sent_again_is_open_not_snoozed_and_on_top(actor):
    draft = tokens.draw()
    request = make_request_any_time(draft)
    workflow.close(request_id=request.pk, outcome="declined", actor=actor)
    make_request_any_time(draft, **CHANGED)
    request.refresh_from_db()
    assert (request.stage, request.awaiting_reply_since, format_local(request.due_at)) == (
        "reaching",
        TUESDAY,
        "Tue 24 10:00",
    )
