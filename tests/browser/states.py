"""Every kind of public page and every state of the request form: how a visitor gets there, and what they see.

Each state is described by what a visitor does and sees. Tests reach it with and without scripts. A new kind of page or
a new error of the form needs one more entry here. Then every test that walks through the states includes it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import expect

ZOOMED = {"width": 320, "height": 256}  # a window of 1280 x 1024 at 400 % zoom

PHONE, EMAIL = "Phone number", "Email address"
NAME, MESSAGE = "What should we call you?", "Anything you want us to know"


@dataclass(frozen=True)
class State:
    path: str
    shows: str  # a Playwright selector of an element that must be visible in this state
    status: int = 200
    fill: Callable | None = None  # what the visitor does in the form at `path` before pressing Send
    then: Callable | None = None  # where the visitor goes from the page that answers
    database_away: bool = False  # from the moment when the visitor presses Send or reloads
    spool_away: bool = False

    @property
    def on_form(self):
        return self.path.startswith("/assessment/")


def show_more_choices(page):
    """Unfold the questions that nobody has to answer."""
    more = page.locator("details.more")
    if more.get_attribute("open") is None:
        more.locator("summary").click()


def fill_in(page, **instead):
    """Fill in a form that will be accepted. `instead`: other values for `phone`, `email` or `message`."""
    show_more_choices(page)
    page.get_by_role("group", name="Are you 18 or older?").get_by_label("Yes").check()
    page.get_by_label(NAME).fill("Zoë Ó Briain 🌵")
    page.get_by_label(PHONE).fill(instead.get("phone", "(928) 555-0142"))
    page.get_by_label(EMAIL).fill(instead.get("email", ""))
    page.get_by_label(MESSAGE).fill(instead.get("message", "مرحبا, I have a question."))
    page.get_by_label("I agree that").check()


def with_values(**instead):
    return lambda page: fill_in(page, **instead)


def under_18(page):
    page.get_by_role("group", name="Are you 18 or older?").get_by_label("No").check()


def no_calls_and_no_email(page):
    fill_in(page)
    page.get_by_label("Please don't call me").check()


def phone_twice(page):
    fill_in(page)
    page.get_by_label(PHONE).evaluate("""field => {
        const second = field.cloneNode();
        second.removeAttribute("id");
        second.value = "(928) 555-0143";
        field.form.append(second);
    }""")


def old_page(page):
    fill_in(page)
    page.locator("form input[name=token]").evaluate("field => { field.value = 'of a form from long ago' }")


def blocked_cookies(page):
    fill_in(page)
    page.context.clear_cookies()


def form_of_another_type(page):
    page.locator(".request-form").evaluate("form => { form.enctype = 'text/plain' }")


def thousands_of_fields(page):
    page.locator(".request-form").evaluate("""form => {
        for (let number = 0; number < 2000; number++) {
            const field = document.createElement("input");
            field.type = "hidden";
            field.name = "a";
            form.append(field);
        }
    }""")


def to_private_page(page):
    page.get_by_role("link", name="Change or withdraw my request").click()


def nothing_to_add(page):
    to_private_page(page)
    page.get_by_role("button", name="Add", exact=True).click()


def withdraw(page):
    to_private_page(page)
    page.get_by_role("button", name="Withdraw my request").click()


def withdraw_and_confirm(page):
    withdraw(page)
    page.get_by_role("button", name="Yes, withdraw my request").click()


def for_someone_else(page):
    fill_in(page, phone="555-01")
    page.get_by_role("radio", name="Someone else").check()


def for_a_client(page):
    fill_in(page, phone="555-01")
    page.get_by_role("radio", name="I am a professional").check()


def in_summary(text):
    return f'.error-summary:has-text("{text}")'


def in_main(text):
    return f'main >> text="{text}"'


READING = {
    "home": State("/", ".callout-emergency"),
    "page with questions": State("/addiction/kratom-addiction-treatment/", "main details.question"),
    "page with steps": State("/treatment/withdrawal-and-detox/", ".steps"),
    "page with stairs": State("/treatment/levels-of-care/", "figure"),
    "page with two ways": State("/treatment/what-happens-when-you-call/", "figure"),
    "page with two columns": State("/addiction/what-is-7-oh/", "figure"),
    "page with a table": State("/addiction/what-is-in-my-product/", ".table table"),
    "page for professionals": State("/for-professionals/", ".page-list"),
    "page with self-check": State("/addiction/kratom-addiction/", ".self-check"),
    "page with quick exit": State("/family-support/", "a.leave"),
    "page with advice": State("/treatment/dual-diagnosis/", ".callout-advice"),
    "plain page": State("/privacy/", "main section"),
    "contact": State("/contact/", ".steps"),
    "questions": State("/faq/", "details.question"),
    "question": State("/faq/kratom-withdrawal/", 'main h2:has-text("More questions")'),
    "section": State("/treatment/", ".page-list"),
    "search": State("/search/", in_main("Good places to start")),
    "search with results": State("/search/?q=detox", ".search-results li"),
    "search without results": State("/search/?q=xyzzyxyzzy", in_main("We found nothing for these words")),
    "400": State("/assessment/", in_main("We could not read that"), 400, thousands_of_fields),
    "404": State("/nothing-here/", in_main("We could not find that page"), 404),
    "413": State(
        "/assessment/", in_main("That was too long to send"), 413, with_values(message="So much to say. " * 5000)
    ),
    "415": State("/assessment/", in_main("We could not read what was sent"), 415, form_of_another_type),
    "500": State("/about/", in_main("Something went wrong on our side"), 500, database_away=True),
}
ASKING = {
    "form": State("/assessment/", ".request-form"),
    "nothing filled in": State("/assessment/", in_summary("Tell us whether you are 18"), 422, lambda page: None),
    "odd phone": State(
        "/assessment/", in_summary("not look like a complete phone number"), 422, with_values(phone="555-01")
    ),
    "odd email": State(
        "/assessment/", in_summary("not look like a complete email address"), 422, with_values(email="zoe@example")
    ),
    "no calls and no email": State("/assessment/", in_summary("You asked us not to call"), 422, no_calls_and_no_email),
    "long message": State(
        "/assessment/", in_summary("from 1199 to 1000 characters"), 422, with_values(message="Long. " * 200)
    ),
    "unreadable character": State(
        "/assessment/", in_summary("We can't read the text at the end"), 422, with_values(message="Caf\ufffd")
    ),
    "field twice": State("/assessment/", in_summary("We received two answers here"), 422, phone_twice),
    "old page": State("/assessment/", in_summary("open for a long time"), 403, old_page),
    "blocked cookies": State("/assessment/", in_summary("blocks cookies"), 403, blocked_cookies),
    "for someone else": State("/assessment/", ".only-for-other", 422, for_someone_else),
    "for a client": State("/assessment/", ".only-for-professional", 422, for_a_client),
    "database away": State("/assessment/", ".reference-box strong", fill=fill_in, database_away=True),
    "nothing can be stored": State(
        "/assessment/",
        in_summary("We can't take your request right now"),
        503,
        fill_in,
        database_away=True,
        spool_away=True,
    ),
    "private page": State("/assessment/", in_main("Withdraw your request"), fill=fill_in, then=to_private_page),
    "nothing to add": State("/assessment/", ".error", 422, fill_in, nothing_to_add),
    "withdraw?": State("/assessment/", in_main("Withdraw your request?"), fill=fill_in, then=withdraw),
    "withdrawn": State("/assessment/", in_main("Your request is withdrawn."), fill=fill_in, then=withdraw_and_confirm),
    "private page that ended": State("/assessment/manage/long-ago/", in_main("This link is not in use"), 404),
    "under 18": State("/assessment/", in_main("Let's find you the right help"), fill=under_18),
    "confirmation": State("/assessment/", ".reference-box strong", fill=fill_in),
    "confirmation of long ago": State("/assessment/received/long-ago/", 'main h1:has-text("Thank you")'),
}
STATES = READING | ASKING


def reach(state, open_page, take_database_away, **options):
    """Open a state as a visitor would, and return the Playwright page."""
    open_page.refusals.add(state.status)
    page = open_page(state.path, **options)
    if state.fill:
        state.fill(page)
    if state.database_away:
        take_database_away(spool_too=state.spool_away)
    if state.fill or state.database_away:
        with page.expect_navigation() as navigation:
            if state.fill:
                page.get_by_role("button", name="Send").click()
            else:
                page.reload()
        assert navigation.value.status == (200 if state.then else state.status)
    if state.then:
        state.then(page)
    expect(page.locator(state.shows).first).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page
