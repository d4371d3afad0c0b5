"""What each role may do in /cms/: the table in roles.csv, tried with real requests; and the rows behind it."""

import csv
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from wagtail.models import Collection, GroupPagePermission, Locale, Page, Site, Workflow

from faq.models import QuestionPage, Topic
from pages import roles, site_address
from pages.models import HomePage, Source
from tests.html import forms_on

pytestmark = pytest.mark.django_db

with (Path(__file__).parent / "roles.csv").open() as file:
    TABLE = list(csv.DictReader(file))


def cells(*columns):
    values = [(row["role"], *(row[column] == "yes" for column in columns)) for row in TABLE]
    return pytest.mark.parametrize(("role", *columns), values)


@pytest.fixture
def question():
    return QuestionPage.objects.get(slug="how-addictive-is-kratom")


@pytest.fixture
def signed_in(make_staff, client):
    """A function that signs in someone with a role and gives their browser."""

    def signed_in(role):
        client.force_login(make_staff(*([] if role == "none" else [role])))
        return client

    return signed_in


def may_open(client, address):
    """Whether a screen opens: others are refused, or led away with a message."""
    return client.get(address).status_code == 200


def edit(client, page, **changes):
    """Send the edit form of a page with changes, as a browser would; without the right to see it, only those."""
    address = reverse("wagtailadmin_pages:edit", args=[page.pk])
    forms = [form.fields for form in forms_on(client.get(address)) if "title" in form.fields]
    client.post(address, (forms[0] if forms else {"title": page.title, "slug": page.slug}) | changes)
    page.refresh_from_db()
    return page


def test_table_holds_every_role_that_the_site_has():
    assert {row["role"] for row in TABLE} == {"none", *Group.objects.values_list("name", flat=True)}
    assert {value for row in TABLE for name, value in row.items() if name != "role"} == {"yes", "no"}


@cells("enter", "add_page", "add_picture", "add_source", "change_source", "change_topic", "redirects")
def test_screens_are_open_to_the_roles_of_the_table(
    role, enter, add_page, add_picture, add_source, change_source, change_topic, redirects, signed_in, question
):
    client, faq = signed_in(role), question.get_parent()
    opened = {
        "/cms/": may_open(client, "/cms/"),
        "add_page": may_open(client, reverse("wagtailadmin_pages:add", args=["faq", "questionpage", faq.pk])),
        "add_picture": may_open(client, "/cms/images/add/"),
        "add_source": may_open(client, "/cms/snippets/pages/source/add/"),
        "change_source": may_open(client, f"/cms/snippets/pages/source/edit/{Source.objects.first().pk}/"),
        "change_topic": may_open(client, f"/cms/snippets/faq/topic/edit/{Topic.objects.first().pk}/"),
        "redirects": may_open(client, "/cms/redirects/"),
    }
    assert list(opened.values()) == [enter, add_page, add_picture, add_source, change_source, change_topic, redirects]


@cells("draft", "publish")
def test_words_are_changed_and_published_by_the_roles_of_the_table(role, draft, publish, signed_in, question):
    client = signed_in(role)
    edit(client, question, title="Changed")
    drafted = question.get_latest_revision_as_object().title == "Changed"
    assert (drafted, question.title) == (draft, "How addictive is kratom?")
    edit(client, question, title="Changed", **{"action-publish": "action-publish"})
    assert (question.title == "Changed") == publish


@cells("schedule")
def test_a_time_is_set_by_the_roles_of_the_table(role, schedule, signed_in, question):
    fields = {"title": "Later", "go_live_at": "2026-12-24 10:00", "action-publish": "action-publish"}
    edit(signed_in(role), question, **fields)
    assert (question.title, question.approved_schedule) == ("How addictive is kratom?", schedule)


@cells("unpublish", "delete_live", "lock")
def test_pages_are_taken_away_and_locked_by_the_roles_of_the_table(
    role, unpublish, delete_live, lock, signed_in, question
):
    client = signed_in(role)
    for name in ("lock", "unlock", "unpublish"):
        client.post(reverse(f"wagtailadmin_pages:{name}", args=[question.pk]))
        question.refresh_from_db()
        if name == "lock":
            assert question.locked == lock
    assert question.live == (not unpublish)
    question.save_revision().publish()
    client.post(reverse("wagtailadmin_pages:delete", args=[question.pk]))
    assert QuestionPage.objects.filter(pk=question.pk).exists() == (not delete_live)


