"""Use the request form as a visitor's browser does: fill it in as a person would, and send it."""

import dataclasses
import datetime as dt
import time

from django.core.signing import TimestampSigner, b62_encode
from django.test import Client

from intake.submission import tokens
from tests.intake.support.helpers import ADDRESS, PERSON, form_on

TYPED = PERSON | {"relation": "friend", "text_ok": "on"}
FROM_US = ("token", "single_use_token", "kept", "csrfmiddlewaretoken", "asked_about", "website")
OUR_ORIGIN = {"Origin": "http://testserver"}  # the test client's name for our site
FILLING_IN = dt.timedelta(minutes=1)


class Browser(Client):
    """A client that checks CSRF tokens, as the real site does. `post` follows redirects, except to a confirmation.

    Most tests check that a post leads to the confirmation.
    """

    def __init__(self, **options):
        super().__init__(enforce_csrf_checks=True, **options)

    def post(self, path, data=None, **options):
        answer = super().post(path, data, **options)
        if answer.status_code == 303 and "/received/" not in answer["Location"]:
            page = self.get(answer["Location"], **options)
            page.led_here = answer
            return page
        return answer


class CookielessClient(Browser):
    """A `Browser` that keeps no cookies."""

    def request(self, **request):
        self.cookies.clear()
        return super().request(**request)


def filled(page, **changes):
    """Return the fields that a browser sends for this page after a minute of typing. None as a value removes a
    field."""
    fields = form_on(page)
    fields["token"] = opened_earlier(fields["token"])
    fields |= TYPED | changes
    return {name: value for name, value in fields.items() if value is not None}


def opened_earlier(token, by=FILLING_IN):
    """Return the token that the form would have if it had been opened earlier, by the time `by`."""
    draft = tokens.from_token(token)
    return tokens.to_token(dataclasses.replace(draft, drawn_at=draft.drawn_at - by))


def send(visitor, *, headers=None, **changes):
    """Open the form, fill it in and send it. Return the response."""
    return visitor.post(ADDRESS, filled(visitor.get(ADDRESS), **changes), headers=headers)


def typed_on(page):
    """Return the fields with what the person typed, as the form on this page still contains them."""
    return {name: value for name, value in form_on(page).items() if name not in FROM_US}


def main_of(response):
    return response.content.decode().split("<main")[1].split("</main>")[0]


def signed_then(content, salt, age):
    """Return content signed as if we had signed it some time ago. `age`: how long ago."""

    class SignerOfThen(TimestampSigner):
        def timestamp(self):
            return b62_encode(int(time.time() - age.total_seconds()))

    return SignerOfThen(salt=salt).sign_object(content)
