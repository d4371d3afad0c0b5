"""The front page at /admin/ shows each role what waits for them, and leads to their work."""

import datetime as dt

import pytest
from django.utils import timezone
from wagtail.contrib.redirects.models import Redirect

from faq.models import QuestionPage
from pages import content_generation
from pages.models import Center, ContentPage, LinkCheck, Notice
from tests.html import soup
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import LIST
from tests.pages.helpers import page, section

pytestmark = pytest.mark.django_db

DESK = ["Requests waiting"]
CONTENT = ["Drafts", "Scheduled", "Notices showing", "Content", "Before launch"]


def panels_of(client):
    """From the title of each panel to its lines."""
    page = soup(client.get("/admin/"))
    return {
        section.h2.get_text(): [" ".join(line.get_text(" ").split()) for line in section.select("li, p")]
        for section in page.select(".front section")
    }


@pytest.fixture
def question():
    return QuestionPage.objects.get(slug="how-addictive-is-kratom")


@pytest.mark.parametrize(
    ("roles", "titles"),
    [
        ([], []),
        (["admissions"], DESK),
        (["lead"], DESK),
        (["auditor"], []),
        (["editor"], CONTENT),
        (["reviewer"], CONTENT),
        (["publisher"], CONTENT),
        (["admissions", "editor"], DESK + CONTENT),
    ],
    ids=str,
)
def test_panels_are_those_of_the_roles(roles, titles, make_staff, client):
    make_request()
    client.force_login(make_staff(*roles))
    assert list(panels_of(client)) == titles


def test_superuser_without_a_role_learns_nothing_of_requests(make_staff, client):
    make_request()
    client.force_login(make_staff(is_superuser=True))
    assert list(panels_of(client)) == CONTENT


def test_requests_are_counted_and_never_shown(make_staff, client):
    request = make_request()
    client.force_login(make_staff("admissions"))
    assert panels_of(client)["Requests waiting"] == ["Unassigned 1", "Open 1", "Open the desk"]
    words = client.get("/admin/").content.decode()
    assert (f'href="{LIST}?tab=unassigned"' in words, request.reference in words) == (True, False)


def test_a_draft_is_shown_until_it_is_published(make_staff, client, question):
    client.force_login(make_staff("editor"))
    assert panels_of(client)["Drafts"] == ["No page has unpublished changes.", "All pages"]
    question.title = "How addictive is it?"
    revision = question.save_revision()
    assert panels_of(client)["Drafts"] == ["How addictive is it? changed Nov. 24, 2026, 10 a.m.", "All pages"]
    revision.publish()
    assert len(panels_of(client)["Drafts"]) == 2
    assert "No page has unpublished changes" in panels_of(client)["Drafts"][0]


def test_what_has_a_time_stands_in_the_order_of_the_times(make_staff, client, question):
    client.force_login(make_staff("publisher"))
    ends = QuestionPage.objects.exclude(pk=question.pk).first()
    QuestionPage.objects.filter(pk=ends.pk).update(expire_at=timezone.now() + dt.timedelta(days=1))
    question.title, question.go_live_at = "How addictive is it?", timezone.now() + dt.timedelta(days=2)
    question.save_revision().publish()
    assert panels_of(client)["Scheduled"] == [
        f"{ends.title} expires Nov. 25, 2026, 10 a.m.",
        "How addictive is it? goes live Nov. 26, 2026, 10 a.m.",
    ]
    assert "How addictive is it?" not in str(panels_of(client)["Drafts"])


def test_front_page_asks_as_much_for_many_drafts_as_for_one(
    make_staff, client, question, django_assert_max_num_queries
):
    client.force_login(make_staff("admissions", "publisher"))
    question.save_revision()
    client.get("/admin/")  # what a process learns once
    with django_assert_max_num_queries(30) as one:
        client.get("/admin/")
    asked = len(one)
    for entry in QuestionPage.objects.all():
        entry.save_revision()
    client.get("/admin/")
    with django_assert_max_num_queries(asked):
        client.get("/admin/")


def test_admin_holds_accounts_and_requests_and_no_content(make_staff, client):
    client.force_login(make_staff("lead", is_superuser=True))
    app_list = client.get("/admin/").context["app_list"]
    assert sorted(app["app_label"] for app in app_list) == ["auth", "intake", "staff"]


def test_notices_are_listed_while_they_show(make_staff, client):
    now = timezone.now()
    hour = dt.timedelta(hours=1)
    Notice.objects.create(text="<p>We move.</p>", shows_from=now - hour, shows_until=now + hour, live=True)
    Notice.objects.create(text="<p>Over.</p>", shows_from=now - 2 * hour, shows_until=now - hour, live=True)
    Notice.objects.create(text="<p>A draft.</p>", shows_from=now - hour, shows_until=now + hour, live=False)
    client.force_login(make_staff("editor"))
    assert panels_of(client)["Notices showing"] == ["We move. until Nov. 24, 2026, 11 a.m.", "All notices"]


def test_broken_links_are_counted_as_they_break(make_staff, client):
    client.force_login(make_staff("editor"))
    assert "Broken links" not in panels_of(client)
    ContentPage.objects.get(slug="paying-for-care").unpublish()
    content_generation.forget()
    (line,) = panels_of(client)["Broken links"]
    assert int(line.removesuffix(" broken links")) > 2


def test_redirect_mends_a_link_at_once(make_staff, client):
    client.force_login(make_staff("editor"))
    page(sections=[section(body='<p><a href="/zebras/">Zebras</a></p>')])
    redirect = Redirect.objects.create(old_path="/okapis", redirect_link="/faq/")
    before = panels_of(client)["Broken links"]
    Redirect.objects.filter(pk=redirect.pk).update(old_path="/zebras")
    assert (before, "Broken links" in panels_of(client)) == (["1 broken link"], False)


def test_the_launch_checklist_names_what_was_not_told(make_staff, client):
    client.force_login(make_staff("publisher"))
    before = panels_of(client)["Before launch"]
    assert "Street address not set, so readers don't see it" in before
    assert "Links to other sites never checked" in before
    Center.objects.update(street="1 Main Street")
    LinkCheck.objects.create(address="https://example.org/", checked_at=timezone.now())
    after = panels_of(client)["Before launch"]
    assert len(before) - len(after) == 2
