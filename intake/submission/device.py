"""What stays on the device of the person who asked: nothing they typed, once it was sent, withdrawn or left.

One cookie of the browser session holds a random value and, once someone left quickly, when; nothing else. While it is
there, forms tell the browser to keep nothing that is typed. Whenever something is sent, withdrawn or left, its value
changes: Chromium then drops the pages that it kept whole for Back, and `came_back.js` loads anew what another browser
kept.
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
    """Whether something was sent, withdrawn or left in this browser session."""
    return settings.VISIT_COOKIE_NAME in request.COOKIES


def saw_form(request):
    """Whether a page with a form of ours was opened in this browser session."""
    return must_forget(request) or settings.CSRF_COOKIE_NAME in request.COOKIES


def forget(request, response, leaves=False):
    """Let the browser forget what was typed up to now. Returns the same response. `leaves`: and show no confirmation
    again that it showed up to now."""
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
    """When someone last left quickly in this browser session; None where nobody did."""
    seconds = request.COOKIES.get(settings.VISIT_COOKIE_NAME, "").partition(".")[2]
    if not re.fullmatch("[0-9]{1,11}", seconds):
        return None
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC)


def mark_of(request):
    """What tells a page from before something was sent, withdrawn or left from one after it."""
    value = request.COOKIES.get(settings.VISIT_COOKIE_NAME, "")
    return hashlib.sha256(value.encode()).hexdigest()[:32]


class VisitorField(BoundField):
    """A field as visitors get it."""

    @property
    def first_id(self):
        """The id of what a link to this field must lead to: of several choices, the first."""
        return self.subwidgets[0].id_for_label if self.widget_type == "radioselect" else self.auto_id

    def build_widget_attrs(self, attrs, widget=None):
        attrs = super().build_widget_attrs(attrs, widget)
        if attrs.get("required"):
            attrs.setdefault("aria-invalid", "false")  # else Chromium calls a field invalid that is only empty yet
        if self.form.must_forget:
            attrs["autocomplete"] = "off"  # at each field: what is said there counts more than what the form says
        return attrs


class VisitorForm(Form):
    """A form for visitors. Where `must_forget` is true, the browser is told to keep nothing that is typed into it."""

    bound_field_class = VisitorField
    must_forget = False
