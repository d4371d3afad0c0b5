"""Admits few passwords a second, and refuses the others at almost no cost.

Each password takes a hash and a page, so a flood of them would slow down visitors who ask for help. The gate stands
before everything else. A browser that has signed in before carries a signed cookie and always passes, so a flood from
elsewhere never keeps colleagues out of the office. (Known as a device cookie, OWASP.)
"""

import functools
import secrets
import threading
import time

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

A_SECOND = 1  # passwords from unknown browsers, in each process
AT_ONCE = 5  # more than that after a quiet time
KNOWN_FOR = 30 * 24 * 60 * 60  # seconds
SALT = "staff.known-browser"
RETRY_AFTER = 5  # seconds


class Bucket:
    """Gives out `at_once` places, and one more each 1/`a_second` s."""

    def __init__(self, a_second, at_once):
        self._a_second, self._at_once = a_second, at_once
        self._lock = threading.Lock()
        self.fill()

    def fill(self):
        self._places, self._counted_at = float(self._at_once), time.monotonic()

    def take(self):
        """Take a place. Return whether there was one."""
        with self._lock:
            now = time.monotonic()
            self._places = min(self._at_once, self._places + (now - self._counted_at) * self._a_second)
            self._counted_at = now
            if self._places < 1:
                return False
            self._places -= 1
            return True


bucket = Bucket(A_SECOND, AT_ONCE)


class GateMiddleware:
    """Refuse a password with 429 while the gate is closed. After a sign-in, give the browser the cookie."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        is_password = request.method == "POST" and request.path_info == reverse("admin:login")
        if is_password and not _is_known(request) and not bucket.take():
            headers = {"Retry-After": RETRY_AFTER, "Cache-Control": "no-store"}
            return HttpResponse(_busy_page(), status=429, headers=headers)
        response = self.get_response(request)
        if getattr(request, "has_just_signed_in", False):
            _set_cookie(response)
        return response


def listen():
    """Notice each completed sign-in, whatever way it came."""
    user_logged_in.connect(_note_sign_in, dispatch_uid="staff.known_browser")


def _note_sign_in(sender, request, **kwargs):
    request.has_just_signed_in = True


def _is_known(request):
    try:
        signing.loads(request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, ""), salt=SALT, max_age=KNOWN_FOR)
    except signing.BadSignature:
        return False
    return True


def _set_cookie(response):
    """Set a cookie that says no more than that someone has signed in here. Only /admin/ gets it back."""
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        signing.dumps(secrets.token_urlsafe(8), salt=SALT),
        max_age=KNOWN_FOR,
        path=reverse("admin:index"),
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )


@functools.lru_cache(maxsize=1)
def _busy_page():
    return render_to_string("staff/busy.html", {"seconds": RETRY_AFTER})
