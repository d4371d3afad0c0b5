"""The form in a real browser, as the people who need it use it."""

import re

import pytest
from playwright.sync_api import expect

from intake.models import AssessmentRequest
from tests.browser.states import EMAIL, MESSAGE, NAME, PHONE, fill_in, show_more_choices
from tests.browser.test_keyboard import press_enter_and_go, tab_to

PHONE_SCREEN = {"width": 390, "height": 844}
with_and_without_script = pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])


def bottom_of(locator):
    box = locator.bounding_box()
    return box["y"] + box["height"]


def fill_in_the_least(page):
    page.get_by_label(PHONE).fill("(928) 555-0142")
    page.get_by_role("group", name="Are you 18 or older?").get_by_label("Yes").check()
    page.get_by_label("I agree that").check()


def send(page):
    page.get_by_role("button", name="Send").click()


def is_invalid(node):
    values = {item["name"]: item["value"].get("value") for item in node.get("properties", [])}
    return values.get("invalid", "false") != "false"


def invalid_fields(page):
    """Return the names of all fields that Chromium tells a screen reader are invalid."""
    client = page.context.new_cdp_session(page)
    client.send("Accessibility.enable")
    nodes = client.send("Accessibility.getFullAXTree")["nodes"]
    assert len(nodes) > 50
    return {node["name"]["value"].split(" that ")[0] for node in nodes if is_invalid(node)}


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
    show_more_choices(page)
    page.get_by_label("What should we call you?").fill("O'Neil-Ñandú")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.get_by_label("What should we call you?")).to_have_value("O'Neil-Ñandú")
    links = page.locator(".error-summary li a").all()
    assert [link.inner_text() for link in links] == [
        "Phone number",
        "Are you 18 or older?",
        "Your agreement",
    ]
    for link in links:
        expect(page.locator(link.get_attribute("href"))).to_have_count(1)


def test_under_18_is_shown_help_and_nothing_is_kept(open_page):
    page = open_page("/assessment/", javascript=False)
    show_more_choices(page)
    page.get_by_label("What should we call you?").fill("Sam")
    page.get_by_role("group", name="Are you 18 or older?").get_by_label("No").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Let's find you the right help")
    expect(page.get_by_role("main").get_by_role("link", name="text 988")).to_be_visible()
    assert AssessmentRequest.objects.count() == 0


@pytest.mark.parametrize("has_hours", [True, False], ids=["with a promise", "without hours"])
def test_all_that_is_needed_fits_a_screen_and_a_half(open_page, request, has_hours):
    if has_hours:
        request.getfixturevalue("open_nine_to_five")
    page = open_page("/assessment/", **PHONE_SCREEN, javascript=False)
    expect(page.locator(".promise")).to_have_count(int(has_hours))
    begins = page.get_by_role("main").bounding_box()["y"]
    assert bottom_of(page.get_by_role("button", name="Send")) - begins <= 1.5 * PHONE_SCREEN["height"]


def test_fresh_form_asks_four_things_and_folds_the_rest(open_page):
    page = open_page("/assessment/")
    fields = page.locator(".request-form :is(input:not([type=hidden], [name=website]), select, textarea)")
    shown = [field for field in fields.all() if field.is_visible()]
    assert [field.get_attribute("name") for field in shown] == ["phone", "email", "adult", "adult", "consent"]
    show_more_choices(page)
    assert len([field for field in fields.all() if field.is_visible()]) == 23  # the relation is for others only


def test_fresh_form_reports_no_field_as_invalid(open_page):
    page = open_page("/assessment/")
    show_more_choices(page)
    assert invalid_fields(page) == set()


def test_exactly_the_wrong_fields_are_reported_as_invalid(open_page):
    open_page.refusals.add(422)
    page = open_page("/assessment/")
    page.get_by_label(EMAIL).fill("ana@nest")
    show_more_choices(page)
    page.get_by_label(MESSAGE).fill("Long. " * 200)
    send(page)
    page.wait_for_selector(".error-summary")
    assert invalid_fields(page) == {MESSAGE, EMAIL, "I agree", "No", "Yes"}


def test_email_that_was_kept_as_typed_is_not_reported_as_invalid(open_page):
    open_page.refusals.add(422)
    page = open_page("/assessment/")
    page.get_by_label(EMAIL).fill("ana")
    for _ in range(2):
        with page.expect_navigation():
            send(page)
    assert invalid_fields(page) == {"I agree", "No", "Yes"}


