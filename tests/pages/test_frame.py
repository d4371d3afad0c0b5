"""The frame around every page is kept until it changes. It never shows what is no longer so."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.template.loader import render_to_string
from django.test.signals import template_rendered
from django.urls import reverse
from django.utils import translation

from pages import facts
from pages.models import Center, ContentPage, Notice, OpeningHours
from tests.html import soup
from tests.pages.cms_form import fields_of

pytestmark = pytest.mark.django_db

PHOENIX = ZoneInfo("America/Phoenix")
SECOND = dt.timedelta(seconds=1)
MARKED = ".site-header [aria-current], .site-menu [aria-current]"
HEADER, FOOTER = "includes/site_header.html", "includes/site_footer.html"


def at(words):
    return dt.datetime.fromisoformat(words).replace(tzinfo=PHOENIX)


def shown(client, selector, path="/search/"):
    """The texts of the elements on a page that fit a selector, in their order."""
    return [" ".join(element.get_text().split()) for element in soup(client.get(path)).select(selector)]


def open_on_tuesdays(closes):
    opens = dt.time(9)
    OpeningHours.objects.create(center=Center.objects.get(), weekday=1, opens=opens, closes=closes)


@pytest.fixture
def rendered():
    """The names of the templates that are rendered, in their order."""
    names = []

    def note(sender, template, **_):
        names.append(template.name)

    template_rendered.connect(note)
    yield names
    template_rendered.disconnect(note)


def test_frame_is_rendered_once_for_the_pages_outside_the_menu(client, rendered):
    for path in ("/search/?q=sleep", "/search/?q=rest", "/no/such/page/", "/privacy/"):
        client.get(path)
    assert rendered.count(FOOTER) == 1
    assert rendered.count(HEADER) == 2  # /search/ is marked in the menu


def test_page_is_marked_in_the_menu_on_itself_alone(client):
    marked = {path: shown(client, MARKED, path) for path in ("/search/", "/faq/", "/assessment/")}
    assert marked == {"/search/": ["Search"], "/faq/": ["Questions"], "/assessment/": ["Free assessment"]}
    assert shown(client, MARKED, "/faq/kratom-withdrawal/") == []
    assert shown(client, MARKED, "/no/such/page/") == []


def test_published_fact_shows_on_the_next_page(client):
    assert shown(client, ".header-call") == ["Call (480) 526-7738"]
    center = Center.objects.get()
    center.phone = "(928) 555-0100"
    center.save_revision().publish()
    assert shown(client, ".header-call") == ["Call (928) 555-0100"]
    assert "(928) 555-0100" in shown(client, ".site-footer")[0]


def test_open_status_changes_in_its_very_second(client, clock):
    open_on_tuesdays(closes=dt.time(17))
    seen = []
    for moment in (at("2026-11-24 16:59:59"), at("2026-11-24 17:00:00"), at("2026-11-24 16:59:59")):
        clock.move_to(moment, tick=False)
        seen.append(shown(client, ".open-status"))
    is_open, is_closed = ["Open now until 5 PM"], ["Closed now. Opens Tuesday, December 1, at 9 AM."]
    assert seen == [is_open, is_closed, is_open]  # also when the clock is set back


@pytest.mark.parametrize("part", [".reach-bar", ".talk-card", ".ways"])
def test_brightest_button_asks_while_nobody_answers_the_phone(client, clock, part):
    open_on_tuesdays(closes=dt.time(17))
    path = "/" if part == ".ways" else "/treatment/withdrawal-and-detox/"
    brightest = f"{part} .button:not(.button-quiet)"
    clock.move_to(at("2026-11-24 16:00:00"))
    assert {words.split()[0] for words in shown(client, brightest, path)} == {"Call"}
    clock.move_to(at("2026-11-24 17:00:00"))
    assert {words.split()[-1] for words in shown(client, brightest, path)} == {"assessment"}


def test_card_says_whether_someone_answers_the_phone(client, clock):
    open_on_tuesdays(closes=dt.time(17))
    clock.move_to(at("2026-11-24 17:00:00"))
    words = "Closed now. Opens Tuesday, December 1, at 9 AM."
    assert shown(client, ".talk-card p", "/treatment/withdrawal-and-detox/") == [words, "The assessment is free."]


def test_notice_begins_and_ends_in_its_very_second(client, clock):
    begins, ends = at("2026-11-24 12:00"), at("2026-11-24 13:00")
    Notice.objects.create(text="<p>We moved.</p>", shows_from=begins, shows_until=ends)
    seen = []
    for moment in (begins - SECOND, begins, ends - SECOND, ends):
        clock.move_to(moment, tick=False)
        seen.append(shown(client, ".notice"))
    assert seen == [[], ["We moved."], ["We moved."], []]


def test_page_that_expires_leaves_the_menus_in_its_very_second(client, clock):
    ends = at("2026-11-24 12:00")
    page = ContentPage.objects.get(slug="contact")
    page.expire_at = ends
    page.save()
    links = '.site-menu a[href="/contact/"], .site-footer a[href="/contact/"]'
    clock.move_to(ends - SECOND, tick=False)
    assert shown(client, links) == ["Contact"]
    clock.move_to(ends, tick=False)
    assert shown(client, links) == []


def test_frame_is_kept_for_each_language(rf):
    open_on_tuesdays(closes=dt.time(17))
    context = {"status": 404, "title": "T", "advice": "A"}
    days = {}
    for language in ("en-us", "es", "en-us"):
        with translation.override(language):
            html = soup(render_to_string("error.html", context, request=rf.get("/no/")))
        days.setdefault(language, []).append(html.select(".site-footer .hours th")[1].get_text())
    assert days == {"en-us": ["Tuesday", "Tuesday"], "es": ["martes"]}


def test_preview_neither_fills_nor_shows_what_is_kept(client, make_staff):
    client.force_login(make_staff(is_superuser=True))
    address = reverse("wagtailsnippets_pages_center:preview_on_edit", args=[1])
    client.post(
        address, fields_of(client.get(reverse("wagtailsnippets_pages_center:edit", args=[1]))) | {"name": "New"}
    )
    seen = []
    for path in ("/search/", f"{address}?in_preview_panel=true&mode=", "/search/", f"{address}?mode="):
        seen.append(shown(client, ".brand, .footer-columns h2", path)[:2])
    known, draft = ["Renaissance Recovery Center"] * 2, ["New"] * 2
    assert seen == [known, draft, known, draft]


def test_what_depends_on_facts_is_made_again_for_each_argument():
    def made(known, word):
        return [known.center.name, word]

    known = facts.current()
    first = known.until_change(made, "a")
    assert known.until_change(made, "a") is first
    assert known.until_change(made, "b") == [known.center.name, "b"]
    assert facts.with_center(Center(name="Other")).until_change(made, "a") == ["Other", "a"]
