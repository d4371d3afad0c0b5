"""What the pages tell the browser to keep of what was typed, and what assistive technology is told of a field."""

import datetime as dt

import pytest
from django.test import Client

from intake.models import AssessmentRequest
from intake.submission import private_link
from tests.html import PageFacts
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import ADDRESS
from tests.intake.support.visitor import Browser, main_of, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor():
    return Browser()


def visit_cookie(answer):
    """The cookie that an answer sets so that the browser forgets, as (value, attributes); None where it sets none."""
    cookie = answer.cookies.get("visit")
    return cookie and (cookie.value, {name: value for name, value in cookie.items() if value})


def fields_that_keep(page):
    """The names of visible fields into which a browser may put again what was typed."""
    fields = [attributes for name, attributes in PageFacts(page).tags if name in ("input", "textarea")]
    visible = [field for field in fields if field.get("type") not in ("hidden", "checkbox", "radio")]
    return sorted(field["name"] for field in visible if field.get("autocomplete") != "off")


def test_sending_sets_a_random_cookie_of_the_session(visitor):
    first, second = (visit_cookie(send(visitor)) for _ in range(2))
    assert first[1] == second[1] == {"httponly": True, "path": "/", "samesite": "Lax"}
    assert (len(first[0]), first[0] != second[0]) == (22, True)


def test_browser_keeps_what_is_typed_until_it_is_sent(visitor):
    page = visitor.get(ADDRESS)
    assert (visit_cookie(page), fields_that_keep(page)) == (None, ["email", "language", "message", "name", "phone"])
    refused = send(visitor, consent=None)
    assert (visit_cookie(refused), fields_that_keep(refused)) == (None, fields_that_keep(page))
    send(visitor)
    page = visitor.get(ADDRESS)
    assert (visit_cookie(page), fields_that_keep(page)) == (None, [])
    assert 'class="request-form" autocomplete="off"' in main_of(page)


def test_kept_page_learns_whether_something_was_sent_since(visitor):
    def now():
        return visitor.get(f"{ADDRESS}visit/")

    def mark():
        return main_of(visitor.get(ADDRESS)).split('data-visit="')[1].split('"')[0]

    before = mark()
    assert (now().content.decode(), now()["Content-Type"], "no-store" in now()["Cache-Control"]) == (
        before,
        "text/plain",
        True,
    )
    send(visitor, consent=None)
    assert now().content.decode() == before
    send(visitor)
    assert now().content.decode() == mark() != before
    assert visitor.cookies["visit"].value not in now().content.decode()


# Leaving quickly

LEAVE = f"{ADDRESS}leave/"


def test_leaving_leads_to_a_neutral_page_and_is_kept_nowhere(visitor):
    answer = visitor.get(LEAVE)
    assert (answer.status_code, answer["Location"]) == (303, "https://www.weather.gov/")
    assert (answer["Referrer-Policy"], answer["X-Robots-Tag"]) == ("no-referrer", "noindex")
    assert "no-store" in answer["Cache-Control"]


def test_leaving_sets_a_cookie_where_the_form_was_opened_alone(visitor):
    assert visitor.get(LEAVE).cookies == {}
    visitor.get(ADDRESS)
    first, second = (visit_cookie(visitor.get(LEAVE)) for _ in range(2))
    assert first[1] == second[1] == {"httponly": True, "path": "/", "samesite": "Lax"}
    assert first[0] != second[0]
    assert fields_that_keep(visitor.get(ADDRESS)) == []


def test_leaving_after_a_private_page_sets_a_cookie_though_no_form_was_opened(visitor):
    page = visitor.get(f"{ADDRESS}manage/{private_link.secret_of(make_request().pk)}/")
    assert LEAVE in PageFacts(page).links  # the same link as on the pages to read
    answer = visitor.get(LEAVE)
    assert (answer.status_code, visit_cookie(answer)[1]["httponly"]) == (303, True)


def test_who_comes_after_someone_left_sends_a_request_of_their_own(visitor):
    first = send(visitor, name="Ann")
    assert send(visitor, name="")["Location"] == first["Location"]  # one person with more to say
    visitor.get(LEAVE)
    assert send(visitor, name="")["Location"] != first["Location"]
    assert AssessmentRequest.objects.count() == 2


def test_confirmation_is_not_shown_again_where_someone_left(visitor, clock):
    confirmation = send(visitor)["Location"]
    reference = AssessmentRequest.objects.get().reference
    assert reference in main_of(visitor.get(confirmation))
    visitor.get(LEAVE)
    clock.shift(dt.timedelta(seconds=5))
    own = send(visitor, phone="480-555-0199", email="", name="Bob")["Location"]
    assert "For your safety" in main_of(visitor.get(confirmation))
    assert AssessmentRequest.objects.exclude(reference=reference).get().reference in main_of(visitor.get(own))
    assert "For your safety" in main_of(Browser().get(confirmation))


@pytest.mark.parametrize("value", ["", "x.", "x.y", "x.99999999999", "x.1", "x.-1", "x.²"])
def test_confirmation_has_an_answer_whatever_the_cookie_says(visitor, value):
    confirmation = send(visitor)["Location"]
    visitor.cookies["visit"] = value
    assert visitor.get(confirmation).status_code == 200


def test_leaving_is_no_post():
    assert Client().post(LEAVE).status_code == 405


# What assistive technology is told of a field


def invalid_fields(page):
    tags = PageFacts(page).tags
    return {
        attributes["name"]: attributes["aria-invalid"] for _name, attributes in tags if "aria-invalid" in attributes
    }


def test_fresh_form_calls_no_field_invalid(visitor):
    assert invalid_fields(visitor.get(ADDRESS)) == {"email": "false", "adult": "false", "consent": "false"}
    assert invalid_fields(send(visitor, consent=None, phone="", email="")) == {
        "adult": "false",
        "consent": "true",
        "phone": "true",
        "email": "false",
    }


def fields_that_errors_link_to(page):
    """The ids that the links in the error summary name, each with the tag that has it."""
    facts_of_page = PageFacts(page)
    tags = {attributes.get("id"): name for name, attributes in facts_of_page.tags}
    links = [link.removeprefix("#") for link in facts_of_page.links if link.startswith("#id_")]
    return [(link, tags.get(link)) for link in links]


def test_error_link_leads_to_a_field(visitor):
    page = send(visitor, adult=None, phone="", email="", consent=None, preferred_time="made-up", message="x" * 1001)
    assert fields_that_errors_link_to(page) == [
        ("id_phone", "input"),
        ("id_adult_0", "input"),
        ("id_preferred_time_0", "input"),
        ("id_message", "textarea"),
        ("id_consent", "input"),
    ]


@pytest.mark.parametrize(
    ("action", "field"), [("time", ("id_preferred_time_0", "input")), ("message", ("id_message", "textarea"))]
)
def test_error_link_of_a_private_page_leads_to_a_field(visitor, action, field):
    address = f"{ADDRESS}manage/{private_link.secret_of(make_request().pk)}/"
    assert fields_that_errors_link_to(visitor.post(address, {"action": action}, follow=True)) == [field]
