"""Undo: for ten minutes after each button, everything as it was, unless someone changed the request since."""

import datetime as dt
from functools import partial

import pytest

from intake import workflow
from intake.admin.queue.rows import described
from intake.admin.request import details_form
from intake.admin.request.actions import BUTTONS
from intake.contact import details
from intake.contact.preferences import newest_preferences
from intake.models import AssessmentRequest, Attempt, Change, Event, OutboxMessage
from intake.notifications import outbox
from intake.reports import export, figures
from intake.reports.period import Period, zone
from intake.submission import tokens
from intake.workflow.attempt_plan import attempt_plan_of, must_decide
from intake.workflow.operation import STATE
from tests.conftest import TUESDAY_MORNING
from tests.html import forms_on
from tests.intake.support.at_once import at_once_or_refused
from tests.intake.support.factories import log_attempt, make_request
from tests.intake.support.helpers import LIST, browser_of, change_page, codes_of
from tests.intake.support.request_page import followed, press, refusal_of, work_form

MINUTE, HOUR, DAY = (dt.timedelta(**{name: 1}) for name in ("minutes", "hours", "days"))
LOCAL = "%Y-%m-%dT%H:%M"

# What is not of the state of a request: undoing makes a new version, and an end keeps the form's key.
NOT_STATE = {
    "id",
    "reference",
    "received_at",
    "acknowledged_at",
    "private_link_hash",
    "is_synthetic",
    "referrer_path",
    "same_device_as_id",
}
DERIVED = {"version", "queue_group", "preferred_time", "time_zone"}

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def lead(make_staff):
    return make_staff("lead", username="lena")


def everything_of(request, actor):
    """All that a button may change: the columns, the contact rules, the attempts, the list, the figures and the CSV."""
    row = AssessmentRequest.objects.get(pk=request.pk)
    columns = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    del columns["version"]
    if columns["link_undo_state"]:  # with which version of the original the link agrees: that one has a new one
        columns["link_undo_state"] = {**columns["link_undo_state"], "version": None}
    preferences, plan = newest_preferences(row), attempt_plan_of(row)
    now = TUESDAY_MORNING + DAY
    shown = described([row], now)[0]
    period = Period(TUESDAY_MORNING.date() - DAY, TUESDAY_MORNING.date() + DAY, zone())
    report = figures.figures_for(period)
    return {
        "columns": columns,
        "preferences": preferences.codes(),
        "attempts": [(one.channel, one.result, one.occurred_at) for one in plan.attempts],
        "plan": (plan.more, plan.agreed_to_email, plan.is_mailed, plan.has_ended, must_decide(row, plan)),
        "proposal": plan.propose(now) if plan.channels else None,
        "row": (shown.step, shown.at, shown.distance, shown.is_overdue, shown.not_before, shown.has_unread_additions),
        "report": (vars(report.everyone), report.by_outcome, report.by_attempts),
        "csv": list(export.lines(period, actor)),
        "outbox_messages": sorted(row.outbox_messages.values_list("kind", "state")),
        "given back": workflow.next_possible_contact(actor=actor),
    }


# Each scene makes a request and says which button is pressed there, and what is typed.


def tried(me, clock, times):
    request = make_request(email="")
    for hours in (0, 3, 24, 51)[:times]:
        clock.move_to(TUESDAY_MORNING + hours * HOUR, tick=False)
        log_attempt(request, me)
    clock.move_to(TUESDAY_MORNING + 60 * HOUR, tick=False)
    return request


def owned_and_booked(me):
    request = make_request()
    workflow.assign(request_id=request.pk, owner=me, actor=me)
    workflow.book(request_id=request.pk, at=TUESDAY_MORNING + 5 * DAY, actor=me)
    return request


def claimed(me):
    request = make_request()
    workflow.claim(request_id=request.pk, actor=me)
    return request


def snoozed(me):
    request = make_request()
    workflow.snooze(request_id=request.pk, until=TUESDAY_MORNING + 2 * DAY, reason="away", actor=me)
    return request


def called_back(me):
    request = make_request()
    log_attempt(request, me)
    log_attempt(request, me, "missed", "they_called")
    return request


def closed(me):
    request = owned_and_booked(me)
    workflow.close(request_id=request.pk, outcome="declined", actor=me)
    return request


