"""Requests that no page of ours makes, and pages while a part of ours is missing: a true sentence and the phone."""

import io
import logging
import re
import sys

import pytest
from django.contrib.auth import get_user_model
from django.test import Client, RequestFactory
from django.urls import reverse

from recovery_site import chunked_requests, error_views
from tests.html import forms_on
from tests.intake.support.helpers import ADDRESS, LIST, PERSON, form_on

pytestmark = pytest.mark.django_db

PHONE = "(480) 526-7738"
PASSWORD = "a password for tests"
SIGN_IN = "/admin/login/"


# What the admin is asked for

AUTOCOMPLETE = {"app_label": "intake", "model_name": "assessmentrequest", "field_name": "owner", "term": "a"}


@pytest.fixture
def administrator(make_staff):
    client = Client(raise_request_exception=False)
    client.force_login(make_staff(username="ada", is_superuser=True))
    return client


def test_what_the_admin_may_be_asked_for_is_answered(administrator):
    response = administrator.get(reverse("admin:autocomplete"), AUTOCOMPLETE)
    assert (response.status_code, [row["text"] for row in response.json()["results"]]) == (200, ["ada"])


@pytest.mark.parametrize(
    "changes",
    [
        {"term": "a\0b"},
        {"app_label": "canary"},
        {"app_label": "canary.x"},
        {"app_label": ""},
        {"model_name": "canary"},
        {"field_name": "canary"},
        {"field_name": "position"},
        {"field_name": ""},
        {"app_label": "pages\0"},
        {"canary\0": "1"},
    ],
    ids=str,
)
def test_what_no_page_of_ours_asks_for_is_answered_with_400_and_is_in_no_log(administrator, changes, caplog):
    caplog.set_level(logging.DEBUG)
    response = administrator.get(reverse("admin:autocomplete"), AUTOCOMPLETE | changes)
    assert (response.status_code, PHONE in response.content.decode()) == (400, True)
    assert ("Traceback" in caplog.text, "canary" in caplog.text) == (False, False)


@pytest.mark.parametrize("left_out", ["app_label", "model_name", "field_name"])
def test_a_question_that_lacks_a_part_is_answered_with_400(administrator, left_out):
    asked = {name: value for name, value in AUTOCOMPLETE.items() if name != left_out}
    assert administrator.get(reverse("admin:autocomplete"), asked).status_code == 400


def test_a_role_that_may_not_see_accounts_is_still_refused(make_staff, client):
    client.force_login(make_staff("admissions"))
    assert client.get(reverse("admin:autocomplete"), AUTOCOMPLETE).status_code == 403


@pytest.mark.parametrize("page", ["/admin/auth/user/", LIST, "/cms/pages/", "/cms/snippets/pages/source/"])
@pytest.mark.parametrize(
    "query", ["q=a%00b", "year=a%00b", "key__exact=%00", "title__contains=%00", "_popup=%00", "%00=1"]
)
def test_a_nul_in_a_list_of_the_admin_is_answered_with_400(page, query, make_staff):
    client = Client(raise_request_exception=False)
    client.force_login(make_staff(is_superuser=True))
    response = client.get(page + "?" + query)
    assert (response.status_code, PHONE in response.content.decode()) == (400, True)


def test_a_nul_in_the_first_values_of_a_new_row_is_answered_with_400(make_staff, client):
    client.force_login(make_staff(is_superuser=True))
    assert client.get("/admin/auth/user/add/?username=1%00").status_code == 400


# Signing in

OURS = {"origin": "http://testserver"}


@pytest.fixture
def person(make_staff):
    return make_staff("admissions", username="maria")


def form_with(name, page):
    return next(form.fields for form in forms_on(page) if name in form.fields)


def tab(client, query=""):
    """The fields of the sign-in page, as a new tab holds them."""
    return form_with("username", client.get(SIGN_IN + query)) | {"username": "maria", "password": PASSWORD}


@pytest.mark.parametrize("onward", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""])
def test_who_signs_in_with_an_address_that_is_none_of_ours_comes_to_the_front_page(onward, person):
    client = Client()
    response = client.post(SIGN_IN, {"username": "maria", "password": PASSWORD, "next": onward})
    assert (response.status_code, response["Location"]) == (302, "/admin/")


