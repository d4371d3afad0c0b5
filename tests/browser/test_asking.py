"""The form in a real browser, as the people who need it use it."""

import re
from itertools import product

import pytest

from intake.models import AssessmentRequest


def fill(page):
    page.get_by_role("group", name="Are you 18 or older?").get_by_label("Yes").check()
    page.get_by_label("What should we call you?").fill("Zoë Ó Briain 🌵")
    page.get_by_label("Phone number").fill("(928) 555-0142")
    page.get_by_label("Anything you want us to know").fill("مرحبا, I have a question.")
    page.get_by_label("I agree that").check()


@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])
def test_request_reaches_the_desk(open_page, sign_in, javascript):
    page = open_page("/assessment/", javascript=javascript)
    fill(page)
    page.get_by_role("button", name="Send").click()
    assert page.get_by_role("heading", level=1).inner_text() == "We have your request"
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
    fill(page)
    page.get_by_role("button", name="Send").dblclick()
    page.wait_for_url("**/received/**")
    page.reload()
    assert AssessmentRequest.objects.count() == 1


def test_errors_are_named_linked_focused_and_keep_what_was_typed(open_page, axe_finds):
    for width, scheme in product([320, 768, 1280], ["light", "dark"]):
        page = open_page("/assessment/", width=width, scheme=scheme)
        page.get_by_label("What should we call you?").fill("O'Neil-Ñandú")
        page.get_by_role("button", name="Send").click()
        page.wait_for_selector(".error-summary")
        assert page.evaluate("document.activeElement.className") == "error-summary"
        assert page.get_by_label("What should we call you?").input_value() == "O'Neil-Ñandú"
        links = page.locator(".error-summary a").all()
        assert [link.inner_text() for link in links] == [
            "Are you 18 or older?",
            "Phone number",
            page.locator("label[for=id_consent]").inner_text(),
        ]
        for link in links:
            assert page.locator(link.get_attribute("href")).count() == 1
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert axe_finds(page) == []
        open_page.problems.clear()  # the browser reports the 422 that this test asked for


def test_whole_form_works_by_keyboard_alone(open_page):
    page = open_page("/assessment/")
    page.locator("#id_adult_0").focus()
    page.keyboard.press("Space")
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.name || document.activeElement.type || ''")
        visible = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        if focused in ("phone", "consent"):
            assert visible == "solid"
        if focused == "phone" and "phone" not in reached:
            page.keyboard.type("928 555 0199")
        if focused == "consent" and "consent" not in reached:
            page.keyboard.press("Space")
        reached.add(focused)
        if focused == "submit":
            page.keyboard.press("Enter")
            break
    page.wait_for_url("**/received/**")
    assert AssessmentRequest.objects.count() == 1


def test_under_18_is_shown_help_and_nothing_is_kept(open_page, axe_finds):
    page = open_page("/assessment/", javascript=False)
    page.get_by_label("What should we call you?").fill("Sam")
    page.get_by_role("group", name="Are you 18 or older?").get_by_label("No").check()
    page.get_by_role("button", name="Send").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Let's find you the right help"
    assert page.get_by_role("main").get_by_role("link", name="text 988").is_visible()
    assert AssessmentRequest.objects.count() == 0


def test_confirmation_passes_axe(open_page, axe_finds):
    for width, scheme in product([320, 1280], ["light", "dark"]):
        page = open_page("/assessment/", width=width, scheme=scheme)
        fill(page)
        page.get_by_role("button", name="Send").click()
        page.wait_for_url("**/received/**")
        assert axe_finds(page) == []