def suspected(me):
    request = make_request(email_ok="on")
    request.outbox_messages.filter(kind="acknowledgement").delete()
    workflow.quarantine(request_id=request.pk, actor=me)
    return request


def linked(me):
    original, request = make_request(), make_request(voicemail_ok="", preferred_time="afternoon")
    workflow.link_duplicate(request_id=request.pk, of_reference=original.reference, actor=me)
    return request


def held(me):
    request = make_request()
    workflow.set_legal_hold(request_id=request.pk, actor=me)
    return request


def spoken_up(me):
    request = make_request()
    log_attempt(request, me)
    workflow.add_message(request_id=request.pk, text="Call me at my sister's")
    return request


IN_TWO_DAYS = (TUESDAY_MORNING + 2 * DAY).strftime(LOCAL)
SCENES = {
    "no answer": (lambda me, _clock: make_request(), "attempt:call:no_answer", {}),
    "we spoke": (lambda me, _clock: make_request(), "attempt:call:reached", {}),
    "we spoke, after four attempts": (lambda me, clock: tried(me, clock, 4), "attempt:they_called:reached", {}),
    "the last attempt": (lambda me, clock: tried(me, clock, 3), "attempt:call:no_answer", {}),
    "they called, missed": (lambda me, clock: tried(me, clock, 1), "attempt:they_called:missed", {}),
    "no answer to a call back": (lambda me, _clock: called_back(me), "attempt:call:no_answer", {}),
    "no answer, after they said something": (lambda me, _clock: spoken_up(me), "attempt:call:no_answer", {}),
    "no answer, taken from the queue": (lambda me, _clock: claimed(me), "attempt:call:no_answer", {}),
    "keep trying": (lambda me, clock: tried(me, clock, 4), "keep_trying", {}),
    "in conversation by hand": (lambda me, _clock: make_request(), "stage:talking", {}),
    "lost touch by hand": (lambda me, _clock: owned_and_booked(me), "stage:reaching", {}),
    "booked": (lambda me, _clock: make_request(), "book", {"assessment_at": IN_TWO_DAYS}),
    "moved": (lambda me, _clock: owned_and_booked(me), "book", {"assessment_at": IN_TWO_DAYS}),
    "snoozed": (lambda me, _clock: make_request(), "snooze", {"until": IN_TWO_DAYS, "reason": "away"}),
    "snoozed, after a call back": (
        lambda me, _clock: called_back(me),
        "snooze",
        {"until": IN_TWO_DAYS, "reason": "away"},
    ),
    "waits for something": (lambda me, _clock: claimed(me), "wait_for", {"until": IN_TWO_DAYS, "waits_for": "Insurer"}),
    "unsnoozed": (lambda me, _clock: snoozed(me), "unsnooze", {}),
    "closed": (lambda me, _clock: claimed(me), "close", {"outcome": "declined"}),
    "closed, booked": (lambda me, _clock: owned_and_booked(me), "close", {"outcome": "withdrawn"}),
    "closed, snoozed": (lambda me, _clock: snoozed(me), "close", {"outcome": "spam"}),
    "closed, called back": (lambda me, _clock: called_back(me), "close", {"outcome": "admitted"}),
    "referred": (
        lambda me, _clock: make_request(),
        "close",
        {"outcome": "referred", "referral": "A clinic", "person_told": "on"},
    ),
    "not reached": (lambda me, clock: tried(me, clock, 4), "close", {"outcome": "not_reached"}),
    "reopened": (lambda me, _clock: closed(me), "reopen", {}),
    "unlinked": (lambda me, _clock: linked(me), "unlink", {}),
    "taken": (lambda me, _clock: make_request(), "claim", {}),
    "given back": (lambda me, _clock: claimed(me), "release_claim", {}),
    "given back, owned": (lambda me, _clock: owned_and_booked(me), "release_claim", {}),
    "owner set": (lambda me, _clock: owned_and_booked(me), "assign", {"owner": ""}),
    "in quarantine": (lambda me, _clock: make_request(), "quarantine", {}),
    "out of quarantine": (lambda me, _clock: suspected(me), "release", {}),
    "legal hold": (lambda me, _clock: make_request(), "set_legal_hold", {}),
    "legal hold lifted": (lambda me, _clock: held(me), "lift_legal_hold", {}),
}


