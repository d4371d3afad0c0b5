"""Wagtail's editor in a real browser under the strict policy. Any refused script, style or request fails a test."""

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from wagtail.models import Page

from faq.models import QuestionPage, Topic
from pages.models import Center, Notice, Source
from tests.browser.looking import what_does_not_fit

pytestmark = pytest.mark.django_db(transaction=True)


def screens():
    """The addresses of the screens that editors see most."""
    page, question = Page.objects.get(slug="withdrawal-and-detox"), QuestionPage.objects.first()
    today = timezone.now()
    notice = Notice.objects.create(text="<p>Closed.</p>", shows_from=today, shows_until=today + dt.timedelta(days=1))
    return [
        f"/treatment/{page.slug}/",  # with a link to its editor
        "/admin/",
        "/cms/",
        f"/cms/pages/{page.get_parent().pk}/",
        f"/cms/pages/{page.pk}/edit/",
        f"/cms/pages/add/pages/contentpage/{page.get_parent().pk}/",
        f"/cms/pages/{question.pk}/edit/",
        f"/cms/pages/{page.pk}/history/",
        f"/cms/pages/{page.pk}/unpublish/",
        "/cms/snippets/pages/source/",
        f"/cms/snippets/pages/source/edit/{Source.objects.first().pk}/",
        f"/cms/snippets/pages/center/edit/{Center.objects.get().pk}/",
        "/cms/snippets/pages/notice/add/",
        f"/cms/snippets/pages/notice/edit/{notice.pk}/",
        f"/cms/snippets/faq/topic/edit/{Topic.objects.first().pk}/",
        "/cms/reports/broken-links/",
        "/cms/images/add/",
        "/cms/documents/",
    ]


# A run of axe on an editor takes a second: each screen is judged wide and narrow, light and dark, in two runs instead
# of four. Parts, so that the processes of a run can share them.
@pytest.mark.parametrize("part", range(3))
def test_axe_finds_nothing_on_the_screens_of_editors(address, sign_in, axe_in_looks, part):
    page = sign_in("publisher", path="/cms/", width=1280)
    found = {}
    for number, path in enumerate(screens()):
        if number % 3 != part:
            continue
        page.goto(address + path)
        page.wait_for_load_state("networkidle")
        looks = [(1280, "light"), (390, "dark")] if number % 2 else [(1280, "dark"), (390, "light")]
        found[path] = axe_in_looks(page, looks)
    assert {path: finds for path, finds in found.items() if finds} == {}


def test_front_page_of_staff_breaks_a_long_title(sign_in):
    title = "Withdrawal" * 25
    Page.objects.filter(slug="withdrawal-and-detox").update(draft_title=title, has_unpublished_changes=True)
    page = sign_in("editor", width=320)
    expect(page.get_by_role("link", name=title)).to_be_visible()
    assert what_does_not_fit(page) == []


def test_whoever_else_has_the_page_open_is_named(address, sign_in, axe_finds):
    path = f"/cms/pages/{QuestionPage.objects.first().pk}/edit/"
    sign_in("publisher", path=path).wait_for_load_state("networkidle")
    page = sign_in("editor", path=path)
    expect(page.get_by_role("button", name="publisher-0")).to_be_visible()
    assert axe_finds(page) == []


def test_date_box_starts_without_an_inline_script(address, sign_in):
    question = QuestionPage.objects.first()
    page = sign_in("publisher", path=f"/cms/pages/{question.pk}/edit/", width=1280)
    page.get_by_label("Sources checked on").click()
    expect(page.locator(".xdsoft_datetimepicker:visible")).to_have_count(1)


def test_front_page_leads_an_editor_into_the_cms_and_out_again(address, sign_in):
    page = sign_in("editor")
    page.get_by_role("link", name="Open the CMS").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto(f"{address}/cms/login/")
    page.wait_for_url("**/admin/")
