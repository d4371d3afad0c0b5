"""What holds for every screen of /cms/: no inline script, no other host; and what has its home elsewhere."""

import re
from collections import deque
from urllib.parse import urlsplit

import pytest
from django.test import Client
from wagtail.models import Page

from faq.models import FaqPage, QuestionPage
from pages.models import ContentPage, HomePage, SectionIndexPage
from tests.html import PageFacts, inline_scripts

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

DATA = {"application/json", "text/html", "text/x-template", "text/django-form-template"}  # not run
MOST = 150  # screens; a walk that finds more leaves out copies of the same with other arguments


class Screen:
    """The links of a page, what a browser would run or refuse in it, and what it would load."""

    def __init__(self, page):
        facts = PageFacts(page)
        self.links = facts.links
        targets = [*self.links, *(form.get("action", "") for form in facts.all("form"))]
        self.inline = [
            *(f"<{name} {attribute}>" for name, values in facts.tags for attribute in values if attribute[:2] == "on"),
            *(target for target in targets if target.startswith("javascript:")),
            *(code.strip()[:60] for code in inline_scripts(facts.soup, DATA)),
        ]
        loading = [tag for name in ("script", "img", "iframe", "link", "source") for tag in facts.all(name)]
        self.loaded = [tag.get("src") or tag.get("href") or "" for tag in loading]


def kind(path):
    """The screen that an address is one of: with every number alike."""
    return re.sub(r"\d+", "N", path)


@pytest.fixture
def administrator(make_staff):
    client = Client()
    client.force_login(make_staff(username="root", is_superuser=True))
    return client


def walk(client, starts):
    """What stands in each screen of `starts`, and in one of each kind of screen that links lead to."""
    seen, waiting, screens = set(), deque(starts), {}
    while waiting and len(screens) < MOST:
        path = waiting.popleft()
        if path in seen or (kind(path) in seen and path not in starts):
            continue
        seen |= {path, kind(path)}
        response = client.get(path)
        if response.status_code != 200 or "text/html" not in response["Content-Type"]:
            continue
        screen = screens[path] = Screen(response)
        paths = [urlsplit(link).path for link in screen.links if not urlsplit(link).netloc]
        waiting += [path for path in paths if path.startswith("/cms/") and "logout" not in path]
    return screens


def test_no_screen_has_an_inline_script_or_another_host(administrator):
    pk = Page.objects.get(slug="paying-for-care").pk
    pages = [HomePage, SectionIndexPage, ContentPage, FaqPage, QuestionPage]
    starts = [
        "/cms/",
        *(f"/cms/pages/{model.objects.first().pk}/edit/" for model in pages),
        f"/cms/pages/{pk}/move/",
        f"/cms/pages/{pk}/copy/",
        f"/cms/pages/{pk}/unpublish/",
        f"/cms/pages/{pk}/history/",
        f"/cms/pages/{pk}/usage/",
        "/cms/workflows/add/",
        "/cms/workflows/edit/1/",
        "/cms/redirects/add/",
        "/cms/images/add/",
        "/cms/documents/multiple/add/",
    ]
    screens = walk(administrator, starts)
    assert {path: screen.inline for path, screen in screens.items() if screen.inline} == {}
    assert {link for screen in screens.values() for link in screen.loaded if urlsplit(link).netloc} == set()
    assert set(starts) - set(screens) == set()  # a screen that is not there proves nothing
