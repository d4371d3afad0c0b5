"""What a browser shows to the next person who presses Back: nothing that was typed, once it was sent or withdrawn.

In Chromium with its back/forward cache, which Playwright turns off otherwise; over HTTP, and over HTTPS, where Chromium
keeps even pages that no cache may store.
"""

import time

import pytest
from playwright.sync_api import Error

from intake.submission import private_link
from tests.browser.conftest import FLAGS
from tests.browser.states import fill_in, withdraw_and_confirm
from tests.chromium import chromium_path
from tests.intake.support.factories import make_request

TYPED = ["Zoë", "555-0142", "I have a question"]
SEEN = """() => [
    document.body.innerText, ...[...document.querySelectorAll("input, textarea")].map((field) => field.value)
].join("\\n")"""
SETTLED = 'document.readyState === "complete" && document.documentElement.style.visibility !== "hidden"'
WITH_LEAVE = "/family-support/"  # a page to read that offers Leave
MOST_STEPS_BACK = 10


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def page(request, playwright, tmp_path):
    """A page of a Chromium that keeps pages for Back, as a visitor's does."""
    context = playwright.chromium.launch_persistent_context(
        tmp_path / "profile",
        executable_path=chromium_path(),
        args=FLAGS,
        ignore_default_args=["--disable-back-forward-cache"],
        ignore_https_errors=True,
        java_script_enabled=request.param,
        viewport={"width": 390, "height": 800},
    )
    yield context.pages[0]
    context.close()


def settle(page):
    """Wait until the page is there and stays."""
    ends, quiet = time.monotonic() + 60, 0  # a busy machine takes long
    while quiet < 3:
        assert time.monotonic() < ends, f"{page.url} does not come to rest"
        page.wait_for_timeout(100)
        try:
            quiet = quiet + 1 if page.evaluate(SETTLED) else 0
        except Error:  # just then another page came
            quiet = 0


def go_back(page):
    """Press Back. What the browser kept whole fires no `load` that one could wait for."""
    page.go_back(wait_until="commit")
    settle(page)


def seen(page):
    """Which of the words that were typed are on the page."""
    shown = page.evaluate(SEEN)
    return [word for word in TYPED if word in shown]


def seen_on_the_way_back(page):
    """The addresses that Back leads to, each with the typed words that it shows."""
    steps = []
    while page.url != "about:blank" and len(steps) < MOST_STEPS_BACK:
        go_back(page)
        steps.append((page.url, seen(page)))
    return steps


def open_form(page, origin):
    page.goto(f"{origin}/assessment/")
    fill_in(page)
    assert seen(page) == TYPED


def send(page):
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/received/**")


def leave(page, elsewhere):
    page.get_by_role("link", name="Leave this page quickly").click()
    page.wait_for_url(elsewhere)


def nothing_is_seen(page, form):
    steps = seen_on_the_way_back(page)
    assert [step for step in steps if step[1]] == []
    assert form in [address for address, _words in steps]


def kept_whole(page, origin):
    page.goto(f"{origin}/privacy/")
    page.evaluate("window.isTheSame = true")
    page.goto(f"{origin}/about/")
    go_back(page)
    return (page.url, page.evaluate("window.isTheSame === true")) == (f"{origin}/privacy/", True)


def test_this_browser_keeps_a_whole_page_for_back(page, origin):
    """Otherwise the tests below would show little. On a busy machine, Chromium drops a page now and then."""
    assert any(kept_whole(page, origin) for _try in range(3))


def test_back_before_sending_still_shows_what_was_typed(page, origin):
    open_form(page, origin)
    page.get_by_role("link", name="How we protect your privacy").click()
    page.wait_for_url("**/privacy/")
    go_back(page)
    assert seen(page) == TYPED


def test_back_after_sending_shows_nothing_typed(page, origin):
    open_form(page, origin)
    send(page)
    nothing_is_seen(page, f"{origin}/assessment/")


def test_back_after_sending_from_elsewhere_shows_nothing_typed(page, origin):
    open_form(page, origin)
    page.get_by_role("link", name="How we protect your privacy").click()
    page.wait_for_url("**/privacy/")
    open_form(page, origin)
    send(page)
    nothing_is_seen(page, f"{origin}/assessment/")


def test_back_after_withdrawing_shows_nothing_typed(page, origin):
    open_form(page, origin)
    send(page)
    withdraw_and_confirm(page)
    page.get_by_role("heading", name="Your request is withdrawn.").wait_for()
    nothing_is_seen(page, f"{origin}/assessment/")


