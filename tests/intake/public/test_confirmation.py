"""The confirmation repeats the person's choices, without anything that names them, for as long as the private link."""

import datetime as dt

import pytest
from django.conf import settings
from django.utils import timezone

from intake import worker, workflow
from intake.models import AssessmentRequest, EncryptedText
from intake.public.confirmation import SHOWN_FOR
from intake.submission import circuit_breaker
from pages import facts
from pages.models import Center, ContentPage, OpeningHours
from tests.html import soup
from tests.intake.support.helpers import ADDRESS, PERSON, accept_inserts, personal_words_in, refuse_inserts
from tests.intake.support.visitor import Browser, filled, main_of, send

pytestmark = pytest.mark.django_db

WITHDRAWAL = "/treatment/withdrawal-and-detox/"
LEAST = {
    "email": "",
    "name": "",
    "message": "",
    "language": "",
    "voicemail_ok": None,
    "text_ok": None,
    "introduction": "first_name",
    "preferred_time": "asap",
    "time_zone": "America/Phoenix",
}


@pytest.fixture
def visitor():
    return Browser()


@pytest.fixture
def open_all_week(db):
    Center.objects.update(contact_target_hours=2)
    OpeningHours.objects.bulk_create(
        OpeningHours(center=Center.objects.get(), weekday=weekday, opens=dt.time(8), closes=dt.time(21))
        for weekday in range(7)
    )
    facts.forget()


def choices_on(page):
    return {row.dt.get_text(): row.dd.get_text() for row in soup(page).select(".choices > div")}


def choices_after(visitor, **changes):
    return choices_on(visitor.get(send(visitor, **changes)["Location"]))


def test_confirmation_repeats_the_choices_without_free_text_or_addresses(visitor):
    page = visitor.get(send(visitor)["Location"])
    assert choices_on(page) == {
        "Call": "The number that ends in 42",
        "Voicemail": "Yes",
        "Text message": "Yes",
        "Email": "No",
        "Good time": "In the evening (Mountain time)",
        "How we introduce ourselves": "With the name of the center",
        "Language": "The one you told us",
    }
    assert personal_words_in(main_of(page)) == []


def test_confirmation_of_the_least_says_that_nothing_else_is_allowed(visitor):
    assert choices_after(visitor, **LEAST) == {
        "Call": "The number that ends in 42",
        "Voicemail": "No",
        "Text message": "No",
        "Good time": "As soon as possible (Arizona time)",
        "How we introduce ourselves": "With a first name only",
    }


def test_confirmation_of_an_email_alone_says_that_one_email_comes(visitor):
    choices = choices_after(visitor, **LEAST | {"phone": "", "email": PERSON["email"]})
    assert choices == {
        "Call": "No",
        "Email": "One, which does not name us",
        "Good time": "As soon as possible (Arizona time)",
    }


def test_confirmation_of_no_calls_names_no_number(visitor):
    choices = choices_after(visitor, do_not_call="on", email_ok="on")
    assert (choices["Call"], choices["Text message"], choices["Email"]) == ("No", "Yes", "Yes")
    assert {"Voicemail", "How we introduce ourselves"} & choices.keys() == set()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("602-555-0142 ext. 77", "The number that ends in 42"),
        ("+52 55 1234 5678", "The number that ends in 78"),
        ("12", "The number you gave us"),
        ("by the bridge", "The number you gave us"),
    ],
)
def test_confirmation_shows_two_digits_of_a_whole_number_only(visitor, typed, words):
    choices = choices_after(visitor, phone=typed, asked_about=typed)
    assert choices["Call"] == words


def test_reloaded_confirmation_shows_the_same_choices(visitor):
    address = send(visitor)["Location"]
    assert choices_on(visitor.get(address)) == choices_on(visitor.get(address)) != {}


def test_confirmation_of_an_amended_request_shows_the_newest_choices(visitor):
    fields = filled(visitor.get(ADDRESS))
    address = visitor.post(ADDRESS, fields)["Location"]
    changed = {"phone": "(602) 555-0178", "preferred_time": "morning", "text_ok": ""}
    assert visitor.post(ADDRESS, fields | changed)["Location"] == address
    choices = choices_on(visitor.get(address))
    assert (choices["Call"], choices["Text message"]) == ("The number that ends in 78", "No")
    assert choices["Good time"] == "In the morning (Mountain time)"


