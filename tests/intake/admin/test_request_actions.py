import datetime as dt
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake import workflow
from intake.admin.request import actions, page
from intake.contact import details
from intake.contact.preferences import newest_preferences
from intake.models import AssessmentRequest, EncryptedText
from tests.html import forms_on
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import browser_of, change_page, local_time
from tests.intake.support.request_page import buttons_on, followed, page_of, press, refusal_of, shown_entries, work_form

pytestmark = pytest.mark.django_db

TUESDAY = local_time("2026-11-24 10:00")

RESULTS = ["attempt:call:no_answer", "attempt:call:reached", "attempt:call:voicemail", "attempt:call:bad_number"]
THEY_CALLED = ["attempt:they_called:reached", "attempt:they_called:missed"]
STEPS = ["book", "snooze", "wait_for", "close", "stage:reaching", "stage:talking", "link", "quarantine", "assign"]


@pytest.fixture
def lead_desk(make_staff):
    return browser_of(make_staff("lead"))


def local(moment):
    return timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")


def in_days(days):
    return local(timezone.now() + dt.timedelta(days=days))


def make_suspected_request(*spam_signals, **changes):
    return make_request(**changes, spam_signals=spam_signals)


# Attempts


@pytest.mark.parametrize(
    ("changes", "buttons"),
    [
        ({}, [*RESULTS, *THEY_CALLED]),
        ({"voicemail_ok": ""}, [RESULTS[0], RESULTS[1], RESULTS[3], *THEY_CALLED]),
        ({"do_not_call": "on"}, ["attempt:email:sent", "attempt:email:reached", *THEY_CALLED]),
        ({"text_ok": "on"}, [*RESULTS, "attempt:text:sent", "attempt:text:reached", *THEY_CALLED]),
    ],
)
def test_only_results_of_the_ways_that_the_person_allows_have_buttons(desk, changes, buttons):
    page = page_of(desk, make_request(**changes))
    assert [value for value in buttons_on(page) if value.startswith("attempt")] == buttons


def test_an_attempt_is_logged_with_the_proposed_next_one_and_the_note(desk):
    request = make_request(preferred_time="asap")
    page = page_of(desk, request)
    assert "Attempt 1 of 4." in page.content.decode()
    assert work_form(page).fields["next_at"] == "2026-11-24T13:00"
    done = followed(desk, press(desk, request, "attempt:call:no_answer", note="Rang out"))
    assert "Logged: No answer. Next: Tue, Nov 24, 1:00 PM." in done
    assert "Attempt 2 of 4." in done
    request.refresh_from_db()
    assert (request.stage, local(request.due_at)) == ("reaching", "2026-11-24T13:00")
    assert request.attempts.get().actor.username == "amal"
    assert request.texts.get(kind="note").decrypt() == "Rang out"


def test_taking_the_next_request_saves_the_note_typed_on_this_one(desk, me):
    done, waiting = make_request(preferred_time="asap"), make_request(preferred_time="asap")
    workflow.close(request_id=done.pk, outcome="declined", actor=me)
    response = press(desk, done, "take_next", note="Wants no call")
    assert response["Location"] == f"{change_page(waiting)}?tab=open"
    assert done.texts.get(kind="note").decrypt() == "Wants no call"
    assert f"Your note on {done} is saved." in desk.get(response["Location"]).content.decode()
    waiting.refresh_from_db()
    assert waiting.owner == me


def test_note_is_saved_where_no_next_request_is_waiting(desk, me):
    done = make_request(preferred_time="asap")
    workflow.close(request_id=done.pk, outcome="declined", actor=me)
    page = desk.post(
        change_page(done), work_form(page_of(desk, done)).fields | {"action": "take_next", "note": "Told"}, follow=True
    )
    assert "There is nothing to take now: nobody is waiting." in page.content.decode()
    assert done.texts.get(kind="note").decrypt() == "Told"


def test_note_stays_on_the_page_where_taking_the_next_request_is_refused(desk, me):
    done = make_request(preferred_time="asap")
    workflow.close(request_id=done.pk, outcome="declined", actor=me)
    response = press(desk, done, "take_next", note="Told", waits_for="a letter")
    assert "This button does not save" in refusal_of(response)
    assert work_form(response).fields["note"] == "Told"
    assert "take_next" in buttons_on(response)


