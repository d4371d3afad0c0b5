import datetime as dt
import logging
import time

import pytest
from django.core.signing import TimestampSigner, b62_encode
from django.db import connection
from django.test import Client
from django.utils import timezone

from intake import form_token, views
from intake.models import AssessmentRequest, SealedText
from pages import facts
from tests.intake.helpers import ADDRESS, PERSON, form_on, personal_words_in, receive, refuse_inserts, title_of

pytestmark = pytest.mark.django_db

TYPED = PERSON | {"relation": "friend", "text_ok": "on"}
FROM_US = ("token", "csrfmiddlewaretoken", "asked_about")


@pytest.fixture
def visitor():
    """A browser whose posts Django checks as it does on the real site."""
    return Client(enforce_csrf_checks=True)


def filled(page, **changes):
    """What a browser sends from this page when the person has typed their answers; None takes a field out."""
    fields = form_on(page) | TYPED | changes
    return {name: value for name, value in fields.items() if value is not None}


def send(visitor, **changes):
    return visitor.post(ADDRESS, filled(visitor.get(ADDRESS), **changes))


def typed_on(page):
    return {name: value for name, value in form_on(page).items() if name not in FROM_US}


def main_of(response):
    return response.content.decode().split("<main")[1].split("</main>")[0]


def stored():
    return AssessmentRequest.objects.count()


def old_token(age):
    """The token of a form that was opened some time ago."""

    class SignerOfThen(TimestampSigner):
        def timestamp(self):
            return b62_encode(int(time.time() - age.total_seconds()))

    draft = form_token.draw()
    return SignerOfThen(salt=form_token.FORM_SALT).sign_object([draft.id.hex, draft.reference])


def test_the_form_comes_with_a_token_and_is_kept_by_no_cache(visitor):
    page = visitor.get(ADDRESS)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    draft = form_token.from_token(form_on(page)["token"])
    assert draft != form_token.from_token(form_on(visitor.get(ADDRESS))["token"])
    assert stored() == 0


def test_the_only_cookie_is_for_csrf_and_ends_with_the_browser_session(visitor):
    page = visitor.get(ADDRESS)
    (cookie,) = page.cookies.values()
    assert (cookie.key, cookie["expires"], cookie["max-age"]) == ("csrftoken", "", "")
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_a_method_that_no_form_has_is_refused(visitor, method):
    body = {"content_type": "application/x-www-form-urlencoded"}
    assert getattr(visitor, method)(ADDRESS, **body).status_code == 405


def test_sending_the_form_leads_to_a_confirmation_with_the_reference(visitor):
    answer = send(visitor)
    assert answer.status_code == 303
    request = AssessmentRequest.objects.get()
    confirmation = visitor.get(answer["Location"])
    assert confirmation.status_code == 200
    assert f"<strong>{request.reference}</strong>" in main_of(confirmation)
    assert "no-store" in confirmation["Cache-Control"]
    assert confirmation["Referrer-Policy"] == "no-referrer"
    assert confirmation["X-Robots-Tag"] == "noindex"


def test_what_is_stored_is_what_was_typed(visitor):
    send(visitor)
    opened = SealedText.objects.get().open()
    assert {name: opened[name] for name in TYPED} == {
        name: True if value == "on" else value for name, value in TYPED.items()
    }


def test_a_refreshed_confirmation_is_the_same_and_stores_nothing(visitor):
    address = send(visitor)["Location"]
    assert main_of(visitor.get(address)) == main_of(visitor.get(address))
    assert stored() == 1


def test_the_same_form_posted_twice_is_one_request_with_one_confirmation(visitor):
    fields = filled(visitor.get(ADDRESS))
    first, again = visitor.post(ADDRESS, fields), visitor.post(ADDRESS, fields)
    assert [first.status_code, again.status_code] == [303, 303]
    assert first["Location"] == again["Location"]
    assert [stored(), SealedText.objects.count()] == [1, 1]