@pytest.fixture
def user(make_staff):
    """A lead, who has every button."""
    return make_staff("lead", "admissions", username="amal")


def undo_button_on(page):
    found = [value for _name, value in work_form(page).buttons if (value or "").startswith("undo:")]
    return found[0] if found else None


def undo(client, request):
    return press(client, request, undo_button_on(client.get(change_page(request))))


@pytest.mark.parametrize("scene", SCENES)
def test_a_button_is_undone_exactly(user, clock, scene):
    make, button, typed = SCENES[scene]
    request, client = make(user, clock), browser_of(user)
    family = [request, *filter(None, [request.duplicate_of])]
    before = [everything_of(one, user) for one in family]
    clock.shift(MINUTE / 2)  # no double click, and too soon for a claim to be prolonged
    followed(client, press(client, request, button, **typed))
    assert [everything_of(one, user) for one in family] != before
    clock.shift(9 * MINUTE)
    page = followed(client, undo(client, request))
    assert "Undone. The request is as it was before." in page
    after = [everything_of(one, user) for one in family]
    for now, then in zip(after, before, strict=True):
        assert {name: (now[name], then[name]) for name in now if now[name] != then[name]} == {}


# Buttons whose Undo has a test of its own, and those that there is nothing to undo of
ELSEWHERE = {"link", "take_next", "another_person", "additions_read"}
NOTHING_TO_UNDO = {"note", "erase", "undo", *details_form.BUTTONS}


def test_every_button_of_a_page_is_undone():
    pressed = {button.partition(":")[0] for _make, button, _typed in SCENES.values()}
    assert pressed | ELSEWHERE | NOTHING_TO_UNDO == set(BUTTONS)
    assert not pressed & (ELSEWHERE | NOTHING_TO_UNDO)


def test_every_column_of_a_request_is_undone_or_is_no_state():
    names = {field.attname for field in AssessmentRequest._meta.concrete_fields}
    assert set(STATE) | NOT_STATE | DERIVED == names
    assert not set(STATE) & (NOT_STATE | DERIVED)


def test_a_link_is_undone_on_both_requests_with_their_consents(me, desk):
    original = make_request(text_ok="on", email_ok="on", preferred_time="asap")
    request = make_request(voicemail_ok="", preferred_time="afternoon")
    log_attempt(original, me)
    before = [everything_of(one, me) for one in (original, request)]
    followed(desk, press(desk, request, f"link:{original.reference}"))
    assert newest_preferences(original).codes() != before[0]["preferences"]
    assert undo_button_on(desk.get(change_page(original))) == undo_button_on(desk.get(change_page(request)))
    followed(desk, undo(desk, original))
    assert [everything_of(one, me) for one in (original, request)] == before
    assert [codes_of(one)[-1] for one in (original, request)] == ["undone", "undone"]


def test_closing_as_spam_is_undone_with_the_links_that_it_ended(me, desk):
    original, request = make_request(), make_request(phone="(602) 555-0199")
    workflow.link_duplicate(request_id=request.pk, of_reference=original.reference, actor=me, same_matter=True)
    before = [everything_of(one, me) for one in (original, request)]
    followed(desk, press(desk, original, "close", outcome="spam"))
    followed(desk, undo(desk, original))
    assert [everything_of(one, me) for one in (original, request)] == before


def test_taking_the_next_is_undone(me, desk):
    request = make_request(preferred_time="asap")
    before = everything_of(request, me)
    desk.get(LIST)
    desk.post(f"{LIST}take/", {"csrfmiddlewaretoken": desk.cookies["csrftoken"].value})
    assert AssessmentRequest.objects.get().owner == me
    followed(desk, undo(desk, request))
    assert everything_of(request, me) == before


def test_what_was_undone_is_shown_struck_through_with_who_and_when(me, desk, lead, clock):
    request = make_request()
    followed(desk, press(desk, request, "attempt:call:reached", note="They sounded calm"))
    clock.shift(2 * MINUTE)
    page = followed(browser_of(lead), undo(browser_of(lead), request))
    assert "Undone by lena at 10:02 AM. It does not count." in page
    assert page.split("<del>")[1].split("</del>")[0].startswith("<strong>Call: We spoke</strong>")
    assert "They sounded calm" in page.split("</del>")[1]
    printed = desk.get(f"{LIST}{request.pk}/print/").content.decode()
    assert "Undone by lena at 10:02 AM. It does not count." in printed