def test_going_back_instead_of_confirming_who_one_is_keeps_the_note(clock, lead_desk, settings):
    settings.STAFF_FRESH_MINUTES = 10
    request = make_request(preferred_time="asap")
    clock.move_to(timezone.now() + dt.timedelta(minutes=20))
    page = press(lead_desk, request, "set_legal_hold", note="Wants no call", referral="A clinic")
    assert page.status_code == 403
    (form,) = [form for form in forms_on(page) if ("action", "look") in form.buttons]
    page = lead_desk.post(form.action or change_page(request), form.fields | {"action": "look"})
    typed = work_form(page).fields
    assert (typed["note"], typed["referral"]) == ("Wants no call", "A clinic")
    request.refresh_from_db()
    assert (request.legal_hold_at, request.texts.filter(kind="note").count()) == (None, 0)


def test_another_time_for_the_next_attempt_can_be_chosen(desk):
    request = make_request(preferred_time="asap")
    press(desk, request, "attempt:call:no_answer", next_at="2026-11-26T09:30")
    request.refresh_from_db()
    assert local(request.due_at) == "2026-11-26T09:30"


def test_a_proposed_time_that_has_passed_on_an_old_page_is_proposed_anew(clock, desk):
    request = make_request(preferred_time="asap")
    form = work_form(page_of(desk, request))
    clock.move_to(TUESDAY + dt.timedelta(hours=4))
    assert press(desk, request, "attempt:call:no_answer", form).status_code == 302
    request.refresh_from_db()
    assert request.due_at > timezone.now()


def test_person_who_was_reached_is_followed_up_instead_of_called_again(desk):
    request = make_request(preferred_time="asap")
    press(desk, request, "attempt:call:reached")
    request.refresh_from_db()
    assert (request.stage, local(request.due_at)) == ("talking", "2026-11-25T09:00")


def test_a_double_click_logs_one_attempt_and_keeps_one_note(desk):
    request = make_request()
    form = work_form(page_of(desk, request))
    for _ in range(2):
        assert press(desk, request, "attempt:call:no_answer", form, note="Rang out").status_code == 302
    assert (request.attempts.count(), request.texts.filter(kind="note").count()) == (1, 1)


def test_at_the_end_of_the_plan_someone_decides(clock, desk, me):
    request = make_request(preferred_time="asap", time_zone="America/Phoenix")
    for hours in (2, 5, 26, 48):
        clock.move_to(TUESDAY + dt.timedelta(hours=hours), tick=False)
        workflow.log_attempt(request_id=request.pk, channel="call", result="no_answer", actor=me)
    desk = browser_of(me)
    page = page_of(desk, request)
    assert page.context["what_now"] == "Decide: keep trying, close the request, or snooze it."
    buttons = buttons_on(page)
    assert [value for value in buttons if value.startswith("attempt")] == ["attempt:call:reached", *THEY_CALLED]
    assert [value for value in buttons if value in ("keep_trying", "close:not_reached", "snooze")] == [
        "keep_trying",
        "close:not_reached",
        "snooze",
    ]
    assert "We keep trying." in followed(desk, press(desk, request, "keep_trying"))
    assert "Attempt 5 of 6." in page_of(desk, request).content.decode()
    request.refresh_from_db()
    assert request.due_at > timezone.now()


def test_not_reached_is_refused_with_the_reason_until_the_plan_allows_it(desk):
    request = make_request()
    page = page_of(desk, request)
    assert "close:not_reached" not in buttons_on(page)
    response = press(desk, request, "close", outcome="not_reached", note="Rang out")
    why = "4 more attempts are needed before you can close this as not reached (4 in all, an hour or more apart)."
    assert refusal_of(response) == why
    assert (work_form(response).fields["note"], work_form(response).fields["outcome"]) == ("Rang out", "not_reached")


# Steps


def test_the_page_has_no_button_that_these_tests_do_not_press(desk, lead_desk, me):
    request = make_request()
    while_open = buttons_on(page_of(desk, request))
    assert while_open == ["claim", *RESULTS, *THEY_CALLED, "note", *STEPS, "details"]
    workflow.close(request_id=request.pk, outcome="spam", actor=me)
    assert buttons_on(page_of(desk, request)) == ["take_next", "note", "reopen", "assign"]
    assert buttons_on(page_of(lead_desk, request)) == [
        "take_next",
        "note",
        "reopen",
        "assign",
        "set_legal_hold",
        "erase",
    ]


