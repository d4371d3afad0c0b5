"""Readers in a real browser: every kind of page, phone to desktop, light and dark, with and without script."""

from itertools import product

import pytest

KINDS = {
    "home": "/",
    "page": "/addiction/kratom-addiction-treatment/",
    "steps": "/treatment/withdrawal-and-detox/",
    "contact": "/contact/",
    "self-check": "/addiction/kratom-addiction/",
    "quick exit": "/family-support/",
    "search": "/search/?q=detox",
    "faq": "/faq/",
    "question": "/faq/kratom-withdrawal/",
    "form": "/assessment/",
}
NOT_FOUND = "/nothing-here/"


def overflow(page):
    """By how many pixels the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("path", KINDS.values(), ids=KINDS)
def test_page_fits_passes_axe_and_sets_no_cookie(open_page, axe_finds, path):
    for width, scheme in product([320, 768, 1280], ["light", "dark"]):
        page = open_page(path, width=width, scheme=scheme)
        assert (width, overflow(page)) == (width, 0)
        assert (width, scheme, axe_finds(page)) == (width, scheme, [])
        cookies = [cookie["name"] for cookie in page.context.cookies()]
        assert cookies == (["csrftoken"] if path == "/assessment/" else [])


@pytest.mark.parametrize("path", ["/", "/addiction/kratom-addiction/", "/family-support/", "/assessment/"])
def test_page_fits_a_small_phone_with_letters_twice_as_large(open_page, path):
    page = open_page(path, width=320)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert overflow(page) == 0
    page.keyboard.press("Tab")
    assert page.locator(".skip-link").bounding_box()["y"] >= 0


def test_error_page_fits_and_passes_axe(open_page, axe_finds):
    page = open_page(NOT_FOUND, width=320)
    assert overflow(page) == 0
    assert axe_finds(page) == []
    assert [problem for problem in open_page.problems if "404" not in problem] == []
    open_page.problems.clear()  # the browser reports the 404 that this test asked for


def test_questions_open_without_script(open_page):
    page = open_page("/faq/", javascript=False)
    answer = page.locator("#kratom-withdrawal")
    assert not answer.is_visible()
    page.get_by_role("heading", name="Do people experience kratom withdrawal?").click()
    assert answer.is_visible()
    page.get_by_role("heading", name="Do people experience kratom withdrawal?").click()
    assert not answer.is_visible()


def test_questions_open_by_keyboard_and_show_their_focus(open_page):
    page = open_page("/faq/")
    first = page.locator("details.question").first
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert first.get_attribute("open") is not None
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    outline = first.locator("summary").evaluate("element => getComputedStyle(element).outlineStyle")
    assert outline == "solid"


@pytest.mark.parametrize("path", ["/faq/", "/addiction/kratom-addiction-treatment/"])
def test_a_fragment_opens_its_question_without_script(open_page, path):
    page = open_page(f"{path}#side-effects-of-kratom", javascript=False)
    assert page.locator("#side-effects-of-kratom").is_visible()
    assert page.locator("details[open]").count() == 1


def test_a_question_has_an_address_at_which_it_is_open(open_page):
    page = open_page("/faq/why-do-people-use-kratom/", javascript=False)
    assert page.locator("details[open]").count() == 1
    assert page.locator("#why-do-people-use-kratom").is_visible()
    assert page.title().startswith("Why do people use kratom?")


def test_all_eight_questions_stand_in_the_kratom_page(open_page):
    page = open_page("/addiction/kratom-addiction-treatment/")
    questions = page.locator("details.question summary").all_inner_texts()
    assert len(questions) == 8
    assert questions == open_page("/faq/").locator("details.question summary").all_inner_texts()


@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])
def test_menu_opens_on_a_phone(open_page, javascript):
    page = open_page("/", width=320, javascript=javascript)
    link = page.get_by_role("navigation", name="Main").get_by_role("link", name="For families")
    assert not link.is_visible()
    page.get_by_text("Menu", exact=True).click()
    link.click()
    assert page.url.endswith("/family-support/")


def test_menu_stands_open_where_there_is_room(open_page):
    page = open_page("/", width=1280)
    assert page.get_by_role("navigation", name="Main").get_by_role("link", name="For families").is_visible()
    assert not page.get_by_text("Menu", exact=True).is_visible()


def test_bar_on_phones_never_covers_what_has_the_focus(open_page):
    page = open_page("/addiction/kratom-addiction-treatment/", width=320)
    bar = page.locator(".reach-bar")
    covered = []
    for key in ["Tab"] * 80 + ["Shift+Tab"] * 60:  # downward and back up
        page.keyboard.press(key)
        if page.evaluate("document.activeElement.closest('main') !== null"):
            top = page.evaluate("document.activeElement.getBoundingClientRect().top")
            box = bar.bounding_box()
            if top < box["y"] + box["height"]:
                covered.append(page.evaluate("document.activeElement.outerHTML"))
    assert covered == []


def test_all_questions_open_and_close_with_one_button(open_page):
    page = open_page("/faq/")
    page.get_by_role("button", name="Open all").click()
    assert page.locator("details.question[open]").count() == 8
    page.get_by_role("button", name="Close all").click()
    assert page.locator("details.question[open]").count() == 0


def test_self_check_counts_in_the_page_and_is_a_plain_list_without_script(open_page):
    page = open_page("/addiction/kratom-addiction/")
    boxes = page.locator(".self-check input")
    assert boxes.count() == 11
    assert page.get_by_role("status").inner_text() == "Tick what is true for you."
    boxes.nth(0).check()
    boxes.nth(4).check()
    assert page.get_by_role("status").inner_text() == "You ticked 2 / 11."
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    plain = open_page("/addiction/kratom-addiction/", javascript=False)
    assert plain.locator(".self-check li").count() == 11
    assert plain.locator(".self-check input").count() == 0


def test_leaving_quickly_replaces_the_page_and_works_without_script(open_page):
    page = open_page("/assessment/")
    page.get_by_label("What should we call you?").fill("Ana")
    page.route("https://www.weather.gov/**", lambda route: route.fulfill(body="The weather"))
    before = page.evaluate("history.length")
    page.get_by_role("link", name="Leave this page quickly").click()
    page.wait_for_url("https://www.weather.gov/")
    assert page.evaluate("history.length") == before
    open_page.problems.clear()  # the other site, which this test answered for
    link = open_page("/family-support/", javascript=False).get_by_role("link", name="Leave this page quickly")
    assert (link.get_attribute("href"), link.get_attribute("rel")) == ("https://www.weather.gov/", "noreferrer")


def test_contents_of_a_page_lead_to_its_sections(open_page):
    page = open_page("/treatment/levels-of-care/", javascript=False)
    links = page.get_by_role("navigation", name="On this page").get_by_role("link")
    headings = page.locator("article section h2").all_inner_texts()
    assert links.all_inner_texts() == headings[: links.count()]
    links.nth(2).click()
    assert page.evaluate("document.querySelector(':target').textContent") == headings[2]


def test_search_is_found_from_a_page_that_is_not_there(open_page):
    page = open_page(NOT_FOUND)
    page.get_by_label("Search this site").fill("ketum detox")
    page.get_by_role("search").get_by_role("button", name="Search").click()
    assert "Kratom withdrawal and detox" in page.locator(".search-results").inner_text()
    assert "detox" not in page.title()
    open_page.problems.clear()  # the 404 that this test asked for


def test_skip_link_is_the_first_stop_and_leads_past_the_menu(open_page):
    page = open_page("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_a_source_mark_leads_to_its_source(open_page):
    page = open_page("/addiction/kratom-addiction-treatment/")
    page.get_by_role("link", name="source 1").first.click()
    assert page.evaluate("document.querySelector(':target').id") == "source-1"