def test_a_second_tab_that_signs_in_later_goes_on_and_is_told_so(person):
    client = Client(enforce_csrf_checks=True)
    first, second = tab(client, f"?next={LIST}"), tab(client, f"?next={LIST}")
    assert client.post(SIGN_IN, second, headers=OURS).status_code == 302
    late = client.post(SIGN_IN, first, headers=OURS)
    assert (late.status_code, late["Location"]) == (303, LIST)
    page = client.get(LIST)
    assert (page.status_code, "You are already signed in as maria." in page.content.decode()) == (200, True)


def test_two_clicks_on_sign_in_end_on_the_same_page(person):
    client = Client(enforce_csrf_checks=True)
    fields = tab(client)
    first, second = (client.post(SIGN_IN, fields, headers=OURS) for _ in range(2))
    assert (first.status_code, second.status_code, second["Location"]) == (302, 303, "/admin/")


def test_a_second_tab_leads_nowhere_but_to_us(person):
    client = Client(enforce_csrf_checks=True)
    first, second = tab(client), tab(client)
    client.post(SIGN_IN, second, headers=OURS)
    late = client.post(SIGN_IN, first | {"next": "https://elsewhere.example/"}, headers=OURS)
    assert (late.status_code, late["Location"]) == (303, "/admin/")


def test_a_second_tab_for_another_name_says_who_is_signed_in(person, make_staff):
    make_staff("lead", username="zoe")
    client = Client(enforce_csrf_checks=True)
    first, second = tab(client), tab(client) | {"username": "zoe"}
    client.post(SIGN_IN, second, headers=OURS)
    client.post(SIGN_IN, first, headers=OURS)
    said = "You are signed in as zoe. To sign in as maria, sign out first."
    assert said in client.get("/admin/").content.decode()


def test_a_sign_in_page_that_was_open_for_too_long_comes_again_with_the_name(person):
    client = Client(enforce_csrf_checks=True)
    fields = tab(client, f"?next={LIST}")
    client.cookies.clear()
    page = client.post(f"{SIGN_IN}?next={LIST}", fields, headers=OURS)
    words = page.content.decode()
    assert (page.status_code, page["Cache-Control"]) == (403, "no-store")
    assert "You are not signed in yet." in words
    assert ('value="maria"' in words, PASSWORD in words) == (True, False)
    assert re.findall(r'name="(\w+)"[^>]* autofocus', words) == ["password"]
    again = form_with("username", page) | {"username": "maria", "password": PASSWORD}
    assert client.post(SIGN_IN, again, headers=OURS)["Location"] == LIST


def test_a_button_without_words_that_is_out_of_date_can_be_pressed_again(person):
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    page = client.post(f"{LIST}take/", {"csrfmiddlewaretoken": "x" * 64}, headers=OURS)
    assert (page.status_code, "You signed in again since that page was opened" in page.content.decode()) == (403, True)
    fresh = form_with("csrfmiddlewaretoken", page)
    assert client.post(page.context["address"], fresh, headers=OURS).status_code == 302


# A body that came in chunks

BODY = b"name=Ana&adult=yes"


class BrokenOff:
    def read(self, size):
        raise OSError("the visitor is gone")


def through(body, **environ):
    """What a WSGI application finds behind `chunked_requests.with_length`."""
    found = {}

    def application(environ, start_response):
        found.update(environ)
        return [environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))]

    (read,) = chunked_requests.with_length(application)(
        {"wsgi.input": body, "wsgi.input_terminated": True} | environ, None
    )
    return found, read


def test_a_body_in_chunks_gets_its_length():
    found, read = through(io.BytesIO(BODY), HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH="3")
    assert (read, found["CONTENT_LENGTH"], "HTTP_TRANSFER_ENCODING" in found) == (BODY, str(len(BODY)), False)


def test_a_body_in_chunks_is_read_no_further_than_the_guard_lets_pass():
    found, read = through(io.BytesIO(b"a" * 10_000_000), HTTP_TRANSFER_ENCODING="chunked")
    assert (len(read), found["CONTENT_LENGTH"]) == (chunked_requests.MAX_BYTES + 1, str(sys.maxsize))


