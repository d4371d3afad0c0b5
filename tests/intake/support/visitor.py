"""What a visitor's browser does with the request form: fills it in as a person would, and sends it."""

import dataclasses
import datetime as dt
import time

from django.core.signing import TimestampSigner, b62_encode
from django.test import Client

from intake.submission import tokens
from tests.intake.support.helpers import ADDRESS, PERSON, form_on

TYPED = PERSON | {"relation": "friend", "text_ok": "on"}
FROM_US = ("token", "single_use_token", "kept", "csrfmiddlewaretoken", "asked_about", "website")
OUR_ORIGIN = {"Origin": "http://testserver"}  # as the test client names our site
FILLING_IN = dt.timedelta(minutes=1)


class Browser(Client):
    """A browser whose posts are checked as on the real site. It goes where a post leads, except to a confirmation: most
    tests want to see that this is where it leads."""

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
    """A browser that keeps no cookies."""

    def request(self, **request):
        self.cookies.clear()
        return super().request(**request)


def filled(page, **changes):
    """What a browser sends from this page when a person took a minute to type; None takes a field out."""
    fields = form_on(page)
    fields["token"] = opened_earlier(fields["token"])
    fields |= TYPED | changes
    return {name: value for name, value in fields.items() if value is not None}


def opened_earlier(token, by=FILLING_IN):
    """The token of the same form, as if it had been opened earlier."""
    draft = tokens.from_token(token)
    return tokens.to_token(dataclasses.replace(draft, drawn_at=draft.drawn_at - by))


def send(visitor, *, headers=None, **changes):
    """Opens the form, fills it in and sends it."""
    return visitor.post(ADDRESS, filled(visitor.get(ADDRESS), **changes), headers=headers)


def typed_on(page):
    """What the person typed, as the form on this page still holds it."""
    return {name: value for name, value in form_on(page).items() if name not in FROM_US}


def main_of(response):
    return response.content.decode().split("<main")[1].split("</main>")[0]


def signed_then(content, salt, age):
    """What we signed some time ago."""

    class SignerOfThen(TimestampSigner):
        def timestamp(self):
            return b62_encode(int(time.time() - age.total_seconds()))

    return SignerOfThen(salt=salt).sign_object(content)