def test_the_page_offers_exactly_the_stages_that_are_allowed(desk, me):
    request, offered = make_request(), {}
    soon = timezone.now() + dt.timedelta(days=1)
    for stage in (None, "reaching", "talking", "booked"):
        if stage == "booked":
            workflow.book(request_id=request.pk, at=soon, actor=me)
        elif stage:
            workflow.set_stage(request_id=request.pk, stage=stage, actor=me)
        buttons = buttons_on(page_of(desk, request))
        offered[stage] = [value for value in buttons if value.startswith("stage")]
    assert offered == {
        None: ["stage:reaching", "stage:talking"],
        "reaching": ["stage:talking"],
        "talking": ["stage:reaching"],
        "booked": ["stage:reaching", "stage:talking"],
    }


@pytest.mark.parametrize("stage", ["reaching", "talking"])
def test_the_button_of_a_stage_sets_it(desk, stage):
    request = make_request()
    assert "The stage is set." in followed(desk, press(desk, request, f"stage:{stage}"))
    request.refresh_from_db()
    assert (request.stage, request.events.last().actor.username) == (stage, "amal")


def test_an_assessment_is_booked_and_moved(desk):
    request = make_request()
    for day in (2, 3):
        assert "The assessment is booked" in followed(desk, press(desk, request, "book", assessment_at=in_days(day)))
        request.refresh_from_db()
        assert (request.stage, local(request.assessment_at)) == ("booked", in_days(day))


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ("", "Choose a time in the future for the assessment."),
        ("2020-01-01T10:00", "Choose a time in the future for the assessment."),
        ("soon", "Day and time of the assessment, center's time: Enter a day and a time, such as 2026-11-24 14:30."),
    ],
)
def test_an_assessment_without_a_time_to_come_is_refused_with_what_was_typed(desk, typed, refusal):
    request = make_request()
    response = press(desk, request, "book", assessment_at=typed, note="She asked for Friday")
    assert refusal_of(response) == refusal
    fields = work_form(response).fields
    assert (fields["assessment_at"], fields["note"]) == (typed, "She asked for Friday")


def test_a_request_is_snoozed_and_comes_back(desk):
    request = make_request()
    done = followed(desk, press(desk, request, "snooze", until=in_days(3), reason="away"))
    assert "Snoozed until" in done
    request.refresh_from_db()
    assert (local(request.snoozed_until), request.snooze_reason) == (in_days(3), "away")
    assert "back in the queue" in followed(desk, press(desk, request, "unsnooze"))
    request.refresh_from_db()
    assert request.snoozed_until is None
    press(desk, request, "wait_for", until=in_days(2), waits_for="Canary's papers")
    request.refresh_from_db()
    assert (request.snooze_reason, request.texts.get(kind="waiting").decrypt()) == ("waiting", "Canary's papers")


@pytest.mark.parametrize(
    ("button", "typed", "refusal"),
    [
        ("snooze", {"until": "2020-01-01T10:00", "reason": "away"}, "Choose a time in the future."),
        ("snooze", {"reason": ""}, "Choose why you snooze this request."),
        ("wait_for", {"waits_for": " "}, "Enter what we are waiting for."),
        ("wait_for", {"waits_for": "The papers", "until": ""}, "Choose a time in the future."),
        ("close", {"outcome": ""}, "Choose an outcome for this request."),
        ("close", {"outcome": "referred", "person_told": "on"}, "Enter who the person was referred to."),
        (
            "close",
            {"outcome": "referred", "referral": "A clinic"},
            "Tell the person first, then check the box that they were told.",
        ),
        (
            "link",
            {"of_reference": "0000-0000"},
            "There is no request with this reference. Check it and try again.",
        ),
    ],
)
def test_a_refused_button_keeps_everything_that_was_typed(desk, button, typed, refusal):
    request = make_request()
    everything = {
        "note": "Called <twice>",
        "details-language": "Spanish",
        "details-may_text": "on",
        "consent_read": "on",
    } | typed
    response = press(desk, request, button, **everything)
    assert refusal_of(response) == refusal
    fields = work_form(response).fields
    assert {name: fields.get(name, "").strip() for name in everything} == {
        name: value.strip() for name, value in everything.items()
    }
    assert 'role="alert"' in response.content.decode()
    request.refresh_from_db()
    assert (request.stage, request.version, request.texts.count()) == ("new", 0, 1)


