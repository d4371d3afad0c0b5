"""A password alone opens no address of the staff area, and a full sign-in opens many."""

import re

import pytest
from django.test import Client
from django.urls import get_resolver

from tests.staff.support import give_password, sign_in_fully

pytestmark = pytest.mark.any_database  # as in test_addresses.py: who may open what is no matter of the database

CODE_PAGE = "/admin/second-factor/"
STEPS = (CODE_PAGE, f"{CODE_PAGE}set-up/", f"{CODE_PAGE}recovery-code/", "/admin/replace-password/")
# The second says that nobody is signed in, the third follows a set-up link.
OPEN_TO_EVERYONE = ("/admin/login/", "/admin/account/left/", "/admin/set-up/done/")


@pytest.fixture
def lena(make_staff):
    return make_staff("lead", "admissions", "publisher", "auditor", username="lena")


def every_staff_address():
    """Yield each address under /admin/ and /cms/, with numbers and ids of something that may exist."""
    for pattern in addresses_of(get_resolver().url_patterns, ""):
        if pattern.startswith(("admin/", "cms/")):
            yield "/" + pattern


def addresses_of(patterns, prefix):
    for entry in patterns:
        text = prefix + plain(str(entry.pattern))
        if hasattr(entry, "url_patterns"):
            yield from addresses_of(entry.url_patterns, text)
        else:
            yield text


def plain(pattern):
    """Return an address that a pattern matches, or nearly: what it answers must not open anything anyhow."""
    pattern = re.sub(r"<uuid:\w+>|<int:\w+>|<path:\w+>|<slug:\w+>|<str:\w+>|<\w+>", "1", pattern)
    pattern = re.sub(r"\(\?P<\w+>[^)]*\)|\([^)]*\)|\\d\+|\[[^]]*\]\+?", "1", pattern)
    return re.sub(r"[\\^$?]|\.\*", "", pattern)


def test_password_alone_opens_no_staff_address(client, lena, settings):
    """Neither a pending sign-in nor a session from before the second factor was required opens one."""
    settings.STAFF_SECOND_FACTOR = "required"
    signed_out, old, complete = Client(), Client(), Client(raise_request_exception=False)
    old.force_login(lena)
    sign_in_fully(complete, lena)
    give_password(client, lena)
    opened = 0
    for address in sorted(set(every_staff_address()) - set(STEPS)):
        answers = {outline(someone.get(address)) for someone in (signed_out, old, client)}
        assert (address, len(answers)) == (address, 1)
        assert (address, answers.pop()[0] == 200) == (address, address in OPEN_TO_EVERYONE)
        opened += complete.get(address).status_code == 200
    assert opened > 100


def outline(response):
    return response.status_code, response.get("Location", ""), response.get("Content-Type", "")
