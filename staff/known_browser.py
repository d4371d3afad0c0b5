"""Browsers in which an account has signed in before. (OWASP calls this a device cookie.)

A signed cookie holds a random id and keyed hashes of the accounts. It gives no access by itself. But the gate lets such
a browser pass, and wrong passwords from elsewhere don't delay its accounts there. So an attacker elsewhere can't keep
colleagues out.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.urls import reverse

from .keyed_hash import keyed_hash

KNOWN_FOR = 30 * 24 * 60 * 60  # seconds
MOST_ACCOUNTS = 8  # of one browser, the latest ones
SALT = "staff.known-browser"


def account_hash(username):
    """Return the keyed hash that stands for a username as typed. Case and spaces around it don't matter."""
    return keyed_hash("account", username.strip().casefold())


def is_known(request):
    """Return whether anyone has signed in with this browser in the last 30 days."""
    return bool(_read(request)[1])


def id_for(request, account):
    """Return a keyed hash of the browser's id if an account has signed in there; otherwise "". `account`: its hash."""
    browser, accounts = _read(request)
    return keyed_hash("browser", browser) if account in accounts else ""


def remember(request, response, username):
    """Set the cookie after a sign-in. Browsers send it back only to /admin/."""
    browser, known = _read(request)
    account = account_hash(username)
    accounts = [account, *(other for other in known if other != account)][:MOST_ACCOUNTS]
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        signing.dumps([browser or secrets.token_urlsafe(12), accounts], salt=SALT),
        max_age=KNOWN_FOR,
        path=reverse("admin:index"),
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )


def _read(request):
    """Return the id and the accounts of the cookie; an empty id and no accounts without a valid one."""
    try:
        value = signing.loads(request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, ""), salt=SALT, max_age=KNOWN_FOR)
    except signing.BadSignature:
        return "", []
    return value
