"""A claim lives as long as the work: who keeps it, when it ends, and what counts after it has ended."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from intake import details, form_token, workflow
from intake.models import AssessmentRequest, Attempt
from tests.intake.helpers import accept, answers_of, change_page, codes_of, moment
from tests.intake.request_page import press, refusal_of, work_form

pytestmark = pytest.mark.django_db

TUESDAY = moment("2026-11-24 10:00")
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def maria(make_staff):
    return make_staff("admissions", username="maria")


@pytest.fixture
def tom(make_staff):
    return make_staff("admissions", username="tom")


@pytest.fixture
def at(stopped_clock):
    """A function that stops the clock so many minutes after the claim began. It stands there at once."""
    return lambda minutes: stopped_clock.move_to(TUESDAY + minutes * MINUTE, tick=False)


@pytest.fixture
def claimed(at, maria):
    """What Maria took from the queue at ten."""
    accept(form_token.draw(), answers_of(best_time="asap"), at=timezone.now())
    return workflow.take_next(actor=maria)


def minutes_left(request):
    """Minutes from ten o'clock to the end of the claim."""
    request.refresh_from_db()
    return request.claimed_until and (request.claimed_until - TUESDAY) / MINUTE


def desk_of(user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def we_spoke(request, actor, seen):
    return workflow.log_attempt(request_id=request.pk, channel="call", result="reached", actor=actor, seen=seen)


# How long it holds


@pytest.mark.parametrize(
    ("minutes", "untouched", "is_calling", "ends"),
    [
        (0, 0, False, 30),
        (10, 0, False, 40),
        (10, 10, False, 40),
        (29, 25, False, 59),
        (29, 29, False, 59),
        (29, 31, False, 58),  # sixty minutes after the last act, which was before it was taken
        (29, 3600, False, 30),  # too long ago: it ends as it would have
        (29, -500, False, 59),  # an act that is still to come is none
        (10, 0, True, 70),
        (0, 0, True, 60),
    ],
)
def test_a_claim_is_kept_while_its_owner_works(at, claimed, maria, minutes, untouched, is_calling, ends):
    at(minutes)
    acted_at = timezone.now() - untouched * MINUTE
    workflow.keep_claim(request_id=claimed.pk, actor=maria, acted_at=acted_at, is_calling=is_calling)
    assert minutes_left(claimed) == ends
    assert (claimed.version, codes_of(claimed)) == (1, ["received", "taken"])


def test_a_claim_that_is_kept_each_minute_ends_an_hour_after_the_last_act(at, claimed, maria):
    for minute in range(1, 90):
        at(minute)
        workflow.keep_claim(request_id=claimed.pk, actor=maria, acted_at=TUESDAY)
    assert minutes_left(claimed) == 60
    assert workflow.free_lapsed_claims() == 1


def test_a_claim_is_never_shortened(at, claimed, maria):
    workflow.keep_claim(request_id=claimed.pk, actor=maria, is_calling=True)
    at(5)
    workflow.keep_claim(request_id=claimed.pk, actor=maria)
    workflow.add_note(request_id=claimed.pk, text="On the phone", actor=maria)
    assert workflow.take_next(actor=maria) == claimed
    assert minutes_left(claimed) == 60


def test_a_claim_that_has_ended_is_not_brought_back(at, claimed, maria):
    at(31)
    workflow.keep_claim(request_id=claimed.pk, actor=maria)
    assert minutes_left(claimed) == 30
    workflow.free_lapsed_claims()
    workflow.keep_claim(request_id=claimed.pk, actor=maria)
    assert minutes_left(claimed) is None


def test_nobody_keeps_the_claim_of_a_colleague_or_what_they_own_without_an_end(at, claimed, maria, tom):
    at(10)
    workflow.keep_claim(request_id=claimed.pk, actor=tom)
    assert minutes_left(claimed) == 30
    workflow.assign(request_id=claimed.pk, owner=tom, actor=maria)
    workflow.keep_claim(request_id=claimed.pk, actor=tom, is_calling=True)
    assert minutes_left(claimed) is None


def test_any_button_keeps_the_claim_also_one_that_is_refused(at, claimed, maria):
    desk = desk_of(maria)
    form = work_form(desk.get(change_page(claimed)))
    assert minutes_left(claimed) == 30  # to look is no act
    at(20)
    assert refusal_of(press(desk, claimed, "book", form)) == "Choose a time for the assessment that is still to come."
    assert minutes_left(claimed) == 50
    at(40)
    press(desk, claimed, "quarantine", form)
    assert minutes_left(claimed) == 70


# What counts after it has ended


@pytest.mark.parametrize("is_freed", [True, False])
def test_what_the_first_one_logs_counts_after_a_colleague_only_took_it(at, claimed, maria, tom, is_freed):
    at(33)
    if is_freed:
        workflow.free_lapsed_claims()
    assert workflow.take_next(actor=tom) == claimed
    we_spoke(claimed, maria, seen=1)
    claimed.refresh_from_db()
    assert (claimed.owner, claimed.claimed_until, claimed.stage) == (maria, None, "talking")
    with pytest.raises(workflow.Stale, match=r"^maria changed this request on Nov 24, 10:33 AM: call, we spoke"):
        workflow.log_attempt(request_id=claimed.pk, channel="call", result="no_answer", actor=tom, seen=2)
    assert Attempt.objects.count() == 1


def test_what_the_first_one_logs_in_vain_leaves_the_request_to_the_second(at, claimed, maria, tom):
    at(33)
    workflow.take_next(actor=tom)
    workflow.log_attempt(request_id=claimed.pk, channel="call", result="no_answer", actor=maria, seen=1)
    claimed.refresh_from_db()
    assert (claimed.owner, claimed.is_claimed) == (tom, True)


def test_it_counts_too_when_the_second_gave_it_back_or_a_third_took_it(at, claimed, maria, tom, make_staff):
    at(33)
    workflow.take_next(actor=tom)
    workflow.release(request_id=claimed.pk, actor=tom)
    workflow.claim(request_id=claimed.pk, actor=make_staff("lead"))
    assert we_spoke(claimed, maria, seen=1).actor == maria


def test_it_counts_with_what_the_first_one_corrects_on_the_same_page(at, claimed, maria, tom):
    desk = desk_of(maria)
    form = work_form(desk.get(change_page(claimed)))
    at(33)
    workflow.take_next(actor=tom)
    response = press(desk, claimed, "attempt:call:reached", form, **{"known-language": "Spanish"}, note="A long talk")
    assert response.status_code == 302
    assert Attempt.objects.get().actor == maria
    assert details.plain(details.of(claimed))["language"] == "Spanish"


def did_more(request, tom):
    until = timezone.now() + dt.timedelta(days=1)
    return {
        "an attempt": lambda: workflow.log_attempt(
            request_id=request.pk, channel="call", result="no_answer", actor=tom
        ),
        "a stage": lambda: workflow.set_stage(request_id=request.pk, stage="reaching", actor=tom),
        "a note": lambda: workflow.add_note(request_id=request.pk, text="I call now", actor=tom),
        "a rest": lambda: workflow.snooze(request_id=request.pk, until=until, reason="away", actor=tom),
        "an owner": lambda: workflow.assign(request_id=request.pk, owner=tom, actor=tom),
        "a word of the person": lambda: workflow.add_words(request_id=request.pk, text="Do not call this number"),
    }


@pytest.mark.parametrize("what", ["an attempt", "a stage", "a note", "a rest", "an owner", "a word of the person"])
def test_where_the_second_did_more_the_first_one_is_told_and_loses_nothing(at, claimed, maria, tom, what):
    desk = desk_of(maria)
    form = work_form(desk.get(change_page(claimed)))
    at(33)
    workflow.take_next(actor=tom)
    did_more(claimed, tom)[what]()
    before = Attempt.objects.count()
    response = press(desk, claimed, "attempt:call:reached", form, note="A long talk")
    assert "changed this request on Nov 24, 10:33 AM" in refusal_of(response)
    assert response.context["work"]["note"].value() == "A long talk"
    assert Attempt.objects.count() == before


def test_who_never_had_the_claim_is_told_that_a_colleague_took_it(at, maria, tom):
    request = accept(form_token.draw(), answers_of(best_time="asap"), at=timezone.now())
    workflow.claim(request_id=request.pk, actor=tom)
    with pytest.raises(workflow.Stale, match=r"^tom changed this request"):
        we_spoke(request, maria, seen=0)


def test_who_gave_it_back_is_told_that_a_colleague_took_it(at, claimed, maria, tom):
    workflow.release(request_id=claimed.pk, actor=maria)
    workflow.claim(request_id=claimed.pk, actor=tom)
    with pytest.raises(workflow.Stale, match=r"^tom changed this request"):
        we_spoke(claimed, maria, seen=1)


# While a colleague is working on it


def test_the_log_buttons_are_behind_one_sentence_while_a_colleague_is_working_on_it(at, claimed, maria, tom):
    summary = "<summary>I talked with them all the same</summary>"
    hers, his = (desk_of(user).get(change_page(claimed)).content.decode() for user in (maria, tom))
    assert (summary in hers, summary in his) == (False, True)
    fold = his.split('<details id="all_the_same">')[1].split("</details>")[0]
    assert his.count('value="attempt:') == fold.count('value="attempt:') == hers.count('value="attempt:') > 0
    assert ("thumb-bar" in hers, "thumb-bar" in his) == (True, False)


def test_what_is_logged_behind_it_counts_and_the_owner_is_told(at, claimed, maria, tom):
    desk = desk_of(maria)
    hers = work_form(desk.get(change_page(claimed)))
    assert press(desk_of(tom), claimed, "attempt:call:no_answer").status_code == 302
    assert AssessmentRequest.objects.get().owner == maria
    at(1)
    response = press(desk, claimed, "attempt:call:no_answer", hers)
    assert refusal_of(response).startswith("tom changed this request on Nov 24, 10:00 AM: call, no answer.")


def test_a_refused_button_behind_it_is_open_on_the_page_that_says_so(at, claimed, maria, tom):
    desk = desk_of(tom)
    his = work_form(desk.get(change_page(claimed)))
    workflow.log_attempt(request_id=claimed.pk, channel="call", result="no_answer", actor=maria, seen=1)
    workflow.claim(request_id=claimed.pk, actor=maria)
    response = press(desk, claimed, "attempt:call:reached", his)
    assert '<details id="all_the_same" open>' in response.content.decode()
