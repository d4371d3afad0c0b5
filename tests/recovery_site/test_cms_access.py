"""Who may enter /cms/, what it takes from whom, and what has its home at /admin/ instead."""

import json
import re

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from pages.models import HomePage
from tests.html import forms_on
from tests.intake.support.helpers import ADDRESS, form_on

pytestmark = pytest.mark.django_db

NEW_COLLECTION = "/cms/collections/add/"
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "origin": "http://testserver"}
SCRIPT = {"accept": "application/json", "origin": "http://testserver"}


@pytest.fixture
def editor(make_staff):
    """The browser of someone who may enter /cms/, whose posts are checked as on the real site."""
    user = make_staff(username="ed")
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    client = Client(enforce_csrf_checks=True, headers=BROWSER)
    client.force_login(user)
    return client


@pytest.fixture
def administrator(make_staff):
    client = Client(headers=BROWSER)
    client.force_login(make_staff(username="root", is_superuser=True))
    return client


def token_of(client):
    return next(form.fields for form in forms_on(client.get("/admin/")) if "csrfmiddlewaretoken" in form.fields)


# Who may enter


def test_cms_asks_a_stranger_to_sign_in_at_the_admin(client):
    response = client.get("/cms/pages/?q=sleep")
    assert (response.status_code, response["Location"]) == (302, "/admin/login/?next=/cms/pages/%3Fq%3Dsleep")
    assert client.get("/cms/login/?next=/cms/images/")["Location"] == "/admin/login/?next=/cms/images/"


@pytest.mark.parametrize("role", ["admissions", "lead", "auditor", None])
def test_cms_is_closed_to_roles_without_content(role, make_staff, client):
    client.force_login(make_staff(*([role] if role else [])))
    assert [client.get(path).status_code for path in ("/cms/", "/cms/pages/", "/cms/images/")] == [403] * 3
    assert client.post(NEW_COLLECTION, {"name": "Letters"}).status_code == 403


def test_cms_is_closed_to_an_editor_who_is_no_longer_staff(editor, django_user_model):
    assert editor.get("/cms/").status_code == 200
    django_user_model.objects.filter(username="ed").update(is_staff=False)
    assert editor.get("/cms/").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/cms/account/",
        "/cms/users/",
        "/cms/users/add/",
        "/cms/groups/",
        "/cms/groups/1/",
        "/cms/sites/",
        "/cms/password_reset/",
        "/cms/password_reset/confirm/MQ/set-password/",
        "/cms/bulk/auth/user/delete/?id=1",
        "/cms/pages/1/privacy/",
        "/cms/collections/1/privacy/",
        "/cms/failwhale/",
    ],
)
def test_what_has_its_home_elsewhere_is_not_found(path, administrator):
    assert administrator.get(path).status_code == 404


def test_no_page_offers_a_privacy_that_it_can_not_have(administrator):
    home = HomePage.objects.get()
    assert "Change privacy" not in administrator.get(f"/cms/pages/{home.pk}/edit/").content.decode()


def test_account_in_the_menu_leads_to_the_admin(administrator):
    address = reverse("wagtailadmin_account")
    assert (address, administrator.get(address).status_code) == ("/admin/account/", 200)
    assert "/cms/account/" not in administrator.get("/cms/").content.decode()


def test_front_page_of_the_cms_leads_to_no_other_site(administrator):
    html = administrator.get("/cms/").content.decode()
    assert ("/admin/account/" in html, re.findall(r"wagtail\.(?:org|io)", html)) == (True, [])


def test_logging_out_in_the_cms_ends_the_one_session(administrator):
    assert administrator.get("/admin/").status_code == 200
    assert administrator.post("/cms/logout/")["Location"] == "/admin/login/"
    assert administrator.get("/admin/")["Location"] == "/admin/login/?next=/admin/"


# What is not lost


