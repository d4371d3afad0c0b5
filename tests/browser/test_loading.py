"""How pages arrive: nothing moves after it was drawn, and Back shows the last page at once."""

import pytest

from pages.models import Picture
from tests.pages.helpers import page as create_page
from tests.pages.helpers import section
from tests.pages.pictures import picture

PATHS = ["/", "/addiction/kratom-addiction-treatment/", "/faq/", "/faq/kratom-withdrawal/"]
WITH_SCRIPTS = "/addiction/kratom-addiction/"  # "Leave quickly" and a self-check
WITH_FIGURES = "/treatment/what-happens-when-you-call/"

NOTE_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) {
        window.shifts.push([value, ...sources.map(({ node }) => node?.nodeName)]);
    }
}).observe({ type: "layout-shift", buffered: true });
"""
READ_TO_THE_END = """async () => {
    for (let y = 0; y < document.documentElement.scrollHeight; y += 400) {
        scrollTo(0, y);
        await new Promise(requestAnimationFrame);
    }
    await Promise.all([...document.images].map((image) => image.decode()));
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    return window.shifts;
}"""


def is_kept_whole(page, address, path):
    page.goto(address + path)
    page.evaluate("addEventListener('pageshow', ({ persisted }) => { window.wasKept = persisted; })")
    page.get_by_role("contentinfo").get_by_role("link", name="Search").click()
    page.wait_for_url(f"{address}/search/")
    page.go_back(wait_until="commit")
    page.wait_for_url(address + path, wait_until="commit")
    return page.evaluate("new Promise(requestAnimationFrame).then(() => window.wasKept === true)")


def test_back_shows_each_page_as_it_was_left(browser_with_memory, address):
    """On a busy machine, Chromium drops a page now and then, so each may try three times."""
    page = browser_with_memory.new_page()
    kept = {path: any(is_kept_whole(page, address, path) for _try in range(3)) for path in [*PATHS, WITH_SCRIPTS]}
    assert kept == dict.fromkeys([*PATHS, WITH_SCRIPTS], True)


@pytest.fixture
def page_with_pictures(transactional_db, settings, tmp_path):
    """The path of a page with pictures below and between its texts."""
    settings.MEDIA_ROOT = tmp_path
    shown = Picture.objects.create(title="Teal", file=picture(size=(1600, 1200)))
    shown.contextual_alt_text, shown.decorative = "Teal", False
    block = ("picture", {"picture": shown, "caption": "Teal"})
    text = section(body="<p>Words about sleep.</p>" * 20)
    return create_page(sections=[block, text, block, text]).url


def shifts(open_page, path):
    page = open_page("/search/")
    page.add_init_script(NOTE_SHIFTS)
    page.goto(page.url.removesuffix("/search/") + path)
    return page.evaluate(READ_TO_THE_END)


@pytest.mark.parametrize("path", [*PATHS, WITH_SCRIPTS, WITH_FIGURES, "/assessment/"])
def test_nothing_moves_after_it_was_drawn(open_page, path):
    assert shifts(open_page, path) == []


def test_pictures_keep_their_place_before_they_arrive(open_page, page_with_pictures):
    assert shifts(open_page, page_with_pictures) == []
