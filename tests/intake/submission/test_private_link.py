import datetime as dt
import re

import pytest
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake import models as intake_models
from intake import worker, workflow
from intake.contact import preferences, schedule
from intake.models import AssessmentRequest, OutboxMessage
from intake.public.confirmation import SHOWN_FOR
from intake.submission import circuit_breaker, private_link, tokens
from pages import facts
from pages.models import Center, OpeningHours
from tests.html import forms_on
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import accept_inserts, change_page, codes_of, personal_words_in, refuse_inserts
from tests.intake.support.visitor import CookielessClient, main_of, send

pytestmark = pytest.mark.django_db

KEYS = ["old:" + "b2xk" * 10 + "b2w", "new:" + "bmV3" * 10 + "bmU"]
MORNING = {"action": "time", "preferred_time": "morning", "time_zone": "America/New_York"}
WORDS = {"action": "message", "message": "Ring <twice>,\nplease 🌵"}
WITHDRAW = {"action": "withdraw"}
CONFIRMED = {"confirm": "yes"}
ACTIONS = {"another time": MORNING, "more words": WORDS, "withdraw": WITHDRAW}
every_action = pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)


@pytest.fixture
def visitor():
    """A browser without cookies: who has the link needs none."""
    return CookielessClient()


@pytest.fixture
def center_with_hours():
    """A center that has told its hours: every day from 8 to 20, contact within 2 hours."""
    center = Center.objects.get()
    center.contact_target_hours = 2
    center.save()
    for weekday in range(7):
        OpeningHours.objects.create(center=center, weekday=weekday, opens=dt.time(8), closes=dt.time(20))
    facts.forget()


def address_of(request):
    return f"/assessment/manage/{private_link.secret_of(request.pk)}/"


def everything():
    """Every row of this app, so that any change is seen."""
    return {
        model.__name__: sorted(str(as_text(row)) for row in model.objects.values())
        for model in vars(intake_models).values()
        if isinstance(model, type) and issubclass(model, models.Model) and not model._meta.abstract
        if model is not intake_models.PendingForm  # for minutes, the page that a post led to
    }


def as_text(row):
    """A row with its envelope as PostgreSQL and SQLite both tell it."""
    return {name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()}


def said_on(page):
    """The headings and the notice, as a reader sees them."""
    return re.findall(r"<h1>(.*?)</h1>", page.content.decode())


# Reading


def test_the_page_shows_nothing_that_was_told_and_changes_nothing(visitor):
    request = make_request()
    before = everything()
    page = visitor.get(address_of(request))
    assert (page.status_code, said_on(page)) == (200, ["Your request"])
    assert personal_words_in(page.content.decode()) == []
    assert request.reference not in page.content.decode()
    assert everything() == before
    assert len(before["AssessmentRequest"]) == 1


def test_the_page_of_one_request_looks_like_the_page_of_any_other(visitor):
    first = make_request()
    second = make_request(
        name="Someone", phone="480-555-0100", preferred_time="morning", time_zone="America/Phoenix", email=""
    )
    assert visitor.get(address_of(first)).content == visitor.get(address_of(second)).content


def test_a_head_request_changes_nothing(visitor):
    request = make_request()
    before = everything()
    assert visitor.head(address_of(request)).status_code == 200
    assert everything() == before


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_method_that_no_form_has_is_refused(visitor, method):
    assert getattr(visitor, method)(address_of(make_request())).status_code == 405


@pytest.mark.parametrize("query", [MORNING | CONFIRMED, WORDS | CONFIRMED, WITHDRAW | CONFIRMED])
def test_nothing_is_done_by_an_address(visitor, query):
    request = make_request()
    before = everything()
    assert said_on(visitor.get(address_of(request), query)) == ["Your request"]
    assert everything() == before


PAGES = {
    "the page": (200, None),
    "asked back": (200, WITHDRAW),
    "to be mended": (422, {"action": "message", "message": ""}),
    "done": (200, WORDS | CONFIRMED),
    "withdrawn": (200, WITHDRAW | CONFIRMED),
}


