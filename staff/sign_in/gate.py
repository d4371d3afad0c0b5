"""Admits few passwords a second, and refuses the others at almost no cost.

Each password takes a hash and a page, so a flood of them would slow down visitors who ask for help. The gate stands
before everything else. A known browser always passes, so a flood from elsewhere never keeps colleagues out.
"""

import functools
import threading
import time

from django.contrib.auth.signals import user_logged_in
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

from staff import known_browser

A_SECOND = 1  # passwords from unknown browsers, in each process
AT_ONCE = 2  # after a quiet time; the more, the longer a visitor may wait for the form
RETRY_AFTER = 5  # seconds


class Bucket:
    """A token bucket: it starts with `at_once` places and gets `a_second` new ones per second."""

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
    """Refuse a password with 429 while the gate is closed. After a sign-in, mark the browser as known."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        is_password = request.method == "POST" and request.path_info == reverse("admin:login")
        if is_password and not known_browser.is_known(request) and not bucket.take():
            headers = {"Retry-After": RETRY_AFTER, "Cache-Control": "no-store"}
            return HttpResponse(_busy_page(), status=429, headers=headers)
        response = self.get_response(request)
        if username := getattr(request, "has_just_signed_in", ""):
            known_browser.remember(request, response, username)
        return response


def listen():
    """Notice each completed sign-in, whichever method was used."""
    user_logged_in.connect(_note_sign_in, dispatch_uid="staff.known_browser")


def _note_sign_in(sender, request, user, **kwargs):
    request.has_just_signed_in = user.get_username()


@functools.lru_cache(maxsize=1)
def _busy_page():
    return render_to_string("staff/busy.html", {"seconds": RETRY_AFTER})