@pytest.mark.parametrize(
    ("body", "environ"),
    [
        (BrokenOff(), {"HTTP_TRANSFER_ENCODING": "chunked"}),
        (io.BytesIO(BODY), {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": False}),
    ],
    ids=["it broke off", "the server does not take it apart"],
)
def test_a_body_in_chunks_that_nobody_could_read_is_known_as_one(body, environ):
    found, read = through(body, **environ)
    assert (read, "HTTP_TRANSFER_ENCODING" in found) == (b"", True)


def test_other_bodies_are_left_alone():
    body = io.BytesIO(BODY)
    found, read = through(body, CONTENT_LENGTH=str(len(BODY)))
    assert (read, found["wsgi.input"]) == (BODY, body)


@pytest.mark.parametrize("path", [ADDRESS, "/", SIGN_IN])
def test_a_body_that_nobody_could_read_is_answered_with_what_is_true(path):
    client = Client(enforce_csrf_checks=True)
    response = client.generic("POST", path, b"", headers={"transfer-encoding": "chunked"})
    words = response.content.decode()
    assert (response.status_code, PHONE in words) == (400, True)
    assert "Nothing was stored. Please go back. Your text should still be in the form." in words
    assert "Nothing is lost" not in words


# Without the manifest of the static files


@pytest.fixture(
    params=["no folder", "no manifest", "cut off", "of another kind", "without the file", "no right to read"]
)
def collected(request, settings, tmp_path):
    """The site as it runs, with its collected files in a sorry state."""
    settings.STATIC_ROOT = tmp_path / "static"
    if request.param != "no folder":
        settings.STATIC_ROOT.mkdir()
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    match request.param:
        case "cut off":
            manifest.write_text('{"paths": {"pages/site.css": "pag')
        case "of another kind":
            manifest.write_text("[]")
        case "without the file":
            manifest.write_text('{"version": "1.1", "paths": {"pages/icon.svg": "pages/icon.svg"}, "hash": "x"}')
        case "no right to read":
            manifest.mkdir()  # nobody reads it, not even root
    ours = {"BACKEND": "recovery_site.static_files.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": ours}
    settings.DEBUG = False


def shows_help(response):
    html = response.content.decode()
    return PHONE in html and 'href="tel:988"' in html and 'href="tel:911"' in html and "/static/pages/site.css" in html


@pytest.mark.parametrize("path", ["/", ADDRESS, "/faq/", "/search/?q=sleep", "/addiction/kratom-addiction-treatment/"])
def test_pages_show_phone_and_crisis_lines_without_the_manifest(collected, path):
    response = Client(raise_request_exception=False).get(path)
    assert (response.status_code, shows_help(response)) == (200, True)


def test_error_pages_show_phone_and_crisis_lines_without_the_manifest(collected):
    client = Client(raise_request_exception=False)
    missing, failed = client.get("/nothing-here/"), error_views.server_error(RequestFactory().get("/"))
    assert (missing.status_code, shows_help(missing)) == (404, True)
    assert (failed.status_code, shows_help(failed)) == (500, True)


def test_the_form_takes_a_request_and_keeps_words_without_the_manifest(collected):
    client = Client(raise_request_exception=False)
    fields = form_on(client.get(ADDRESS)) | PERSON
    refused = client.post(ADDRESS, fields | {"consent": ""}, follow=True)
    assert shows_help(refused)
    assert "canary tea every morning." in refused.content.decode()
    taken = client.post(ADDRESS, form_on(refused) | PERSON)
    assert (taken.status_code, taken["Location"].startswith(f"{ADDRESS}received/")) == (303, True)
    assert shows_help(client.get(taken["Location"]))


def test_staff_can_work_without_the_manifest(collected, desk):
    assert desk.get(LIST).status_code == 200
    assert Client().get(SIGN_IN).status_code == 200


def test_the_log_names_the_file_that_is_missing(collected, caplog):
    Client().get("/")
    said = {record.getMessage() for record in caplog.records if record.name == "recovery_site.static_files"}
    assert "The static file pages/site.css is not in the manifest. Run manage.py collectstatic." in said


# When even the page of an error can't be made


def test_without_any_template_an_error_of_ours_still_shows_phone_and_crisis_lines(settings, tmp_path):
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [tmp_path], "APP_DIRS": False}]
    response = error_views.server_error(RequestFactory().get("/assessment/"))
    html = response.content.decode()
    assert (response.status_code, response["Cache-Control"]) == (500, "no-store")
    assert 'href="tel:+14805267738">(480) 526-7738</a>' in html
    assert 'href="tel:911"' in html
    assert 'href="tel:988"' in html
    assert "Something went wrong on our side" in html


def test_an_account_without_the_role_meets_no_redirect_loop_at_sign_in():
    user = get_user_model().objects.create_user("kim", password=PASSWORD)
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    page = client.post(SIGN_IN, {"username": "kim", "password": PASSWORD}, headers=OURS)
    assert (page.status_code, "You are not signed in yet." in page.content.decode()) == (403, True)
