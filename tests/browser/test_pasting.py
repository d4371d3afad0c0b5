"""What an editor pastes means afterwards what it meant before, and what can't be kept is named."""

import contextlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from wagtail.admin.rich_text.converters.contentstate import ContentstateConverter

from faq.models import QuestionPage
from pages.rich_text import FEATURES, clean
from tests.browser.conftest import wait_until

CLIPBOARD = Path(__file__).parent / "clipboard"
PASTE = """(editor, [html, text]) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/html", html);
    clipboardData.setData("text/plain", text);
    editor.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""
LOST_PICTURE = "A picture was not pasted. Upload it, and add a Picture block where it belongs."
LOST_TABLE = "A table was pasted as lines of text. Add a Table block and copy each cell there."
KEPT = (
    "<h3>What to bring</h3>"
    "<p>Take <b>10</b><b><sup>0</sup></b><b> mg</b>, not 10 mg, with H<sub>2</sub>O and <i>nothing</i> else.</p>"
    "<ul><li>An ID<ul><li>A license or a passport</li></ul></li></ul>"
    '<ol><li>Call <a href="https://www.samhsa.gov/find-help">SAMHSA</a> or us</li></ol>'
    "<p><b>Level</b> | <b>Hours</b></p><p>Outpatient | 1 to 8</p><p>End.</p>"
)
SMALL = [
    ('<p>Dose: 5<span style="vertical-align:super">2</span></p>', "<p>Dose: 5<sup>2</sup></p>"),
    ('<b style="font-weight:normal"><p>Not bold</p></b>', "<p>Not bold</p>"),
    ("<p>One<br>Two</p>", "<p>One</p><p>Two</p>"),
    ("<div>One<div>Two</div>Three</div>", "<p>One</p><p>Two</p><p>Three</p>"),
    ("<table><tr><td><p>One</p><p>Two</p></td></tr></table>", "<p>One</p><p>Two</p>"),
    ('<p><a href="https://www.google.com/url?q=javascript:alert(1)">a</a></p>', "<p>a</p>"),
    ('<p><a href="tel:988">988</a> <a href="/about/">b</a></p>', '<p><a href="tel:988">988</a> b</p>'),
    ('<p onclick="alert(1)">a<img src=x onerror="alert(1)"><script>alert(1)</script></p>', "<p>a</p>"),
    ("<p>a style=b &lt;p style=c&gt;</p>", "<p>a style=b &lt;p style=c&gt;</p>"),
    ("<h1>A</h1><h4>B</h4><p>C</p>", "<h3>A</h3><h3>B</h3><p>C</p>"),
]


@pytest.fixture
def editing(open_page, make_staff):
    """The page of a question in the editor."""
    question = QuestionPage.objects.get(slug="side-effects-of-kratom")
    user = make_staff(is_superuser=True)
    page = open_page(f"/admin/login/?next=/cms/pages/{question.pk}/edit/", width=1280)
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill("a password for tests")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/edit/")
    page.locator("[contenteditable=true]").first.wait_for()
    return page


def expect_answer(page, wanted):
    """The editor writes down what it holds a little later."""
    with contextlib.suppress(AssertionError):
        wait_until(page, lambda: answer(page) == wanted)
    assert answer(page) == wanted


def answer(page):
    """The answer as it would be stored, without the keys of its paragraphs."""
    value = page.locator("input[name=answer]").input_value()
    stored = clean(ContentstateConverter(features=FEATURES).to_database_format(value))
    return re.sub(r' data-block-key="\w+"', "", stored)


def paste(page, html, text=""):
    box = page.locator(
        "[data-contentpath=answer] [contenteditable=true], #panel-child-content-answer-content [contenteditable=true]"
    ).first
    box.click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    box.evaluate(PASTE, [html, text])


@pytest.mark.parametrize("program", ["word", "google_docs"])
def test_paste_keeps_what_it_means(editing, program):
    paste(editing, (CLIPBOARD / f"{program}.html").read_text(), "10 0 mg")
    expect(editing.get_by_role("status").filter(has_text=LOST_PICTURE)).to_have_text(f"{LOST_PICTURE} {LOST_TABLE}")
    expect_answer(editing, KEPT)


def test_paste_of_small_things(editing):
    for html, wanted in SMALL:
        paste(editing, html)
        expect_answer(editing, wanted)


def test_copy_inside_the_editor_keeps_source_marks(editing):
    """Its own notation is left to the editor."""
    raw = (
        '{"blocks":[{"key":"abcde","text":"See [1]","type":"unstyled","depth":0,"inlineStyleRanges":[],'
        '"entityRanges":[{"offset":4,"length":3,"key":0}]}],"entityMap":{"0":{"type":"SOURCE","mutability":"IMMUTABLE",'
        '"data":{"id":"1","key":"x"}}}}'
    )
    paste(editing, f"<div data-draftjs-conductor-fragment='{raw}'>See [1]</div>")
    expect_answer(editing, '<p>See <a linktype="source" id="1">[1]</a></p>')


def test_plain_text_is_pasted_as_ever(editing):
    paste(editing, "", "Only words")
    expect_answer(editing, "<p>Only words</p>")