def test_confirmation_shows_a_time_that_was_changed_with_the_private_link(visitor):
    address = send(visitor)["Location"]
    request = AssessmentRequest.objects.get()
    workflow.change_preferred_time(request_id=request.pk, preferred_time="morning", time_zone="America/New_York")
    assert choices_on(visitor.get(address))["Good time"] == "In the morning (Eastern time)"


def test_confirmation_from_the_spool_shows_the_newest_choices_and_their_promise(visitor, open_all_week):
    fields = filled(visitor.get(ADDRESS), preferred_time="afternoon", time_zone="America/Phoenix")
    refuse_inserts("intake_event")
    address = visitor.post(ADDRESS, fields)["Location"]
    assert "in the afternoon" in soup(visitor.get(address)).select_one(".lead").get_text()
    visitor.post(ADDRESS, fields | {"preferred_time": "evening", "message": "Later, please."})
    page = visitor.get(address)
    assert choices_on(page)["Good time"] == "In the evening (Arizona time)"
    assert "in the evening" in soup(page).select_one(".lead").get_text()
    shown = main_of(page)

    accept_inserts("intake_event")
    circuit_breaker.reset()
    worker.take_in_spool()
    assert main_of(visitor.get(address)) == shown


@pytest.mark.parametrize("ending", ["time", "leaving", "withdrawal"])
def test_choices_are_gone_with_the_private_link(visitor, ending):
    address = send(visitor)["Location"]
    request = AssessmentRequest.objects.get()
    assert choices_on(visitor.get(address)) != {}
    if ending == "time":
        AssessmentRequest.objects.update(acknowledged_at=timezone.now() - SHOWN_FOR)
    elif ending == "leaving":
        visitor.get(f"{ADDRESS}leave/")
    else:
        workflow.withdraw(request_id=request.pk)
    page = visitor.get(address)
    assert (page.status_code, choices_on(page), "ends in 42" in main_of(page)) == (200, {}, False)


def test_confirmation_is_shown_without_choices_that_can_not_be_decrypted(visitor):
    address = send(visitor)["Location"]
    EncryptedText.objects.update(envelope=b"damaged")
    page = visitor.get(address)
    assert AssessmentRequest.objects.get().reference in main_of(page)
    assert (choices_on(page), "What you chose" in main_of(page)) == ({}, False)


def test_nothing_new_is_stored_or_set_to_show_the_choices(visitor):
    address = send(visitor)["Location"]
    before = EncryptedText.objects.count()
    page = visitor.get(address)
    assert EncryptedText.objects.count() == before
    assert page.cookies == {}
    assert {settings.CSRF_COOKIE_NAME, settings.VISIT_COOKIE_NAME} >= visitor.cookies.keys()


def test_confirmation_says_what_is_safer_until_we_talk(visitor):
    page = main_of(visitor.get(send(visitor)["Location"]))
    needed = ["don't stop all at once", "7-OH", "pregnancy", "Don't mix", "naloxone", "tel:911", "tel:988", WITHDRAWAL]
    assert [words for words in needed if words not in page] == []


def test_confirmation_leads_to_no_page_that_was_taken_down(visitor):
    ContentPage.objects.filter(slug="withdrawal-and-detox").update(live=False)
    facts.forget()
    page = main_of(visitor.get(send(visitor)["Location"]))
    assert ("don't stop all at once" in page, WITHDRAWAL in page) == (True, False)


def test_confirmation_shows_nothing_in_another_browser_session(visitor):
    address = send(visitor)["Location"]
    assert choices_on(visitor.get(address)) != {}
    assert "no longer shows anything" in main_of(Browser().get(address))
    visitor.cookies.pop(settings.VISIT_COOKIE_NAME)  # the browser was closed, and its history opens the page
    assert "no longer shows anything" in main_of(visitor.get(address))
