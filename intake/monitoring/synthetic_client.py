"""Send the synthetic request over HTTP as a visitor would, and follow it until the notification is sent.

It needs no settings, no database and no keys of the site: only the origin and SYNTHETIC_KEY, which signs the header.
So it can run where nothing else of the site is:

    python -m intake.monitoring.synthetic_client --every 15
"""

import argparse
import http.client
import http.cookiejar
import json
import os
import re
import signal
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser

from intake import reference

from . import synthetic_header

FORM = "/assessment/"
RECEIVED = "/assessment/received/"
PROBE = "/assessment/probe/"
HTTP_TIMEOUT = 30  # seconds
READING_TIME = 3.5  # seconds; faster forms are suspicious, see intake/submission/spam_signals.py
POLL = 2  # seconds
TIMEOUT = 120  # seconds until the notification must be sent
WHOLE = {"stored": True, "notification": "sent", "on_desk": True}  # as the probe answers in the end

# A phone number only, so that nobody is sent an email. 555-01xx belongs to no one.
ANSWERS = {"adult": "yes", "name": "Synthetic request", "phone": "+1 602-555-0100", "consent": "on"}


class WalkFailed(Exception):
    """A step failed. The message is a sentence that says which one."""


def walk(origin, key, timeout=TIMEOUT):
    """Send a synthetic request, follow it to the end, and erase it. Return its reference.

    `key`: SYNTHETIC_KEY of the site. Raises `WalkFailed`.
    """
    visitor = _Visitor(origin.rstrip("/"), key)
    _address, page = visitor.ask("The form", FORM)
    reader = _HiddenFields()
    reader.feed(page)
    if not reader.fields.get("token"):
        raise WalkFailed("The form's page has no form of ours. Is the origin right?")
    time.sleep(READING_TIME)
    address, page = visitor.ask("The sent form", FORM, reader.fields | ANSWERS, is_signed=True)
    path = urllib.parse.urlsplit(address).path
    if not path.startswith(RECEIVED):
        raise WalkFailed("The form was sent, but no confirmation followed.")
    confirmed = _reference_on(page)
    if confirmed is None:
        raise WalkFailed("The confirmation does not show the reference.")
    probe = PROBE + path.removeprefix(RECEIVED)
    _wait_until_whole(visitor, probe, timeout)
    _address, body = visitor.ask("Erasing the request", probe, {}, is_signed=True)
    if not json.loads(body).get("erased"):
        raise WalkFailed("The request was not erased.")
    return confirmed


def repeat(origin, key, every, timeout=TIMEOUT):
    """Send a synthetic request every `every` minutes until SIGTERM or Ctrl-C, and print how each went."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _raise_exit)
    while True:
        try:
            print(success(walk(origin, key, timeout)), flush=True)  # noqa: T201 (output of a command)
        except WalkFailed as failed:
            print(failed, file=sys.stderr, flush=True)  # noqa: T201
        time.sleep(every * 60)


def success(confirmed):
    return f"The synthetic request {confirmed} came all the way and was erased."


def _raise_exit(number, frame):
    raise SystemExit(0)


def _reference_on(page):
    found = re.findall(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", page)
    return next((one for one in found if reference.normalize(one) == one), None)


def _wait_until_whole(visitor, probe, timeout):
    ends_at = time.monotonic() + timeout
    while True:
        try:
            _address, body = visitor.ask("The probe", probe, is_signed=True)
            found = json.loads(body)
            if found == WHOLE:
                return
            problem = _problem_in(found)
        except WalkFailed as failed:  # the database may come back before the timeout
            problem = str(failed)
        if time.monotonic() >= ends_at:
            raise WalkFailed(f"After {timeout} seconds: {problem}")
        time.sleep(POLL)


def _problem_in(found):
    if not found["stored"]:
        return "the request is not in the database. Is the worker storing the spool?"
    if not found["on_desk"]:
        return "the desk does not show the request."
    state = found["notification"] or "missing"
    return f"the notification to staff is {state!r}, not sent. Do the worker and the mail server work?"


class _Visitor:
    """A minimal browser: keeps cookies, follows redirects, and names its origin when it sends a form."""

    def __init__(self, origin, key):
        if not origin.startswith(("http://", "https://")):
            raise WalkFailed("The origin must begin with http:// or https://")
        self._origin, self._key = origin, key
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)

    def ask(self, what, path, fields=None, is_signed=False):
        """Return the final URL and the text of the response. `what`: names the step in error messages."""
        data = None if fields is None else urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(self._origin + path, data)  # noqa: S310 (the scheme was checked)
        if data is not None:
            request.add_header("Origin", self._origin)
        if is_signed:
            request.add_unredirected_header(synthetic_header.NAME, synthetic_header.sign(self._key))
        try:
            with self._opener.open(request, timeout=HTTP_TIMEOUT) as response:
                return response.url, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                raise WalkFailed(f"{what} was answered with HTTP {error.code}.") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise WalkFailed(f"{what} was not answered: {error}") from error


class _HiddenFields(HTMLParser):
    """Collects the hidden fields of the request form from a page's HTML."""

    def __init__(self):
        super().__init__()
        self.fields = {}
        self._is_inside = False

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self._is_inside = "request-form" in (attributes.get("class") or "").split()
        elif tag == "input" and self._is_inside and attributes.get("type") == "hidden":
            self.fields[attributes["name"]] = attributes.get("value") or ""

    def handle_endtag(self, tag):
        if tag == "form":
            self._is_inside = False


def main():
    """Send synthetic requests as the environment says: PUBLIC_ORIGIN and SYNTHETIC_KEY."""
    parser = argparse.ArgumentParser(description="Send the site a synthetic request again and again, until stopped.")
    parser.add_argument("--every", type=int, metavar="MINUTES", required=True)
    every = parser.parse_args().every
    for name in ("PUBLIC_ORIGIN", "SYNTHETIC_KEY"):
        if not os.environ.get(name):
            sys.exit(f"Not started: {name} is not set. See .env.example.")
    repeat(os.environ["PUBLIC_ORIGIN"], os.environ["SYNTHETIC_KEY"], every)


if __name__ == "__main__":
    main()
