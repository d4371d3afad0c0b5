"""The end of words: erasing, and the legal hold that keeps them."""

import pytest
from django.test import Client

from intake import workflow
from intake.contact import details
from intake.models import AssessmentRequest
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import change_page, personal_words_in
from tests.intake.support.request_page import buttons_on, followed, page_of, press, refusal_of, work_form

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead_desk(make_staff):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_staff("lead"))
    return client


def test_what_opens_again_when_spam_is_closed_is_told(desk, me):
    request, real = make_request(), make_request(phone="480 555 0100", email="")
    workflow.link_duplicate(request_id=real.pk, of_reference=request.reference, actor=me, same_matter=True)
    workflow.quarantine(request_id=request.pk, actor=me)
    page = followed(desk, press(desk, request, "close:spam"))
    assert "The request is closed. 1 linked request is open again." in page


def test_a_lead_erases_every_word_of_a_closed_request(lead_desk, me):
    request, other = make_request(), make_request()
    workflow.add_note(request_id=request.pk, text="canary note", actor=me)
    workflow.close(request_id=request.pk, outcome="withdrawn", actor=me)
    page = followed(lead_desk, press(lead_desk, request, "erase", confirm="on"))
    assert "The content was erased." in page
    assert personal_words_in(page) == []
    assert (request.texts.count(), other.texts.count()) == (0, 1)
    assert (request.consents.count(), request.events.last().code) == (2, "erased")
    assert "erase" not in buttons_on(page_of(lead_desk, request))


def test_a_note_that_was_typed_is_not_kept_by_erasing_and_none_is_added_later(lead_desk, me):
    request = make_request()
    workflow.close(request_id=request.pk, outcome="spam", actor=me)
    form = work_form(page_of(lead_desk, request))
    press(lead_desk, request, "erase", form, confirm="on", note="canary note")
    assert request.texts.count() == 0
    assert "note" not in work_form(page_of(lead_desk, request)).fields
    response = press(lead_desk, request, "note", form, note="canary note")
    assert "Nothing can be added to it." in refusal_of(response)
    assert request.texts.count() == 0


def test_erasing_needs_the_tick_the_lead_and_a_closed_request(lead_desk, desk, me):
    request = make_request()
    refusals = []
    for browser, typed in ((lead_desk, {"confirm": "on"}), (desk, {"confirm": "on"}), (lead_desk, {})):
        token = work_form(page_of(browser, request)).fields["csrfmiddlewaretoken"]
        response = browser.post(change_page(request), {"action": "erase", "csrfmiddlewaretoken": token} | typed)
        refusals.append(refusal_of(response))
        if request.stage == "new":
            request = workflow.close(request_id=request.pk, outcome="spam", actor=me)
    assert refusals == [
        "Close the request first. Then you can erase its content.",
        "Only a lead can erase content.",
        "Nothing was erased. Check the box first: erasing can't be undone.",
    ]
    assert request.texts.count() == 1


def test_a_lead_sets_and_lifts_a_legal_hold_and_nothing_is_erased_meanwhile(lead_desk, me):
    request = make_request()
    workflow.close(request_id=request.pk, outcome="spam", actor=me)
    assert "kept until the hold is lifted" in followed(lead_desk, press(lead_desk, request, "set_legal_hold"))
    assert buttons_on(page_of(lead_desk, request)) == ["take_next", "note", "reopen", "assign", "lift_legal_hold"]
    token = work_form(page_of(lead_desk, request)).fields["csrfmiddlewaretoken"]
    erase = {"action": "erase", "confirm": "on", "csrfmiddlewaretoken": token}
    refused = refusal_of(lead_desk.post(change_page(request), erase))
    assert "Its content must be kept until the hold is lifted." in refused
    assert request.texts.count() == 1
    press(lead_desk, request, "lift_legal_hold")
    press(lead_desk, request, "erase", confirm="on")
    assert request.texts.count() == 0
    assert [event.code for event in request.events.all()][2:] == ["hold_set", "hold_lifted", "erased"]


@pytest.mark.parametrize("button", ["set_legal_hold", "lift_legal_hold"])
def test_only_a_lead_sets_or_lifts_a_legal_hold(desk, make_staff, button):
    request = make_request()
    if button == "lift_legal_hold":
        workflow.set_legal_hold(request_id=request.pk, actor=make_staff("lead"))
    page = page_of(desk, request)
    assert button not in buttons_on(page)
    token = work_form(page).fields["csrfmiddlewaretoken"]
    response = desk.post(change_page(request), {"action": button, "csrfmiddlewaretoken": token})
    assert refusal_of(response) == "Only a lead can set or lift a legal hold."
    request.refresh_from_db()
    assert (request.legal_hold_at is not None) == (button == "lift_legal_hold")


def test_withdrawn_content_under_legal_hold_is_hidden_then_erased(lead_desk, make_staff):
    request = make_request()
    lead = make_staff("lead")
    workflow.add_note(request_id=request.pk, text="canary note", actor=lead)
    workflow.set_legal_hold(request_id=request.pk, actor=lead)
    workflow.withdraw(request_id=request.pk)
    make_request()
    page = page_of(lead_desk, request)
    assert "kept for the legal hold, and nobody can see it" in page.content.decode()
    assert personal_words_in(page.content.decode()) == []
    assert (page.context["contact_rules"], page.context["others"]) == ([], [])
    assert request.texts.count() == 2
    assert "reopen" not in buttons_on(page)
    response = lead_desk.post(change_page(request), work_form(page).fields | {"action": "reopen"})
    assert "The person withdrew this request. It stays closed." in refusal_of(response)
    assert personal_words_in(response.content.decode()) == []
    press(lead_desk, request, "lift_legal_hold")
    request.refresh_from_db()
    assert (request.texts.count(), request.hidden_at, request.legal_hold_at) == (0, None, None)
    assert (request.stage, request.outcome, request.events.last().code) == ("closed", "withdrawn", "erased")
    assert AssessmentRequest.objects.count() == 2


def test_a_page_that_was_open_while_the_person_withdrew_shows_nothing_of_them_again(desk, me):
    request = make_request()
    form = work_form(page_of(desk, request))
    workflow.withdraw(request_id=request.pk)
    response = press(desk, request, "attempt:call:no_answer", form, **{"details-language": "Spanish", "note": "Rang"})
    assert refusal_of(response) == "This request is closed. Nothing was changed."
    assert personal_words_in(response.content.decode()) == []
    assert work_form(response).fields["note"] == "Rang"


def test_what_is_typed_is_kept_by_lifting_a_hold(lead_desk, make_staff):
    request = make_request()
    workflow.set_legal_hold(request_id=request.pk, actor=make_staff("lead"))
    typed = {"note": "The attorney called", "details-name": "Wilma"}
    page = followed(lead_desk, press(lead_desk, request, "lift_legal_hold", **typed))
    assert ("The attorney called" in page, details.plain(details.details_of(request))["name"]) == (True, "Wilma")
