"""Sources and content checks as an editor meets them, and what readers get."""

import re

import pytest
from playwright.sync_api import expect

from pages.models import ContentPage, HomePage, Source


@pytest.fixture
def cms(open_page, make_staff):
    """A function that opens an address of the CMS as someone who may do everything there."""
    make_staff("publisher", username="paul", is_superuser=True)
    # Draftail sets styles of its own, which the policy refuses without harm; the checks panel logs what it found.
    open_page.harmless.update(("Applying inline style", "axe.run results"))
    return lambda path: _sign_in(open_page(f"/admin/login/?next={path}", width=1400, height=1000), path)


def _sign_in(page, path):
    page.get_by_label("Username").fill("paul")
    page.get_by_label("Password").fill("a password for tests")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"**{path}")
    return page


@pytest.fixture
def draft(address):
    """A page with one section, never published."""
    page = ContentPage(title="Rest", slug="rest", summary="In short.", search_description="About rest.", live=False)
    page.sections = [("text", {"heading": "Sleep", "body": "<p>Most people sleep at night.</p>"})]
    HomePage.objects.get().add_child(instance=page)
    page.save_revision()
    return page


def editor(page):
    """The words of the first section, with the caret in them."""
    page.wait_for_load_state("networkidle")
    page.clock.run_for(3_000)  # the editor looks for changes from then on
    text = page.locator(".DraftEditor-root [contenteditable]").first
    text.click()
    return text


def open_chooser(page):
    """Opens the list of sources, as the command "/source" offers it."""
    page.keyboard.type("/sour")
    page.get_by_role("option", name="Source").click()


def cite(page, words):
    """Puts a source in at the caret."""
    open_chooser(page)
    page.locator(".modal [name=q]").fill(words)
    page.locator(".modal tr", has_text=words).locator("[data-chooser-modal-choice]").first.click()
    expect(page.locator(".modal")).to_have_count(0)


def publish(page):
    # An autosave that is on its way would be refused as older than what is published, and the console tells so.
    page.clock.run_for(8_000)  # it comes 5 s after the last change
    expect(page.get_by_text("Saved", exact=True).locator("visible=true").first).to_be_visible()
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    page.wait_for_load_state()


def marks_seen_by_readers(open_page):
    """Pairs of number and title of the source that each mark of the page leads to."""
    page = open_page("/rest/")
    marks = page.locator('a[href^="#_"]').all()
    return [
        (mark.inner_text().strip(), page.locator(f"{mark.get_attribute('href')} a").first.inner_text())
        for mark in marks
    ]


def test_another_source_renumbers_and_every_mark_still_points_right(open_page, cms, draft):
    dea, fda = (Source.objects.get(key=key).title for key in ("dea-fact-sheet", "fda-and-kratom"))
    page = cms(f"/cms/pages/{draft.pk}/edit/")
    text = editor(page)
    page.keyboard.press("Control+End")
    page.keyboard.type(" ")
    cite(page, "dea-fact-sheet")
    expect(text).to_have_text("Most people sleep at night. [dea-fact-sheet]")
    publish(page)
    assert marks_seen_by_readers(open_page) == [("[1]", dea)]

    page.goto(page.url.partition("/cms/")[0] + f"/cms/pages/{draft.pk}/edit/")
    text = editor(page)
    page.keyboard.press("Control+Home")
    page.keyboard.type("Sleep well ")
    cite(page, "fda-and-kratom")
    expect(text).to_have_text("Sleep well [fda-and-kratom]Most people sleep at night. [dea-fact-sheet]")
    publish(page)
    assert marks_seen_by_readers(open_page) == [("[1]", fda), ("[2]", dea)]


def test_mark_is_changed_and_taken_out_in_one_piece(cms, draft):
    page = cms(f"/cms/pages/{draft.pk}/edit/")
    text = editor(page)
    page.keyboard.press("Control+End")
    page.keyboard.type(" ")
    cite(page, "dea-fact-sheet")
    page.locator(".TooltipEntity").click()
    expect(page.locator(".Tooltip")).to_contain_text("Enforcement Administration: Drug Fact Sheet: Kratom (2020)")
    page.locator(".Tooltip").get_by_role("button", name="Edit").click()
    page.locator(".modal [name=q]").fill("fda-and-kratom")
    page.locator(".modal tr", has_text="fda-and-kratom").locator("[data-chooser-modal-choice]").click()
    expect(text).to_have_text("Most people sleep at night. [fda-and-kratom]")
    page.locator(".TooltipEntity").click()
    page.locator(".Tooltip").get_by_role("button", name="Remove").click()
    expect(text).to_have_text("Most people sleep at night.")


def test_chooser_is_accessible_and_nothing_behind_it_can_be_reached(cms, draft, axe_in_looks):
    page = cms(f"/cms/pages/{draft.pk}/edit/")
    editor(page)
    open_chooser(page)
    dialog = page.get_by_role("dialog", name="Choose a source")
    expect(dialog.get_by_role("row", name="lifeline-988-call")).to_be_visible()
    behind = page.locator("[inert] main")
    expect(behind).to_have_count(1)
    assert axe_in_looks(page) == {}
    dialog.get_by_label("Search term").fill("dea-fact-sheet")
    expect(dialog.get_by_role("status")).to_have_text("1 source matches.")
    assert axe_in_looks(page, [(1280, "dark"), (390, "light")]) == {}
    dialog.get_by_label("Search term").fill("No such thing")
    expect(dialog.get_by_role("alert")).to_have_text(re.compile("No source matches “No such thing”"))
    dialog.get_by_role("tab", name="New source").click()
    assert axe_in_looks(page, [(1280, "light"), (390, "dark")]) == {}
    dialog.get_by_label("Checked on").focus()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(behind).to_have_count(0)


def test_claim_is_shown_while_writing_held_and_explained(open_page, cms, draft):
    page = cms(f"/cms/pages/{draft.pk}/edit/")
    page.get_by_role("button", name="Toggle checks").click()
    editor(page)
    page.keyboard.press("Control+End")
    page.keyboard.type(" Our plan is guaranteed.")
    # The panel looks anew with each preview, which comes some seconds after the last key.
    page.clock.run_for(5_000)
    marked = page.frame_locator("#w-preview-iframe").locator('[data-finding="claim"]')
    expect(marked).to_have_text("guaranteed")
    page.keyboard.type(" Call us.")
    page.clock.run_for(5_000)
    expect(page.locator("[data-checks-panel]")).to_contain_text("A claim or a promise", timeout=60_000)
    publish(page)

    message = page.locator(".messages")
    expect(message).to_contain_text("“Rest” was not published. Your draft is saved. Fix 1 thing first:")
    message.get_by_role("link", name="In “Sleep”: A claim or a promise: “guaranteed”").click()
    expect(page.locator(".DraftEditor-root").first).to_contain_text("Our plan is guaranteed.")
    assert page.evaluate("document.querySelector(location.hash) !== null")
    open_page.refusals.add(404)
    assert open_page("/rest/").get_by_text("guaranteed").count() == 0

    message.get_by_role("link", name="Give a reason").click()
    page.get_by_label("Reason to publish this").fill("The state board uses this very word.")
    page.get_by_role("button", name="Publish with this reason").click()
    expect(page.locator(".messages")).to_contain_text("“Rest” was published. Your reason is in the history.")
    assert open_page("/rest/").get_by_text("Our plan is guaranteed.").count() == 1
