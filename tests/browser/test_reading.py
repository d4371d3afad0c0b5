"""Readers in a real browser: every kind of page, phone to desktop, light and dark, with and without script."""

import pytest

KINDS = {
    "home": "/",
    "page": "/addiction/kratom-addiction-treatment/",
    "steps": "/treatment/withdrawal-and-detox/",
    "contact": "/contact/",
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
    for width, scheme in [(320, "light"), (390, "dark"), (1280, "light"), (1280, "dark")]:
        page = open_page(path, width=width, scheme=scheme)
        assert (width, overflow(page)) == (width, 0)
        assert (width, scheme, axe_finds(page)) == (width, scheme, [])
        cookies = [cookie["name"] for cookie in page.context.cookies()]
        assert cookies == (["csrftoken"] if path == "/assessment/" else [])


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
    first = page.locator("details").first
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
    questions = page.locator("details summary").all_inner_texts()
    assert len(questions) == 8
    assert questions == open_page("/faq/").locator("details summary").all_inner_texts()


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
