"""The whole way by keyboard alone, at 400 % zoom, with and without script: read, search, ask, mend, confirm."""

import pytest
from playwright.sync_api import expect

from intake.models import AssessmentRequest
from tests.browser.states import EMAIL, MESSAGE, NAME, PHONE, ZOOMED

MOST_STOPS = 150

with_and_without_script = pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])


def tab_to(page, target):
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            assert target.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
            return
    pytest.fail(f"Tab never reached {target}")


def press_enter_and_go(page):
    with page.expect_navigation() as navigation:
        page.keyboard.press("Enter")
    return navigation.value.status


@with_and_without_script
def test_menu_questions_and_search_work_by_keyboard(open_page, javascript):
    page = open_page("/", javascript=javascript, **ZOOMED)
    menu = page.get_by_role("navigation", name="Main")
    tab_to(page, menu.locator("summary"))
    page.keyboard.press("Enter")
    tab_to(page, menu.get_by_role("link", name="Questions"))
    assert press_enter_and_go(page) == 200

    question = page.locator("details.question").first
    expect(question.locator(".answer")).to_be_hidden()
    tab_to(page, question.locator("summary"))
    page.keyboard.press("Enter")
    expect(question.locator(".answer")).to_be_visible()
    page.keyboard.press("Space")
    expect(question.locator(".answer")).to_be_hidden()

    tab_to(page, page.get_by_role("contentinfo").get_by_role("link", name="Search"))
    assert press_enter_and_go(page) == 200
    tab_to(page, page.get_by_label("Search this site"))
    page.keyboard.type("detox")
    assert press_enter_and_go(page) == 200
    tab_to(page, page.locator(".search-results a").first)
    assert press_enter_and_go(page) == 200


@with_and_without_script
def test_form_is_sent_mended_and_confirmed_by_keyboard(open_page, javascript):
    open_page.refusals.add(422)
    page = open_page("/assessment/", javascript=javascript, **ZOOMED)
    tab_to(page, page.get_by_label(PHONE))
    page.keyboard.type("555-01")
    tab_to(page, page.get_by_label(EMAIL))
    tab_to(page, page.locator("summary", has_text="More choices"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label(NAME))
    page.keyboard.type("Ana")
    tab_to(page, page.get_by_label(MESSAGE))
    page.keyboard.type("First line")
    page.keyboard.press("Enter")
    page.keyboard.type("and second")
    tab_to(page, page.get_by_role("button", name="Send"))
    assert press_enter_and_go(page) == 422

    expect(page.locator(".error-summary")).to_be_focused()
    adult = page.get_by_role("group", name="Are you 18 or older?")
    tab_to(page, page.locator(".error-summary").get_by_role("link", name="Are you 18 or older?"))
    page.keyboard.press("Enter")
    expect(adult.get_by_label("Yes")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(adult.get_by_label("Yes")).to_be_checked()
    expect(page.get_by_label(NAME)).to_be_visible()  # what was typed stays in sight
    for label in (EMAIL, PHONE):
        page.keyboard.press("Shift+Tab")
        expect(page.get_by_label(label)).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("(928) 555-0142")
    tab_to(page, page.get_by_label("I agree that"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_role("button", name="Send"))
    assert press_enter_and_go(page) == 200
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request")
    expect(page.locator(".reference-box strong")).to_be_visible()
    assert AssessmentRequest.objects.count() == 1
