"""What a member of staff typed comes back to them where it could not be taken, and is sent again with one button."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from intake.models import AccessRecord, EncryptedText
from tests.html import forms_on, soup
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import LIST, change_page
from tests.intake.support.request_page import work_form

pytestmark = pytest.mark.django_db

OURS = {"origin": "http://testserver"}
NOTE = "Asked us to call <b>after</b> five.\nSpeaks Navajo."


def typed(desk, request, **more):
    """The page of a request as its browser would send it with a note."""
    return work_form(desk.get(change_page(request))).fields | {"action": "note", "note": NOTE} | more


def sent_again(desk, page):
    """Presses Send again on the page that keeps the words."""
    (form,) = [form for form in forms_on(page) if "note" in form.fields]
    return desk.post(change_page_of(page), form.fields, headers=OURS)


def change_page_of(page):
    return page.context["address"]


def notes():
    return [text.decrypt() for text in EncryptedText.objects.filter(kind="note")]


def test_who_was_signed_out_gets_the_words_back_signs_in_and_sends_them(desk, me):
    request = make_request()
    posted = typed(desk, request)
    records = AccessRecord.objects.count()
    desk.session.flush()
    page = desk.post(f"{change_page(request)}?tab=mine", posted, headers=OURS)
    assert (page.status_code, page["Cache-Control"], notes()) == (403, "no-store", [])
    words = page.content.decode()
    assert "You were signed out before this was sent." in words
    assert "Asked us to call &lt;b&gt;after&lt;/b&gt; five." in words
    assert page.context["words"] == [NOTE]  # and nothing that the form showed already
    assert AccessRecord.objects.count() == records
    desk.force_login(me)
    sent = sent_again(desk, page)
    assert (sent.status_code, sent["Location"]) == (302, f"{change_page(request)}?tab=mine")
    assert notes() == [NOTE]


def test_who_signed_in_anew_meanwhile_sends_the_words_with_one_press(desk):
    request = make_request()
    posted = typed(desk, request) | {"csrfmiddlewaretoken": "x" * 64}  # signing in makes a new one
    page = desk.post(change_page(request), posted, headers=OURS)
    assert (page.status_code, notes()) == (403, [])
    assert "You signed in again since that page was opened" in page.content.decode()
    assert "Sign in in a new tab" not in soup(page).select_one("#content-main").get_text()
    assert sent_again(desk, page).status_code == 302
    assert notes() == [NOTE]


@pytest.mark.parametrize("headers", [{}, {"origin": "https://elsewhere.example"}, {"origin": "null"}])
def test_what_another_site_sends_is_not_laid_out_for_sending(desk, headers):
    request = make_request()
    posted = typed(desk, request) | {"csrfmiddlewaretoken": "x" * 64}
    page = desk.post(change_page(request), posted, headers=headers)
    assert (page.status_code, "Speaks Navajo" in page.content.decode(), notes()) == (403, False, [])


def test_a_role_that_was_taken_away_is_no_sign_in(desk, me):
    request = make_request()
    posted = typed(desk, request)
    get_user_model().objects.filter(pk=me.pk).update(is_staff=False)
    page = desk.post(change_page(request), posted, headers=OURS)
    assert (page.status_code, "Speaks Navajo" in page.content.decode()) == (403, True)
    assert sent_again(desk, page).status_code == 403
    assert notes() == []


def test_no_password_is_laid_out(make_staff):
    page = Client().post(
        reverse("admin:auth_user_add"), {"username": "sam", "password1": "a secret one", "password2": "a secret one"}
    )
    assert (page.status_code, "a secret one" in page.content.decode()) == (403, False)
    sign_in = Client(enforce_csrf_checks=True).post(
        reverse("admin:login"), {"username": "sam", "password": "a secret one"}, headers=OURS
    )
    assert (sign_in.status_code, "a secret one" in sign_in.content.decode()) == (403, False)


def test_where_nothing_was_typed_the_sign_in_page_comes_as_ever(client):
    sign_in = client.post(f"{LIST}take/")
    assert (sign_in.status_code, sign_in["Location"]) == (302, f"/admin/login/?next={LIST}take/")
    assert client.get(LIST)["Location"] == f"/admin/login/?next={LIST}"