def test_words_that_were_typed_with_a_button_stay(me, desk, clock):
    request = make_request()
    clock.shift(MINUTE)
    form = work_form(desk.get(change_page(request)))
    typed = {"note": "Call her sister", "details-phone": "(602) 555-0177"}
    press(desk, request, "attempt:call:no_answer", form, **typed, consent_read="on")
    page = followed(desk, undo(desk, request))
    assert "Notes and corrections that were saved with it stay." in page
    assert [text.decrypt() for text in request.texts.filter(kind="note")] == ["Call her sister"]
    assert details.plain(details.details_of(request))["phone"] == "(602) 555-0177"
    assert attempt_plan_of(AssessmentRequest.objects.get()).attempts == []


def test_what_is_typed_beside_undo_is_kept(me, desk, clock):
    request = make_request()
    clock.shift(MINUTE)
    press(desk, request, "attempt:call:no_answer")
    button = undo_button_on(desk.get(change_page(request)))
    followed(desk, press(desk, request, button, note="I pressed the wrong one", **{"details-name": "Mina Canary"}))
    assert [text.decrypt() for text in request.texts.filter(kind="note")] == ["I pressed the wrong one"]
    assert details.plain(details.details_of(request))["name"] == "Mina Canary"
    assert attempt_plan_of(AssessmentRequest.objects.get()).attempts == []


def test_the_other_button_can_be_pressed_at_once_after_undo(me, desk):
    request = make_request()
    press(desk, request, "attempt:call:reached")
    undo(desk, request)
    followed(desk, press(desk, request, "attempt:call:reached"))
    request.refresh_from_db()
    assert (request.stage, request.attempts_to_reach, request.attempts.standing().count()) == ("talking", 1, 1)
    assert request.attempts.count() == 2


def test_two_buttons_are_undone_one_after_the_other(me, desk):
    request = make_request()
    before = everything_of(request, me)
    press(desk, request, "attempt:call:no_answer")
    press(desk, request, "close", outcome="declined")
    undo(desk, request)
    followed(desk, undo(desk, request))
    assert everything_of(request, me) == before
    assert undo_button_on(desk.get(change_page(request))) is None


def test_undo_is_offered_for_ten_minutes(me, desk, clock):
    request = make_request()
    press(desk, request, "claim")
    page = desk.get(change_page(request))
    button, form = undo_button_on(page), work_form(page)
    clock.shift(10 * MINUTE)
    assert undo_button_on(desk.get(change_page(request))) is None
    assert "undo works for 10 minutes" in refusal_of(press(desk, request, button, form))
    assert AssessmentRequest.objects.get().owner == me


def test_undo_after_a_colleagues_change_is_refused_with_who_and_what(me, desk, sam, clock):
    request = make_request()
    press(desk, request, "attempt:call:no_answer")
    page = desk.get(change_page(request))
    button, form = undo_button_on(page), work_form(page)
    clock.shift(MINUTE)
    log_attempt(request, sam, "voicemail")
    before = everything_of(request, me)
    refusal = refusal_of(press(desk, request, button, form, note="Wrong button"))
    assert refusal == (
        f"sam changed {request.reference} at 10:01 AM: call, left a voicemail. Nothing was undone. "
        "Check the request as it is now."
    )
    assert everything_of(request, me) == before
    assert request.texts.filter(kind="note").count() == 0
    assert undo_button_on(desk.get(change_page(request))) is None


def test_undo_after_the_person_said_something_is_refused(me, desk):
    request = make_request()
    press(desk, request, "close", outcome="withdrawn")
    page = desk.get(change_page(request))
    button, form = undo_button_on(page), work_form(page)
    workflow.reopen(request_id=request.pk, actor=me)
    workflow.add_message(request_id=request.pk, text="I would like to come")
    assert "The person or the site changed" in refusal_of(press(desk, request, button, form))


def test_a_note_and_a_claim_kept_alive_are_no_change(me, desk, sam):
    request = make_request()
    press(desk, request, "claim")
    workflow.add_note(request_id=request.pk, text="A note", actor=sam)
    workflow.claim(request_id=request.pk, actor=me)
    followed(desk, undo(desk, request))
    request.refresh_from_db()
    assert (request.owner, request.claimed_until) == (None, None)