@pytest.mark.parametrize(("status", "posted"), [*PAGES.values(), (404, "ended")], ids=[*PAGES, "not in use"])
def test_no_page_is_kept_found_or_named_to_others(visitor, status, posted):
    request = make_request()
    if posted == "ended":
        workflow.withdraw(request_id=request.pk)
        posted = None
    page = visitor.post(address_of(request), posted) if posted else visitor.get(address_of(request))
    assert page.status_code == status
    assert "no-store" in page["Cache-Control"]
    assert (page["Referrer-Policy"], page["X-Robots-Tag"]) == ("no-referrer", "noindex")
    assert '<meta name="robots" content="noindex">' in page.content.decode()
    is_done = posted and "confirm" in posted
    first = page.led_here if posted else page
    # By the first, Leave knows on every page that something may have been typed. By the second, the browser forgets it.
    assert set(first.cookies) == ({"csrftoken", "visit"} if is_done else {"csrftoken"})
    assert {cookie["max-age"] for cookie in first.cookies.values()} == {""}  # they end with the browser session
    assert set(page.cookies) == {"csrftoken"}
    if posted:
        assert (page.led_here["Referrer-Policy"], page.led_here["X-Robots-Tag"]) == ("no-referrer", "noindex")
        assert "no-store" in page.led_here["Cache-Control"]
    assert request.reference not in page.content.decode()
    assert private_link.secret_of(request.pk) not in page.content.decode().split("<main")[0]


# Asking back


@every_action
def test_each_change_is_asked_back_once_before_it_is_done(visitor, action):
    request = make_request()
    before = everything()
    page = visitor.post(address_of(request), action)
    assert page.status_code == 200
    assert said_on(page)[0].endswith("?")
    assert everything() == before

    (form,) = [form for form in forms_on(page) if ("confirm", "yes") in form.buttons]
    assert {name: value.replace("\r\n", "\n") for name, value in form.fields.items()} == action
    done = visitor.post(address_of(request), form.fields | CONFIRMED)
    assert done.status_code == 200
    assert everything() != before


@every_action
@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "null"}, {"Origin": "http://testserver"}], ids=["no origin", "null", "ours"]
)
def test_a_change_needs_no_cookie_and_no_origin(visitor, action, headers):
    request = make_request()
    visitor.post(address_of(request), action | CONFIRMED, headers=headers)
    assert len(codes_of(request)) > 1


@pytest.mark.parametrize(
    "posted",
    [
        {},
        {"action": ""},
        {"action": "erase"},
        {"action": "close", "outcome": "spam"},
        CONFIRMED,
        {"action": "withdraw ", "confirm": "yes"},
        {"action": "note", "note": "x"},
    ],
)
def test_a_post_that_no_button_makes_changes_nothing(visitor, posted):
    request = make_request()
    before = everything()
    assert said_on(visitor.post(address_of(request), posted)) == ["Your request"]
    assert everything() == before


@pytest.mark.parametrize(
    "posted",
    [
        MORNING | {"preferred_time": "midnight"},
        MORNING | {"time_zone": "Mars/Olympus"},
        {"action": "time"},
        {"action": "message", "message": "  \n "},
        {"action": "message", "message": "x" * 1001},
        {"action": "message", "message": "canary\0"},
    ],
    ids=["made-up time", "made-up zone", "no time", "no words", "too many words", "a null"],
)
def test_what_has_to_be_mended_is_said_with_the_words_kept_and_nothing_changed(visitor, posted):
    request = make_request()
    before = everything()
    page = visitor.post(address_of(request), posted | CONFIRMED)
    assert page.status_code == 422
    assert "has-error" in main_of(page)
    kept = {name: value for form in forms_on(page) for name, value in form.fields.items()}
    assert kept["message"] == posted.get("message", "")
    assert everything() == before


# Links that are not in use


def links_that_are_not_in_use(make_staff):
    closed, withdrawn, erased, hidden = (make_request() for _ in range(4))
    addresses = [address_of(request) for request in (closed, withdrawn, erased, hidden)]
    lead = make_staff("lead")
    workflow.close(request_id=closed.pk, outcome="declined", actor=lead)
    workflow.withdraw(request_id=withdrawn.pk)
    workflow.close(request_id=erased.pk, outcome="spam", actor=lead)
    workflow.erase(request_id=erased.pk, actor=lead)
    workflow.set_legal_hold(request_id=hidden.pk, actor=lead)
    workflow.withdraw(request_id=hidden.pk)
    secret = private_link.secret_of(make_request().pk)
    made_up = ["made-up", "x" * 43, "x" * 500, "é.ü", "%00", secret[:-1], secret + "0", secret.upper()]
    return addresses + [f"/assessment/manage/{one}/" for one in made_up]


