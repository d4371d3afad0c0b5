"""A real Chromium against the real site, on a server of its own. Any console error fails the test it happened in."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.chromium import chromium_path
from tests.conftest import load_site

# Playwright runs an event loop in this thread; the database is used between its steps, never inside one.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
FLAGS = [
    "--no-sandbox",  # the tests may run as root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items):
    reason = None if chromium_path() else "no Chromium found (install it, or set CHROMIUM to its path)"
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return browser_type_launch_args | {"executable_path": chromium_path(), "args": FLAGS}


@pytest.fixture
def address(transactional_db, live_server):
    """The running site's address."""
    load_site()
    return live_server.url


@pytest.fixture
def open_page(browser, address):
    """A function that opens a page in a new context and gives the Playwright page. Every problem that the browser
    reports, and every request to another host, fails the test at its end, unless the test clears `problems`."""
    contexts, problems = [], []

    def note_message(message):
        if message.type in ("error", "warning"):
            problems.append(message.text)

    def note_request(request):
        if not request.url.startswith((address, "data:")):
            problems.append(request.url)

    def listen(page):
        page.on("console", note_message)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", note_request)

    def open_(path, width=390, scheme="light", javascript=True):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=javascript
        )
        contexts.append(context)
        context.on("page", listen)
        page = context.new_page()
        page.goto(address + path)
        return page

    open_.problems = problems
    yield open_
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def axe_finds():
    """A function: what axe finds on a Playwright page, as short lines."""

    def find(page):
        # preload: axe would read style sheets again by adding style elements, which the site's policy refuses.
        options = {"runOnly": {"type": "tag", "values": AXE_TAGS}, "preload": False}
        results = Axe().run(page, options=options)
        return [
            f"{violation['id']}: {node['html'][:120]}"
            for violation in results.response["violations"]
            for node in violation["nodes"]
        ]

    return find


@pytest.fixture
def sign_in(open_page, make_staff):
    """A function that signs a member of staff with these roles in and gives the page."""

    def sign_in(*roles, path="/admin/", **options):
        user = make_staff(*roles)
        page = open_page(f"/admin/login/?next={path}", **options)
        page.get_by_label("Username").fill(user.username)
        page.get_by_label("Password").fill("a password for tests")
        page.get_by_role("button", name="Log in").click()
        return page

    return sign_in
