"""A claim in a real browser: two people at one request, a call that is longer than any lease, a forgotten tab."""

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from intake import workflow
from intake.models import AssessmentRequest, Attempt
from tests.browser.looking import what_does_not_fit
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import LIST, change_page

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def request_here(address, stays_signed_in):
    return make_request(preferred_time="asap", text_ok="on", at=timezone.now())


@pytest.fixture
def pass_time(clock):
    """A function that lets minutes pass, at the desk and in an open page, which asks once and hears the answer."""

    def pass_time(minutes, page=None):
        if page:
            look_away(page)
        clock.shift(minutes * MINUTE)
        if page:
            look_back(page)
            wait_for_answer(page)

    return pass_time


@pytest.fixture
def take(sign_in):
    """A function that signs someone in and lets them take the next: their page of it."""

    def take(**options):
        page = sign_in("admissions", path=LIST, width=1280, **options)
        page.asked = []
        page.on("request", lambda request: page.asked.append(request) if is_question(request) else None)
        page.get_by_role("button", name="Take next request").click()
        expect(page.locator(".what-now")).to_be_visible()
        return page

    return take


def bar(page):
    return page.locator("#updates")


def left():
    """Minutes for which the claim still holds."""
    until = AssessmentRequest.objects.get().claimed_until
    return until and round((until - timezone.now()) / MINUTE)


def look_away(page):
    """As if another tab lay over the page, which asks nothing then. Waits until all that it asked is answered: it says
    how long ago the last act was, so that must not be heard at a later time of the tests' clock."""
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true, configurable: true })")
    page.wait_for_timeout(200)
    for question in page.asked:
        question.response()
    page.asked.clear()


def look_back(page):
    page.evaluate("delete document.hidden")


def wait_for_answer(page):
    with page.expect_response(is_question):
        page.clock.run_for(20_000)


def is_question(request):
    return request.url.endswith("/updates/")


def test_a_call_of_33_minutes_counts_though_a_colleague_took_the_same_person(request_here, take, pass_time):
    maria = take()
    expect(maria.locator(".what-now")).to_have_text("Call now.")
    maria.get_by_label("Note for the team").fill("A long talk")
    look_away(maria)
    pass_time(33)
    tom = take()
    expect(tom.locator(".what-now")).to_have_text("Call now.")
    assert AssessmentRequest.objects.get().owner.username != "admissions-0"

    look_back(maria)
    wait_for_answer(maria)
    expect(bar(maria)).to_contain_text("What you log is still saved.")
    expect(bar(maria)).to_contain_text("took it at 10:33 AM.")
    expect(maria.locator(".what-now")).to_contain_text("Leave it to them until then.")
    expect(maria.locator(".ways")).to_be_hidden()
    maria.get_by_role("button", name="We spoke", exact=True).click()
    expect(maria.get_by_text("Logged: We spoke. Next:")).to_be_visible()
    assert Attempt.objects.count() == 1

    tom.get_by_label("Note for the team").fill("I was about to call")
    wait_for_answer(tom)
    expect(bar(tom)).to_contain_text("logged at 10:33 AM: call, we spoke.")
    expect(tom.locator(".what-now")).to_have_text("Look at what changed before you continue.")
    tom.get_by_role("button", name="No answer").click()
    expect(tom.get_by_role("alert")).to_contain_text("call, we spoke. Your change was not saved.")
    expect(tom.get_by_label("Note for the team")).to_have_value("I was about to call")
    assert Attempt.objects.count() == 1


def test_a_call_beside_the_open_page_keeps_the_claim_for_an_hour_and_then_asks(
    request_here, take, pass_time, axe_finds
):
    page = take()
    for _ in range(5):
        pass_time(11, page)
    assert left() in (4, 5)
    expect(bar(page)).to_contain_text("Still working on this?")
    assert page.title().startswith("Still working on this?")
    assert (axe_finds(page), what_does_not_fit(page)) == ([], [])
    with page.expect_response(is_question):
        page.keyboard.press("y")
    expect(bar(page)).not_to_contain_text("Still working on this?")
    assert not page.title().startswith("Still")
    assert left() == 30