def headers_without_the_time(response):
    return str(sorted(item for item in response.headers.items() if item[0] != "Expires"))


def test_wrong_unknown_and_ended_links_look_the_same_to_every_request(visitor, make_staff):
    addresses = links_that_are_not_in_use(make_staff)
    before = everything()
    responses = [visitor.get(address) for address in addresses]
    for action in ACTIONS.values():
        responses += [visitor.post(address, action | CONFIRMED) for address in addresses]
    assert len(responses) == 48
    assert {response.status_code for response in responses} == {404}
    assert {response.content for response in responses} == {responses[0].content}
    assert {headers_without_the_time(response) for response in responses} == {headers_without_the_time(responses[0])}
    assert said_on(responses[0]) == ["This link is not in use"]
    assert everything() == before


def test_a_link_works_again_when_staff_open_the_request_again(visitor, make_staff):
    request, lead = make_request(), make_staff("lead")
    workflow.close(request_id=request.pk, outcome="declined", actor=lead)
    assert visitor.get(address_of(request)).status_code == 404
    workflow.reopen(request_id=request.pk, actor=lead)
    assert visitor.get(address_of(request)).status_code == 200


@every_action
def test_a_link_changes_its_own_request_alone(visitor, action):
    mine, other = make_request(), make_request()
    before = {name: [row for row in rows if other.pk.hex in row] for name, rows in everything().items()}
    given, codes = [bytes(text.envelope) for text in other.texts.all()], codes_of(other)
    visitor.post(address_of(mine), action | CONFIRMED)
    assert codes_of(mine) != codes_of(other) == codes
    assert [bytes(text.envelope) for text in other.texts.all()] == given
    assert {name: [row for row in rows if other.pk.hex in row] for name, rows in everything().items()} == before


def test_a_request_that_ended_between_two_posts_is_left_as_it_is(visitor, make_staff):
    request = make_request()
    visitor.post(address_of(request), WITHDRAW)
    workflow.close(request_id=request.pk, outcome="admitted", actor=make_staff("lead"))
    assert visitor.post(address_of(request), WITHDRAW | CONFIRMED).status_code == 404
    request.refresh_from_db()
    assert (request.outcome, request.texts.count()) == ("admitted", 1)


def test_withdrawing_twice_is_one_withdrawal(visitor):
    request = make_request()
    pages = [visitor.post(address_of(request), WITHDRAW | CONFIRMED) for _ in range(2)]
    assert [page.status_code for page in pages] == [200, 404]
    assert codes_of(request) == ["received", "withdrawn", "erased"]


# Withdrawing


def test_withdrawing_erases_every_word_and_all_that_leads_to_it(visitor, make_staff):
    request = make_request(email_ok="on", form_key="a" * 64)
    workflow.add_note(request_id=request.pk, text="canary note", actor=make_staff("admissions"))
    workflow.add_message(request_id=request.pk, text="canary words")
    request.refresh_from_db()
    had = [request.texts, request.blind_indexes, request.contact_preferences, request.outbox_messages]
    assert [rows.count() for rows in had] == [3, 3, 1, 2]
    assert (request.form_key, request.private_link_hash is not None) == ("a" * 64, True)

    page = visitor.post(address_of(request), WITHDRAW | CONFIRMED)
    assert said_on(page) == ["Your request is withdrawn."]
    assert "We will not contact you about it." in main_of(page)
    assert [rows.count() for rows in had] == [0, 0, 0, 0]
    request.refresh_from_db()
    assert (request.form_key, request.private_link_hash) == (None, None)


def test_withdrawing_keeps_the_stub_the_events_and_the_consents(visitor):
    request = make_request()
    stub = (request.reference, request.received_at, request.due_at)
    visitor.post(address_of(request), WITHDRAW | CONFIRMED)
    request.refresh_from_db()
    assert (request.reference, request.received_at, request.due_at) == stub
    assert (request.stage, request.outcome) == ("closed", "withdrawn")
    assert list(request.events.values_list("code", "from_value", "to_value", "actor")) == [
        ("received", "", "new", None),
        ("withdrawn", "", "", None),
        ("erased", "", "", None),
    ]
    assert sorted(request.consents.values_list("purpose", flat=True)) == ["contact", "voicemail"]
    assert request.events.last().occurred_at >= request.closed_at


