"""Fixtures that open the real site in a real Chromium, on its own server. Any error in the console fails its test."""

import datetime as dt
import os
import re
import time
from itertools import product

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from pages import facts
from pages.models import Center, OpeningHours
from tests import tls
from tests.chromium import NO_CHROMIUM, chromium_path
from tests.webkit import why_no_webkit

# Playwright runs an event loop in this thread. Django then refuses the database, but we use it only between steps.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
# A machine that also runs other tests can be slow. A long timeout costs nothing if the element appears at once.
expect.set_options(timeout=60_000)

AXE_OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
    # To read style sheets, axe would add style elements, which the site's Content-Security-Policy blocks.
    "preload": False,
}
AXE_FINDS = """async (options) => (await axe.run(options)).violations.flatMap(
    ({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`)
)"""
LOOKS = [*product([1280, 390], ["light", "dark"])]
# During the transition from one theme to the other, a color has a different contrast.
END_OF_TRANSITIONS = """() => Promise.allSettled(
    document.getAnimations().filter((animation) => animation instanceof CSSTransition).map(({ finished }) => finished)
)"""
REFUSAL = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")
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
    no_chromium, no_webkit = None if chromium_path() else NO_CHROMIUM, why_no_webkit()
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)
            if reason := no_webkit if item.get_closest_marker("webkit") else no_chromium:
                item.add_marker(pytest.mark.skip(reason=reason))


def wait_until(page, is_true):
    """Wait until `is_true()` returns something true, for at most a minute. The page lives on meanwhile."""
    ends = time.monotonic() + 60
    while not is_true():
        assert time.monotonic() < ends, "It never came true."
        page.wait_for_timeout(100)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return browser_type_launch_args | {"executable_path": chromium_path(), "args": FLAGS}


@pytest.fixture
def browser_with_memory(playwright):
    """A Chromium that keeps pages for Back, as a visitor's does. Playwright turns this off otherwise."""
    browser = playwright.chromium.launch(
        executable_path=chromium_path(), args=FLAGS, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield browser
    browser.close()


class _Clock:
    """The clock of the server and of all open pages."""

    def __init__(self, server):
        self._server, self._contexts = server, []

    def move_to(self, moment, tick=True):
        """Move all clocks to a moment. With `tick=False`, the server's clock stops; the clocks of the pages always
        tick."""
        self._server.move_to(moment, tick=tick)
        self._tell()

    def shift(self, delta):
        self._server.shift(delta)
        self._tell()

    def add(self, context):
        """Set the clocks of a Playwright context's pages to the time of the server."""
        context.clock.install(time=timezone.now())
        self._contexts.append(context)

    def _tell(self):
        for context in self._contexts:
            context.clock.set_system_time(timezone.now())


@pytest.fixture(autouse=True)
def clock(clock):
    """Return the clock of every test. It also sets the clocks of the browser's pages."""
    return _Clock(clock)


@pytest.fixture
def address(transactional_db, live_server):
    """Return the address of the running site."""
    return live_server.url


@pytest.fixture
def open_nine_to_five(address):
    """The center calls within 2 hours, Monday to Friday from 9 to 5. The tests begin on a Tuesday at 10."""
    Center.objects.update(contact_target_hours=2)
    for weekday in range(5):
        OpeningHours.objects.create(center=Center.objects.get(), weekday=weekday, opens=dt.time(9), closes=dt.time(17))
    facts.forget()


@pytest.fixture(params=["https", "http"])
def origin(request, address, settings, tmp_path):
    """Yield the origin of the site: behind TLS, as in production, and without, as `make run` serves it."""
    if request.param == "http":
        yield address
        return
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.IS_HTTPS = settings.CSRF_COOKIE_SECURE = True
    settings.CSRF_COOKIE_NAME, settings.VISIT_COOKIE_NAME = "__Host-csrf", "__Host-visit"
    certificate = tmp_path / "certificate.pem"
    tls.write_certificate(certificate)
    with tls.serving(tls.proxy_to(address), certificate) as origin:
        yield origin


@pytest.fixture
def elsewhere(settings):
    """Yield the address of another site, to which the button "Leave" leads."""
    with tls.serving(tls.SomeoneElse) as origin:
        settings.LEAVE_TO = f"{origin}/"
        yield settings.LEAVE_TO


@pytest.fixture
def open_page(browser, address, clock):
    """Return a function that opens a page in a new context and returns the Playwright page.

    Errors and warnings in the console, and requests to other hosts, fail the test at its end, unless the test clears
    `problems` or lets their first words pass, in `harmless`. A test that expects an error page adds its status to
    `refusals`.
    """
    contexts, problems, documents, refusals, harmless = [], [], set(), set(), set()

    def is_wanted_refusal(message):
        status = REFUSAL.match(message.text)
        return status and int(status[1]) in refusals and message.location["url"] in documents

    def note_message(message):
        is_harmless = message.text.startswith(tuple(harmless)) or is_wanted_refusal(message)
        if message.type in ("error", "warning") and not is_harmless:
            problems.append(message.text)

    def note_request(request):
        if request.is_navigation_request():
            documents.add(request.url)
        if not request.url.startswith((f"{address}/", "data:")):
            problems.append(request.url)

    def listen(page):
        page.on("console", note_message)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", note_request)

    def open_(path, width=390, scheme="light", javascript=True, height=800):
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, java_script_enabled=javascript
        )
        contexts.append(context)
        clock.add(context)
        context.on("page", listen)
        page = context.new_page()
        page.goto(address + path)
        return page

    open_.problems = problems
    open_.refusals = refusals
    open_.harmless = harmless
    yield open_
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def axe_finds():
    """Return a function that returns what axe finds on a Playwright page, as short lines."""
    script = Axe().axe_script

    def find(page):
        page.wait_for_load_state()
        if page.evaluate("typeof axe") == "undefined":
            page.evaluate(script)
        return page.evaluate(AXE_FINDS, AXE_OPTIONS)

    return find