@pytest.mark.parametrize("who", ["publisher", "superuser"])
def test_home_page_is_never_taken_away(who, make_staff, client):
    client.force_login(make_staff("publisher", is_superuser=who == "superuser"))
    home = HomePage.objects.get()
    for name in ("unpublish", "delete"):
        client.post(reverse(f"wagtailadmin_pages:{name}", args=[home.pk]))
    client.post(reverse("wagtail_bulk_action", args=["wagtailcore", "page", "unpublish"]) + f"?id={home.pk}")
    home.refresh_from_db()
    listing = client.get(reverse("wagtailadmin_explore_root")).content.decode()
    assert (home.live, f"/pages/{home.pk}/edit/" in listing) == (True, True)
    assert f"/pages/{home.pk}/unpublish/" not in listing


def test_unpublishing_asks_first_and_names_what_links_there(signed_in):
    page = Page.objects.get(slug="paying-for-care")
    words = signed_in("publisher").get(reverse("wagtailadmin_pages:unpublish", args=[page.pk])).content.decode()
    assert "Are you sure you want to unpublish this page?" in words
    assert "About us and about these pages</a>" in words
    page.refresh_from_db()
    assert page.live


# The rows behind it


def test_set_up_makes_what_a_flushed_database_lacks(db):
    Site.objects.all().delete()
    Page.objects.all().delete()
    Collection.objects.all().delete()
    Topic.objects.all().delete()
    Locale.objects.all().delete()
    Group.objects.all().delete()
    roles.set_up()
    assert (Page.get_first_root_node().slug, Collection.get_first_root_node().name) == ("root", "Root")
    assert list(Group.objects.order_by("name").values_list("name", flat=True)) == ["editor", "publisher", "reviewer"]
    assert GroupPagePermission.objects.filter(group__name="publisher").count() == 5


def test_set_up_again_changes_nothing_but_what_the_table_does_not_say():
    def rights():
        return {
            group.name: [
                sorted(rows.values_list(name, flat=True))
                for rows, name in (
                    (group.permissions, "codename"),
                    (group.page_permissions, "permission__codename"),
                    (group.collection_permissions, "permission__codename"),
                )
            ]
            for group in Group.objects.all()
        }

    before = rights()
    editor, home = Group.objects.get(name="editor"), HomePage.objects.get()
    editor.permissions.add(Permission.objects.get(codename="delete_source"))
    GroupPagePermission.objects.create(group=editor, page=home, permission_type="publish")
    assert rights() != before
    roles.set_up()
    assert rights() == before


def test_groups_of_wagtail_with_rights_beside_the_table_are_gone():
    assert not Group.objects.filter(name__in=["Editors", "Moderators"]).exists()


def test_no_page_is_sent_to_an_approval_that_nobody_can_give(question):
    assert question.get_workflow() is None


def test_page_that_waits_for_such_an_approval_is_free_again(question):
    workflow = Workflow.objects.get(name=roles.WORKFLOW_OF_WAGTAIL)
    workflow.active = True
    workflow.save()
    workflow.start(question, None)
    assert question.workflow_in_progress
    roles.set_up()
    assert not QuestionPage.objects.get(pk=question.pk).workflow_in_progress


@pytest.mark.parametrize(
    ("origin", "host", "port"),
    [("https://www.example.org", "www.example.org", 443), ("http://127.0.0.1:8615", "127.0.0.1", 8615)],
)
def test_site_follows_the_public_origin(origin, host, port, settings):
    settings.PUBLIC_ORIGIN = origin
    roles.set_up()
    site = Site.objects.get()
    assert (site.hostname, site.port, site.site_name) == (host, port, "Renaissance Recovery Center")
    assert site_address.values() == {"hostname": host, "port": port, "site_name": "Renaissance Recovery Center"}
