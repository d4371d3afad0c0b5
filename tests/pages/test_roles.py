"""What each role may do with content: the table in roles.csv, tried with real requests for pages and answers alike."""

import csv
from pathlib import Path

import pytest
from django.contrib.auth.models import Group

from pages.models import Center
from tests.pages.helpers import admin_url, answer_version, newest, open_form, page_version, send

pytestmark = pytest.mark.django_db

with (Path(__file__).parent / "roles.csv").open() as file:
    TABLE = list(csv.DictReader(file))
kinds = pytest.mark.parametrize("make", [page_version, answer_version], ids=["pages", "answers"])


def cells(column):
    return pytest.mark.parametrize(("role", "allowed"), [(row["role"], row[column] == "yes") for row in TABLE])


def signed_in(client, make_staff, role):
    client.force_login(make_staff(*([] if role == "none" else [role])))
    return client


def test_table_holds_every_role_that_the_site_has():
    assert {row["role"] for row in TABLE} == {"none", *Group.objects.values_list("name", flat=True)}
    assert {value for row in TABLE for name, value in row.items() if name != "role"} == {"yes", "no"}


@kinds
@cells("view_list")
def test_lists_are_open_to_the_roles_of_the_table(client, make_staff, role, allowed, make):
    version = make()
    signed_in(client, make_staff, role)
    for model in (type(version.subject), type(version)):
        assert client.get(admin_url(model, "changelist")).status_code == (200 if allowed else 403)


@kinds
@cells("change")
def test_words_are_changed_by_the_roles_of_the_table(client, make_staff, role, allowed, make):
    version = make()
    signed_in(client, make_staff, role)
    if allowed:
        assert send(client, version, title="Changed").status_code == 302
    else:
        assert client.get(admin_url(version)).status_code == 403
        assert client.post(admin_url(version), {"title": "Changed", "_save": "1"}).status_code == 403
    version.refresh_from_db()
    assert (version.title == "Changed") == allowed


@kinds
@cells("publish")
def test_words_are_published_by_the_roles_of_the_table(client, make_staff, role, allowed, make):
    version = make()
    signed_in(client, make_staff, role)
    if client.get(admin_url(version)).status_code == 200:
        send(client, version, "_publish")
    else:
        client.post(admin_url(version), {"_publish": "1"})
    assert newest(version).state() == ("live" if allowed else "draft")


@kinds
@cells("delete_draft")
def test_drafts_are_deleted_by_the_roles_of_the_table(client, make_staff, role, allowed, make):
    version = make()
    signed_in(client, make_staff, role)
    response = client.post(admin_url(version, "delete"), {"post": "yes"})
    assert response.status_code == (302 if allowed else 403)
    assert type(version).objects.filter(pk=version.pk).exists() == (not allowed)


@cells("center_facts")
def test_facts_of_the_center_are_changed_by_the_roles_of_the_table(client, make_staff, role, allowed):
    center = Center.objects.get()
    signed_in(client, make_staff, role)
    if allowed:
        fields = open_form(client, admin_url(center), Center).fields
        assert client.post(admin_url(center), fields | {"town": "Mesa", "_save": "1"}).status_code == 302
    else:
        assert client.get(admin_url(center)).status_code == 403
        assert client.post(admin_url(center), {"town": "Mesa", "_save": "1"}).status_code == 403
    assert (Center.objects.get().town == "Mesa") == allowed


@pytest.mark.parametrize("view", ["changelist", "add"])
@kinds
def test_visitor_is_asked_to_sign_in(client, make, view):
    version = make()
    for model in (type(version), type(version.subject), Center):
        response = client.get(admin_url(model, view))
        assert (response.status_code, response["Location"].partition("?")[0]) == (302, "/admin/login/")
