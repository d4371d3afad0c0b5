"""What stays on the person's device: nothing that they typed, once it was sent, withdrawn or left.

A session cookie holds a random value and, after someone left quickly, when. While it is there, forms tell the browser
to remember nothing that is typed. Its value changes whenever something is sent, withdrawn or left. Chromium then drops
the pages that it kept for Back, and `came_back.js` reloads those that other browsers kept.
"""

import datetime as dt
import hashlib
import math
import re
import secrets

from django.conf import settings
from django.forms import BoundField, Form
from django.utils import timezone


def must_forget(request):
    """Return whether something was sent, withdrawn or left in this browser session."""
    return settings.VISIT_COOKIE_NAME in request.COOKIES


def saw_form(request):
    """Return whether a page with a form of ours was opened in this browser session."""
    return must_forget(request) or settings.CSRF_COOKIE_NAME in request.COOKIES


def forget(request, response, leaves=False):
    """Make the browser forget what was typed until now. Return the same response.

    With `leaves`, confirmations that were shown until now are not shown again.
    """
    left = timezone.now() if leaves else left_at(request)
    value = secrets.token_urlsafe(16)
    response.set_cookie(
        settings.VISIT_COOKIE_NAME,
        f"{value}.{math.ceil(left.timestamp())}" if left else value,
        secure=settings.IS_HTTPS,
        httponly=True,  # the only kind of cookie whose change makes Chromium drop a page
        samesite="Lax",
    )
    return response


def left_at(request):
    """Return when someone last left quickly in this browser session; None if nobody did."""
    seconds = request.COOKIES.get(settings.VISIT_COOKIE_NAME, "").partition(".")[2]
    if not re.fullmatch("[0-9]{1,11}", seconds):
        return None
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC)


def mark_of(request):
    """Return a value that changes whenever something is sent, withdrawn or left."""
    value = request.COOKIES.get(settings.VISIT_COOKIE_NAME, "")
    return hashlib.sha256(value.encode()).hexdigest()[:32]


class VisitorField(BoundField):
    """A form field as visitors get it."""

    @property
    def first_id(self):
        """Return the id that a link to this field must lead to: for radio buttons, the first one."""
        return self.subwidgets[0].id_for_label if self.widget_type == "radioselect" else self.auto_id

    def build_widget_attrs(self, attrs, widget=None):
        attrs = super().build_widget_attrs(attrs, widget)
        if attrs.get("required"):
            attrs.setdefault("aria-invalid", "false")  # otherwise Chromium announces an empty field as invalid
        if self.form.must_forget:
            attrs["autocomplete"] = "off"  # on each field, since it overrides the form's attribute
        return attrs


class VisitorForm(Form):
    """A form for visitors. If `must_forget` is true, the browser is told to remember nothing that is typed into it."""

    bound_field_class = VisitorField
    must_forget = False