def test_who_was_on_the_phone_may_log_after_a_take_over_that_was_undone(me, sam, clock):
    request = make_request(preferred_time="asap")
    seen = workflow.take_next(actor=me).version
    clock.shift(33 * MINUTE)
    workflow.release_expired_claims()
    workflow.take_next(actor=sam)
    workflow.undo(batch=Change.objects.filter(actor=sam).get().batch, actor=sam)
    workflow.log_attempt(request_id=request.pk, channel="call", result="reached", actor=me, expected_version=seen)
    request.refresh_from_db()
    assert (request.stage, request.owner) == ("talking", me)


def test_a_colleague_is_offered_no_undo_and_a_lead_is(me, desk, sam, lead):
    request = make_request()
    press(desk, request, "claim")
    button = undo_button_on(desk.get(change_page(request)))
    theirs = browser_of(sam)
    page = theirs.get(change_page(request))
    assert undo_button_on(page) is None
    response = theirs.post(change_page(request), work_form(page).fields | {"action": button})
    assert refusal_of(response) == "Only amal or a lead can undo this."
    followed(browser_of(lead), undo(browser_of(lead), request))
    assert AssessmentRequest.objects.get().owner is None


def test_undo_pressed_twice_is_done_once(me, desk):
    request = make_request()
    press(desk, request, "attempt:call:no_answer")
    page = desk.get(change_page(request))
    button, form = undo_button_on(page), work_form(page)
    for _time in range(2):
        assert "Undone. The request is as it was before." in followed(desk, press(desk, request, button, form))
    assert codes_of(request).count("undone") == 1
    assert AssessmentRequest.objects.get().version == 2


def test_an_undone_act_is_refused_to_someone_else(me, desk, lead):
    request = make_request()
    press(desk, request, "claim")
    client = browser_of(lead)
    page = client.get(change_page(request))
    button, form = undo_button_on(page), work_form(page)
    undo(desk, request)
    assert refusal_of(press(client, request, button, form)) == "amal already undid this at 10:00 AM."


def test_undo_of_undo_is_not_offered(me, desk):
    request = make_request()
    press(desk, request, "claim")
    undo(desk, request)
    assert undo_button_on(desk.get(change_page(request))) is None


def test_what_the_person_did_is_not_undone_here(me, desk):
    request = make_request()
    workflow.withdraw(request_id=request.pk)
    assert Change.objects.count() == 0
    assert undo_button_on(desk.get(change_page(request))) is None


def test_erasing_says_that_it_can_not_be_undone_and_is_not(make_staff):
    user = make_staff("lead", username="lena")
    client, request = browser_of(user), make_request()
    workflow.close(request_id=request.pk, outcome="withdrawn", actor=user)
    page = client.get(change_page(request))
    assert "Yes, erase all content for good. This can&#x27;t be undone." in page.content.decode()
    button, form = undo_button_on(page), work_form(page)
    followed(client, press(client, request, "erase", confirm="on"))
    assert undo_button_on(client.get(change_page(request))) is None
    assert "changed" in refusal_of(press(client, request, button, form))
    assert AssessmentRequest.objects.get().stage == "closed"


def test_lifting_the_hold_of_a_withdrawn_request_can_not_be_undone(make_staff):
    user, request = make_staff("lead"), make_request()
    workflow.set_legal_hold(request_id=request.pk, actor=user)
    workflow.withdraw(request_id=request.pk)
    client = browser_of(user)
    followed(client, press(client, request, "lift_legal_hold"))
    assert undo_button_on(client.get(change_page(request))) is None


def test_mail_that_waits_is_taken_back_and_mail_that_went_out_is_not(me, desk, mailoutbox):
    for is_sent in (False, True):
        request = suspected(me)
        press(desk, request, "release")
        if is_sent:
            outbox.send_due()
        page = followed(desk, undo(desk, request))
        assert ("The email already went out." in page) is is_sent
        assert request.outbox_messages.filter(kind=OutboxMessage.Kind.ACKNOWLEDGEMENT).exists() is is_sent
        request.refresh_from_db()
        assert request.quarantined_at is not None