def test_going_back_and_sending_other_answers_leads_to_the_same_confirmation(visitor):
    fields = filled(visitor.get(ADDRESS))
    first, again = visitor.post(ADDRESS, fields), visitor.post(ADDRESS, fields | {"message": "Please call later."})
    assert first["Location"] == again["Location"]
    assert [stored(), SealedText.objects.count()] == [1, 2]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"phone": "", "email": "", "consent": None, "message": "x" * 2000, "for_whom": "made-up"},
        {"token": "made-up"},
        {"csrfmiddlewaretoken": None},
    ],
    ids=["all else right", "other fields wrong", "stale token", "no CSRF token"],
)
def test_under_18_nothing_is_stored_and_help_is_shown(visitor, caplog, changes):
    caplog.set_level(logging.DEBUG)
    page = send(visitor, adult="no", **changes)
    assert page.status_code == 200
    assert 'href="tel:988"' in main_of(page)
    assert "request-form" not in main_of(page)
    assert "no-store" in page["Cache-Control"]
    assert stored() == 0
    assert personal_words_in(main_of(page) + caplog.text + str(page.headers) + str(page.cookies)) == []


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"phone": "", "email": ""}, ["phone"]),
        ({"consent": None}, ["consent"]),
        ({"adult": None}, ["adult"]),
        ({"message": "canary\n" * 200}, ["message"]),
        ({"email": "canary@nest", "phone": "12"}, ["email", "phone"]),
        ({"name": "Canary\0"}, ["name"]),
        ({"phone": "", "do_not_call": "on", "email": ""}, ["email", "phone"]),
    ],
    ids=["no way to reach", "no consent", "no age", "too long", "odd contact", "null", "no calls but no e-mail"],
)
def test_what_has_to_be_mended_is_said_beside_the_field_with_all_kept(visitor, changes, wrong):
    page = send(visitor, **changes)
    assert page.status_code == 422
    assert sorted(page.context["form"].errors) == wrong
    missing = [name for name in wrong if f'id="id_{name}_error"' not in main_of(page)]
    assert missing == []
    kept = {name: value for name, value in (TYPED | changes).items() if value is not None}
    assert typed_on(page) == kept
    assert title_of(page).startswith("Please check: ")
    assert "no-store" in page["Cache-Control"]
    assert stored() == 0


def test_a_mended_form_is_accepted_with_the_reference_that_was_drawn_at_first(visitor):
    first = visitor.get(ADDRESS)
    draft = form_token.from_token(form_on(first)["token"])
    page = visitor.post(ADDRESS, filled(first, consent=None))
    answer = visitor.post(ADDRESS, form_on(page) | {"consent": "on"})
    assert answer.status_code == 303
    assert AssessmentRequest.objects.values_list("pk", "reference").get() == (draft.id, draft.reference)


def test_an_odd_phone_is_asked_about_on_the_page_and_kept_when_sent_again(visitor):
    page = send(visitor, phone="12")
    assert page.status_code == 422
    assert visitor.post(ADDRESS, form_on(page)).status_code == 303
    assert SealedText.objects.get().open()["phone"] == "12"


def test_a_field_that_came_twice_is_refused_with_the_rest_kept(visitor):
    page = send(visitor, phone=["(602) 555-0142", "(602) 555-0142"])
    assert page.status_code == 422
    assert typed_on(page) == TYPED
    assert stored() == 0


TOKENS = {
    "missing": lambda: None,
    "empty": lambda: "",
    "made up": lambda: "made-up:token:here",
    "in another script": lambda: "ключ:é:\ud7ff",
    "altered": lambda: form_token.to_token(form_token.draw())[:-1] + "~",
    "of a confirmation": lambda: form_token.to_receipt(form_token.draw().id),
    "eight days old": lambda: old_token(dt.timedelta(days=8)),
}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_a_page_that_is_stale_is_shown_again_with_all_kept_and_a_token_that_works(visitor, token):
    page = send(visitor, token=token())
    assert page.status_code == 403
    assert typed_on(page) == TYPED
    assert "Nothing is lost" in main_of(page)
    assert stored() == 0
    assert visitor.post(ADDRESS, form_on(page)).status_code == 303
    assert stored() == 1


def test_a_form_that_was_open_for_six_days_is_accepted(visitor):
    assert send(visitor, token=old_token(dt.timedelta(days=6))).status_code == 303


@pytest.mark.parametrize("csrf", [None, "", "made-up"])
def test_without_a_valid_csrf_token_all_is_kept_and_sending_again_works(visitor, csrf):
    page = send(visitor, csrfmiddlewaretoken=csrf)
    assert page.status_code == 403
    assert typed_on(page) == TYPED
    assert stored() == 0
    assert visitor.post(ADDRESS, form_on(page)).status_code == 303


def test_without_the_csrf_cookie_all_is_kept_and_sending_again_works(visitor):
    fields = filled(visitor.get(ADDRESS))
    visitor.cookies.clear()
    page = visitor.post(ADDRESS, fields)
    assert page.status_code == 403
    assert typed_on(page) == TYPED
    assert stored() == 0
    assert visitor.post(ADDRESS, form_on(page)).status_code == 303


def test_a_form_posted_from_another_site_is_not_accepted(visitor):
    fields = filled(visitor.get(ADDRESS))
    assert visitor.post(ADDRESS, fields, headers={"Origin": "https://evil.example"}).status_code == 403
    assert stored() == 0
    assert visitor.post(ADDRESS, fields, headers={"Origin": "http://testserver"}).status_code == 303


