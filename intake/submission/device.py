"""Keep what a person typed from staying on their device after they send, withdraw, or leave.

A session cookie holds a random value and, once someone left quickly, the time. While the cookie exists, forms tell the
browser to remember nothing typed. Its value changes each time something is sent or withdrawn, or the person leaves.
Then Chromium drops the pages that it kept for Back. Other browsers keep theirs, and `form.js` reloads them.
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
    """Return whether, in this browser session, something was sent or withdrawn, or someone left quickly."""
    return settings.VISIT_COOKIE_NAME in request.COOKIES


def saw_form(request):
    """Return whether this browser session has opened a page with one of our forms."""
    return must_forget(request) or settings.CSRF_COOKIE_NAME in request.COOKIES


def forget(request, response, leaves=False):
    """Make the browser forget what was typed so far. Return the same response.

    With `leaves`, confirmations shown so far are not shown again.
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
    """Return a value that changes each time something is sent or withdrawn, or someone leaves quickly."""
    value = request.COOKIES.get(settings.VISIT_COOKIE_NAME, "")
    return hashlib.sha256(value.encode()).hexdigest()[:32]


class VisitorField(BoundField):
    """A form field as rendered for visitors."""

    @property
    def first_id(self):
        """Return the id that a link to this field must use. For radio buttons, that of the first one."""
        return self.subwidgets[0].id_for_label if self.widget_type == "radioselect" else self.auto_id

    def build_widget_attrs(self, attrs, widget=None):
        attrs = super().build_widget_attrs(attrs, widget)
        if attrs.get("required") or getattr(self.field.widget, "input_type", "") == "email":
            attrs.setdefault("aria-invalid", "false")  # otherwise Chromium announces what it judges as invalid itself
        if self.form.must_forget:
            attrs["autocomplete"] = "off"  # on each field, since it overrides the form's attribute
        return attrs


class VisitorForm(Form):
    """A form for visitors. If `must_forget` is true, it tells the browser to remember nothing typed."""

    bound_field_class = VisitorField
    must_forget = False
