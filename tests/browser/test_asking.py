"""The form in a real browser, as the people who need it use it."""

import re

import pytest
from playwright.sync_api import expect

from intake.models import AssessmentRequest
from tests.browser.states import fill_in


@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])
def test_request_reaches_the_desk(open_page, sign_in, javascript):
    page = open_page("/assessment/", javascript=javascript)
    fill_in(page)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request")
    reference = page.locator(".reference-box strong").inner_text()
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", reference)

    desk = sign_in("admissions", path="/admin/intake/assessmentrequest/", width=1280)
    desk.get_by_role("link", name=reference).click()
    text = desk.locator("#content-main").inner_text()
    assert "Zoë Ó Briain 🌵" in text
    assert "(928) 555-0142" in text
    assert "مرحبا, I have a question." in text
    assert "Call. Leave no message." in text
    assert reference in desk.title()
    assert "Zoë" not in desk.title() + desk.url


def test_double_click_and_going_back_make_one_request(open_page):
    page = open_page("/assessment/")
    fill_in(page)
    page.get_by_role("button", name="Send").dblclick()
    expect(page).to_have_url(re.compile("/received/"))  # not wait_for_url: the second click ends the first request
    page.reload()
    assert AssessmentRequest.objects.count() == 1


def test_errors_are_named_linked_focused_and_keep_what_was_typed(open_page):
    open_page.refusals.add(422)
    page = open_page("/assessment/")
    page.get_by_label("What should we call you?").fill("O'Neil-Ñandú")
    page.get_by_role("button", name="Send").click()
    page.wait_for_selector(".error-summary")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    expect(page.get_by_label("What should we call you?")).to_have_value("O'Neil-Ñandú")
    links = page.locator(".error-summary li a").all()
    assert [link.inner_text() for link in links] == [
        "Are you 18 or older?",
        "Phone number",
        "Your agreement",
    ]
    for link in links:
        expect(page.locator(link.get_attribute("href"))).to_have_count(1)


def test_under_18_is_shown_help_and_nothing_is_kept(open_page):
    page = open_page("/assessment/", javascript=False)
    page.get_by_label("What should we call you?").fill("Sam")
    page.get_by_role("group", name="Are you 18 or older?").get_by_label("No").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Let's find you the right help")
    expect(page.get_by_role("main").get_by_role("link", name="text 988")).to_be_visible()
    assert AssessmentRequest.objects.count() == 0
