"""An editor and a publisher at once, each in a browser of their own, and what comes between them and their words.

What a plain request shows as well is in tests/pages/test_editing.py.
"""

import pytest
from playwright.sync_api import expect
from wagtail.models import Page

from faq.models import QuestionPage
from pages.models import ContentPage
from staff.models import StaffSession

# Draftail sets styles of its own, which the policy refuses without harm. What the server refuses is what is tested.
HARMLESS = ("Applying inline style", "Failed to load resource", "axe.run results")


@pytest.fixture
def at(sign_in, open_page):
    """A function that opens an address of the CMS as an editor, erin, or a publisher, paul."""
    open_page.harmless.update(HARMLESS)

    def at(name, path):
        role = {"erin": "editor", "paul": "publisher"}[name]
        page = sign_in(role, username=name, path=path, width=1280)
        watch(page)
        return page

    return at


def watch(page):
    """Waits until the editor knows what it began with. It looks for changes from then on."""
    page.wait_for_load_state("networkidle")
    page.clock.run_for(3_000)


def editor_of(page):
    return f"/cms/pages/{page.pk}/edit/"


def box(page, name):
    return page.get_by_role("textbox", name=name)


def wait_for_autosave(page):
    """It comes 5 seconds after the last change."""
    page.clock.run_for(8_000)
    expect(page.get_by_text("Saved", exact=True).locator("visible=true").first).to_be_visible()


def newest(page):
    """The newest draft of a page as it is stored now."""
    return type(page).objects.get(pk=page.pk).get_latest_revision_as_object()


def press(page, name):
    """Presses a button of the footer, which is on every screen; the ones beside Save draft are behind an arrow."""
    if name != "Save draft":
        page.get_by_role("button", name="More actions").click()
    page.get_by_role("button", name=name, exact=True).click()


def test_an_editor_writes_and_previews_and_a_publisher_publishes(at, open_page, address):
    erin = at("erin", f"/cms/pages/add/pages/contentpage/{Page.objects.get(slug='home').pk}/")
    box(erin, "Title").click()
    erin.keyboard.type("Holiday hours 2026")
    box(erin, "Summary").fill("We are closed on December 25.")
    wait_for_autosave(erin)
    draft = ContentPage.objects.get(slug="holiday-hours-2026")
    assert (draft.live, erin.url) == (False, address + editor_of(draft))

    erin.get_by_role("button", name="Toggle preview").click()
    shown = erin.frame_locator("#w-preview-iframe")
    expect(shown.get_by_role("heading", level=1)).to_have_text("Holiday hours 2026")
    box(erin, "Summary").fill("We are closed on December 25 and 26.")
    erin.clock.run_for(8_000)
    expect(shown.get_by_text("We are closed on December 25 and 26.")).to_be_visible()

    paul = at("paul", "/admin/")
    paul.get_by_role("link", name="Holiday hours 2026").click()
    watch(paul)
    press(paul, "Publish")
    expect(paul.locator(".messages")).to_contain_text("Page 'Holiday hours 2026' has been published.")
    readers = open_page("/holiday-hours-2026/")
    expect(readers.get_by_text("We are closed on December 25 and 26.")).to_be_visible()


@pytest.fixture
def asked(address):
    return QuestionPage.objects.get(slug="how-addictive-is-kratom")


def test_who_saves_over_a_colleagues_newer_version_is_told_by_name(at, asked):
    erin, paul = at("erin", editor_of(asked)), at("paul", editor_of(asked))
    erin.clock.run_for(11_000)  # the editor asks every 10 seconds who else is there
    erin.locator(".w-editing-sessions__session").hover()
    expect(erin.get_by_role("tooltip")).to_contain_text("paul")
    paul.locator(".DraftEditor-root [contenteditable]").click()
    paul.keyboard.press("Control+End")
    paul.keyboard.type(" Ask us.")
    press(paul, "Publish")  # at once: the last word is not lost
    expect(paul.locator(".messages")).to_contain_text("Page 'How addictive is kratom?' has been published.")

    box(erin, "Written by").fill("Erin Doe, RN")
    # The editor asks whose version it is. Without the answer, it can't warn by name.
    with erin.expect_response("**/editing-sessions/ping/**") as answer:
        erin.clock.run_for(8_000)
    answer.value.finished()
    expect(erin.get_by_text("Saving will overwrite a newer version.")).to_be_visible()
    press(erin, "Save draft")
    warning = erin.get_by_role("dialog", name="paul saved a new version")
    expect(warning).to_contain_text("Proceeding will overwrite the changes made by paul.")
    warning.get_by_role("button", name="Save draft").click()
    expect(erin.locator(".messages")).to_contain_text("it lacks their changes.")
    erin.get_by_role("link", name="See the difference").click()
    expect(erin.locator(".comparison").filter(has_text="Ask us.")).to_be_visible()
    asked.refresh_from_db()
    assert ("Ask us." in asked.answer, asked.written_by) == (True, "")


def test_what_was_written_in_a_deleted_page_is_kept(at, asked, make_staff):
    erin = at("erin", editor_of(asked))
    asked.delete(user=make_staff("publisher", username="paul"))
    box(erin, "Title").fill("How addictive is it?")
    erin.clock.run_for(8_000)
    expect(erin.get_by_text("paul deleted this page. Press Save draft to keep your text.")).to_be_visible()
    press(erin, "Save draft")
    expect(erin.get_by_role("heading", level=1)).to_contain_text("This page was deleted")
    erin.get_by_role("button", name="Save as a new draft").click()
    expect(box(erin, "Title")).to_have_value("How addictive is it?")
    assert "Two words, two meanings" in QuestionPage.objects.get(title="How addictive is it?").answer