def test_a_form_that_was_sent_anew_after_the_end_keeps_its_key(me):
    older = make_request(form_key="k" * 64)
    workflow.close(request_id=older.pk, outcome="declined", actor=me)
    newer = make_request(form_key="k" * 64)
    workflow.undo(batch=Change.objects.get().batch, actor=me)
    older.refresh_from_db()
    assert (older.stage, older.form_key, older.previous_form_key) == ("new", None, "k" * 64)
    assert make_request(message="More", form_key="k" * 64) == newer


def test_a_link_can_be_undone_after_an_undone_button_on_the_original(me):
    original, request = make_request(), make_request()
    due_at = original.due_at
    workflow.link_duplicate(request_id=request.pk, of_reference=original.reference, actor=me)
    log_attempt(original, me)
    workflow.undo(batch=Change.objects.filter(request=original).last().batch, actor=me)
    workflow.unlink_duplicate(request_id=request.pk, actor=me)
    original.refresh_from_db()
    assert (original.stage, original.due_at, original.awaiting_reply_since) == ("new", due_at, None)


def test_an_undone_conversation_is_in_no_report(me, desk):
    request = make_request()
    period = Period(TUESDAY_MORNING.date(), TUESDAY_MORNING.date(), zone())
    press(desk, request, "attempt:call:reached")
    assert figures.figures_for(period).everyone.median_to_talk == 0
    undo(desk, request)
    assert figures.figures_for(period).everyone.median_to_talk == figures.NEVER
    assert [line.split(",")[9] for line in export.lines(period, me)][1:] == ["0"]
    assert Attempt.objects.count() == 1


def test_what_was_given_back_and_undone_comes_first_again(me, desk, clock):
    first = make_request(preferred_time="asap")
    clock.shift(MINUTE)
    second = make_request(preferred_time="asap")
    assert workflow.take_next(actor=me) == first
    press(desk, first, "release_claim")
    undo(desk, first)
    assert workflow.take_next(actor=me) == first
    assert Event.objects.standing().filter(code="released").count() == 0
    assert second.owner is None


# At the same moment


def in_conversation_by_mistake(me):
    request = make_request()
    log_attempt(request, me, "reached")
    return request, Change.objects.get(request=request).batch


@pytest.mark.django_db(transaction=True)
def test_undo_and_a_colleagues_button_at_once_never_mix(site, me, sam):
    for _time in range(8):
        request, batch = in_conversation_by_mistake(me)
        undone, booked = at_once_or_refused(
            partial(workflow.undo, batch=batch, actor=me),
            partial(
                workflow.book,
                request_id=request.pk,
                at=TUESDAY_MORNING + 2 * DAY,
                actor=sam,
                expected_version=request.version + 1,
            ),
        )
        request.refresh_from_db()
        if undone is workflow.TransitionRefused:  # the colleague was first
            assert (booked.stage, request.stage, request.reached_at is None) == ("booked", "booked", False)
        else:
            assert (booked, request.stage, request.reached_at) == (workflow.StaleVersion, "new", None)


@pytest.mark.django_db(transaction=True)
def test_two_who_undo_at_once_undo_once(site, me, lead):
    for _time in range(8):
        request, batch = in_conversation_by_mistake(me)
        results = at_once_or_refused(*[partial(workflow.undo, batch=batch, actor=actor) for actor in (me, lead)])
        assert results.count(workflow.TransitionRefused) == 1
        request.refresh_from_db()
        assert (request.stage, request.version, codes_of(request).count("undone")) == ("new", 2, 1)


@pytest.mark.django_db(transaction=True)
def test_undo_of_a_link_and_of_what_was_done_on_the_other_one_at_once(site, me, sam):
    for _time in range(8):
        original, request = make_request(), make_request()
        workflow.link_duplicate(request_id=request.pk, of_reference=original.reference, actor=me)
        batch = Change.objects.filter(request=request).get().batch
        undone, logged = at_once_or_refused(
            partial(workflow.undo, batch=batch, actor=me),
            partial(workflow.log_attempt, request_id=original.pk, channel="call", result="no_answer", actor=sam),
        )
        assert logged.request == original
        stages = [AssessmentRequest.objects.get(pk=one.pk).stage for one in (original, request)]
        assert stages == ["reaching", "closed" if undone is workflow.TransitionRefused else "new"]