def test_withdrawing_keeps_what_was_sent_already_and_stops_what_waits(visitor):
    request = make_request(email_ok="on")
    request.outbox_messages.filter(kind="new_request").update(state="sent")
    visitor.post(address_of(request), WITHDRAW | CONFIRMED)
    assert list(OutboxMessage.objects.values_list("kind", "state")) == [("new_request", "sent")]


@pytest.mark.parametrize("state", ["sending", "retrying"])
def test_withdrawing_stops_a_message_that_is_tried_again(visitor, state):
    request = make_request()
    request.outbox_messages.update(state=state)
    visitor.post(address_of(request), WITHDRAW | CONFIRMED)
    assert OutboxMessage.objects.count() == 0


@pytest.fixture
def held(make_staff):
    """A request under legal hold, with a note, and the lead who set it."""
    request, lead = make_request(email_ok="on"), make_staff("lead")
    workflow.add_note(request_id=request.pk, text="canary note", actor=lead)
    workflow.set_legal_hold(request_id=request.pk, actor=lead)
    return request, lead


def test_withdrawing_under_legal_hold_hides_instead_and_looks_the_same(visitor, held):
    request, _lead = held
    held_page = visitor.post(address_of(request), WITHDRAW | CONFIRMED)
    free_page = visitor.post(address_of(make_request()), WITHDRAW | CONFIRMED)
    assert main_of(held_page) == main_of(free_page)
    request.refresh_from_db()
    assert (request.stage, request.outcome, request.hidden_at) == ("closed", "withdrawn", request.closed_at)
    assert (request.texts.count(), request.outbox_messages.count()) == (2, 0)
    assert (request.form_key, request.private_link_hash) == (None, None)
    assert codes_of(request)[-2:] == ["withdrawn", "hidden"]


def test_what_is_hidden_is_shown_to_nobody_and_erased_when_the_hold_is_lifted(visitor, held):
    request, lead = held
    desk = Client()
    desk.force_login(lead)
    assert personal_words_in(desk.get(change_page(request)).content.decode()) != []
    visitor.post(address_of(request), WITHDRAW | CONFIRMED)
    assert personal_words_in(desk.get(change_page(request)).content.decode()) == []
    workflow.lift_legal_hold(request_id=request.pk, actor=lead)
    request.refresh_from_db()
    had = [request.texts, request.blind_indexes, request.contact_preferences]
    assert [rows.count() for rows in had] == [0, 0, 0]
    assert (request.hidden_at, request.legal_hold_at) == (None, None)
    assert codes_of(request)[-2:] == ["hold_lifted", "erased"]


def test_lifting_a_hold_from_what_was_not_withdrawn_erases_nothing(held):
    request, lead = held
    workflow.lift_legal_hold(request_id=request.pk, actor=lead)
    assert (request.texts.count(), codes_of(request)[-1]) == (2, "hold_lifted")


# Another time


def test_another_time_gives_a_new_due_time_a_new_promise_and_a_new_preferences(visitor, center_with_hours):
    request = make_request(preferred_time="asap", time_zone="America/Phoenix")
    before = (request.due_at, request.promise)
    page = visitor.post(address_of(request), MORNING | CONFIRMED)
    request.refresh_from_db()
    versions = [preferences.codes() for preferences in request.contact_preferences.all()]
    assert versions[1] == versions[0] | {"preferred_time": "morning", "time_zone": "America/New_York"}
    chosen_at = request.contact_preferences.last().recorded_at
    hours = schedule.hours_of(facts.current())
    expected = schedule.first_contact(chosen_at, hours, "morning", schedule.ZoneInfo("America/New_York"))
    assert request.due_at == expected.ends
    assert (request.due_at, request.promise) != before
    assert (said_on(page), "Eastern time" in request.promise) == (["Your new time is saved."], True)
    assert request.promise in main_of(page)
    assert codes_of(request) == ["received", "time_set"]
    assert request.events.last().to_value == "morning"


def test_the_confirmation_shows_the_new_promise(visitor, center_with_hours):
    request = make_request(preferred_time="asap")
    visitor.post(address_of(request), MORNING | CONFIRMED)
    request.refresh_from_db()
    page = visitor.get(f"/assessment/received/{tokens.to_receipt(request.pk, any_session=True)}/")
    assert request.promise != ""
    assert request.promise in main_of(page)