@pytest.mark.parametrize("outcome", ["admitted", "declined", "withdrawn", "spam", "referred"])
def test_a_request_is_closed_and_opened_again_with_the_buttons(desk, outcome):
    request = make_request()
    typed = {"referral": "A clinic", "person_told": "on"} if outcome == "referred" else {}
    assert "The request is closed." in followed(desk, press(desk, request, "close", outcome=outcome, **typed))
    request.refresh_from_db()
    assert (request.stage, request.outcome) == ("closed", outcome)
    assert "The request is open again." in followed(desk, press(desk, request, "reopen"))
    request.refresh_from_db()
    assert (request.stage, request.outcome) == ("new", "")


def test_a_duplicate_is_linked_with_one_click_and_unlinked(desk):
    original, request = make_request(), make_request()
    assert "linked as a duplicate" in followed(desk, press(desk, request, f"link:{original.reference}"))
    request.refresh_from_db()
    assert (request.outcome, request.duplicate_of) == ("duplicate", original)
    assert "reopen" not in buttons_on(page_of(desk, request))
    assert "no longer linked" in followed(desk, press(desk, request, "unlink"))
    request.refresh_from_db()
    assert (request.stage, request.duplicate_of) == ("new", None)


def test_a_duplicate_is_linked_by_the_reference_that_was_typed(desk):
    original, request = make_request(), make_request(phone="480 555 0100", email="")
    refusal = refusal_of(press(desk, request, "link", of_reference=original.reference.lower()))
    assert "share no phone number or email address. Check the reference." in refusal
    press(desk, request, "link", of_reference=original.reference.lower(), same_matter="on")
    request.refresh_from_db()
    assert request.duplicate_of == original


def test_a_press_that_also_corrects_locks_all_its_rows_at_once_and_in_their_order(desk):
    original, request = make_request(), make_request()
    with CaptureQueriesContext(connection) as queries:
        press(desk, request, "link", **{"of_reference": original.reference, "details-name": "Wilma"})
    request.refresh_from_db()
    assert (request.duplicate_of, details.plain(details.details_of(request))["name"]) == (original, "Wilma")
    locks = [query["sql"] for query in queries if "FOR NO KEY UPDATE" in query["sql"]]  # SQLite locks all there is
    if connection.vendor == "postgresql":
        assert [str(original.pk) in locks[0], str(request.pk) in locks[0], "ORDER BY" in locks[0]] == [True] * 3


def test_a_refusal_leads_to_the_part_of_the_page_that_it_is_about(desk):
    page = press(desk, make_request(), "close").content.decode()
    assert 'Choose an outcome for this request. <a href="#close">Go to that section</a>' in page
    assert '<details id="close" open>' in page


def test_only_an_older_open_request_is_offered_to_link_to(desk, me):
    older, ended, request, newer = (make_request() for _ in range(4))
    workflow.close(request_id=ended.pk, outcome="declined", actor=me)
    page = page_of(desk, request)
    assert [button for button in buttons_on(page) if button.startswith("link:")] == [f"link:{older.reference}"]
    assert page.content.decode().count("It is newer. Open it and close it as a duplicate of this one.") == 1
    assert newer.reference in page.content.decode()


def test_after_unlinking_both_have_their_own_rules_and_the_page_says_so(desk, me):
    original, request = make_request(voicemail_ok="on"), make_request(voicemail_ok="")
    workflow.link_duplicate(request_id=request.pk, of_reference=original.reference, actor=me)
    assert original.events.filter(code="corrected", to_value="may_leave_voicemail").count() == 1
    done = followed(desk, press(desk, request, "unlink"))
    assert f"This request and {original.reference} each have their own contact preferences again" in done
    assert newest_preferences(original).may_leave_voicemail is True


# Owner


