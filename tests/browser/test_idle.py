"""The end of a session in a real browser: it is announced, one key puts it off, and no typed word is lost."""

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from faq.models import QuestionPage
from staff.models import SecurityEvent, StaffSession
from tests.browser.conftest import wait_until
from tests.browser.looking import what_does_not_fit
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import LIST, change_page
from tests.staff.session_helpers import PASSWORD

MINUTE = dt.timedelta(minutes=1)
NOTE = "Asked us to call after five."


@pytest.fixture(autouse=True)
def real_limits(settings):
    settings.STAFF_IDLE_MINUTES, settings.STAFF_SESSION_HOURS = 15, 10


@pytest.fixture
def request_here(address):
    return make_request(preferred_time="asap", at=timezone.now())


@pytest.fixture
def page(sign_in, open_page, request_here):
    """The page of a request, on which amal has typed a note."""
    open_page.harmless.add("Failed to load resource: the server responded with a status of 403")  # polls, signed out
    page = sign_in("admissions", username="amal", path=change_page(request_here), width=1280)
    note(page).fill(NOTE)
    page.sent = []
    page.on("request", lambda request: page.sent.append(request.url.rpartition("account/")[2]))
    return page


@pytest.fixture
def pass_time(clock):
    """A function that lets minutes pass for the server and a page, as if its device slept meanwhile."""

    def pass_time(page, minutes):
        clock.shift(minutes * MINUTE)
        page.clock.run_for(1_000)

    return pass_time


def warning(page):
    return page.get_by_role("alertdialog", name="Are you still there?")


def cover(page):
    return page.get_by_role("alertdialog", name="You are signed out")


def note(page):
    return page.locator("#id_note")


def sign_in_again(page, username="amal"):
    with page.expect_popup() as opened:
        cover(page).get_by_role("link", name="Sign in in a new tab").click()
    second = opened.value
    sign_in_at(second, username)
    return second


def sign_in_at(page, username):
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/admin/login/" not in url)


def come_back(page):
    """Go to the tab of this page, as its window would notice."""
    page.bring_to_front()
    page.evaluate("dispatchEvent(new Event('focus'))")


def test_one_key_stays_and_the_focus_and_the_words_are_where_they_were(page, pass_time, clock):
    note(page).focus()
    pass_time(page, 13)
    expect(warning(page)).to_be_hidden()
    pass_time(page, 1.2)
    expect(warning(page)).to_be_visible()
    expect(warning(page).get_by_role("button", name="Stay signed in")).to_be_focused()
    expect(warning(page).get_by_role("timer")).to_have_text(re.compile(r"^0:[0-5]\d$"))
    page.keyboard.press("a")
    expect(warning(page)).to_be_hidden()
    expect(note(page)).to_be_focused()
    expect(note(page)).to_have_value(NOTE)
    assert timezone.now() - StaffSession.objects.get().last_used_at < MINUTE
    pass_time(page, 13)
    expect(warning(page)).to_be_hidden()


@pytest.mark.parametrize("how", ["click beside the dialog", "the button", "Escape", "Enter"])
def test_any_click_and_any_key_stays(page, pass_time, how):
    pass_time(page, 14.2)
    expect(warning(page)).to_be_visible()
    if how == "click beside the dialog":
        page.mouse.click(5, 5)
    elif how == "the button":
        warning(page).get_by_role("button").click()
    else:
        page.keyboard.press(how)
    expect(warning(page)).to_be_hidden()
    pass_time(page, 13)
    expect(warning(page)).to_be_hidden()
    assert (note(page).input_value(), page.url.endswith("/change/")) == (NOTE, True)


