"""A visitor who uses real HTTP: with cookies, redirects, and the form fields of the page."""

import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from types import SimpleNamespace

from tests.intake.support.helpers import ADDRESS, PERSON, form_on


class HttpVisitor:
    def __init__(self, origin):
        self.origin = origin
        self.browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def filled_form(self, **instead):
        """Return the fields that a browser sends after the person has filled in the form."""
        with self.browser.open(self.origin + ADDRESS, timeout=60) as page:
            return form_on(SimpleNamespace(content=page.read())) | PERSON | instead

    def post(self, path, fields):
        """Send a form and follow the redirect. Return the address where it leads, and the main content of that page."""
        body = urllib.parse.urlencode(fields).encode()
        with self.browser.open(self.origin + path, body, timeout=60) as page:
            return page.geturl(), page.read().decode().split("<main")[1].split("</main>")[0]