def neutral_page(visitor):
    return main_of(visitor.get(f"{ADDRESS}received/made-up/"))


@pytest.mark.parametrize(
    "receipt",
    ["made-up", "a.b", "x" * 500, "é.ü", "%00", form_token.draw().id.hex],
    ids=["made up", "with a dot", "long", "in another script", "a null", "an id without a signature"],
)
def test_a_made_up_receipt_sees_a_neutral_page(visitor, receipt):
    request = receive()
    page = visitor.get(f"{ADDRESS}received/{receipt}/")
    assert page.status_code == 200
    assert main_of(page) == neutral_page(visitor)
    assert request.reference not in page.content.decode()


def test_a_receipt_signed_for_another_request_shows_nothing_of_this_one(visitor):
    address = send(visitor)["Location"]
    request = AssessmentRequest.objects.get()
    signature = address.rstrip("/").rsplit(".", 1)[1]
    page = visitor.get(f"{ADDRESS}received/{receive().pk.hex}.{signature}/")
    assert main_of(page) == neutral_page(visitor)
    assert request.reference in main_of(visitor.get(address))


def test_a_good_receipt_of_a_request_that_is_gone_sees_the_neutral_page(visitor):
    receipt = form_token.to_receipt(form_token.draw().id)
    assert main_of(visitor.get(f"{ADDRESS}received/{receipt}/")) == neutral_page(visitor)


def test_after_half_an_hour_the_confirmation_shows_nothing_any_more(visitor):
    address = send(visitor)["Location"]
    now, shown_for = timezone.now(), views.RECEIPT_SHOWN_FOR
    assert shown_for == dt.timedelta(minutes=30)
    reference = AssessmentRequest.objects.get().reference
    AssessmentRequest.objects.update(received_at=now - shown_for + dt.timedelta(minutes=5))
    assert reference in main_of(visitor.get(address))
    AssessmentRequest.objects.update(received_at=now - shown_for)
    page = visitor.get(address)
    assert page.status_code == 200
    assert main_of(page) == neutral_page(visitor)
    assert reference not in page.content.decode()


def test_nothing_typed_stands_in_any_address_title_header_cookie_or_log(visitor, caplog):
    caplog.set_level(logging.DEBUG)
    refused = send(visitor, consent=None)
    answer = visitor.post(ADDRESS, form_on(refused) | {"consent": "on"})
    confirmation = visitor.get(answer["Location"])
    assert personal_words_in(str(typed_on(refused))) != []
    titles = [title_of(refused), title_of(confirmation)]
    assert titles[1].startswith("We have your request")
    assert personal_words_in(str(titles)) == []
    assert personal_words_in(answer["Location"] + main_of(confirmation)) == []
    for response in (refused, answer, confirmation):
        assert personal_words_in(str(response.headers) + response.cookies.output()) == []
    assert personal_words_in(caplog.text) == []


@pytest.mark.parametrize("table", ["intake_assessmentrequest", "intake_sealedtext", "intake_event", "intake_notice"])
def test_when_the_database_refuses_the_words_are_kept_and_nothing_is_stored(visitor, caplog, table):
    refuse_inserts(table)
    page = send(visitor)
    assert page.status_code == 503
    assert typed_on(page) == TYPED
    assert "We can&#x27;t take your request right now" in main_of(page)
    assert 'href="tel:+1' in main_of(page)
    assert [stored(), SealedText.objects.count()] == [0, 0]
    assert personal_words_in(caplog.text) == []


def test_when_the_database_works_again_the_same_page_can_be_sent(visitor):
    refuse_inserts("intake_notice")
    page = send(visitor)
    assert page.status_code == 503
    with connection.cursor() as cursor:
        on = "" if connection.vendor == "sqlite" else " ON intake_notice"
        cursor.execute(f"DROP TRIGGER refuse_intake_notice{on}")
    assert visitor.post(ADDRESS, form_on(page)).status_code == 303
    assert stored() == 1


def test_when_the_drawn_reference_is_taken_sending_again_gets_another(visitor):
    taken = receive().reference
    token = form_token.to_token(form_token.Draft(id=form_token.draw().id, reference=taken))
    page = send(visitor, token=token)
    assert page.status_code == 503
    assert typed_on(page) == TYPED
    assert visitor.post(ADDRESS, form_on(page)).status_code == 303
    assert stored() == 2


def test_while_the_database_is_away_the_confirmation_is_neutral_and_no_failure(visitor):
    sent = send(visitor)
    facts.current()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE intake_assessmentrequest RENAME TO away")
    page = visitor.get(sent["Location"])
    assert page.status_code == 200
    assert "Thank you" in main_of(page)