def test_the_same_time_again_changes_nothing(visitor):
    request = make_request(preferred_time="morning", time_zone="America/New_York")
    before = everything()
    assert said_on(visitor.post(address_of(request), MORNING | CONFIRMED)) == ["Your new time is saved."]
    assert everything() == before


def test_another_time_after_we_have_spoken_leaves_the_due_time(visitor, make_staff):
    request = make_request(preferred_time="asap")
    due_at = workflow.set_stage(request_id=request.pk, stage="talking", actor=make_staff("admissions")).due_at
    visitor.post(address_of(request), MORNING | CONFIRMED)
    request.refresh_from_db()
    assert (request.due_at, preferences.newest_preferences(request).preferred_time) == (due_at, "morning")


# More words


def additions(request):
    return [text.decrypt() for text in request.texts.filter(kind="addition")]


def test_more_words_are_kept_once_encrypted_and_told_to_staff_again(visitor):
    request = make_request()
    request.outbox_messages.update(state="sent", attempts=1, sent_at=timezone.now())
    for _ in range(3):
        page = visitor.post(address_of(request), WORDS | CONFIRMED)
    assert said_on(page) == ["We added your message."]
    assert additions(request) == ["Ring <twice>,\nplease 🌵"]
    assert b"Ring" not in bytes(request.texts.get(kind="addition").envelope)
    assert codes_of(request) == ["received", "added"]
    assert (request.outbox_messages.get().state, request.outbox_messages.get().sent_at) == ("queued", None)


def test_words_are_added_ten_times_and_then_kept_on_the_page_with_a_way_out(visitor):
    request = make_request()
    messages = [{"action": "message", "message": f"word {number}"} for number in range(11)]
    pages = [visitor.post(address_of(request), message | CONFIRMED) for message in messages]
    assert [page.status_code for page in pages] == [200] * 10 + [409]
    assert additions(request) == [f"word {number}" for number in range(10)]
    assert "We can&#x27;t take more messages here. Please call us." in main_of(pages[-1])
    assert [form.fields["message"] for form in forms_on(pages[-1]) if "message" in form.fields] == ["word 10"]
    assert visitor.post(address_of(request), {"action": "message", "message": "word 9"} | CONFIRMED).status_code == 200
    assert visitor.post(address_of(request), {"action": "message", "message": "word 3"} | CONFIRMED).status_code == 409


def test_words_that_a_person_returned_to_are_the_newest(visitor):
    request, words = make_request(), ["Call me at 3", "Do not call today", "Call me at 3", "Call me at 3"]
    for message in words:
        visitor.post(address_of(request), {"action": "message", "message": message} | CONFIRMED)
    assert additions(request) == words[:3]
    assert codes_of(request) == ["received", *["added"] * 3]


def test_words_are_added_beside_earlier_ones_that_do_not_open(visitor):
    request = make_request()
    workflow.add_message(request_id=request.pk, text="lost")
    request.texts.update(envelope=b"\x01\x04gone" + bytes(40))
    assert visitor.post(address_of(request), WORDS | CONFIRMED).status_code == 200
    assert request.texts.last().decrypt() == WORDS["message"]


# Where the link is shown


def link_on(page):
    links = re.findall(r'href="(/assessment/manage/[^"]+)"', page.content.decode())
    return links[0] if links else None


def test_the_confirmation_shows_the_same_link_on_each_reload_for_half_an_hour(visitor):
    browser = Client()
    confirmation = send(browser)["Location"]
    request = AssessmentRequest.objects.get()
    pages = [browser.get(confirmation) for _ in range(2)]
    assert [link_on(page) for page in pages] == [address_of(request)] * 2
    assert pages[0].content == pages[1].content
    assert visitor.get(link_on(pages[0])).status_code == 200
    AssessmentRequest.objects.update(acknowledged_at=timezone.now() - SHOWN_FOR)
    assert link_on(browser.get(confirmation)) is None
    assert visitor.get(address_of(request)).status_code == 200


def test_the_confirmation_of_a_withdrawn_request_shows_no_link(visitor):
    browser = Client()
    confirmation = send(browser)["Location"]
    visitor.post(link_on(browser.get(confirmation)), WITHDRAW | CONFIRMED)
    page = browser.get(confirmation)
    assert (page.status_code, link_on(page)) == (200, None)
    assert "If you sent us a request and did not withdraw it" in main_of(page)