def test_a_request_is_taken_and_given_back(desk, me):
    request = make_request()
    assert "This request is yours until" in followed(desk, press(desk, request, "claim"))
    request.refresh_from_db()
    assert (request.owner, request.is_claimed) == (me, True)
    assert "claim" not in buttons_on(page_of(desk, request))
    press(desk, request, "release_claim")
    request.refresh_from_db()
    assert (request.owner, request.claimed_until) == (None, None)


def test_who_is_at_a_request_is_said_to_the_next_who_wants_it(desk, sam):
    request = make_request()
    workflow.claim(request_id=request.pk, actor=sam)
    assert "sam, working on it until" in page_of(desk, request).content.decode()
    assert {"claim", "release_claim"}.isdisjoint(buttons_on(page_of(desk, request)))
    page = work_form(page_of(desk, request))
    for button, refusal in (("claim", "Take the next one."), ("release_claim", "Nothing was changed.")):
        response = desk.post(change_page(request), page.fields | {"action": button})
        assert refusal_of(response) == f"sam is working on this request. {refusal}"


def test_an_owner_is_chosen_among_those_who_may_read(desk, me, make_staff):
    lead = make_staff("lead")
    for other in (make_staff("editor"), make_staff("auditor"), make_staff(is_superuser=True)):
        assert other.is_staff
    make_staff("admissions", username="gone", is_active=False)
    request = make_request()
    assert work_form(page_of(desk, request)).options["owner"] == ["", str(me.pk), str(lead.pk)]
    assert "The owner was changed." in followed(desk, press(desk, request, "assign", owner=str(lead.pk)))
    request.refresh_from_db()
    assert request.owner == lead
    press(desk, request, "assign", owner="")
    request.refresh_from_db()
    assert request.owner is None


@pytest.mark.parametrize("key", ["999999", "made-up", "-1", "9" * 30])
def test_a_made_up_owner_is_refused_and_the_owner_stays(desk, me, key):
    request = make_request()
    workflow.assign(request_id=request.pk, owner=me, actor=me)
    assert "Only admissions staff" in refusal_of(press(desk, request, "assign", owner=key))
    request.refresh_from_db()
    assert request.owner == me


def test_someone_who_may_not_read_can_not_be_made_owner_by_hand(desk, me, make_staff):
    request, editor = make_request(), make_staff("editor", is_superuser=True)
    workflow.assign(request_id=request.pk, owner=me, actor=me)
    assert press(desk, request, "assign", owner=str(editor.pk)).status_code == 200
    request.refresh_from_db()
    assert request.owner == me


# Notes, and what a press keeps


def test_a_note_is_kept_and_shown_on_top_of_what_happened(desk, me):
    request = make_request()
    page = followed(desk, press(desk, request, "note", note="Sister answers <after 6>"))
    assert "The note is saved." in page
    assert "Sister answers &lt;after 6&gt;" in page
    entries = page_of(desk, request).context["timeline"]
    assert [(str(entry.what), entry.who) for entry in entries] == [("Note", me), ("Received", None)]


def test_a_double_click_keeps_one_note(desk):
    request = make_request()
    for _ in range(3):
        press(desk, request, "note", note="No answer")
    assert request.texts.filter(kind="note").count() == 1
    press(desk, request, "note", note="No answer at 5")
    assert request.texts.filter(kind="note").count() == 2


def test_an_empty_note_is_refused_with_a_sentence(desk):
    assert refusal_of(press(desk, make_request(), "note", note="  ")) == "Write something first: the note is empty."


def test_a_note_that_was_typed_is_kept_by_any_button_and_stands_with_it(desk):
    request = make_request()
    press(desk, request, "stage:talking", note="Her sister answered")
    entries = page_of(desk, request).context["timeline"]
    assert shown_entries(entries)[0] == ("Stage changed", ["New to In conversation"])
    assert [entry.texts for entry in entries] == [["Her sister answered"], []]


@pytest.mark.parametrize("button", ["attempt:call:no_answer", "close", "claim"])
def test_what_was_corrected_on_the_page_is_kept_by_any_button(desk, button):
    request = make_request()
    response = press(desk, request, button, **{"details-language": "Spanish", "outcome": "declined"})
    assert response.status_code == 302
    assert details.details_of(request)["language"].value == "Spanish"