def test_a_tab_that_is_forgotten_gives_the_request_back_and_says_so(request_here, take, pass_time, axe_finds):
    page = take()
    for _ in range(4):
        pass_time(16, page)
    expect(bar(page)).to_contain_text(
        re.compile("Back in the queue since 1(0:59|1:00) AM. What you log is still saved.")
    )
    expect(page.locator(".what-now")).to_have_text("Take it again before you continue.")
    assert (axe_finds(page), what_does_not_fit(page)) == ([], [])
    page.get_by_label("Note for the team").fill("Still here")
    page.get_by_role("button", name="Take it again").click()
    expect(page.locator(".what-now")).to_have_text("Call now.")
    expect(page.locator(".timeline .note")).to_have_text("Still here")
    assert left() == 30


def test_a_click_on_the_call_link_keeps_it_for_the_whole_call(request_here, take, open_page):
    page = take()
    page.evaluate("document.addEventListener('click', (event) => event.preventDefault())")  # there is no phone here
    with page.expect_response(is_question):
        page.get_by_role("link", name="Call (602) 555-0142").click()
    assert left() == 60


def test_without_a_script_a_button_keeps_it_for_the_whole_call(request_here, take):
    page = take(javascript=False)
    page.get_by_label("Note for the team").fill("Typed before")
    page.get_by_role("button", name="I am calling: keep it for an hour").click()
    expect(page.get_by_label("Note for the team")).to_have_value("Typed before")
    assert left() == 60


def test_new_content_is_announced_on_an_open_page_and_keeps_what_was_typed(request_here, take, axe_finds):
    page = take()
    page.get_by_label("Note for the team").fill("Half a sentence")
    workflow.add_message(request_id=request_here.pk, text="Do not call this number any more")
    wait_for_answer(page)
    expect(page.locator(".what-now")).to_have_text("They contacted us again just now. Read it before you continue.")
    page.get_by_role("button", name="Show the changes. What you typed stays.").click()
    expect(page.locator(".what-now")).to_have_text("Read what they added first. Then: Call now.")
    expect(page.locator(".unread")).to_contain_text("Do not call this number any more")
    expect(page.get_by_label("Note for the team")).to_have_value("Half a sentence")
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert (axe_finds(page), what_does_not_fit(page)) == ([], [])
    page.locator("h1").click()
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Mark as read")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Marked as read, for everyone.")).to_be_visible()
    expect(page.locator(".what-now")).to_have_text("Call now.")


def test_behind_a_colleagues_claim_the_log_buttons_open_without_a_script(request_here, sign_in, make_staff):
    workflow.claim(request_id=request_here.pk, actor=make_staff("lead", username="lena"))
    page = sign_in("admissions", path=change_page(request_here), javascript=False)
    expect(page.get_by_role("button", name="We spoke", exact=True)).to_be_hidden()
    page.locator("summary", has_text="I spoke with them anyway").click()
    page.get_by_role("button", name="No answer").click()
    expect(page.get_by_text("Logged: No answer.")).to_be_visible()


def test_the_log_buttons_are_on_the_first_screen_of_a_laptop(request_here, sign_in):
    page = sign_in("admissions", path=change_page(request_here), width=1366, height=657)
    page.evaluate("document.querySelector('.no-second-factor').remove()")  # production has no such banner
    for name in ("No answer", "We spoke", "Left a voicemail", "Number does not work"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
    in_order = (".what-now", ".reach .message", ".number")
    places = [page.locator(name).bounding_box()["y"] for name in in_order]
    assert places == sorted(places)
    expect(page.locator(".reach .message")).to_be_in_viewport(ratio=1)