def test_a_time_that_can_not_be_confirmed_is_refused_before_it_is_asked_back(visitor):
    request = make_request(email="", email_ok=False, text_ok=False)
    page = visitor.post(address_of(request), {"action": "time", "preferred_time": "confirmed"})
    assert (page.status_code, said_on(page)) == (409, ["Your request"])
    notice = main_of(page).split('class="error-summary"')[1].split("</div>")[0]
    assert "To confirm a time, we need to email or text you" in notice
    assert ['href="tel:911"' in notice, 'href="tel:988"' in notice, 'href="tel:+1480' in notice] == [True] * 3


@pytest.mark.parametrize("is_original", [False, True], ids=["as a duplicate", "as the one that goes on"])
def test_the_confirmation_of_a_linked_request_is_as_before_until_it_is_erased(make_staff, is_original):
    other, browser, actor = make_request(), Client(), make_staff("lead")
    confirmation = send(browser)["Location"]
    request = AssessmentRequest.objects.exclude(pk=other.pk).get()
    before = browser.get(confirmation).content
    one, of = (other, request) if is_original else (request, other)
    workflow.link_duplicate(request_id=one.pk, of_reference=of.reference, actor=actor, same_matter=True)
    assert browser.get(confirmation).content == before
    if is_original:
        workflow.close(request_id=request.pk, outcome="admitted", actor=actor)
    workflow.erase(request_id=request.pk, actor=actor)
    assert request.reference not in browser.get(confirmation).content.decode()


def test_the_link_of_a_spooled_request_works_when_it_was_taken_in(visitor):
    refuse_inserts("intake_event")
    browser = Client()
    link = link_on(browser.get(send(browser)["Location"]))
    accept_inserts("intake_event")
    circuit_breaker.reset()
    assert visitor.get(link).status_code == 404
    worker.take_in_spool()
    assert visitor.get(link).status_code == 200
    assert private_link.find(link.split("/")[-2]) == AssessmentRequest.objects.get()


def test_the_database_holds_the_hash_of_the_secret_and_never_the_secret():
    request = make_request()
    secret = private_link.secret_of(request.pk)
    assert len(secret) == 43
    assert request.private_link_hash == private_link.hash_of(secret)
    assert secret not in str(everything())


def test_two_requests_have_two_secrets_that_depend_on_the_key(settings):
    first, second = make_request(), make_request()
    secrets = [private_link.secret_of(first.pk), private_link.secret_of(second.pk)]
    settings.INDEX_KEYS = KEYS[1]
    secrets.append(private_link.secret_of(first.pk))
    assert len(set(secrets)) == 3


def test_after_a_rotation_the_link_made_under_the_old_key_is_shown_and_works(visitor, settings):
    settings.INDEX_KEYS = KEYS[0]
    browser = Client()
    confirmation = send(browser)["Location"]
    link = link_on(browser.get(confirmation))
    settings.INDEX_KEYS = f"{KEYS[1]},{KEYS[0]}"
    assert link_on(browser.get(confirmation)) == link
    assert visitor.get(link).status_code == 200
    settings.INDEX_KEYS = KEYS[1]
    assert link_on(browser.get(confirmation)) is None
    assert visitor.get(link).status_code == 200


# When the database is away


@every_action
def test_a_change_that_can_not_be_stored_is_said_so_with_the_words_kept(visitor, action):
    request = make_request()
    refuse_inserts("intake_event")
    page = visitor.post(address_of(request), action | CONFIRMED)
    assert page.status_code == 503
    assert "We can&#x27;t change your request right now." in main_of(page)
    assert page["Referrer-Policy"] == "no-referrer"
    kept = {name: value for form in forms_on(page) for name, value in form.fields.items()}
    assert {name: kept[name] for name in action if name != "action"} == {
        name: value for name, value in action.items() if name != "action"
    }
    request.refresh_from_db()
    assert (request.stage, request.texts.count(), codes_of(request)) == ("new", 1, ["received"])


def test_a_look_at_the_page_costs_one_query(visitor):
    address = address_of(make_request())
    visitor.get(address)
    with CaptureQueriesContext(connection) as queries:
        visitor.get(address)
    assert len(queries) == 1
