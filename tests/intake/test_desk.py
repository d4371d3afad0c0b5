import datetime as dt

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake import form_token, workflow
from intake.models import AssessmentRequest, SealedText
from tests.intake.helpers import LIST, accept, answers_of, change_page, forms_on, personal_words_in, receive, title_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def me(make_staff):
    return make_staff("admissions", username="amal")


@pytest.fixture
def desk(me):
    """The browser of someone from admissions, whose posts are checked as on the real site."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(me)
    return client


def listed(desk, **query):
    return [row.reference for row in desk.get(LIST, query).context["cl"].result_list]


def due_in(hours):
    request = receive()
    AssessmentRequest.objects.filter(pk=request.pk).update(due_at=timezone.now() + dt.timedelta(hours=hours))
    return request


def press(desk, request, button, **typed):
    """Opens the page, fills in its form, and sends it with this button as a browser does."""
    form = work_form(desk.get(change_page(request)))
    assert ("do", button) in form.buttons
    return desk.post(change_page(request), form.fields | typed | {"do": button})


def work_form(page):
    """The one form of the page on which everything is done."""
    (form,) = [form for form in forms_on(page) if "note" in form.fields]
    return form


def buttons_on(page):
    return [value for _name, value in work_form(page).buttons]


def followed(desk, response):
    assert response.status_code == 302
    return desk.get(response["Location"]).content.decode()


def queries_of(desk, address):
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(address).status_code == 200
    return len(queries)


# The list


def test_the_list_shows_open_requests_in_the_order_they_are_due(desk, me):
    later, overdue, next_one, closed = due_in(5), due_in(-2), due_in(1), due_in(-9)
    workflow.close(request_id=closed.pk, outcome="spam", actor=me)
    assert listed(desk) == [overdue.reference, next_one.reference, later.reference]


def test_those_we_have_spoken_with_come_after_those_who_wait(desk, me):
    spoken, waiting = due_in(-9), due_in(3)
    workflow.set_stage(request_id=spoken.pk, stage="talking", actor=me)
    assert listed(desk) == [waiting.reference, spoken.reference]
    assert "(overdue)" not in desk.get(LIST).content.decode()


def test_closed_requests_stand_in_the_order_of_their_end_newest_first(desk, me):
    first, second = due_in(1), due_in(-1)
    for request in (first, second):
        workflow.close(request_id=request.pk, outcome="spam", actor=me)
    assert listed(desk, work="closed") == [second.reference, first.reference]


def test_of_two_that_are_due_at_once_the_one_who_waits_longer_is_first(desk):
    first, second = receive(), receive()
    AssessmentRequest.objects.update(due_at=timezone.now())
    assert listed(desk) == [first.reference, second.reference]
    AssessmentRequest.objects.filter(pk=first.pk).update(received_at=timezone.now())
    assert listed(desk) == [second.reference, first.reference]


def test_the_tabs_show_mine_unassigned_and_closed(desk, me, make_staff):
    mine, others, nobodys, closed = due_in(1), due_in(2), due_in(3), due_in(4)
    for request, owner in ((mine, me), (others, make_staff("lead")), (closed, me)):
        workflow.assign(request_id=request.pk, owner=owner, actor=me)
    workflow.close(request_id=closed.pk, outcome="admitted", actor=me)
    tabs = {tab: listed(desk, work=tab) for tab in ("mine", "unassigned", "closed")}
    assert tabs == {
        "mine": [mine.reference],
        "unassigned": [nobodys.reference],
        "closed": [closed.reference],
    }
    assert listed(desk) == [mine.reference, others.reference, nobodys.reference]


def test_an_overdue_request_is_marked_and_a_closed_one_is_not(desk, me):
    overdue = due_in(-2)
    due_in(2)
    assert desk.get(LIST).content.decode().count("(overdue)") == 1
    workflow.close(request_id=overdue.pk, outcome="not_reached", actor=me)
    assert overdue.reference in desk.get(LIST, {"work": "closed"}).content.decode()
    assert desk.get(LIST, {"work": "closed"}).content.decode().count("(overdue)") == 0


def test_the_list_links_to_the_page_of_each_request_and_shows_no_personal_word(desk):
    request = receive()
    page = desk.get(LIST).content.decode()
    assert change_page(request) in page
    assert personal_words_in(page) == []


def test_a_list_of_thirty_costs_as_many_queries_as_a_list_of_one(desk, make_staff):
    owners = [make_staff("admissions") for _ in range(5)]
    first = receive()
    workflow.assign(request_id=first.pk, owner=owners[0], actor=owners[0])
    desk.get(LIST)
    one = queries_of(desk, LIST)
    for number in range(29):
        workflow.assign(request_id=receive().pk, owner=owners[number % 5], actor=owners[0])
    assert len(listed(desk)) == 30
    assert queries_of(desk, LIST) == one


def test_a_page_with_thirty_entries_costs_as_many_queries_as_one_with_two(desk, me, make_staff):
    request = receive()
    workflow.assign(request_id=request.pk, owner=me, actor=me)
    workflow.add_note(request_id=request.pk, text="called", actor=me)
    desk.get(change_page(request))
    few = queries_of(desk, change_page(request))
    for number in range(28):
        other = make_staff("lead")
        workflow.add_note(request_id=request.pk, text=f"called {number}", actor=other)
        workflow.assign(request_id=request.pk, owner=other, actor=me)
    assert desk.get(change_page(request)).content.decode().count("called") >= 29
    assert queries_of(desk, change_page(request)) == few


@pytest.mark.parametrize(
    "query",
    [{"stage__regex": "("}, {"reference": "\0"}, {"owner__username": "amal"}, {"texts__kind": "note"}, {"id": "x"}],
)
def test_no_question_about_requests_is_asked_through_an_address(desk, query):
    receive()
    assert desk.get(LIST, query).status_code == 400


# The page of a request


def test_the_page_shows_the_answers_in_words_with_the_rules_of_contact_above(desk):
    request = receive(do_not_call="on")
    context = desk.get(change_page(request)).context
    assert context["contact_rules"] == [
        "Do not call.",
        "Do not text.",
        "One neutral e-mail is allowed.",
        "Introduction: with the name of the center.",
        "Good time: in the evening, Mountain time.",
    ]
    (answers,) = context["words"]
    assert ("What should we call you?", "Wilhelmina Canary") in answers["told"]
    page = desk.get(change_page(request)).content.decode()
    assert 0 < page.index("Do not call.") < page.index("(602) 555-0142")


def test_answers_that_were_sent_again_stand_below_and_their_rules_count(desk):
    draft = form_token.draw()
    request = accept(draft, answers_of())
    accept(draft, answers_of(voicemail_ok="", message="Please no voicemail.") | {"voicemail_ok": False})
    context = desk.get(change_page(request)).context
    assert [str(text["kind"]) for text in context["words"]] == [
        "What the person wrote",
        "Sent again with changes",
    ]
    assert context["contact_rules"][0] == "Call. Leave no message."


def test_what_a_person_typed_is_shown_as_text_and_never_as_markup(desk):
    page = desk.get(change_page(receive(name="<script>alert(1)</script>", message="{{ secret }}"))).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page
    assert "{{ secret }}" in page


def test_a_due_time_from_assumed_hours_is_marked_as_such(desk):
    request = receive()
    assert "with assumed hours" in desk.get(change_page(request)).content.decode()
    AssessmentRequest.objects.update(due_is_assumed=False)
    assert "with assumed hours" not in desk.get(change_page(request)).content.decode()


def test_answers_that_do_not_open_are_said_so_with_the_rules_in_force_and_the_work_goes_on(desk):
    request = receive(do_not_call="on")
    SealedText.objects.update(envelope=b"\x01\x04gone" + bytes(40))
    response = desk.get(change_page(request))
    assert response.status_code == 200
    assert "This text can't be opened" in response.content.decode()
    assert response.context["contact_rules"][:3] == ["Do not call.", "Do not text.", "One neutral e-mail is allowed."]
    assert personal_words_in(response.content.decode()) == []
    press(desk, request, "reaching")
    request.refresh_from_db()
    assert request.stage == "reaching"


def test_words_without_any_rule_of_contact_are_shown_with_a_warning_not_to_contact(desk):
    request = receive()
    assert "Do not contact this person until they can." not in desk.get(change_page(request)).content.decode()
    request.contact_profiles.all().delete()
    page = desk.get(change_page(request))
    assert page.context["contact_rules"] == []
    assert "Do not contact this person until they can." in page.content.decode()


def test_a_note_that_does_not_open_is_said_so_beside_those_that_do(desk, me):
    request = receive()
    note = workflow.add_note(request_id=request.pk, text="lost words", actor=me)
    workflow.add_note(request_id=request.pk, text="kept words", actor=me)
    SealedText.objects.filter(pk=note.pk).update(envelope=b"")
    page = desk.get(change_page(request)).content.decode()
    assert page.count("This note can't be opened.") == 1
    assert "kept words" in page
    assert "Wilhelmina" in page


def test_after_newer_answers_that_do_not_open_their_rules_count_all_the_same(desk):
    draft = form_token.draw()
    request = accept(draft, answers_of())
    assert desk.get(change_page(request)).context["contact_rules"][0] == "Call. Voicemail is allowed."
    accept(draft, answers_of(do_not_call="on"))
    SealedText.objects.filter(kind="amendment").update(envelope=b"")
    context = desk.get(change_page(request)).context
    assert context["contact_rules"][0] == "Do not call."
    assert [bool(text["told"]) for text in context["words"]] == [True, False]


def test_what_the_person_added_and_the_time_they_chose_later_stand_on_the_page(desk):
    request = receive()
    workflow.add_words(request_id=request.pk, text="Ring <twice>,\nplease")
    workflow.change_window(request_id=request.pk, best_time="morning", time_zone="America/Phoenix")
    page = desk.get(change_page(request))
    assert [str(text["kind"]) for text in page.context["words"]] == ["What the person wrote", "Added by the person"]
    assert page.context["words"][1]["told"] == "Ring <twice>,\nplease"
    assert "Ring &lt;twice&gt;," in page.content.decode()
    assert page.context["contact_rules"][-1] == "Good time: in the morning, Arizona time."
    assert [(str(entry["what"]), entry["who"]) for entry in page.context["timeline"]] == [
        ("Person chose another time", None),
        ("Person added words", None),
        ("Received", None),
    ]


def test_what_the_person_was_promised_stands_on_the_page(desk):
    request = receive()
    assert "What the person was promised" not in desk.get(change_page(request)).content.decode()
    AssessmentRequest.objects.update(promise="We will call today, by noon, Mountain time.")
    assert "We will call today, by noon, Mountain time." in desk.get(change_page(request)).content.decode()


@pytest.mark.parametrize("key", ["made-up", "1", "00000000-0000-4000-8000-000000000000", "_5F"])
def test_a_page_of_no_request_is_not_found(desk, key):
    receive()
    assert desk.get(f"{LIST}{key}/change/").status_code == 404


# The buttons


def test_the_page_offers_exactly_the_stages_that_are_allowed(desk, me):
    request = receive()
    offered = {}
    for stage in (None, "reaching", "talking", "booked"):
        if stage:
            workflow.set_stage(request_id=request.pk, stage=stage, actor=me)
        offered[stage] = buttons_on(desk.get(change_page(request)))[1:-2]  # between the note's and the last two
    assert offered == {
        None: ["reaching", "talking", "booked"],
        "reaching": ["talking", "booked"],
        "talking": ["reaching", "booked"],
        "booked": ["reaching", "talking"],
    }


@pytest.mark.parametrize("stage", ["reaching", "talking", "booked"])
def test_the_button_of_a_stage_sets_it(desk, stage):
    request = receive()
    assert "The stage is set." in followed(desk, press(desk, request, stage))
    request.refresh_from_db()
    assert request.stage == stage
    assert request.events.last().actor.username == "amal"


@pytest.mark.parametrize("outcome", AssessmentRequest.Outcome.values)
def test_a_request_is_closed_and_opened_again_with_the_buttons(desk, outcome):
    request = receive()
    assert "The request is closed." in followed(desk, press(desk, request, "close", outcome=outcome))
    request.refresh_from_db()
    assert (request.stage, request.outcome) == ("closed", outcome)
    assert "The request is open again." in followed(desk, press(desk, request, "reopen"))
    request.refresh_from_db()
    assert (request.stage, request.outcome) == ("reaching", "")


def test_closing_without_an_outcome_is_refused_with_a_sentence(desk):
    request = receive()
    response = press(desk, request, "close")
    assert response.status_code == 200
    assert "Choose why this request ends." in response.content.decode()
    request.refresh_from_db()
    assert request.stage == "new"


def test_an_owner_is_chosen_among_those_who_may_read(desk, me, make_staff):
    lead = make_staff("lead")
    for other in (make_staff("editor"), make_staff("auditor"), make_staff(is_superuser=True)):
        assert other.is_staff
    make_staff("admissions", username="gone", is_active=False)
    request = receive()
    form = work_form(desk.get(change_page(request)))
    assert form.options["owner"] == ["", str(me.pk), str(lead.pk)]
    assert "The owner is set." in followed(desk, press(desk, request, "assign", owner=str(lead.pk)))
    request.refresh_from_db()
    assert request.owner == lead
    press(desk, request, "assign", owner="")
    request.refresh_from_db()
    assert request.owner is None


@pytest.mark.parametrize("key", ["999999", "made-up", "-1", "9" * 30])
def test_a_made_up_owner_is_refused_and_the_owner_stays(desk, me, key):
    request = receive()
    workflow.assign(request_id=request.pk, owner=me, actor=me)
    response = press(desk, request, "assign", owner=key)
    assert response.status_code == 200
    assert "Only admissions staff" in response.content.decode()
    request.refresh_from_db()
    assert request.owner == me


def test_someone_who_may_not_read_can_not_be_made_owner_by_hand(desk, me, make_staff):
    request, editor = receive(), make_staff("editor", is_superuser=True)
    workflow.assign(request_id=request.pk, owner=me, actor=me)
    assert press(desk, request, "assign", owner=str(editor.pk)).status_code == 200
    request.refresh_from_db()
    assert request.owner == me


def test_a_note_is_kept_and_shown_on_top_of_what_happened(desk, me):
    request = receive()
    page = followed(desk, press(desk, request, "note", note="Sister answers <after 6>"))
    assert "The note is kept." in page
    assert "Sister answers &lt;after 6&gt;" in page
    entries = desk.get(change_page(request)).context["timeline"]
    assert [(str(entry["what"]), entry["who"]) for entry in entries] == [("Note", me), ("Received", None)]


def test_a_double_click_keeps_one_note(desk, me):
    request = receive()
    for _ in range(3):
        press(desk, request, "note", note="No answer")
    assert request.texts.filter(kind="note").count() == 1
    press(desk, request, "note", note="No answer at 5")
    assert request.texts.filter(kind="note").count() == 2


def test_what_happened_is_told_in_words_newest_first(desk, me):
    request = receive()
    workflow.assign(request_id=request.pk, owner=me, actor=me)
    workflow.set_stage(request_id=request.pk, stage="booked", actor=me)
    workflow.close(request_id=request.pk, outcome="not_reached", actor=me)
    entries = desk.get(change_page(request)).context["timeline"]
    assert [(str(entry["what"]), str(entry["before"]), str(entry["after"])) for entry in entries] == [
        ("Closed", "", "Not reached"),
        ("Stage set", "New", "Assessment booked"),
        ("Assigned", "", "amal"),
        ("Received", "", "New"),
    ]


def test_a_refused_action_keeps_the_typed_note(desk, me):
    request = receive()
    form = work_form(desk.get(change_page(request)))
    workflow.close(request_id=request.pk, outcome="spam", actor=me)
    response = desk.post(change_page(request), form.fields | {"do": "talking", "note": "\nCalled <twice>,\nno answer"})
    assert response.status_code == 200
    assert "can't go to “In conversation” from there" in response.content.decode().replace("&#x27;", "'")
    assert work_form(response).fields["note"].strip() == "Called <twice>,\nno answer"
    assert response.context["request_row"].stage == "closed"
    assert SealedText.objects.filter(kind="note").count() == 0


def test_an_empty_note_is_refused_with_a_sentence(desk):
    response = press(desk, receive(), "note", note="  ")
    assert response.status_code == 200
    assert "the note is empty" in response.content.decode()


@pytest.mark.parametrize("posted", [{}, {"do": "delete"}, {"do": "new"}, {"do": "closed"}, {"do": "reopen"}])
def test_a_post_that_no_button_makes_changes_nothing(desk, posted):
    request = receive()
    token = work_form(desk.get(change_page(request))).fields["csrfmiddlewaretoken"]
    assert desk.post(change_page(request), posted | {"csrfmiddlewaretoken": token}).status_code == 200
    request.refresh_from_db()
    assert (request.stage, request.events.count()) == ("new", 1)


def test_a_post_without_a_csrf_token_changes_nothing(desk):
    request = receive()
    assert desk.post(change_page(request), {"do": "talking"}).status_code == 403
    request.refresh_from_db()
    assert request.stage == "new"


def test_the_page_has_no_button_that_these_tests_do_not_press(desk, me):
    request = receive()
    while_open = buttons_on(desk.get(change_page(request)))
    workflow.close(request_id=request.pk, outcome="spam", actor=me)
    while_closed = buttons_on(desk.get(change_page(request)))
    assert while_open == ["note", "reaching", "talking", "booked", "close", "assign"]
    assert while_closed == ["note", "reopen", "assign"]


def test_a_note_that_was_typed_is_kept_by_any_button(desk):
    request = receive()
    press(desk, request, "talking", note="Her sister answered")
    entries = desk.get(change_page(request)).context["timeline"]
    assert [entry.get("note") for entry in entries] == ["Her sister answered", None, None]
    assert str(entries[1]["what"]) == "Stage set"


# Quarantine


def suspected(*suspicions, **changes):
    return accept(form_token.draw(), answers_of(**changes), suspicions=suspicions)


def test_a_suspected_request_stands_in_the_open_list_in_its_order_and_in_a_tab_of_its_own(desk):
    first, second, third = suspected("fast"), receive(), suspected("links", "markup")
    assert listed(desk) == [first.reference, second.reference, third.reference]
    assert listed(desk, work="quarantine") == [first.reference, third.reference]
    page = desk.get(LIST).content.decode()
    assert (page.count("Check, then call"), page.count(">Call<")) == (2, 1)


def test_the_page_of_a_suspected_request_says_what_speaks_against_it_and_shows_all_of_it(desk):
    page = desk.get(change_page(suspected("trap", "name_link"))).content.decode()
    assert "a box that people can&#x27;t see was filled in; a web address as the name" in page
    assert "Wilhelmina Canary" in page
    assert "Check, then call" not in desk.get(change_page(receive())).content.decode()


def test_a_suspected_request_that_a_person_wrote_is_released(desk):
    request = suspected("fast")
    assert "The request is out of quarantine." in followed(desk, press(desk, request, "release"))
    request.refresh_from_db()
    assert (request.stage, request.quarantined_at, request.suspicions) == ("new", None, "")
    assert [event.code for event in request.events.all()] == ["received", "suspected", "cleared"]
    assert (request.events.last().before, request.events.last().actor.username) == ("fast", "amal")
    assert listed(desk, work="quarantine") == []
    assert listed(desk) == [request.reference]
    assert "release" not in buttons_on(desk.get(change_page(request)))


def test_a_request_that_was_released_meanwhile_is_not_released_twice(desk, me):
    request = suspected("fast")
    form = work_form(desk.get(change_page(request)))
    workflow.release_from_quarantine(request_id=request.pk, actor=me)
    response = desk.post(change_page(request), form.fields | {"do": "release"})
    assert "This request is not in quarantine." in response.content.decode()
    assert request.events.filter(code="cleared").count() == 1


def test_a_suspected_request_that_is_spam_is_closed_and_leaves_the_tab(desk):
    request = suspected("links")
    press(desk, request, "close", outcome="spam")
    assert [listed(desk), listed(desk, work="quarantine")] == [[], []]
    page = desk.get(LIST, {"work": "closed"})
    assert request.reference in page.content.decode()
    assert "Check, then call" not in page.content.decode()


def test_the_first_call_is_what_to_do_for_a_new_request_alone(desk, me):
    request = receive()
    assert ">Call<" in desk.get(LIST).content.decode()
    workflow.set_stage(request_id=request.pk, stage="talking", actor=me)
    assert ">Call<" not in desk.get(LIST).content.decode()


def test_a_synthetic_request_stands_in_no_list_and_has_no_page(desk):
    request = accept(form_token.draw(), answers_of(), is_synthetic=True)
    assert listed(desk) == []
    assert desk.get(change_page(request)).status_code == 404


# Erasing


@pytest.fixture
def lead_desk(make_staff):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_staff("lead"))
    return client


def test_a_lead_erases_every_word_of_a_closed_request(lead_desk, me):
    request, other = receive(), receive()
    workflow.add_note(request_id=request.pk, text="canary note", actor=me)
    workflow.close(request_id=request.pk, outcome="withdrawn", actor=me)
    page = followed(lead_desk, press(lead_desk, request, "erase", sure="on"))
    assert "What the person told us is erased." in page
    assert personal_words_in(page) == []
    assert (request.texts.count(), other.texts.count()) == (0, 1)
    assert (request.consents.count(), request.events.last().code) == (2, "erased")
    assert "erase" not in buttons_on(lead_desk.get(change_page(request)))


def test_a_note_that_was_typed_is_not_kept_by_erasing_and_none_is_added_later(lead_desk, me):
    request = receive()
    workflow.close(request_id=request.pk, outcome="spam", actor=me)
    press(lead_desk, request, "erase", sure="on", note="canary note")
    assert request.texts.count() == 0
    response = press(lead_desk, request, "note", note="canary note")
    assert "Nothing is added to it any more." in response.content.decode()
    assert request.texts.count() == 0


def test_erasing_needs_the_tick_the_lead_and_a_closed_request(lead_desk, desk, me):
    request = receive()
    refusals = []
    for browser, typed in ((lead_desk, {"sure": "on"}), (desk, {"sure": "on"}), (lead_desk, {})):
        token = work_form(browser.get(change_page(request))).fields["csrfmiddlewaretoken"]
        response = browser.post(change_page(request), {"do": "erase", "csrfmiddlewaretoken": token} | typed)
        refusals += [str(message) for message in response.context["messages"]]
        if request.stage == "new":
            request = workflow.close(request_id=request.pk, outcome="spam", actor=me)
    assert refusals == [
        "Close the request first. Then its words can be erased.",
        "Only the lead can erase what a person told us.",
        "Tick the box first: what is erased can't come back.",
    ]
    assert request.texts.count() == 1


def test_titles_addresses_messages_and_the_history_of_the_admin_hold_no_personal_word(desk, me):
    request = receive()
    page = desk.get(change_page(request))
    assert personal_words_in(page.content.decode()) != []
    responses = [page, desk.get(LIST)]
    responses.append(press(desk, request, "note", note="Wilhelmina Canary: canary@nightingale.example"))
    responses.append(press(desk, request, "talking"))
    responses.append(press(desk, request, "close", outcome="spam"))
    assert title_of(page).startswith(f"Request {request.reference} | ")
    seen = [title_of(response) for response in responses if response.status_code == 200]
    seen += [response.request["PATH_INFO"] + response.request["QUERY_STRING"] for response in responses]
    seen += [f"{response.headers} {response.cookies.output()}" for response in responses]
    seen += [str(row) for row in LogEntry.objects.values()]
    assert personal_words_in(" ".join(seen)) == []
    assert str(request) == request.reference


# Legal hold


def test_a_lead_sets_and_lifts_a_legal_hold_and_nothing_is_erased_meanwhile(lead_desk, me):
    request = receive()
    workflow.close(request_id=request.pk, outcome="spam", actor=me)
    assert buttons_on(lead_desk.get(change_page(request))) == ["note", "reopen", "erase", "assign", "hold"]
    assert "kept until the hold is lifted" in followed(lead_desk, press(lead_desk, request, "hold"))
    assert buttons_on(lead_desk.get(change_page(request))) == ["note", "reopen", "assign", "lift_hold"]
    token = work_form(lead_desk.get(change_page(request))).fields["csrfmiddlewaretoken"]
    erase = {"do": "erase", "sure": "on", "csrfmiddlewaretoken": token}
    refused = lead_desk.post(change_page(request), erase)
    assert "Its words must be kept until the hold is lifted." in refused.content.decode()
    assert request.texts.count() == 1
    press(lead_desk, request, "lift_hold")
    press(lead_desk, request, "erase", sure="on")
    assert request.texts.count() == 0
    assert [event.code for event in request.events.all()][2:] == ["hold_set", "hold_lifted", "erased"]


@pytest.mark.parametrize("button", ["hold", "lift_hold"])
def test_only_a_lead_sets_or_lifts_a_legal_hold(desk, make_staff, button):
    request = receive()
    if button == "lift_hold":
        workflow.set_legal_hold(request_id=request.pk, actor=make_staff("lead"))
    page = desk.get(change_page(request))
    assert button not in buttons_on(page)
    token = work_form(page).fields["csrfmiddlewaretoken"]
    response = desk.post(change_page(request), {"do": button, "csrfmiddlewaretoken": token})
    assert "Only the lead can set or lift a legal hold." in response.content.decode()
    request.refresh_from_db()
    assert (request.legal_hold_at is not None) == (button == "lift_hold")


def test_words_withdrawn_under_legal_hold_are_shown_to_nobody_and_erased_when_it_is_lifted(lead_desk, make_staff):
    request = receive()
    lead = make_staff("lead")
    workflow.add_note(request_id=request.pk, text="canary note", actor=lead)
    workflow.set_legal_hold(request_id=request.pk, actor=lead)
    workflow.withdraw(request_id=request.pk)
    page = lead_desk.get(change_page(request))
    assert "kept for the hold and shown to nobody" in page.content.decode()
    assert personal_words_in(page.content.decode()) == []
    assert page.context["contact_rules"] == []
    assert request.texts.count() == 2
    response = press(lead_desk, request, "reopen")
    assert "The person withdrew this request. It stays closed." in response.content.decode()
    assert personal_words_in(response.content.decode()) == []
    press(lead_desk, request, "lift_hold")
    request.refresh_from_db()
    assert (request.texts.count(), request.hidden_at, request.legal_hold_at) == (0, None, None)
    assert (request.stage, request.outcome, request.events.last().code) == ("closed", "withdrawn", "erased")
