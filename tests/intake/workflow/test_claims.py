"""A claim lives as long as the work: who keeps it, when it ends, and what counts after it has ended."""

import datetime as dt
from contextlib import suppress
from functools import partial
from random import Random

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake import workflow
from intake.admin.guidance.next_action import Kind, decide
from intake.admin.guidance.reachability import reach_of
from intake.contact import details
from intake.models import AccessRecord, AssessmentRequest, Attempt, Event
from intake.workflow.attempt_plan import attempt_plan_of
from tests.intake.support.at_once import at_once
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import LIST, change_page, codes_of, local_time, personal_words_in
from tests.intake.support.request_page import press, refusal_of, work_form

pytestmark = pytest.mark.django_db

TUESDAY = local_time("2026-11-24 10:00")
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
    make_request(preferred_time="asap", at=timezone.now())
    return workflow.take_next(actor=maria)


def minutes_left(request):
    """Minutes from ten o'clock to the end of the claim."""
    request.refresh_from_db()
    return request.claimed_until and (request.claimed_until - TUESDAY) / MINUTE


def desk_of(user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def we_spoke(request, actor, expected_version):
    return workflow.log_attempt(
        request_id=request.pk, channel="call", result="reached", actor=actor, expected_version=expected_version
    )


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
    assert workflow.release_expired_claims() == 1


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
    workflow.release_expired_claims()
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
    assert refusal_of(press(desk, claimed, "book", form)) == "Choose a time in the future for the assessment."
    assert minutes_left(claimed) == 50
    at(40)
    press(desk, claimed, "quarantine", form)
    assert minutes_left(claimed) == 70


# What counts after it has ended


@pytest.mark.parametrize("is_freed", [True, False])
def test_what_the_first_one_logs_counts_after_a_colleague_only_took_it(at, claimed, maria, tom, is_freed):
    at(33)
    if is_freed:
        workflow.release_expired_claims()
    assert workflow.take_next(actor=tom) == claimed
    we_spoke(claimed, maria, expected_version=1)
    claimed.refresh_from_db()
    assert (claimed.owner, claimed.claimed_until, claimed.stage) == (maria, None, "talking")
    with pytest.raises(workflow.StaleVersion, match=r"^maria changed this request on Nov 24, 10:33 AM: call, we spoke"):
        workflow.log_attempt(request_id=claimed.pk, channel="call", result="no_answer", actor=tom, expected_version=2)
    assert Attempt.objects.count() == 1


def test_what_the_first_one_logs_in_vain_leaves_the_request_to_the_second(at, claimed, maria, tom):
    at(33)
    workflow.take_next(actor=tom)
    workflow.log_attempt(request_id=claimed.pk, channel="call", result="no_answer", actor=maria, expected_version=1)
    claimed.refresh_from_db()
    assert (claimed.owner, claimed.is_claimed) == (tom, True)


def test_it_counts_too_when_the_second_released_it_or_a_third_took_it(at, claimed, maria, tom, make_staff):
    at(33)
    workflow.take_next(actor=tom)
    workflow.release(request_id=claimed.pk, actor=tom)
    workflow.claim(request_id=claimed.pk, actor=make_staff("lead"))
    assert we_spoke(claimed, maria, expected_version=1).actor == maria


def test_it_counts_with_what_the_first_one_corrects_on_the_same_page(at, claimed, maria, tom):
    desk = desk_of(maria)
    form = work_form(desk.get(change_page(claimed)))
    at(33)
    workflow.take_next(actor=tom)
    response = press(desk, claimed, "attempt:call:reached", form, **{"details-language": "Spanish"}, note="A long talk")
    assert response.status_code == 302
    assert Attempt.objects.get().actor == maria
    assert details.plain(details.details_of(claimed))["language"] == "Spanish"


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
        "a word of the person": lambda: workflow.add_message(request_id=request.pk, text="Do not call this number"),
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
    request = make_request(preferred_time="asap", at=timezone.now())
    workflow.claim(request_id=request.pk, actor=tom)
    with pytest.raises(workflow.StaleVersion, match=r"^tom changed this request"):
        we_spoke(request, maria, expected_version=0)


def test_who_released_it_is_told_that_a_colleague_took_it(at, claimed, maria, tom):
    workflow.release(request_id=claimed.pk, actor=maria)
    workflow.claim(request_id=claimed.pk, actor=tom)
    with pytest.raises(workflow.StaleVersion, match=r"^tom changed this request"):
        we_spoke(claimed, maria, expected_version=1)


# While a colleague is working on it


def test_the_log_buttons_are_behind_one_sentence_while_a_colleague_is_working_on_it(at, claimed, maria, tom):
    summary = "<summary>I spoke with them anyway</summary>"
    hers, his = (desk_of(user).get(change_page(claimed)).content.decode() for user in (maria, tom))
    assert (summary in hers, summary in his) == (False, True)
    fold = his.split('<details id="log_anyway">')[1].split("</details>")[0]
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
    workflow.log_attempt(request_id=claimed.pk, channel="call", result="no_answer", actor=maria, expected_version=1)
    workflow.claim(request_id=claimed.pk, actor=maria)
    response = press(desk, claimed, "attempt:call:reached", his)
    assert '<details id="log_anyway" open>' in response.content.decode()


# What an open page asks for


def state_of(page):
    """What a page carries to ask with."""
    return page.content.decode().split('data-shown="')[1].split('"')[0]


def ask_for_updates(desk, request, page, untouched=0, **more):
    token = work_form(page).fields["csrfmiddlewaretoken"]
    posted = {"csrfmiddlewaretoken": token, "shown": state_of(page), "untouched": untouched, **more}
    return desk.post(f"{LIST}{request.pk}/updates/", posted)


@pytest.fixture
def her_desk(at, maria):
    return desk_of(maria)


@pytest.fixture
def her_page(claimed, her_desk):
    """Her page of it, opened at ten."""
    return her_desk.get(change_page(claimed))


@pytest.mark.parametrize(
    ("minutes", "untouched", "calling", "left"),
    [
        (0, 0, "", 30),
        (10, 0, "", 30),
        (20, 20, "", 30),
        (29, 40, "", 20),
        (20, 60, "", 10),
        (20, "x", "", 10),
        (20, "-5", "", 10),
        (20, "9" * 40, "", 10),
        (20, 0, "yes", 60),
    ],
)
def test_an_open_page_keeps_the_claim_as_long_as_its_owner_works(
    at, claimed, her_desk, her_page, minutes, untouched, calling, left
):
    at(minutes)
    untouched = untouched * 60 if isinstance(untouched, int) else untouched
    before = AccessRecord.objects.count()
    answer = ask_for_updates(her_desk, claimed, her_page, untouched, calling=calling).json()
    end = timezone.localtime(TUESDAY + (minutes + left) * MINUTE).strftime("%-I:%M %p")
    nothing = {"ended": False, "may_take": False, "headline": "", "news": ""}
    assert answer == {"seconds": left * 60, "until": end} | nothing
    assert (AccessRecord.objects.count(), codes_of(claimed)) == (before, ["received", "taken"])


def test_a_call_of_forty_five_minutes_beside_the_open_page_keeps_the_claim(at, claimed, her_desk, her_page, tom):
    for minute in range(1, 46):
        at(minute)
        assert ask_for_updates(her_desk, claimed, her_page, minute * 60).json()["seconds"] >= 15 * 60
        assert (workflow.release_expired_claims(), workflow.take_next(actor=tom)) == (0, None)
    assert press(her_desk, claimed, "attempt:call:reached", work_form(her_page)).status_code == 302


def test_a_page_that_is_left_untouched_gives_the_request_back_after_an_hour(at, claimed, her_desk, her_page, tom):
    for minute in range(1, 61):
        at(minute)
        answer = ask_for_updates(her_desk, claimed, her_page, minute * 60).json()
    assert answer == {
        "seconds": None,
        "until": "",
        "ended": True,
        "may_take": True,
        "headline": "Take it again before you continue.",
        "news": "Back in the queue since 11:00 AM. What you log is still saved.",
    }
    assert workflow.take_next(actor=tom) == claimed


def test_who_lost_it_to_a_colleague_is_told_so_and_not_to_call(at, claimed, her_desk, her_page, tom):
    at(33)
    workflow.release_expired_claims()
    at(34)
    workflow.take_next(actor=tom)
    answer = ask_for_updates(her_desk, claimed, her_page).json()
    assert answer == {
        "seconds": None,
        "until": "",
        "ended": True,
        "may_take": False,
        "headline": "tom is working on this until Tue, Nov 24, 11:04 AM. Leave it to them until then.",
        "news": "Back in the queue since 10:33 AM. What you log is still saved. tom took it at 10:34 AM.",
    }
    workflow.log_attempt(request_id=claimed.pk, channel="call", result="no_answer", actor=tom)
    answer = ask_for_updates(her_desk, claimed, her_page).json()
    assert answer["news"] == "Back in the queue since 10:33 AM. tom logged at 10:34 AM: call, no answer."


def test_who_took_it_is_told_at_once_that_the_first_one_spoke_with_them(at, claimed, her_desk, her_page, tom):
    at(33)
    workflow.take_next(actor=tom)
    his = desk_of(tom)
    his_page = his.get(change_page(claimed))
    assert his_page.context["what_now"] == "Call now."
    assert press(her_desk, claimed, "attempt:call:reached", work_form(her_page)).status_code == 302
    at(34)
    answer = ask_for_updates(his, claimed, his_page).json()
    assert answer["news"] == "maria logged at 10:33 AM: call, we spoke."
    assert answer["headline"] == "Look at what changed before you continue."
    refused = press(his, claimed, "attempt:call:no_answer", work_form(his_page), note="Typed before")
    assert refusal_of(refused).startswith("maria changed this request on Nov 24, 10:33 AM: call, we spoke.")
    assert refused.context["work"]["note"].value() == "Typed before"


@pytest.mark.parametrize(
    ("what", "news", "headline"),
    [
        (
            "words",
            "Person added a message, 10:01 AM.",
            "They contacted us again just now. Read it before you continue.",
        ),
        ("withdraws", "Withdrawn by the person, 10:01 AM.", "This request is closed. There is nothing to do."),
        ("note", "tom changed this request at 10:01 AM: note added.", "Look at what changed before you continue."),
        ("log", "tom logged at 10:01 AM: call, we spoke.", "Look at what changed before you continue."),
        ("read", "", ""),
        ("own note", "", ""),
    ],
)
def test_an_open_page_hears_what_others_did_and_is_not_told_to_call(
    at, claimed, her_desk, her_page, maria, tom, what, news, headline
):
    at(1)
    if what == "words":
        workflow.add_message(request_id=claimed.pk, text="Do not call this number")
    elif what == "withdraws":
        workflow.withdraw(request_id=claimed.pk)
    elif what == "read":
        workflow.add_message(request_id=claimed.pk, text="Do not call this number")
        her_page = her_desk.get(change_page(claimed))
        workflow.mark_additions_read(request_id=claimed.pk, up_to=claimed.events.last().pk, actor=tom)
    elif what == "log":
        workflow.log_attempt(request_id=claimed.pk, channel="call", result="reached", actor=tom)
    else:
        workflow.add_note(request_id=claimed.pk, text="Hm", actor=tom if what == "note" else maria)
    answer = ask_for_updates(her_desk, claimed, her_page).json()
    assert (answer["news"], answer["headline"]) == (news, headline)
    assert personal_words_in(str(answer)) == []


def test_only_a_page_that_was_shown_to_this_reader_may_ask(at, claimed, her_desk, her_page, tom):
    other = make_request(phone="480 555 0100")
    his = desk_of(tom)
    his_page = his.get(change_page(other))
    token = {"csrfmiddlewaretoken": work_form(her_page).fields["csrfmiddlewaretoken"]}
    of_tom = {"csrfmiddlewaretoken": work_form(his_page).fields["csrfmiddlewaretoken"]}
    address = f"{LIST}{claimed.pk}/updates/"
    asked = [
        her_desk.post(address, token),
        her_desk.post(address, token | {"shown": state_of(her_page)[:-1]}),
        her_desk.post(f"{LIST}{other.pk}/updates/", token | {"shown": state_of(her_page)}),
        his.post(address, of_tom | {"shown": state_of(her_page)}),
        his.post(address, of_tom | {"shown": state_of(his_page)}),
    ]
    assert [response.status_code for response in asked] == [404] * 5
    assert her_desk.get(address).status_code == 405
    assert her_desk.post(address, {"shown": state_of(her_page)}).status_code == 403
    assert minutes_left(claimed) == 30


def test_thirty_events_cost_an_open_page_as_many_queries_as_one(at, claimed, her_desk, her_page, tom):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert ask_for_updates(her_desk, claimed, her_page).json()["news"]
        return len(queries)

    workflow.add_note(request_id=claimed.pk, text="One", actor=tom)
    ask_for_updates(her_desk, claimed, her_page)
    one = cost()
    for number in range(30):
        workflow.add_note(request_id=claimed.pk, text=f"Note {number}", actor=tom)
    assert cost() == one


def test_what_was_typed_stays_where_the_page_is_only_shown_anew(at, claimed, her_desk, her_page, tom):
    workflow.add_message(request_id=claimed.pk, text="Call my sister")
    typed = {"note": "She was short of breath", "details-language": "Spanish", "waits_for": "Her insurer"}
    response = her_desk.post(change_page(claimed), work_form(her_page).fields | typed | {"action": "look"})
    form = work_form(response)
    assert {name: form.fields[name] for name in typed} == typed
    assert response.context["unread_additions"] is not None
    assert form.fields["version"] == str(AssessmentRequest.objects.get().version)
    assert (claimed.texts.filter(kind="note").count(), Attempt.objects.count()) == (0, 0)


def test_without_a_script_one_button_keeps_it_for_the_length_of_a_call(at, claimed, her_desk, her_page):
    at(5)
    response = press(her_desk, claimed, "calling", work_form(her_page), note="On the phone")
    assert work_form(response).fields["note"] == "On the phone"
    assert minutes_left(claimed) == 65


# Never two at once


@pytest.mark.parametrize("seed", range(6))
def test_no_two_are_told_to_call_one_person_at_the_same_moment(at, maria, tom, seed):
    request = make_request(preferred_time="asap", time_zone="America/Phoenix", at=timezone.now())
    random, minute, calls = Random(seed), 0, 0
    for _step in range(40):
        who, key = random.choice([maria, tom]), {"request_id": request.pk}
        step = random.choice(
            [
                lambda who, key: workflow.take_next(actor=who),
                lambda who, key: workflow.claim(actor=who, **key),
                lambda who, key: workflow.release(actor=who, **key),
                lambda who, key: workflow.assign(actor=who, owner=who, **key),
                lambda who, key: workflow.keep_claim(actor=who, is_calling=True, **key),
                lambda who, key: workflow.log_attempt(actor=who, channel="they_called", result="missed", **key),
                lambda who, key: workflow.release_expired_claims(),
            ]
        )
        with suppress(workflow.TransitionRefused):
            step(who, key)
        minute += random.choice([0, 1, 12, 31])
        at(min(minute, 400))
        row = AssessmentRequest.objects.select_related("owner").get()
        plan = attempt_plan_of(row)
        reach = reach_of(plan.preferences, details.details_of(row), timezone.now(), plan.channels)
        actions = [decide(row, plan, reach, reader, timezone.now()) for reader in (maria, tom)]
        told_to_call = sum(action.kind == Kind.CONTACT and action.at is None for action in actions)
        assert told_to_call <= 1
        calls += told_to_call
    assert calls > 0


def headline_of(page):
    return page.content.decode().split('<p class="what-now">')[1].split("</p>")[0]


@pytest.fixture
def again(claimed):
    """A second request with the phone of what Maria took, by Tom's watch the most urgent that is left."""
    return make_request(preferred_time="asap", email="", at=timezone.now())


def test_nobody_is_told_to_call_a_number_that_a_colleague_is_at(at, claimed, again, maria, tom):
    at(1)
    page = desk_of(tom).get(change_page(again))
    assert headline_of(page).startswith(
        f"maria is working on {claimed.reference} until Tue, Nov 24, 10:30 AM, with the same"
    )
    assert "tel:" not in page.content.decode()
    assert headline_of(desk_of(maria).get(change_page(claimed))) == "Call now."
    at(31)
    assert headline_of(desk_of(tom).get(change_page(again))) == "Take it and call."


def test_an_open_page_hears_that_a_colleague_is_at_the_same_number(at, claimed, again, her_desk, her_page, tom):
    assert ask_for_updates(her_desk, claimed, her_page).json()["headline"] == ""
    workflow.claim(request_id=again.pk, actor=tom)
    assert (
        ask_for_updates(her_desk, claimed, her_page)
        .json()["headline"]
        .startswith(f"tom is working on {again.reference} until")
    )
    workflow.release(request_id=again.pk, actor=tom)
    assert ask_for_updates(her_desk, claimed, her_page).json()["headline"] == ""


def test_what_is_kept_is_never_freed_or_taken_at_the_same_moment(site, clock, make_staff):
    clock.move_to(TUESDAY, tick=False)
    maria, tom = make_staff("admissions", username="maria"), make_staff("admissions", username="tom")
    make_request(preferred_time="asap", at=timezone.now())
    for turn in range(8):
        clock.move_to(TUESDAY + turn * MINUTE, tick=False)
        request = workflow.take_next(actor=maria)
        # A second before the end keeping it wins; a second after it nobody can keep it.
        is_in_time = turn % 2 == 0
        end = request.claimed_until
        clock.move_to(end - dt.timedelta(seconds=1) if is_in_time else end, tick=False)
        taken = at_once(
            partial(workflow.keep_claim, request_id=request.pk, actor=maria),
            workflow.release_expired_claims,
            partial(workflow.take_next, actor=tom),
            partial(workflow.keep_claim, request_id=request.pk, actor=maria, is_calling=True),
        )[2]
        row = AssessmentRequest.objects.get()
        if is_in_time:
            assert (taken, row.owner) == (None, maria)
            assert row.claimed_until == timezone.now() + 60 * MINUTE
        else:
            # Whoever presses while the worker frees it finds it locked, and gets it with the next press.
            assert (taken, row.owner) in ((request, tom), (None, None))
            assert row.claimed_until in (None, timezone.now() + 30 * MINUTE)
        workflow.release(request_id=request.pk, actor=row.owner or maria)
        Event.objects.filter(code="released").update(occurred_at=TUESDAY - dt.timedelta(days=1))
