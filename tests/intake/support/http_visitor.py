"""A visitor who speaks real HTTP: cookies, the fields of the form as the page holds them, and redirects."""

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
        """The fields that a browser sends once this person has filled in the form."""
        with self.browser.open(self.origin + ADDRESS, timeout=60) as page:
            return form_on(SimpleNamespace(content=page.read())) | PERSON | instead

    def post(self, path, fields):
        """Sends a form and follows the redirect. Returns the address it led to, and what stands there."""
        body = urllib.parse.urlencode(fields).encode()
        with self.browser.open(self.origin + path, body, timeout=60) as page:
            return page.geturl(), page.read().decode().split("<main")[1].split("</main>")[0]