def test_words_of_a_signed_out_editor_come_back_and_can_be_sent(administrator):
    sender = Client(headers=BROWSER)
    page = sender.post(NEW_COLLECTION, {"name": "Letters", "parent": "1"})
    assert (page.status_code, "You were signed out before this was sent." in page.content.decode()) == (403, True)
    kept = next(form.fields for form in forms_on(page) if "name" in form.fields)
    assert (kept["name"], page.context["address"]) == ("Letters", NEW_COLLECTION)
    assert administrator.post(page.context["address"], kept)["Location"] == "/cms/collections/"


def test_a_form_from_before_the_last_sign_in_comes_back(editor):
    page = editor.post(NEW_COLLECTION, {"name": "Letters", "csrfmiddlewaretoken": "x" * 64})
    assert (page.status_code, "You signed in again since" in page.content.decode()) == (403, True)


def test_autosave_tells_who_is_signed_out_what_to_do(editor):
    for answer in (
        Client().post("/cms/pages/2/edit/", {"title": "Sleep"}, headers=SCRIPT),
        editor.post("/cms/pages/2/edit/", {"title": "Sleep"}, headers=SCRIPT),  # its token is missing
    ):
        said = answer.json()
        assert (answer.status_code, said["success"], said["error_code"]) == (403, False, "validation_error")
        assert "sign in from a new tab" in said["error_message"]


# What is taken


def picture(size):
    return SimpleUploadedFile("picture.png", b"x" * size, content_type="image/png")


@pytest.mark.parametrize(("size", "status"), [(14_900_000, 200), (15_000_001, 413)])
def test_an_editor_may_send_a_picture_of_15_mb(size, status, administrator):
    response = administrator.post("/cms/images/add/", {"title": "A tree", "file": picture(size)})
    assert response.status_code == status  # 200: the form again, for these bytes are no picture


@pytest.mark.parametrize("role", ["admissions", None])
def test_nobody_else_may_send_more_than_anybody(role, make_staff, client):
    if role:
        client.force_login(make_staff(role))
    assert client.post("/cms/images/add/", {"file": picture(64_000)}).status_code != 413
    assert client.post("/cms/images/add/", {"file": picture(66_000)}).status_code == 413


@pytest.mark.parametrize(
    ("path", "most", "kind"),
    [
        (NEW_COLLECTION, 10_000, "multipart"),
        (NEW_COLLECTION, 10_000, "urlencoded"),
        ("/admin/login/", 1000, "multipart"),
        ("/admin/login/", 1000, "urlencoded"),
        (ADDRESS, 1000, "urlencoded"),
    ],
)
def test_fields_of_a_form_are_counted(path, most, kind, editor):
    fields = token_of(editor) if path == NEW_COLLECTION else {}
    statuses = []
    for count in (most - 1, most + 1):
        names = fields | {f"f{number}": "x" for number in range(count - len(fields))}
        body = names if kind == "multipart" else "&".join(f"{name}={value}" for name, value in names.items())
        options = {} if kind == "multipart" else {"content_type": "application/x-www-form-urlencoded"}
        statuses.append(editor.post(path, body, **options).status_code == 400)
    assert statuses == [False, True]


def test_fields_of_an_address_are_counted(client):
    assert client.get("/search/?" + "&".join(f"f{n}=1" for n in range(1000))).status_code == 200
    assert client.get("/search/?" + "&".join(f"f{n}=1" for n in range(1001))).status_code == 400


def test_json_is_taken_where_a_script_of_the_cms_sends_it(editor):
    headers = SCRIPT | {"X-CSRFToken": token_of(editor)["csrfmiddlewaretoken"]}
    body = json.dumps({"minimap-expanded": True})
    sent = [
        editor.patch(path, body, content_type="application/json", headers=headers).status_code
        for path in ("/cms/dismissibles/", NEW_COLLECTION)
    ]
    assert sent == [200, 415]
    assert Client().post(ADDRESS, body, content_type="application/json").status_code == 415


def test_a_nul_in_a_search_of_the_cms_is_answered_with_400(administrator):
    assert administrator.get("/cms/pages/search/?q=a%00b").status_code == 400


def test_the_request_form_still_takes_what_it_has(client):
    assert client.post(ADDRESS, form_on(client.get(ADDRESS))).status_code == 303
