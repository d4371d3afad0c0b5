"""Addresses, the menu and sources in the admin."""

from datetime import timedelta

import pytest
from django.utils import timezone

from faq.models import Question, Topic
from pages.models import Page, Source
from tests.pages.helpers import admin_url, answer_version, any_source, content_rows, open_form, page_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client, make_staff):
    client.force_login(make_staff("editor"))
    return client


@pytest.fixture
def publisher(client, make_staff):
    client.force_login(make_staff("publisher"))
    return client


def send_page(client, **fields):
    sent = {"path": "sleep", "menu_label": "", "menu_position": "", "_save": "Save"} | fields
    return client.post(admin_url(Page, "add"), sent)


@pytest.mark.parametrize("path", ["sleep", "help/sleep", "help/sleep-2/more", "admins", "faqs"])
def test_page_is_made_with_its_address(editor, path):
    assert send_page(editor, path=path).status_code == 302
    assert Page.objects.get(path=path).get_absolute_url() == f"/{path}/"


@pytest.mark.parametrize(
    "path", ["admin", "admin/pages", "assessment", "assessment/received/x", "faq", "faq/x", "static/x", "healthz"]
)
def test_address_of_another_part_of_the_site_is_refused(editor, path):
    before = content_rows()
    response = send_page(editor, path=path)
    assert response.status_code == 200
    assert "Another part of the site has this address. Please choose another." in response.content.decode()
    assert content_rows() == before


@pytest.mark.parametrize(
    "path", ["Sleep", "/sleep", "sleep/", "a//b", "a b", "a.html", "../etc", "sleep?x=1", "schläf"]
)
def test_address_of_another_form_is_refused(editor, path):
    before = content_rows()
    response = send_page(editor, path=path)
    assert response.status_code == 200
    assert "Small letters, digits, hyphens, and slashes." in response.content.decode()
    assert content_rows() == before


def test_address_that_another_page_has_is_refused(editor):
    response = send_page(editor, path="about")
    assert (response.status_code, "already exists" in response.content.decode()) == (200, True)
    assert Page.objects.filter(path="about").count() == 1


@pytest.mark.parametrize(
    "menu",
    [{"menu_label": "Sleep"}, {"menu_position": "3"}, {"menu_label": "  ", "menu_position": "3"}],
    ids=["a name without a place", "a place without a name", "a blank name"],
)
def test_half_an_entry_in_the_menu_is_refused_with_a_sentence(editor, menu):
    before = content_rows()
    response = send_page(editor, **menu)
    assert response.status_code == 200
    assert "A page in the menu needs both a name and a place there; others neither." in response.content.decode()
    assert content_rows() == before


@pytest.mark.parametrize("place", ["-1", "first", "9" * 30])
def test_place_in_the_menu_that_is_none_is_refused_with_a_page(editor, place):
    before = content_rows()
    response = send_page(editor, menu_label="Sleep", menu_position=place)
    assert (response.status_code, "errorlist" in response.content.decode()) == (200, True)
    assert content_rows() == before


def test_move_in_the_admin_keeps_the_old_address(publisher):
    page = page_version(begins=timezone.now() - timedelta(days=1)).page
    old = page.get_absolute_url()
    form = open_form(publisher, admin_url(page), Page)
    assert publisher.post(admin_url(page), form.fields | {"path": "moved", "_save": "Save"}).status_code == 302
    response = publisher.get(old)
    assert (response.status_code, response["Location"]) == (301, "/moved/")


@pytest.mark.parametrize("superuser", [False, True])
@pytest.mark.parametrize("make", [page_version, answer_version])
def test_pages_and_questions_are_never_deleted(client, make_staff, make, superuser):
    client.force_login(make_staff("publisher", is_superuser=superuser))
    subject = make().subject
    make().subject.versions.all().delete()
    before = content_rows()
    model = type(subject)
    for row in model.objects.all():
        assert client.post(admin_url(row, "delete"), {"post": "yes"}).status_code == 403
    form = {"action": "delete_selected", "_selected_action": subject.pk, "post": "yes"}
    client.post(admin_url(model, "changelist"), form)
    assert content_rows() == before


@pytest.mark.parametrize("row", [any_source, lambda: Topic.objects.create(key="empty", title="Empty")])
def test_sources_and_topics_are_never_deleted(client, make_staff, row):
    client.force_login(make_staff("publisher", is_superuser=True))
    row = row()
    assert client.post(admin_url(row, "delete"), {"post": "yes"}).status_code == 403
    row.refresh_from_db()


@pytest.mark.parametrize("make", [page_version, answer_version])
def test_list_tells_title_and_states_and_leads_to_the_words(editor, make):
    live = make(begins=timezone.now() - timedelta(days=1), title="The live one")
    draft = make(live.subject, title="The draft")
    model = type(live.subject)
    html = editor.get(admin_url(model, "changelist")).content.decode()
    row = next(part for part in html.split("<tr>") if "The draft" in part)
    assert ">Draft, Live<" in row
    assert f'href="{admin_url(draft)}"' in row
    versions = row.split('href="')[-1].split('"')[0].replace("&amp;", "&")
    assert ("The live one" in editor.get(versions).content.decode()) is True


def test_editor_changes_nothing_that_readers_see_at_once(editor):
    page, question = Page.objects.get(path=""), Question.objects.first()
    for row in (page, any_source(), question, Topic.objects.get()):
        before = content_rows()
        response = editor.post(
            admin_url(row), {"path": "x", "title": "X", "slug": "x", "position": "9", "_save": "Save"}
        )
        assert (row, response.status_code, content_rows() == before) == (row, 403, True)


def test_question_that_readers_have_seen_keeps_its_address(publisher):
    question = Question.objects.first()
    form = open_form(publisher, admin_url(question), Question)
    assert "slug" not in form.fields
    publisher.post(admin_url(question), form.fields | {"slug": "moved", "position": "7", "_save": "Save"})
    changed = Question.objects.get(pk=question.pk)
    assert (changed.slug, changed.position) == (question.slug, 7)


@pytest.mark.parametrize("get_row", [any_source, Topic.objects.get], ids=["source", "topic"])
def test_key_that_starter_files_know_cannot_be_changed(publisher, get_row):
    row = get_row()
    form = open_form(publisher, admin_url(row), type(row))
    assert "key" not in form.fields
    publisher.post(admin_url(row), form.fields | {"key": "changed", "title": "Changed", "_save": "Save"})
    changed = type(row).objects.get(pk=row.pk)
    assert (changed.key, changed.title) == (row.key, "Changed")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://example.org/", "data:text/html,x", "a b"])
def test_source_with_an_address_that_is_no_web_page_is_refused(editor, url):
    fields = {"key": "new", "publisher": "P", "title": "T", "year": "2026", "url": url, "_save": "Save"}
    response = editor.post(admin_url(Source, "add"), fields)
    assert (response.status_code, "Enter a valid URL." in response.content.decode()) == (200, True)
    assert not Source.objects.filter(key="new").exists()


def test_question_needs_an_address_of_its_own(editor):
    taken = Question.objects.first().slug
    fields = {"slug": taken, "topic": Topic.objects.get().pk, "position": "1", "_save": "Save"}
    response = editor.post(admin_url(Question, "add"), fields)
    assert (response.status_code, "already exists" in response.content.decode()) == (200, True)
    assert Question.objects.count() == 8
