"""Every kind of page and every state of the form, as the people see it who have the hardest time with a web page."""

from itertools import cycle, product

import pytest

from tests.browser.looking import (
    crisis_help_out_of_sight,
    open_all,
    what_can_move,
    what_does_not_fit,
    what_hides_the_focus,
    words,
)
from tests.browser.states import STATES, ZOOMED, reach
from tests.crawl import crawl

each_state = pytest.mark.parametrize("state", STATES.values(), ids=STATES)


def show(page, width, height=800, **media):
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(**media)
    page.evaluate("scrollTo(0, 0)")  # or axe counts a link that lies half under the sticky bar as too small


# Ways through a page with Tab, beside the one that every state gets; states take turns, since each way costs seconds.
OTHER_WAYS = [
    ({"width": 768, "height": 800, "color_scheme": "dark"}, {"key": "Shift+Tab"}),
    ({**ZOOMED, "color_scheme": "light", "forced_colors": "active"}, {"contrast": False}),
    ({"width": 320, "height": 800, "color_scheme": "light"}, {"key": "Shift+Tab"}),
]


# Each run of axe takes most of a second: a narrow light page is judged in every state, and one of these.
DARK_WIDTHS = [768, 1280, 320, 1280]


@pytest.mark.parametrize(
    ("state", "other_way", "dark_width"), [*zip(STATES.values(), cycle(OTHER_WAYS), cycle(DARK_WIDTHS))], ids=STATES
)
def test_state_is_accessible(state, other_way, dark_width, open_page, take_database_away, axe_finds):
    page = reach(state, open_page, take_database_away, width=1280)
    cookies = page.context.cookies()
    all_words = words(page)
    faults = {
        "axe, closed": axe_finds(page),
        "focus, 1280": what_hides_the_focus(page),
        "cookies": [cookie["name"] for cookie in cookies if not state.on_form or cookie["expires"] != -1],
    }
    look, walk = other_way
    show(page, **look)
    faults["focus", *look.values()] = what_hides_the_focus(page, **walk)

    show(page, **ZOOMED, color_scheme="light", forced_colors="active", reduced_motion="reduce")
    assert words(page) == all_words
    open_all(page)
    faults["400 %"] = what_does_not_fit(page) + what_can_move(page)
    page.emulate_media(forced_colors="none", reduced_motion="no-preference")
    for width in (1280, 768, 320):
        show(page, width, color_scheme="light")
        faults["fit", width] = what_does_not_fit(page)
    faults["axe", width] = axe_finds(page)
    show(page, dark_width, color_scheme="dark")
    faults["axe", dark_width, "dark"] = axe_finds(page)
    assert {where: what for where, what in faults.items() if what} == {}


@each_state
def test_state_is_whole_without_script(state, open_page, take_database_away):
    page = reach(state, open_page, take_database_away, javascript=False, width=320)
    assert what_does_not_fit(page) == []
    open_all(page)
    assert what_does_not_fit(page) == []
    assert what_hides_the_focus(page) == []
    assert crisis_help_out_of_sight(page) == []


def test_every_page_of_the_site_passes_axe_and_fits(open_page, client, address, axe_finds):
    pages = [path for path, (response, _) in crawl(client).items() if response["Content-Type"].startswith("text/html")]
    looks = cycle(product([320, 768, 1280], ["light", "dark"]))
    page = open_page("/")
    faults = {}
    for path, (width, scheme) in zip(sorted(pages), looks, strict=False):
        page.goto(address + path)
        show(page, width, color_scheme=scheme)
        faults[path, width, scheme] = axe_finds(page) + what_does_not_fit(page) + crisis_help_out_of_sight(page)
    assert {where: what for where, what in faults.items() if what} == {}
