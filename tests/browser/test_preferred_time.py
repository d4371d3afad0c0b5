"""The notes beside the parts of the day, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.looking import what_does_not_fit
from tests.browser.states import show_more_choices


def test_the_notes_follow_the_time_zone_that_is_chosen(open_page, open_nine_to_five):
    page = open_page("/assessment/")
    show_more_choices(page)
    evening = page.locator("label", has_text="In the evening")
    expect(evening).to_have_text("In the evening: we are closed then (Arizona time)")
    page.get_by_label("Your time zone").select_option("America/New_York")
    expect(evening.locator(".closed-note")).to_be_hidden()
    page.get_by_label("Your time zone").select_option("Pacific/Honolulu")
    expect(evening.locator(".closed-note")).to_have_text(": we are closed then (Hawaii time)")
    expect(page.locator("label", has_text="In the morning").locator(".closed-note")).to_be_hidden()


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_question_about_the_time_fits_and_is_answered_without_a_script(
    open_page, open_nine_to_five, axe_finds, width, scheme
):
    page = open_page("/assessment/", width=width, scheme=scheme, javascript=False)
    page.get_by_label("Yes", exact=True).check()
    page.get_by_label("Phone number").fill("602-555-0142")
    show_more_choices(page)
    page.get_by_label("In the evening").check()
    page.get_by_label("I agree that").check()
    open_page.refusals.add(422)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#id_preferred_time")).to_contain_text("We are closed in the evening, Arizona time")
    assert what_does_not_fit(page) == []
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request")
    expect(page.locator(".lead")).to_contain_text("We won't call at another time of day.")
