"""Wherever a reader is on a page, help is in view: crisis lines, the center's phone and the assessment."""

import pytest
from playwright.sync_api import expect

from tests.crawl import crawl

SIZES = [(320, 568), (390, 844), (844, 390), (768, 1024), (1280, 800)]
PLACES = [0, 0.25, 0.5, 0.75, 1]

NEEDED = {
    "911": 'a[href="tel:911"]',
    "988": 'a[href="tel:988"]',
    "phone": 'a[href="tel:+14805267738"]',
    "assessment": 'a[href="/assessment/"]',
}


# What a finger at the middle of each of its lines would hit. A link below another element is not in view.
# One call for all places of a page: a call for each would take most of a minute.
OUT_OF_VIEW = """async ({ needed, places }) => {
    const isHit = (link) => ({ left, top, width, height }) => {
        const hit = document.elementFromPoint(left + width / 2, top + height / 2);
        return hit !== null && (link === hit || link.contains(hit));
    };
    const isInView = (link) => [...link.getClientRects()].some(isHit(link));
    const missing = [];
    for (const place of places) {
        scrollTo(0, place * (document.documentElement.scrollHeight - innerHeight));
        await new Promise(requestAnimationFrame);
        for (const [name, selector] of Object.entries(needed)) {
            if (![...document.querySelectorAll(selector)].some(isInView)) missing.push(`${name} at ${place}`);
        }
    }
    return missing;
}"""


def out_of_view(page, places, needed=NEEDED):
    """Scroll to each place, from 0 (top) to 1 (end). Return what can't be seen there. The page stays at the last."""
    return page.evaluate(OUT_OF_VIEW, {"needed": needed, "places": places})


@pytest.fixture
def public_paths(client, transactional_db):
    return [path for path, (response, _) in crawl(client).items() if response.status_code == 200 and path[-1] == "/"]


def test_help_is_in_view_on_every_page_at_every_place_and_size(open_page, public_paths, address):
    assert {"/", "/faq/", "/assessment/", "/search/"} < set(public_paths)
    page = open_page("/")
    missing = []
    for path in public_paths:
        page.goto(address + path)
        here = {name: link for name, link in NEEDED.items() if f'"{path}"' not in link}  # the form is the assessment
        if path.startswith("/assessment/"):
            here.pop("assessment", None)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            missing += [(path, width, what) for what in out_of_view(page, PLACES, here)]
    assert missing == []


def test_crisis_lines_stay_on_a_phone_held_sideways(open_page):
    page = open_page("/addiction/kratom-addiction-treatment/", width=667, height=375)
    assert out_of_view(page, [0.5]) == []
    expect(page.locator(".site-header")).not_to_be_in_viewport()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_bar_covers_nothing_at_the_end_of_a_page(width, height, open_page):
    page = open_page("/family-support/", width=width, height=height)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    last = page.locator(".small-print").last.bounding_box()
    bar = page.locator(".reach-bar").bounding_box()
    assert last["y"] + last["height"] <= (bar["y"] if bar else height)


def test_on_a_very_low_screen_nothing_covers_the_text(open_page):
    page = open_page("/addiction/kratom-addiction-treatment/", width=320, height=256)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)")
    for part in (".crisis-line", ".site-header", ".reach-bar"):
        expect(page.locator(part)).not_to_be_in_viewport()


def test_contents_and_a_card_that_stays_stand_beside_the_text_on_a_wide_screen(open_page):
    page = open_page("/treatment/withdrawal-and-detox/", width=1280)
    expect(page.get_by_role("navigation", name="On this page")).to_be_in_viewport()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)")
    card = page.locator(".talk-card")
    expect(card.get_by_role("link", name="Free assessment")).to_be_in_viewport()
    expect(card.get_by_role("link", name="Call (480) 526-7738")).to_be_in_viewport()


def test_printed_page_has_neither_menus_nor_contents(open_page):
    page = open_page("/treatment/withdrawal-and-detox/", width=1280)
    page.emulate_media(media="print")
    for part in (".site-header", ".site-menu", ".contents", ".talk-card", ".reach-bar", ".breadcrumbs", ".leave"):
        expect(page.locator(part).first).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".site-footer .crisis")).to_be_visible()
