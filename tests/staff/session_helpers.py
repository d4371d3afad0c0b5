"""What the tests of sessions share."""

import re

from django.conf import settings
from django.test import Client

from staff.models import SecurityEvent
from tests.intake.support.helpers import LIST

PASSWORD = "a password for tests"
PAGE_LOAD = {"accept": "text/html,application/xhtml+xml", "sec-fetch-dest": "document", "sec-fetch-mode": "navigate"}


def signed_in(user):
    """Return a browser in which this user signed in through the page."""
    browser = Client(headers=PAGE_LOAD)
    done = browser.post("/admin/login/", {"username": user.username, "password": PASSWORD, "next": LIST})
    assert (done.status_code, done["Location"]) == (302, LIST)
    return browser


def key_of(browser):
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


def opens(key, path=LIST):
    """Return whether a cookie with this key opens the desk."""
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = key
    return thief.get(path).status_code == 200


def possible_keys(text):
    """Return all parts of a text that could be a key, whole lines and words, in lowercase too."""
    parts = {*text.splitlines(), *re.split(r"[^0-9A-Za-z]+", text), *re.split(r"[\s'\",:]+", text)}
    return {part[:4000] for part in parts | {part.lower() for part in parts} if part.strip()}


def ended():
    """Return the details and accounts of the sessions that ended, oldest first."""
    events = SecurityEvent.objects.filter(kind="session_ended").order_by("pk")
    return [(event.detail, event.account.username, event.actor and event.actor.username) for event in events]