def test_leaving_asks_until_all_is_saved_and_then_loses_nothing(at, asked):
    erin = at("erin", editor_of(asked))
    asks = []
    erin.on("dialog", lambda dialog: (asks.append(dialog.type), dialog.dismiss()))
    box(erin, "Title").fill("How addictive is it?")
    erin.clock.run_for(1_000)
    erin.get_by_role("link", name="Sources", exact=True).click(no_wait_after=True)
    expect(box(erin, "Title")).to_have_value("How addictive is it?")
    assert asks == ["beforeunload"]

    wait_for_autosave(erin)
    erin.get_by_role("link", name="Sources", exact=True).click()
    erin.wait_for_url("**/source/")
    erin.go_back()
    expect(box(erin, "Title")).to_have_value("How addictive is it?")
    assert asks == ["beforeunload"]


def test_who_was_signed_out_gets_back_what_they_typed(at, asked, address):
    erin = at("erin", editor_of(asked))
    StaffSession.objects.all().delete()
    box(erin, "Title").fill("How addictive is it?")
    erin.clock.run_for(8_000)
    expect(erin.get_by_text("Not saved: you are signed out.")).to_be_visible()
    press(erin, "Save draft")
    with erin.expect_popup() as opened:
        erin.get_by_role("link", name="Sign in in a new tab").click()
    second = opened.value
    second.get_by_label("Username").fill("erin")
    second.get_by_label("Password").fill("a password for tests")
    second.get_by_role("button", name="Sign in", exact=True).click()
    second.wait_for_url(f"{address}/admin/")
    erin.get_by_role("button", name="Send again").click()
    erin.get_by_role("button", name="Send again").click()  # signing in has made another token
    expect(box(erin, "Title")).to_have_value("How addictive is it?")
    assert newest(asked).title == "How addictive is it?"


def test_long_page_has_its_buttons_and_its_parts_at_hand(at):
    page = ContentPage.objects.get(slug="withdrawal-and-detox")
    erin = at("erin", editor_of(page))
    save = erin.get_by_role("button", name="Save draft", exact=True)
    expect(save).to_be_in_viewport()
    last = page.sections[-1].value["heading"]
    erin.get_by_role("button", name="Toggle side panel").click()
    erin.get_by_role("link", name=last).click()
    heading = erin.locator("input[name$='-heading']").last
    expect(heading).to_have_value(last)
    expect(heading).to_be_in_viewport()
    expect(save).to_be_in_viewport()
    heading.fill("What comes after")
    erin.keyboard.press("Control+s")
    expect(erin.locator(".messages")).to_contain_text("has been updated")
    assert newest(page).sections[-1].value["heading"] == "What comes after"


def test_slow_computer_saves_the_last_word_too(at, asked):
    erin = at("erin", editor_of(asked))
    erin.locator(".DraftEditor-root [contenteditable]").click()
    erin.keyboard.press("Control+End")
    # Slow enough that the editor copies the text into its field only after Save was pressed.
    devtools = erin.context.new_cdp_session(erin)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 30})
    erin.keyboard.type(" Ask us.")
    with erin.expect_request(lambda request: request.is_navigation_request() and request.method == "POST"):
        erin.keyboard.press("Control+s")
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    expect(erin.locator(".messages")).to_contain_text("has been updated")
    assert "Ask us." in newest(asked).answer


def test_table_is_filled_in_with_the_keyboard_alone(at):
    page = ContentPage.objects.get(slug="paying-for-care")
    erin = at("erin", editor_of(page))
    keys = erin.keyboard
    erin.get_by_role("button", name="Insert a block").first.focus()
    keys.press("Enter")
    tab_to(erin.get_by_placeholder("Search options…"))
    keys.type("Table")
    keys.press("Enter")
    tab_to(erin.get_by_role("textbox", name="Caption"), "Shift+Tab")
    keys.type("Levels of care")
    for heading in ("Level", "Hours"):
        tab_to(erin.get_by_role("button", name="Add column"))
        keys.press("Enter")
        tab_to(erin.locator(".add-column-menu").get_by_role("button", name="Text"))
        keys.press("Enter")
        tab_to(erin.get_by_placeholder("Column heading").last, "Shift+Tab")
        keys.type(heading)
    for number, words in enumerate(("Outpatient", "1 to 8")):
        tab_to(erin.locator(".typed-table-block tbody [contenteditable=true]").nth(number))
        keys.type(words)
    keys.press("Control+s")  # at once: the last word is not lost
    expect(erin.locator(".messages")).to_contain_text("has been updated")
    table = newest(page).sections[0].value["table"]
    cells = [cell.source for row in table.row_data for cell in row["values"]]
    assert [column["heading"] for column in table.columns] == ["Level", "Hours"]
    assert ("Outpatient" in cells[0], "1 to 8" in cells[1], table.caption) == (True, True, "Levels of care")


def tab_to(target, key="Tab"):
    """Goes on from key to key until this has the focus."""
    for _ in range(15):
        target.page.keyboard.press(key)
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{target} was not reached with {key}")