# The list


def choose(desk, button, *requests, **typed):
    desk.get(LIST)
    chosen = [f"{row.pk}:{row.version}" for row in AssessmentRequest.objects.filter(pk__in=[r.pk for r in requests])]
    data = {"action": button, "chosen": chosen, "csrfmiddlewaretoken": desk.cookies["csrftoken"].value}
    return desk.post(f"{LIST}bulk/", data | typed, follow=True)


def offers_on(page):
    return page.context["undo"]


def undo_in_list(desk, page, number=0):
    form = [form for form in forms_on(page) if "batch" in form.fields][number]
    assert form.fields["batch"] == str(offers_on(page)[number].batch)
    return desk.post(f"{LIST}undo/", form.fields, follow=True)


def said(page):
    return [str(message) for message in page.context["messages"]]


@pytest.mark.parametrize("button", ["assign", "release_claim", "release", "spam"])
def test_a_bulk_action_is_undone_for_every_request(me, desk, sam, button):
    requests = [suspected(me) for _number in range(3)]
    for request in requests:
        workflow.claim(request_id=request.pk, actor=me)
    before = [everything_of(request, me) for request in requests]
    page = choose(desk, button, *requests, owner=str(sam.pk))
    assert [everything_of(request, me) for request in requests] != before
    assert len(offers_on(page)[0].requests) == 3
    page = undo_in_list(desk, page)
    assert said(page)[0].startswith("Undone. 3 requests are as they were before:")
    assert [everything_of(request, me) for request in requests] == before


def test_of_a_bulk_action_what_a_colleague_changed_since_is_named(me, desk, sam, clock):
    kept, changed = suspected(me), suspected(me)
    page = choose(desk, "spam", kept, changed)
    clock.shift(3 * MINUTE)
    workflow.reopen(request_id=changed.pk, actor=sam)
    page = undo_in_list(desk, page)
    words = said(page)
    assert [changed.reference in words[0], kept.reference in words[0]] == [True, False]
    assert f"sam changed {changed.reference} at 10:03 AM: reopened. Nothing was undone." in words[0]
    assert words[0].count("undone") == 1
    assert "Undone. 1 request is as it was before:" in words[1]
    assert [AssessmentRequest.objects.get(pk=one.pk).stage for one in (kept, changed)] == ["new", "new"]
    assert codes_of(kept)[-1] == "undone"
    assert codes_of(changed)[-1] == "reopened"


def test_the_page_of_one_request_undoes_its_own_part_of_a_bulk_action(me, desk, sam):
    first, second = make_request(), make_request()
    choose(desk, "assign", first, second, owner=str(sam.pk))
    followed(desk, undo(desk, first))
    assert [AssessmentRequest.objects.get(pk=one.pk).owner for one in (first, second)] == [None, sam]
    assert len(offers_on(desk.get(LIST))[0].requests) == 1


def test_the_list_offers_what_was_done_on_a_page_to_its_author_alone(me, desk, sam):
    request = make_request()
    press(desk, request, "close", outcome="declined")
    assert [offer.what for offer in offers_on(desk.get(LIST))] == ["closed"]
    assert offers_on(browser_of(sam).get(LIST)) == []
    page = undo_in_list(desk, desk.get(LIST))
    assert request.reference in said(page)[0]
    assert AssessmentRequest.objects.get().stage == "new"


def test_the_list_refuses_an_act_that_is_none(me, desk):
    make_request()
    desk.get(LIST)
    for batch in ("", "x", str(tokens.draw().id)):
        data = {"batch": batch, "csrfmiddlewaretoken": desk.cookies["csrftoken"].value}
        page = desk.post(f"{LIST}undo/", data, follow=True)
        assert "Nothing was changed." in said(page)[0]


def test_the_list_with_many_acts_costs_as_many_queries_as_with_one(me, desk, django_assert_num_queries):
    requests = [make_request() for _number in range(6)]
    for number, request in enumerate(requests):
        workflow.claim(request_id=request.pk, actor=me)
        workflow.release(request_id=request.pk, actor=me)
        if number in (0, 5):
            with django_assert_num_queries(3):
                assert len(workflow.offers_to(me)) == number + 1
