"""What WebKit, the engine of every iPhone, shows to the next person who presses Back: nothing that was sent or left."""

import os
import shutil
import subprocess
import time

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service

from intake.submission import private_link
from tests.intake.support.factories import make_request
from tests.webkit import DRIVER, SCREEN

pytestmark = [
    pytest.mark.webkit,
    pytest.mark.filterwarnings("ignore:setting remote_server_addr:DeprecationWarning"),  # Selenium warns of itself
]

TYPED = {"name": "Zoe O Briain", "phone": "(928) 555-0142", "message": "I have a question."}
SEEN = """return [
    document.body.innerText, ...[...document.querySelectorAll("input, textarea")].map((field) => field.value)
].join("\\n")"""
SETTLED = 'return document.readyState === "complete" && document.documentElement.style.visibility !== "hidden"'
MOST_STEPS_BACK = 10


@pytest.fixture(scope="session")
def screen():
    """The name of a screen that nobody sees."""
    ours, theirs = os.pipe()
    command = [shutil.which(SCREEN), "-displayfd", str(theirs), "-screen", "0", "800x900x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[theirs], stderr=subprocess.DEVNULL) as server:
        os.close(theirs)
        with os.fdopen(ours) as answer:
            name = f":{answer.readline().strip()}"
        yield name
        server.terminate()


@pytest.fixture
def webkit(screen, tmp_path):
    """A WebKit with a window, driven by Selenium."""
    options = Options()
    options.accept_insecure_certs = True
    options.page_load_strategy = "none"  # `until` waits
    environment = os.environ | {"DISPLAY": screen, "HOME": str(tmp_path), "GDK_BACKEND": "x11"}
    driver = webdriver.WebKitGTK(options=options, service=Service(shutil.which(DRIVER), env=environment))
    yield driver
    driver.quit()


def until(driver, script, *arguments):
    """Wait until a script says true, several times in a row: another page may be about to come."""
    ends, times = time.monotonic() + 30, 0
    while times < 3:
        assert time.monotonic() < ends, f"{driver.current_url}: never {script}"
        time.sleep(0.1)
        try:
            times = times + 1 if driver.execute_script(script, *arguments) else 0
        except WebDriverException:  # just then another page came
            times = 0


def arrive(driver, part):
    until(driver, f"return location.href.includes(arguments[0]) && (() => {{ {SETTLED} }})()", part)


def seen(driver):
    shown = driver.execute_script(SEEN)
    return [word for word in TYPED.values() if word in shown]


def press(driver, css):
    """Press what a CSS selector finds. What lies outside the window is scrolled there first."""
    element = driver.find_element(By.CSS_SELECTOR, css)
    driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", element)
    element.click()


def open_form(driver, origin):
    driver.get(f"{origin}/assessment/")
    arrive(driver, "/assessment/")
    press(driver, "details.more > summary")
    for name, words in TYPED.items():
        driver.find_element(By.NAME, name).send_keys(words)
    press(driver, "[name=adult][value=yes]")
    press(driver, "[name=consent]")
    assert seen(driver) == list(TYPED.values())


def send(driver):
    press(driver, ".request-form button[type=submit]")
    arrive(driver, "/received/")


def leave(driver, elsewhere):
    press(driver, "a.leave")
    arrive(driver, elsewhere)


def nothing_is_seen(driver, origin, form="/assessment/"):
    """Press Back to the page before the form: nothing typed is shown on any page."""
    addresses = []
    while driver.current_url != f"{origin}/about/":
        assert len(addresses) < MOST_STEPS_BACK, addresses
        driver.back()
        until(driver, SETTLED)
        addresses.append(driver.current_url)
        assert (driver.current_url, seen(driver)) == (driver.current_url, [])
    assert f"{origin}{form}" in addresses


@pytest.fixture
def form(webkit, origin):
    """A WebKit with the form filled in, opened from a page that shows nothing typed."""
    webkit.set_script_timeout(10)
    webkit.get(f"{origin}/about/")
    arrive(webkit, "/about/")
    open_form(webkit, origin)
    return webkit


def test_webkit_before_sending_still_shows_what_was_typed(form, origin):
    press(form, ".request-form a[href='/privacy/']")
    arrive(form, "/privacy/")
    form.back()
    arrive(form, "/assessment/")
    assert seen(form) == list(TYPED.values())


def test_webkit_after_sending_shows_nothing_typed(form, origin):
    send(form)
    nothing_is_seen(form, origin)


def test_webkit_after_sending_and_leaving_shows_nothing_typed(form, origin, elsewhere):
    send(form)
    leave(form, elsewhere)
    nothing_is_seen(form, origin)


def test_webkit_after_withdrawing_shows_nothing_typed(form, origin):
    send(form)
    press(form, "main a[href*='/manage/']")
    arrive(form, "/manage/")
    press(form, "button[value=withdraw]")
    until(form, "return document.body.innerText.includes('Withdraw your request?')")
    press(form, "button[name=confirm]")
    until(form, "return document.body.innerText.includes('Your request is withdrawn.')")
    nothing_is_seen(form, origin)


def test_webkit_after_an_error_and_leaving_shows_nothing_typed(form, origin, elsewhere):
    press(form, "[name=consent]")
    press(form, ".request-form button[type=submit]")
    until(form, "return document.querySelector('.error-summary') !== null")
    assert seen(form) == list(TYPED.values())
    leave(form, elsewhere)
    nothing_is_seen(form, origin)


def test_webkit_after_an_error_and_sending_shows_nothing_typed(form, origin):
    press(form, "[name=consent]")
    press(form, ".request-form button[type=submit]")
    until(form, "return document.querySelector('.error-summary') !== null")
    press(form, "[name=consent]")
    send(form)
    nothing_is_seen(form, origin)


def test_webkit_after_leaving_a_private_page_shows_nothing_typed(webkit, origin, elsewhere):
    """In a browser that never opened the form: the person kept the link, or got it in a message."""
    webkit.set_script_timeout(10)
    webkit.get(f"{origin}/about/")
    arrive(webkit, "/about/")
    private_page = f"/assessment/manage/{private_link.secret_of(make_request().pk)}/"
    webkit.get(f"{origin}{private_page}")
    arrive(webkit, "/manage/")
    webkit.find_element(By.NAME, "message").send_keys(TYPED["message"])
    press(webkit, "button[value=message]")
    until(webkit, "return document.querySelector('button[name=confirm]') !== null")
    assert seen(webkit) == [TYPED["message"]]
    leave(webkit, elsewhere)
    nothing_is_seen(webkit, origin, private_page)
