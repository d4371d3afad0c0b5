"""Readers in a real browser: menu, questions, search, and leaving quickly, with and without script."""

import datetime as dt

import pytest
from playwright.sync_api import expect

from pages.models import Center, OpeningHours
from tests.browser.looking import open_all
from tests.browser.states import show_more_choices

NOT_FOUND = "/nothing-here/"


def overflow(page):
    """By how many pixels the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


WITH_LARGE_LETTERS = [
    *("/", "/addiction/kratom-addiction/", "/family-support/", "/assessment/"),
    *("/treatment/withdrawal-and-detox/", "/treatment/levels-of-care/", "/treatment/what-happens-when-you-call/"),
]


@pytest.mark.parametrize("path", WITH_LARGE_LETTERS)
def test_page_fits_a_small_phone_with_letters_twice_as_large(open_page, path):
    page = open_page(path, width=320)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    page.evaluate("document.fonts.ready.then(() => {})")
    assert overflow(page) == 0
    if page.locator(".leave").count():
        last, leave = page.locator(".reach-bar a").last.bounding_box(), page.locator(".leave").bounding_box()
        assert last["x"] + last["width"] <= leave["x"]
    page.keyboard.press("Tab")
    assert page.locator(".skip-link").bounding_box()["y"] >= 0


def test_hours_at_the_foot_of_each_page_are_a_plain_list(open_page):
    center = Center.objects.get()
    OpeningHours.objects.create(center=center, weekday=0, opens=dt.time(9), closes=dt.time(17))
    center.save()  # the copy of the facts that pages show is made anew
    page = open_page("/", width=320)
    days = page.locator("footer").get_by_role("rowheader").first
    expect(days).to_have_text("Monday")
    expect(days).to_have_css("text-align", "start")
    expect(days).to_have_css("font-weight", "400")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert overflow(page) == 0


def test_questions_open_without_script(open_page):
    page = open_page("/faq/", javascript=False)
    answer = page.locator("#kratom-withdrawal")
    expect(answer).to_be_hidden()
    page.get_by_role("heading", name="Do people experience kratom withdrawal?").click()
    expect(answer).to_be_visible()
    page.get_by_role("heading", name="Do people experience kratom withdrawal?").click()
    expect(answer).to_be_hidden()


def test_questions_open_by_keyboard_and_show_their_focus(open_page):
    page = open_page("/faq/")
    first = page.locator("details.question").first
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert first.get_attribute("open") is not None
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    outline = first.locator("summary").evaluate("element => getComputedStyle(element).outlineStyle")
    assert outline == "solid"


@pytest.mark.parametrize("path", ["/faq/", "/addiction/kratom-addiction-treatment/"])
def test_a_fragment_opens_its_question_without_script(open_page, path):
    page = open_page(f"{path}#side-effects-of-kratom", javascript=False)
    expect(page.locator("#side-effects-of-kratom")).to_be_visible()
    expect(page.locator("details[open]")).to_have_count(1)


def test_a_question_has_a_page_that_leads_to_the_next_ones(open_page):
    page = open_page("/faq/why-do-people-use-kratom/", javascript=False)
    expect(page.get_by_role("heading", level=1)).to_have_text("Why do people use kratom?")
    expect(page.locator("details.question")).to_have_count(0)
    page.locator(".page-list").get_by_role("link", name="Do people experience").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Do people experience kratom withdrawal?")


def test_all_eight_questions_stand_in_the_kratom_page(open_page):
    page = open_page("/addiction/kratom-addiction-treatment/")
    questions = page.locator("details.question summary").all_inner_texts()
    assert len(questions) == 8
    assert questions == open_page("/faq/").locator("details.question summary").all_inner_texts()


@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])
def test_menu_opens_on_a_phone(open_page, javascript):
    page = open_page("/", width=320, javascript=javascript)
    link = page.get_by_role("navigation", name="Main").get_by_role("link", name="For families")
    expect(link).to_be_hidden()
    page.get_by_text("Menu", exact=True).click()
    link.click()
    page.wait_for_url("**/family-support/")


@pytest.mark.parametrize("width", [320, 390, 768])
def test_menu_button_stands_beside_the_name_and_opens_below_it(width, open_page):
    page = open_page("/treatment/withdrawal-and-detox/", width=width)
    header, button = page.locator(".site-header"), page.get_by_text("Menu", exact=True)
    name, before = header.bounding_box(), button.bounding_box()
    assert before["height"] >= 44
    assert name["x"] + name["width"] <= before["x"]
    assert name["y"] <= before["y"]
    assert before["y"] + before["height"] <= name["y"] + name["height"]
    button.click()
    assert button.bounding_box() == before
    first = page.get_by_role("navigation", name="Main").get_by_role("link").first.bounding_box()
    assert first["y"] >= name["y"] + name["height"]
    assert overflow(page) == 0


@pytest.mark.parametrize("width", [320, 390])
@pytest.mark.parametrize("path", ["/treatment/withdrawal-and-detox/", "/faq/"])
def test_way_to_a_page_is_one_step_back_on_a_phone(path, width, open_page):
    page = open_page(path, width=width)
    way = page.get_by_role("navigation", name="Breadcrumb")
    expect(way.get_by_role("link")).to_have_count(1)
    assert way.locator("ol").bounding_box()["height"] < 40
    page.set_viewport_size({"width": 768, "height": 800})
    expect(way.get_by_role("listitem")).to_have_count(len(path.strip("/").split("/")) + 1)


def test_menu_stands_open_where_there_is_room(open_page):
    page = open_page("/", width=1280)
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="For families")).to_be_visible()
    expect(page.get_by_text("Menu", exact=True)).to_be_hidden()


def test_all_questions_open_and_close_with_one_button(open_page):
    page = open_page("/faq/")
    page.get_by_role("button", name="Open all").click()
    expect(page.locator("details.question[open]")).to_have_count(8)
    page.get_by_role("button", name="Close all").click()
    expect(page.locator("details.question[open]")).to_have_count(0)


OFFERING_TO_LEAVE = (
    "/assessment/",
    "/family-support/",
    "/addiction/kratom-addiction/",
    "/addiction/kratom-and-pregnancy/",
    "/treatment/withdrawal-and-detox/",
)


@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])
@pytest.mark.parametrize("path", OFFERING_TO_LEAVE)
def test_leaving_quickly_is_in_reach_anywhere_on_the_page(open_page, elsewhere, path, javascript):
    page = open_page(path, javascript=javascript, width=320, height=568)
    length = page.evaluate("history.length")
    for share in (0, 0.5, 1):
        page.evaluate(f"scrollTo(0, document.body.scrollHeight * {share})")
        expect(page.get_by_role("link", name="Leave this page quickly")).to_be_in_viewport(ratio=1)
    page.get_by_role("link", name="Leave this page quickly").click()
    page.wait_for_url(elsewhere)
    assert page.evaluate("history.length") == (length if javascript else length + 1)
    assert page.evaluate("document.referrer") == ""
    assert [cookie["name"] for cookie in page.context.cookies()] == (["visit"] if path == "/assessment/" else [])
    open_page.problems.clear()  # the other site


def test_pressing_shift_three_times_leaves(open_page, elsewhere):
    page = open_page("/assessment/")
    show_more_choices(page)
    page.get_by_label("What should we call you?").focus()
    page.keyboard.type("AB")
    for key in ("Shift", "Shift", "a", "Shift", "Shift"):
        page.keyboard.press(key)
    assert page.get_by_label("What should we call you?").input_value() == "ABa"
    page.keyboard.press("Shift")
    page.wait_for_url(elsewhere)
    open_page.problems.clear()  # the other site


def test_leave_covers_neither_send_nor_the_bar_of_help(open_page):
    page = open_page("/assessment/", width=320, height=568)
    send, leave = page.get_by_role("button", name="Send"), page.get_by_role("link", name="Leave this page quickly")
    send.evaluate("element => element.scrollIntoView({ block: 'end' })")
    sent, left = send.bounding_box(), leave.bounding_box()
    assert sent["y"] + sent["height"] <= left["y"] or sent["x"] + sent["width"] <= left["x"]
    page = open_page("/family-support/", width=320, height=568)
    page.mouse.wheel(0, 900)
    bar = page.get_by_role("region", name="Reach us").bounding_box()
    left = page.get_by_role("link", name="Leave this page quickly").bounding_box()
    call = page.locator(".reach-bar a").last.bounding_box()
    assert bar["y"] <= left["y"]
    assert call["x"] + call["width"] <= left["x"]


def test_leave_covers_no_box_that_is_written_in_at_400_percent(open_page):
    page = open_page("/assessment/", width=320, height=256)
    show_more_choices(page)
    leave = page.get_by_role("link", name="Leave this page quickly")
    for label in ("Phone number", "Language you prefer", "Anything you want us to know"):
        box = page.get_by_label(label)
        page.evaluate("scrollTo(0, 0)")
        box.focus()
        written, left = box.bounding_box(), leave.bounding_box()
        assert written["y"] >= 0, label
        assert written["y"] + written["height"] <= left["y"], label


@pytest.mark.parametrize(
    "path",
    [
        "/assessment/",
        "/assessment/under-18/",
        "/assessment/received/old/",
        "/assessment/manage/old/",
        "/family-support/",
        NOT_FOUND,
    ],
)
def test_call_and_crisis_lines_stand_in_the_first_screen_of_a_small_phone(open_page, path):
    open_page.refusals.add(404)
    page = open_page(path, width=320, height=568)
    for number in ("911", "988"):
        expect(page.locator(f".crisis-line a[href='tel:{number}']").first).to_be_in_viewport(ratio=1)
    expect(page.locator(".reach-bar a[href^='tel:+1480']")).to_be_in_viewport(ratio=1)


def test_crisis_lines_are_in_sight_where_a_form_was_refused(open_page):
    page = open_page("/assessment/", width=320, height=568)
    page.get_by_role("button", name="Send").click()
    box = page.get_by_role("alert")
    expect(box).to_be_focused()
    for number in ("911", "988"):
        expect(page.locator(f".crisis-line a[href='tel:{number}']")).to_be_in_viewport(ratio=1)
    open_page.problems.clear()  # the browser reports the status


@pytest.mark.parametrize("path", ["/treatment/withdrawal-and-detox/", "/contact/", "/family-support/"])
def test_emergency_box_stands_above_the_contents(open_page, path):
    page = open_page(path, width=320, javascript=False)
    box, contents = page.locator(".callout-emergency"), page.get_by_role("navigation", name="On this page")
    assert box.bounding_box()["y"] < contents.bounding_box()["y"]
    target = "#" + box.get_by_role("heading").get_attribute("id")
    assert target not in [link.get_attribute("href") for link in contents.get_by_role("link").all()]


def test_contents_of_a_page_lead_to_its_sections(open_page):
    page = open_page("/treatment/levels-of-care/", javascript=False)
    links = page.get_by_role("navigation", name="On this page").get_by_role("link")
    headings = page.locator("article section:not(.callout-emergency) h2")
    anchors = [f"#{heading.get_attribute('id')}" for heading in headings.all()]
    assert [link.get_attribute("href") for link in links.all()] == anchors[: links.count()]
    links.nth(2).click()
    expect(page.locator(":target")).to_contain_text(links.nth(2).inner_text())


def test_search_is_found_from_a_page_that_is_not_there(open_page):
    page = open_page(NOT_FOUND)
    page.get_by_label("Search this site").fill("ketum detox")
    page.get_by_role("search").get_by_role("button", name="Search").click()
    expect(page.locator(".search-results")).to_contain_text("Kratom withdrawal and detox")
    assert "detox" not in page.title()
    open_page.problems.clear()  # the 404 that this test asked for


def test_skip_link_is_the_first_stop_and_leads_past_the_menu(open_page):
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/#*")
    page.keyboard.press("Tab")
    expect(page.locator("main :focus")).to_have_count(1)


def test_a_source_mark_leads_to_its_source_and_back(open_page):
    page = open_page("/addiction/kratom-addiction-treatment/")
    mark = page.get_by_role("link", name="source 1", exact=True).first
    mark.click()
    assert page.evaluate("document.querySelector(':target').id") == "_1"
    page.locator(".sources > li").first.get_by_role("link", name="Back to text").click()
    expect(mark).to_be_in_viewport()


# The top of each mark, and of the character before it: on one line, they are less than half a line apart.
MARKS_AT_THE_BEGINNING_OF_A_LINE = """() => {
    const line = (node, offset) => {
        const range = document.createRange();
        range.setStart(node, offset);
        range.setEnd(node, offset + 1);
        return range.getBoundingClientRect();
    };
    return [...document.querySelectorAll('a[href^="#_"]')].filter((mark) => mark.checkVisibility()).filter((mark) => {
        const walk = document.createTreeWalker(mark.closest("p, li"), NodeFilter.SHOW_TEXT);
        walk.currentNode = mark;
        const before = walk.previousNode();
        const number = line(mark.firstChild, mark.firstChild.length - 1);
        return number.top - line(before, before.length - 1).top > number.height / 2;
    }).map((mark) => mark.parentElement.innerText.slice(0, 80));
}"""


KINDS_OF_PAGES = ["/", "/addiction/kratom-addiction-treatment/", "/faq/", "/treatment/", "/search/", "/assessment/"]


@pytest.mark.parametrize("path", KINDS_OF_PAGES)
def test_title_and_text_stand_below_the_name_in_the_header(path, open_page):
    page = open_page(path)
    for width in (320, 768, 1056, 1280, 1600):
        page.set_viewport_size({"width": width, "height": 800})
        name, *texts = [
            page.locator(part).first.bounding_box()["x"]
            for part in (".brand", "h1", "main :is(section.measure:not(.callout), .asking) :is(h2, p)")
        ]
        assert (width, [round(text - name) for text in texts]) == (width, [0, 0])


LETTERS_A_LINE = """() => [...document.querySelectorAll("main p")].flatMap((text) => {
    const height = parseFloat(getComputedStyle(text).lineHeight);
    const lines = Math.round(text.getBoundingClientRect().height / height);
    return lines > 2 ? [text.innerText.length / lines] : [];
})"""


@pytest.mark.parametrize("path", ["/", "/addiction/kratom-addiction-treatment/", "/privacy/"])
def test_lines_are_short_enough_to_read(path, open_page):
    lengths = open_page(path, width=1600).evaluate(LETTERS_A_LINE)
    assert len(lengths) > 2
    assert max(lengths) <= 75


@pytest.mark.parametrize("width", [320, 335, 350, 390, 1280])
def test_no_line_begins_with_a_source_mark(width, open_page):
    page = open_page("/addiction/kratom-addiction-treatment/", width=width)
    open_all(page)
    assert page.locator('a[href^="#_"]').count() > 100
    assert page.evaluate(MARKS_AT_THE_BEGINNING_OF_A_LINE) == []


def test_source_marks_neither_join_words_nor_add_signs_when_copied(open_page):
    page = open_page("/addiction/kratom-addiction-treatment/")
    page.locator("#m2").evaluate("mark => getSelection().selectAllChildren(mark.parentElement)")
    copied = page.evaluate("getSelection().toString()")
    assert "as opioids do, and on some others too [2][3]." in copied
    assert copied.isascii()


def test_way_back_from_a_source_opens_the_answer_that_cites_it(open_page):
    page = open_page("/addiction/kratom-addiction-treatment/", javascript=False)
    expect(page.locator("details.question[open]")).to_have_count(0)
    page.locator(".sources > li").last.get_by_role("link", name="Back to text").click()
    expect(page.locator("details.question[open]")).to_have_count(1)
    expect(page.locator('a[href^="#_"]:target')).to_be_in_viewport()