def test_a_request_that_a_colleague_changed_is_not_changed_again_by_an_old_page(desk, sam):
    request = make_request()
    form = work_form(page_of(desk, request))
    workflow.log_attempt(request_id=request.pk, channel="call", result="reached", actor=sam)
    response = press(desk, request, "attempt:call:no_answer", form, note="\nCalled <twice>,\nno answer")
    assert refusal_of(response).startswith("sam changed this request on ")
    assert work_form(response).fields["note"].strip() == "Called <twice>,\nno answer"
    assert (request.attempts.count(), EncryptedText.objects.filter(kind="note").count()) == (1, 0)
    fresh = work_form(response)
    assert press(desk, request, "attempt:call:reached", fresh).status_code == 302


def test_who_presses_twice_is_told_that_it_was_done(desk):
    request = make_request()
    form = work_form(page_of(desk, request))
    for _ in range(2):
        answer = press(desk, request, "snooze", form, until=in_days(2), reason="away")
    assert refusal_of(answer) == "You pressed the button twice. The first press was saved: snoozed."


def test_a_refused_button_keeps_the_time_and_the_hold_that_were_typed(desk, sam):
    request = make_request()
    form = work_form(page_of(desk, request))
    workflow.assign(request_id=request.pk, owner=sam, actor=sam)
    typed = {"until": in_days(4), "waits_for": "The papers", "next_at": in_days(5)}
    response = press(desk, request, "wait_for", form, **typed)
    assert refusal_of(response).startswith("sam changed this request on ")
    assert {name: work_form(response).fields[name] for name in typed} == typed


@pytest.mark.parametrize(
    "posted",
    [
        {},
        {"action": "enter"},
        {"action": "delete"},
        {"action": "stage:new"},
        {"action": "stage:closed"},
        {"action": "stage:booked"},
        {"action": "reopen"},
        {"action": "attempt"},
        {"action": "attempt:call:sent"},
        {"action": "attempt:pigeon:sent"},
        {"action": "use_mine:made-up"},
        {"action": "details"},
        {"action": "close:duplicate"},
        {"action": "link:"},
        {"action": "unsnooze"},
        {"action": "unlink"},
        {"action": "release"},
        {"action": "keep_trying"},
    ],
)
def test_a_post_that_no_button_makes_changes_nothing(desk, posted):
    request = make_request()
    token = work_form(page_of(desk, request)).fields["csrfmiddlewaretoken"]
    sent = posted | {"csrfmiddlewaretoken": token, "version": "0"}
    assert refusal_of(desk.post(change_page(request), sent)) != ""
    request.refresh_from_db()
    assert (request.stage, request.events.count()) == ("new", 1)


@pytest.mark.parametrize("version", ["", "-1", "1", "x", "9" * 40])
def test_a_post_without_the_version_that_was_on_the_screen_changes_nothing(desk, version):
    request = make_request()
    token = work_form(page_of(desk, request)).fields["csrfmiddlewaretoken"]
    sent = {"action": "stage:talking", "csrfmiddlewaretoken": token, "version": version}
    assert "Check the request as it is now" in refusal_of(desk.post(change_page(request), sent))
    request.refresh_from_db()
    assert request.stage == "new"


def test_a_post_without_a_csrf_token_changes_nothing(desk):
    request = make_request()
    assert desk.post(change_page(request), {"action": "stage:talking", "version": "0"}).status_code == 403
    request.refresh_from_db()
    assert request.stage == "new"


# Quarantine


def test_suspected_request_shows_why_it_is_suspected_and_all_its_content(desk):
    page = page_of(desk, make_suspected_request("trap", "name_link")).content.decode()
    assert "a box that people can&#x27;t see was filled in; a web address as the name" in page
    assert "Wilhelmina Canary" in page
    assert "Possible spam" not in page_of(desk, make_request()).content.decode()


def test_a_suspected_request_that_a_person_wrote_is_released(desk):
    request = make_suspected_request("fast")
    assert "The request is out of quarantine." in followed(desk, press(desk, request, "release"))
    request.refresh_from_db()
    assert (request.stage, request.quarantined_at, request.spam_signals) == ("new", None, "")
    assert [event.code for event in request.events.all()] == ["received", "suspected", "cleared"]
    assert (request.events.last().from_value, request.events.last().actor.username) == ("fast", "amal")
    assert "release" not in buttons_on(page_of(desk, request))