@with_and_without_script
def test_least_is_sent_by_keyboard_alone_with_the_rest_folded(open_page, javascript):
    page = open_page("/assessment/", javascript=javascript)
    tab_to(page, page.get_by_label(PHONE))
    page.keyboard.type("928 555 0142")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # Yes
    page.keyboard.press("Tab")
    expect(page.locator("details.more > summary")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # I agree
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send")).to_be_focused()
    assert press_enter_and_go(page) == 200
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request")


@with_and_without_script
def test_error_among_the_folded_questions_unfolds_them(open_page, javascript):
    open_page.refusals.add(422)
    page = open_page("/assessment/", javascript=javascript)
    fill_in_the_least(page)
    summary = page.locator("details.more > summary")
    summary.focus()
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label(MESSAGE))
    page.keyboard.insert_text("Long. " * 200)
    tab_to(page, page.get_by_role("button", name="Send"))
    assert press_enter_and_go(page) == 422
    tab_to(page, page.locator(".error-summary").get_by_role("link", name=MESSAGE))
    page.keyboard.press("Enter")
    expect(page.get_by_label(MESSAGE)).to_be_focused()
    expect(page.get_by_label(MESSAGE)).to_be_in_viewport()


def test_error_elsewhere_leaves_the_folded_questions_folded(open_page):
    open_page.refusals.add(422)
    page = open_page("/assessment/")
    send(page)
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label(NAME)).to_be_hidden()


def test_going_back_to_the_form_shows_what_was_chosen_among_the_folded(open_page):
    page = open_page("/assessment/")
    show_more_choices(page)
    page.get_by_label("In the morning").check()
    page.get_by_role("link", name="How we protect your privacy").click()
    page.wait_for_url("**/privacy/")
    page.go_back()
    expect(page.get_by_label("In the morning")).to_be_checked()
    expect(page.get_by_label("In the morning")).to_be_visible()


def test_promise_before_send_goes_when_another_time_or_no_call_is_chosen(open_page, open_nine_to_five):
    page = open_page("/assessment/", javascript=False)
    promise = page.locator(".promise")
    expect(promise).to_have_text(
        "If you send a phone number before 10:30 AM on Tuesday: "
        "We will call today, by 12:30 in the afternoon, Arizona time. "
        "Other choices can change that."
    )
    show_more_choices(page)
    for label in ("In the morning", "Please don't call me. Email me."):
        page.get_by_label(label).check()
        expect(promise).to_be_hidden()
        page.get_by_label("As soon as possible").check()
    page.get_by_label("Please don't call me. Email me.").uncheck()
    expect(promise).to_be_visible()


def test_confirmation_is_printed_by_a_button_without_menus(open_page):
    page = open_page("/assessment/")
    fill_in_the_least(page)
    send(page)
    page.wait_for_url("**/received/**")
    page.evaluate("window.print = () => { document.title = 'printed' }")
    page.get_by_role("button", name="Print this page").click()
    assert page.title() == "printed"
    page.emulate_media(media="print")
    expect(page.locator(".reference-box")).to_be_visible()
    for what in (".site-header", ".site-footer", "a.leave", "a[href*='/manage/']"):
        expect(page.locator(what).first).to_be_hidden()


@pytest.mark.parametrize(("scheme", "drawing"), [("light", "dawn.svg"), ("dark", "night.svg")])
def test_confirmation_has_a_drawing_above_its_title_that_screen_readers_skip(scheme, drawing, open_page):
    page = open_page("/assessment/", width=320, height=568, scheme=scheme)
    fill_in_the_least(page)
    send(page)
    page.wait_for_url("**/received/**")
    picture = page.locator("main .dawn")
    assert (picture.evaluate("image => image.currentSrc").endswith(drawing), picture.get_attribute("alt")) == (True, "")
    assert page.locator("main").get_by_role("img").count() == 0
    expect(page.locator(".reference-box strong")).to_be_in_viewport(ratio=1)


def test_without_script_the_confirmation_only_says_that_it_can_be_printed(open_page):
    page = open_page("/assessment/", javascript=False)
    fill_in_the_least(page)
    send(page)
    expect(page.get_by_text("You can print this page.")).to_be_visible()
    expect(page.get_by_text("Print this page", exact=True)).to_be_hidden()
