import re

import pytest
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext

from faq.models import QuestionPage
from intake import worker
from intake.models import AssessmentRequest
from intake.submission import accept as submission
from intake.submission import circuit_breaker, sent_form, spool, tokens
from pages import facts
from tests.intake.support.factories import make_answers, make_request
from tests.intake.support.helpers import ADDRESS, PERSON, form_on
from tests.intake.support.visitor import Browser

pytestmark = pytest.mark.django_db

TREATMENT = "/addiction/kratom-addiction-treatment/"


def drawn_for(client, referer, **headers):
    """What the form that is opened with this Referer knows of where it was opened."""
    page = client.get(ADDRESS, headers={"referer": referer} | headers)
    return tokens.from_token(form_on(page)["token"]).referrer_path


@pytest.mark.parametrize("path", ["/", TREATMENT, "/faq/", "/faq/kratom-withdrawal/"])
def test_a_form_that_is_opened_from_a_page_of_ours_knows_which(client, path):
    assert drawn_for(client, f"http://testserver{path}") == path


@pytest.mark.parametrize(
    "referer",
    [
        "",
        "/",
        "https://www.google.com/search?q=kratom",
        "https://www.google.com/",
        "https://testserver/",  # another scheme
        "http://testserver.example/",
        "http://testserver:8000/",
        "http://someone@testserver/",
        "http://testserver/assessment/",
        "http://testserver/search/?q=my+son",
        "http://testserver/no/such/page/",
        "http://testserver/faq/no-such-question/",
        "http://testserver/admin/",
        f"http://testserver/{'a' * 90}/",
        "http://[testserver/",
        "not an address",
    ],
)
def test_a_form_that_is_opened_otherwise_knows_no_page(client, referer):
    assert drawn_for(client, referer) == ""


def test_the_query_of_a_page_is_not_kept(client):
    assert drawn_for(client, f"http://testserver{TREATMENT}?utm_source=x&name=Maria#top") == TREATMENT


def test_a_page_that_is_off_line_is_no_page_of_ours(client):
    QuestionPage.objects.get(slug="kratom-withdrawal").unpublish()
    assert drawn_for(client, "http://testserver/faq/kratom-withdrawal/") == ""


def test_to_know_the_page_costs_no_query_and_sets_no_cookie_but_the_forms_own(client):
    facts.current()
    with CaptureQueriesContext(connection) as queries:
        page = client.get(ADDRESS, headers={"referer": f"http://testserver{TREATMENT}"})
    assert len(queries) == 0
    assert list(page.cookies) == list(client.get(ADDRESS).cookies)


def test_the_page_is_stored_with_the_request_that_the_form_becomes(client):
    page = client.get(ADDRESS, headers={"referer": f"http://testserver{TREATMENT}"})
    client.post(ADDRESS, form_on(page) | PERSON)
    assert AssessmentRequest.objects.get().referrer_path == TREATMENT


def test_a_form_that_had_to_be_mended_still_knows_the_page():
    client = Browser()
    page = client.get(ADDRESS, headers={"referer": f"http://testserver{TREATMENT}"})
    again = client.post(ADDRESS, form_on(page) | PERSON | {"consent": ""}, headers={"referer": "http://testserver/"})
    assert again.status_code == 422
    assert tokens.from_token(form_on(again)["token"]).referrer_path == TREATMENT


def test_the_page_can_not_be_made_up_in_the_form(client):
    fields = form_on(client.get(ADDRESS)) | PERSON | {"referrer_path": "/made/up/"}
    client.post(ADDRESS, fields)
    assert AssessmentRequest.objects.get().referrer_path == ""
    token = re.sub(r"^[^:]+", "made-up", fields["token"])
    with pytest.raises(tokens.BadToken):
        tokens.from_token(token)


def test_a_token_from_before_is_still_good():
    draft = tokens.draw()
    old = [draft.id.hex, draft.reference, int(draft.drawn_at.timestamp())]
    read = tokens.from_token(signing.dumps(old, salt=tokens.FORM_SALT))
    assert (read, read.referrer_path) == (draft, "")


def test_the_spool_keeps_the_page():
    draft = tokens.draw(referrer_path=TREATMENT)
    circuit_breaker.trip()
    submission.accept(sent_form.SentForm(draft, make_answers()))
    circuit_breaker.reset()
    assert AssessmentRequest.objects.count() == 0
    worker.take_in_spool()
    assert AssessmentRequest.objects.get().referrer_path == TREATMENT


def test_what_lay_in_the_spool_before_is_taken_in():
    draft = tokens.draw(referrer_path=TREATMENT)
    circuit_breaker.trip()
    request_id = submission.accept(sent_form.SentForm(draft, make_answers()))
    (path,) = spool.waiting()
    content = spool.read(path)
    assert content.pop("referrer_path") == TREATMENT
    spool.remove(path)
    spool.put(request_id, content)
    circuit_breaker.reset()
    worker.take_in_spool()
    assert AssessmentRequest.objects.get().referrer_path == ""


def test_who_sends_again_from_another_page_keeps_the_first_one():
    draft = tokens.draw(referrer_path=TREATMENT)
    make_request(draft)
    make_request(tokens.Draft(draft.id, draft.reference, referrer_path="/"), message="more")
    assert AssessmentRequest.objects.get().referrer_path == TREATMENT