def test_a_request_that_was_released_meanwhile_is_not_released_twice(desk, sam):
    request = make_suspected_request("fast")
    form = work_form(page_of(desk, request))
    workflow.release_from_quarantine(request_id=request.pk, actor=sam)
    assert "sam changed this request" in refusal_of(press(desk, request, "release", form))
    assert request.events.filter(code="cleared").count() == 1


def test_a_request_is_put_in_quarantine_and_closed_as_spam_with_one_click_each(desk):
    request = make_request()
    press(desk, request, "quarantine")
    request.refresh_from_db()
    assert (request.quarantined_at is None, request.spam_signals) == (False, "staff")
    press(desk, request, "close:spam")
    request.refresh_from_db()
    assert (request.stage, request.outcome) == ("closed", "spam")


# Nothing typed is lost


@pytest.mark.parametrize(
    ("button", "field", "part"),
    [
        ("snooze", "waits_for", "snooze"),
        ("note", "referral", "close"),
        ("attempt:call:no_answer", "referral", "close"),
        ("close", "referral", "close"),
    ],
)
def test_a_button_that_does_not_keep_what_stands_in_another_box_is_refused(desk, button, field, part):
    request = make_request(preferred_time="asap")
    typed = {field: "Dr. Canary in Mesa", "until": in_days(4), "reason": "away", "note": "x", "outcome": "declined"}
    response = press(desk, request, button, **typed)
    assert refusal_of(response).startswith("This button does not save “")
    assert work_form(response).fields[field].strip() == "Dr. Canary in Mesa"
    assert f'<details id="{part}" open>' in response.content.decode()
    assert AssessmentRequest.objects.get().events.count() == 1


def test_new_best_time_is_not_overruled_by_an_older_proposal(desk):
    request = make_request(preferred_time="asap", time_zone="America/Phoenix")
    press(desk, request, "attempt:call:no_answer", **{"details-preferred_time": "morning"})
    request.refresh_from_db()
    assert timezone.localtime(request.due_at).hour == 9


@pytest.mark.parametrize(("field", "button"), [("waits_for", "wait_for"), ("referral", "close")])
def test_words_stay_on_the_screen_where_a_colleague_closed_meanwhile(desk, sam, field, button):
    request = make_request()
    form = work_form(page_of(desk, request))
    workflow.close(request_id=request.pk, outcome="declined", actor=sam)
    response = press(desk, request, button, form, **{field: "Dr. Canary in Mesa", "outcome": "referred"})
    assert refusal_of(response)
    assert work_form(response).fields[field].strip() == "Dr. Canary in Mesa"


def test_a_conflict_is_settled_and_the_words_of_another_button_stay(desk, sam):
    request = make_request(preferred_time="asap")
    form = work_form(page_of(desk, request))
    known = details.plain(details.details_of(request))
    workflow.correct(request_id=request.pk, before=known, after=known | {"name": "Theirs"}, actor=sam)
    typed = {"waits_for": "The papers", "until": in_days(4), "details-name": "Mine"}
    refused = press(desk, request, "wait_for", form, **typed)
    settled = press(desk, request, "use_mine:name", work_form(refused))
    assert (settled.status_code, settled.context["refusal"]) == (200, "")
    again = work_form(settled)
    assert again.fields["waits_for"].strip() == "The papers"
    assert press(desk, request, "wait_for", again, until=in_days(4)).status_code == 302
    assert (details.plain(details.details_of(request))["name"], request.texts.filter(kind="waiting").count()) == (
        "Mine",
        1,
    )


def test_every_button_of_the_page_has_a_function_behind_it():
    folder = Path(settings.BASE_DIR) / "templates/admin/intake/assessmentrequest"
    found = {
        value
        for path in [folder / "change_form.html", *(folder / "request").glob("*.html")]
        for value in re.findall(r'name="action" value="(\w+)', path.read_text())
    }
    assert len(found) > 25
    keeps_the_enter_key_from_doing_anything = {"enter"}
    assert found - {*actions.BUTTONS, *page.ONLY_SHOW} == keeps_the_enter_key_from_doing_anything
