"""The self-check in a real browser: it counts, marks, prints and forgets. Without script it is a list to read."""

import pytest
from playwright.sync_api import expect

PATH = "/addiction/kratom-addiction/"
BANDS = [
    (1, "No sign, or one"),
    (2, "2 or 3 signs"),
    (3, "2 or 3 signs"),
    (4, "4 or 5 signs"),
    (6, "6 or more signs"),
    (11, "6 or more signs"),
]


def check(page, count):
    for box in page.locator(".self-check input").all()[:count]:
        box.check()


def marked(page):
    return page.locator(".bands [aria-current]")


@pytest.mark.parametrize(("count", "band"), BANDS)
def test_band_of_the_count_is_marked_and_said(open_page, count, band):
    page = open_page(PATH)
    check(page, count)
    expect(page.get_by_role("status")).to_have_text(f"You checked {count} of 11. See “{band}” below.")
    expect(marked(page)).to_have_count(1)
    expect(marked(page)).to_contain_text("Your count")
    expect(marked(page).locator("b")).to_have_text(band)


def test_no_band_is_marked_before_anything_is_checked_and_after_all_is_unchecked(open_page):
    page = open_page(PATH)
    for _ in range(2):
        expect(page.get_by_role("status")).to_have_text("Check what is true for you.")
        expect(marked(page)).to_have_count(0)
        check(page, 2)
        expect(marked(page)).to_have_count(1)
        for box in page.locator(".self-check input").all()[:2]:
            box.uncheck()


def test_self_check_works_by_keyboard(open_page):
    page = open_page(PATH)
    page.locator(".self-check input").first.focus()
    for _ in range(2):
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
    expect(page.get_by_role("status")).to_contain_text("You checked 2 of 11.")
    expect(page.locator(".self-check input").nth(2)).to_be_focused()
    page.get_by_role("button", name="Print this self-check").focus()
    page.evaluate("window.print = () => { window.printed = true; }")
    page.keyboard.press("Enter")
    assert page.evaluate("window.printed")


def test_only_the_self_check_is_printed_with_what_was_checked(open_page):
    page = open_page(PATH)
    check(page, 3)
    page.evaluate("window.print = () => {}")
    page.get_by_role("button", name="Print this self-check").click()
    page.emulate_media(media="print")
    expect(page.locator("article > :not(.self-check):visible")).to_have_count(0)
    expect(page.locator(".self-check :checked:visible")).to_have_count(3)
    expect(marked(page)).to_be_visible()
    expect(page.get_by_role("contentinfo").get_by_role("link", name="988", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Print this self-check")).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_nothing_stays_checked_after_a_reload_or_on_the_way_back(browser_with_memory, address):
    page = browser_with_memory.new_page()
    page.goto(address + PATH)
    check(page, 3)
    page.reload()
    expect(page.locator(".self-check :checked")).to_have_count(0)
    check(page, 3)
    page.get_by_role("contentinfo").get_by_role("link", name="Contact").click()
    page.wait_for_url(f"{address}/contact/")
    page.go_back(wait_until="commit")
    expect(page.get_by_role("status")).to_have_text("Check what is true for you.")
    expect(page.locator(".self-check :checked")).to_have_count(0)
    expect(marked(page)).to_have_count(0)


def test_nothing_is_stored_or_sent(open_page):
    page = open_page(PATH)
    page.wait_for_load_state()
    sent = []
    page.on("request", lambda request: sent.append(request.url) if "/icon" not in request.url else None)
    check(page, 11)
    expect(page.get_by_role("status")).to_contain_text("You checked 11 of 11.")
    assert (sent, page.url.partition("#")[2]) == ([], "")
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_self_check_without_script_is_a_list_and_what_a_count_means(open_page):
    page = open_page(PATH, javascript=False)
    expect(page.locator(".self-check ul:not(.bands) > li")).to_have_count(11)
    expect(page.locator(".bands > li")).to_have_count(4)
    expect(page.locator(".self-check :is(input, button)")).to_have_count(0)
    expect(marked(page)).to_have_count(0)
