"""A visitor who opens the form, fills it in as a browser would, and sends it. Presses Send again if that fails."""

import http.client
import time
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

ADDRESS = "/assessment/"
THINKING = 3.2  # seconds; under 3 would look like a bot, see intake.submission.spam_signals
TIMEOUT = 30  # seconds before the browser times out
PATIENCE = 90  # seconds before a visitor gives up
BEFORE_AGAIN = 1  # second before they press Send again

SENDS_AGAIN = (403, 429, 500, 502, 503, 504)


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    content: bytes

    @property
    def text(self):
        return self.content.decode()


@dataclass
class Visit:
    """What one visitor saw."""

    number: int
    words: dict
    acknowledged: bool = False  # they were redirected to the confirmation
    reference: str = ""  # on the confirmation
    phone_shown: bool = False  # on the last page they saw
    words_kept: bool = True
    posts: int = 0
    slowest: float = 0.0  # seconds until a POST was answered
    failed: list = field(default_factory=list)  # what they saw before

    @property
    def ends_nowhere(self):
        return not self.acknowledged and not self.phone_shown


class Browser:
    """A browser with cookies, and a new connection for each request. Without a response, `get` and `post` return None.

    `name` is the host in the address bar. `host` and `port` differ from it if nginx runs on a port other than the
    public one.
    """

    def __init__(self, host, port, tls=None, name=None):
        self.host, self.port, self.tls, self.name = host, port, tls, name or f"{host}:{port}"
        self.cookies = SimpleCookie()

    @property
    def origin(self):
        return f"{'https' if self.tls else 'http'}://{self.name}"

    def get(self, path):
        return self._ask("GET", path, None, {})

    def post(self, path, fields):
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": self.origin,
            "Referer": self.origin + path,
        }
        return self._ask("POST", path, urlencode(fields), headers)

    def _ask(self, method, path, body, headers):
        if self.tls:
            connection = http.client.HTTPSConnection(self.host, self.port, timeout=TIMEOUT, context=self.tls)
        else:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT)
        cookies = "; ".join(f"{morsel.key}={morsel.value}" for morsel in self.cookies.values())
        headers |= {"Host": self.name, "Connection": "close"} | ({"Cookie": cookies} if cookies else {})
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            self.cookies.load(cookie)
        return answer


def words_of(name, number):
    """Return the form fields of one visitor. Each visitor's differ, and every third visitor allows email."""
    allows_email = number % 3 == 0
    words = {
        "adult": "yes",
        "name": f"{name} {number}",
        "phone": f"602{2_300_000 + number % 1_000_000:07d}",  # a valid number; the form asks about others once
        "email": f"{name}{number}@visitor.example" if allows_email else "",
        "message": f"These are the words of {name} {number}.\nPlease call.",
        "consent": "on",
    }
    return words | ({"email_ok": "on"} if allows_email else {})


def visit(browser, number, words):
    """Play one visitor, from the form to the confirmation or until they give up. Return a `Visit`."""
    seen, gives_up_at = Visit(number, words), time.monotonic() + PATIENCE
    fields = _open_form(browser, seen, gives_up_at)
    if fields is None:
        return seen
    time.sleep(THINKING)
    fields |= words
    while time.monotonic() < gives_up_at:
        began = time.monotonic()
        answer = browser.post(ADDRESS, fields)
        if answer is not None and answer.status == 303 and "/check/" in answer.headers["Location"]:
            answer = browser.get(answer.headers["Location"])
        seen.posts += 1
        seen.slowest = max(seen.slowest, time.monotonic() - began)
        if answer is not None and answer.status == 303:
            seen.acknowledged = True
            _read_confirmation(browser, answer.headers["Location"], seen, gives_up_at)
            return seen
        seen.failed.append(answer.status if answer else "no response")
        if answer is not None:
            fields = _form_after(answer, fields, seen)
            if answer.status not in SENDS_AGAIN:
                return seen
        time.sleep(BEFORE_AGAIN)
    return seen


def _open_form(browser, seen, gives_up_at):
    while time.monotonic() < gives_up_at:
        answer = browser.get(ADDRESS)
        if answer is not None and answer.status == 200:
            return _form_on(answer)
        seen.failed.append(f"form {answer.status if answer else 'no response'}")
        seen.phone_shown = answer is not None and _shows_phone(answer)
        time.sleep(BEFORE_AGAIN)
    return None


def _form_after(answer, fields, seen):
    """Return the form to send next: the one on the page, or the previous one if the page has none.

    Without a form, the visitor presses the Back button. Records in `seen` whether the page shows the phone number and
    the visitor's text.
    """
    seen.phone_shown = _shows_phone(answer)
    shown = _form_on(answer)
    if shown is None:
        return fields
    if any(shown.get(name) != value for name, value in seen.words.items() if name not in ("adult", "consent")):
        seen.words_kept = False
    return shown


def _read_confirmation(browser, path, seen, gives_up_at):
    while time.monotonic() < gives_up_at:
        answer = browser.get(path)
        if answer is not None and answer.status == 200:
            if "reference-box" in answer.text:
                box = answer.text.split("reference-box")[1]
                seen.reference = box.split("<strong>")[1].split("</strong>")[0]
                return
            # The request is stored, but the database went down before we could read it. Try again later.
            seen.failed.append("confirmation without reference")
        else:
            seen.failed.append(f"confirmation {answer.status if answer else 'no response'}")
        time.sleep(BEFORE_AGAIN)


def _form_on(answer):
    if answer.headers.get_content_type() != "text/html":
        return None
    from tests.html import forms_on  # needs Django to be set up

    found = [form for form in forms_on(answer) if "request-form" in form.css_class]
    return found[0].fields if found else None


def _shows_phone(answer):
    """Return whether the page shows the center's own phone number. nginx's error pages show it beside the crisis
    lines."""
    return 'href="tel:+1480' in answer.text