@pytest.fixture
def axe_in_looks(axe_finds):
    """Return a function that runs axe on a page in several looks, without loading it again.

    A look is a pair (width, color scheme). By default, all of `LOOKS` are checked. The function returns {look:
    findings} for looks with findings.
    """

    def find(page, looks=LOOKS):
        found = {}
        for width, scheme in looks:
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            page.evaluate(END_OF_TRANSITIONS)
            found[width, scheme] = axe_finds(page)
        return {look: finds for look, finds in found.items() if finds}

    return find


@pytest.fixture
def take_database_away(address, settings, take_database_away):
    """Return a function that makes every new database connection fail, in the test and in the server.

    With `spool_too`, the spool can't be written either.
    """

    def take_away(spool_too=False):
        if spool_too:
            settings.SPOOL_DIR = "/dev/null/spool"
        take_database_away()

    return take_away


@pytest.fixture
def stays_signed_in(settings):
    """Let everyone who signs in stay signed in for a week, however far the test moves the clock."""
    hours = 7 * 24
    settings.STAFF_SESSION_HOURS, settings.STAFF_IDLE_MINUTES = hours, hours * 60
    settings.SESSION_COOKIE_AGE = hours * 60 * 60


@pytest.fixture
def sign_in(open_page, make_staff):
    """Return a function that signs in a new member of staff with these roles. It returns the page after the sign-in."""

    def sign_in(*roles, path="/admin/", username=None, **options):
        user = make_staff(*roles, username=username)
        page = open_page(f"/admin/login/?next={path}", **options)
        page.get_by_label("Username").fill(user.username)
        page.get_by_label("Password").fill("a password for tests")
        page.get_by_role("button", name="Sign in", exact=True).click()
        # Chromium reports an error if a test opens a page before the last one has loaded.
        page.wait_for_url(lambda url: "/admin/login/" not in url)
        return page

    return sign_in