def test_back_after_sending_and_leaving_shows_nothing_typed(page, origin, elsewhere):
    open_form(page, origin)
    send(page)
    leave(page, elsewhere)
    nothing_is_seen(page, f"{origin}/assessment/")


def press_send(page, status):
    with page.expect_navigation() as navigation:
        page.get_by_role("button", name="Send").click()
    assert navigation.value.status == status


def test_back_after_an_error_and_leaving_shows_nothing_typed(page, origin, elsewhere):
    open_form(page, origin)
    page.get_by_label("I agree that").uncheck()
    press_send(page, 422)
    assert seen(page) == TYPED
    leave(page, elsewhere)
    nothing_is_seen(page, f"{origin}/assessment/")


def test_back_after_an_error_and_sending_shows_nothing_typed(page, origin):
    open_form(page, origin)
    page.get_by_label("I agree that").uncheck()
    press_send(page, 422)
    page.get_by_label("I agree that").check()
    send(page)
    nothing_is_seen(page, f"{origin}/assessment/")


def test_back_to_a_refused_form_shows_it_again(page, origin):
    open_form(page, origin)
    page.get_by_label("I agree that").uncheck()
    press_send(page, 422)
    page.get_by_role("link", name="How we protect your privacy").click()
    page.wait_for_url("**/privacy/")
    go_back(page)
    assert (seen(page), "/assessment/check/" in page.url) == (TYPED, True)
    page.go_forward(wait_until="commit")
    settle(page)
    go_back(page)
    assert seen(page) == TYPED
    page.get_by_label("I agree that").check()
    send(page)


def test_back_to_the_help_for_under_18_shows_it_again_and_then_the_form(page, origin):
    open_form(page, origin)
    page.get_by_role("group", name="Are you 18 or older?").get_by_label("No").check()
    press_send(page, 200)
    page.get_by_role("contentinfo").get_by_role("link", name="Privacy").click()
    page.wait_for_url("**/privacy/")
    go_back(page)
    assert page.get_by_role("heading", level=1).inner_text() == "Let's find you the right help"
    go_back(page)
    assert seen(page) == TYPED


def test_back_after_adding_words_shows_none_of_them(page, origin):
    open_form(page, origin)
    send(page)
    page.get_by_role("link", name="Change or withdraw my request").click()
    page.get_by_label("Anything you want to add").fill("I have a question")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Yes, add it").click()
    page.get_by_role("heading", name="We added your message.").wait_for()
    nothing_is_seen(page, f"{origin}/assessment/")


def test_back_after_leaving_the_help_for_under_18_shows_nothing_typed(page, origin, elsewhere):
    open_form(page, origin)
    page.get_by_role("group", name="Are you 18 or older?").get_by_label("No").check()
    press_send(page, 200)
    leave(page, elsewhere)
    nothing_is_seen(page, f"{origin}/assessment/")


def test_back_after_leaving_a_private_page_shows_nothing_typed(page, origin, elsewhere):
    """In a browser that never opened the form: the person kept the link, or got it in a message."""
    address = f"{origin}/assessment/manage/{private_link.secret_of(make_request().pk)}/"
    page.goto(f"{origin}/privacy/")
    page.goto(address)
    page.get_by_label("Anything you want to add").fill("I have a question")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Yes, add it").wait_for()
    assert seen(page) == ["I have a question"]
    leave(page, elsewhere)
    nothing_is_seen(page, address)


def test_back_after_a_private_page_and_leaving_another_page_shows_nothing_typed(page, origin, elsewhere):
    """In a browser that never opened the form, with words that were typed and not sent."""
    address = f"{origin}/assessment/manage/{private_link.secret_of(make_request().pk)}/"
    page.goto(address)
    page.get_by_label("Anything you want to add").fill("I have a question")
    page.goto(f"{origin}{WITH_LEAVE}")
    leave(page, elsewhere)
    nothing_is_seen(page, address)


def test_back_after_leaving_the_form_shows_nothing_typed(page, origin, elsewhere):
    page.goto(f"{origin}/privacy/")
    open_form(page, origin)
    page.get_by_role("link", name="How we protect your privacy").click()
    page.wait_for_url("**/privacy/")
    open_form(page, origin)
    leave(page, elsewhere)
    nothing_is_seen(page, f"{origin}/assessment/")