def test_page_is_covered_until_the_same_person_is_back_and_all_is_still_there(page, pass_time, request_here):
    title = page.title()
    pass_time(page, 16)
    expect(cover(page)).to_be_visible()
    expect(page.get_by_role("heading", name="Contact details")).to_be_hidden()
    assert (page.title(), page.evaluate("document.body.innerText").count(NOTE)) == ("Signed out", 0)
    for key in ("Tab", "Shift+Tab", "Escape", "Escape", "Escape"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.closest('#session-cover, body') !== null")
    expect(cover(page)).to_be_visible()
    second = sign_in_again(page)
    assert second.url.endswith(change_page(request_here))
    come_back(page)
    expect(cover(page)).to_be_hidden()
    assert page.title() == title
    expect(note(page)).to_have_value(NOTE)
    page.get_by_role("button", name="Save note").click()
    expect(page.locator(".messagelist")).to_contain_text("The note is saved.")
    assert [text.decrypt() for text in request_here.texts.filter(kind="note")] == [NOTE]


def test_page_stays_covered_for_another_person(page, pass_time, make_staff):
    make_staff("admissions", username="sam")
    pass_time(page, 16)
    sign_in_again(page, "sam")
    come_back(page)
    expect(cover(page).get_by_text("Someone else is signed in")).to_be_visible()
    expect(note(page)).to_be_hidden()


def test_page_is_covered_when_another_tab_signs_out(page, address):
    second = page.context.new_page()
    second.goto(f"{address}/admin/")
    second.get_by_role("button", name="Sign out", exact=True).click()
    second.wait_for_url("**/admin/logout/")
    come_back(page)
    expect(cover(page)).to_be_visible()


def test_laptop_that_slept_covers_the_page_at_once(page, clock):
    clock.shift(120 * MINUTE)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert page.evaluate("document.querySelector('#session-cover').open")
    expect(note(page)).to_be_hidden()
    expect(cover(page)).to_be_visible()


def set_back(page):
    """Let someone set the clock of the page's device back by a day."""
    page.evaluate("{ const now = Date.now; Date.now = () => now() - 86_400_000; }")


def test_clock_that_is_set_back_uncovers_nothing_without_the_network(page, pass_time, open_page):
    open_page.harmless.add("Failed to load resource")
    page.route("**/account/**", lambda route: route.abort())
    pass_time(page, 16)
    expect(cover(page)).to_be_visible()
    set_back(page)
    page.clock.run_for(2_000)
    come_back(page)
    expect(cover(page)).to_be_visible()
    expect(note(page)).to_be_hidden()
    page.unroute("**/account/**")
    sign_in_again(page)
    come_back(page)
    expect(cover(page)).to_be_hidden()
    expect(note(page)).to_have_value(NOTE)


def test_clock_that_is_set_back_postpones_no_cover(page, open_page):
    open_page.harmless.add("Failed to load resource")
    page.route("**/account/**", lambda route: route.abort())
    set_back(page)
    page.clock.fast_forward(14 * 60_000)
    expect(cover(page)).to_be_hidden()
    page.clock.fast_forward(2 * 60_000)
    page.clock.run_for(1_000)
    expect(cover(page)).to_be_visible()


def test_tab_that_lies_open_follows_the_one_in_use(page, pass_time, address):
    second = page.context.new_page()
    second.goto(f"{address}{LIST}")
    pass_time(page, 10)
    second.reload()
    with page.expect_response("**/account/left/"):
        pass_time(page, 4.5)
    expect(warning(page)).to_be_hidden()
    pass_time(page, 10)
    expect(warning(page)).to_be_visible()


def test_work_on_one_page_is_reported_at_most_once_a_minute(page, pass_time):
    for _ in range(3):
        pass_time(page, 2)
        with page.expect_response("**/account/stay/"):
            note(page).press_sequentially(" more words")
    assert page.sent.count("stay/") == 3
    pass_time(page, 13)
    expect(warning(page)).to_be_hidden()


def test_polls_alone_do_not_keep_anyone_signed_in(page, clock):
    for _ in range(16):
        clock.shift(MINUTE)
        page.clock.run_for(21_000)
    polls = [url for url in page.sent if url.endswith("/updates/")]
    assert (len(polls) > 5, page.sent.count("stay/")) == (True, 0)
    expect(cover(page)).to_be_visible()
    ended = SecurityEvent.objects.filter(kind="session_ended", detail="idle")
    wait_until(page, ended.exists)
    assert ended.count() == 1


def test_end_that_nothing_puts_off_is_announced_too(page, pass_time):
    start = timezone.now() - dt.timedelta(hours=9, minutes=52)
    StaffSession.objects.update(started_at=start)
    page.reload()
    note(page).fill(NOTE)
    pass_time(page, 7.2)
    expect(warning(page).get_by_text("this sign-in ends in a minute")).to_be_visible()
    expect(warning(page).get_by_text("Press any key")).to_be_hidden()
    warning(page).get_by_role("button", name="Continue").click()
    expect(warning(page)).to_be_hidden()
    expect(note(page)).to_have_value(NOTE)
    pass_time(page, 2)
    expect(cover(page)).to_be_visible()


def test_editor_goes_on_with_the_same_words_after_signing_in(sign_in, open_page, pass_time, address):
    # The editor asks every 10 seconds who else is there. While signed out it is refused, and writes so to the console.
    open_page.harmless.update({"Applying inline style", "Failed to load resource", "axe.run results", "Error fetching"})
    asked = QuestionPage.objects.get(slug="how-addictive-is-kratom")
    edit = f"/cms/pages/{asked.pk}/edit/"
    erin = sign_in("editor", username="erin", path=edit, width=1280)
    erin.wait_for_load_state("networkidle")
    erin.clock.run_for(3_000)
    pass_time(erin, 14.2)
    expect(warning(erin)).to_be_visible()
    erin.keyboard.press("a")
    expect(warning(erin)).to_be_hidden()
    pass_time(erin, 16)
    expect(cover(erin)).to_be_visible()
    expect(erin.get_by_role("textbox", name="Title")).to_be_hidden()
    second = sign_in_again(erin, "erin")
    assert second.url == address + edit
    come_back(erin)
    expect(cover(erin)).to_be_hidden()
    erin.get_by_role("textbox", name="Title").fill("How addictive is it?")
    erin.clock.run_for(8_000)
    expect(erin.get_by_text("Saved", exact=True).locator("visible=true").first).to_be_visible()
    assert QuestionPage.objects.get(pk=asked.pk).get_latest_revision_as_object().title == "How addictive is it?"


@pytest.mark.parametrize("path", ["desk", "cms", "print"])
def test_dialog_and_cover_pass_axe_and_fit_in_every_look(sign_in, request_here, pass_time, axe_in_looks, path):
    at = {"desk": LIST, "cms": "/cms/", "print": f"{LIST}{request_here.pk}/print/"}[path]
    page = sign_in("lead", "editor", path=at, width=1280)
    looks = [(320, "light"), (320, "dark"), (390, "dark"), (1280, "light"), (1280, "dark")]
    for minutes, dialog in ((14.2, warning), (2, cover)):
        pass_time(page, minutes)
        expect(dialog(page)).to_be_visible()
        assert axe_in_looks(page, looks) == {}
        page.set_viewport_size({"width": 320, "height": 640})
        box = dialog(page).bounding_box()
        assert (box["x"] >= 0, box["x"] + box["width"] <= 320) == (True, True)
        page.emulate_media(reduced_motion="reduce")
        assert page.evaluate("document.querySelector('dialog[open]').getAnimations().length") == 0


def test_sign_in_page_asks_nothing_and_covers_nothing(open_page):
    page = open_page("/admin/login/")
    assert page.locator("#session-cover").count() == 0


def test_export_asks_for_the_password_on_a_page_that_fits(sign_in, open_page, settings, address, clock, axe_in_looks):
    settings.STAFF_FRESH_MINUTES = 10
    open_page.refusals.add(403)
    page = sign_in("lead", path=LIST, width=320)
    clock.shift(11 * MINUTE)
    page.goto(f"{address}{LIST}reports/csv/?begin=2026-11-01&end=2026-11-30")
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    assert axe_in_looks(page, [(320, "light"), (320, "dark"), (1280, "light")]) == {}
    assert what_does_not_fit(page) == []
    expect(page.get_by_label("Your password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "requests-2026-11-01-to-2026-11-24.csv"
