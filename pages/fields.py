"""Form fields for times and dates as people type them. They use native inputs and need no script."""

import datetime as dt
import re

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import register_form_field_override
from wagtail.admin.widgets import AdminDateTimeInput

from . import field_limits

_TIME = re.compile(r"(\d{1,2})(?:[:.]?([0-5]\d))?(?::[0-5]\d)?\s*(?:([ap])\.?\s?m?\.?)?", re.IGNORECASE | re.ASCII)
_NAMED_TIMES = {"noon": dt.time(12), "midnight": dt.time(0)}
_LONG_YEAR = re.compile(r"\d{5,}")


class PlainTimeFormField(forms.TimeField):
    """A time such as "9 AM", "9:30 p.m.", "noon" or "17:00"."""

    widget = forms.TextInput
    default_error_messages = {"invalid": _("Enter a time such as 9 AM, 9:30 PM or 17:00.")}

    def to_python(self, value):
        if value in self.empty_values or isinstance(value, dt.time):
            return value or None
        time = _time_of(str(value).strip())
        if time is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return time

    def prepare_value(self, value):
        return clock_time(value) if isinstance(value, dt.time) else value

    def has_changed(self, initial, data):
        try:
            return self.to_python(data) != initial
        except ValidationError:
            return True


def _time_of(text):
    """Convert a typed text to a time. Return None if it is not one."""
    if text.lower() in _NAMED_TIMES:
        return _NAMED_TIMES[text.lower()]
    match = _TIME.fullmatch(text)
    if not match:
        return None
    hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return dt.time(hour, minute) if hour < 24 else None


def clock_time(time):
    """Return a time as our forms show it, such as "9 AM" or "9:30 PM"."""
    return f"{time:%I:%M %p}".lstrip("0").replace(":00 ", " ")


class _FourDigitYear:
    """Refuses a year with five digits, which some browsers let people type. Gives a clear message."""

    def to_python(self, value):
        if isinstance(value, str) and _LONG_YEAR.search(value):
            raise ValidationError(_("Check the year: it has more than four digits."), code="invalid")
        return super().to_python(value)


class PlainDayFormField(_FourDigitYear, forms.DateField):
    default_error_messages = {"invalid": _("Enter a date such as 12/25/2026.")}


class PlainMomentFormField(_FourDigitYear, forms.DateTimeField):
    """A date and time from the year 2000 to 2100. Near the year 9999, its conversion to UTC would fail."""

    default_error_messages = {"invalid": _("Enter a date and time such as 12/25/2026 9:00.")}

    def to_python(self, value):
        moment = super().to_python(value)
        first, last = field_limits.DAYS
        if moment and not first <= moment.date() <= last:
            raise ValidationError(_("Check the year: it is before 2000 or after 2100."), code="invalid")
        return moment


class _PlainFieldInMigrations:
    """Appears as Django's own field in migrations, because only the form field differs."""

    def deconstruct(self):
        name, _path, args, kwargs = super().deconstruct()
        return name, f"django.db.models.{self.plain_name}", args, kwargs


class PlainTimeField(_PlainFieldInMigrations, models.TimeField):
    plain_name = "TimeField"

    def formfield(self, **kwargs):
        return super().formfield(
            **kwargs | {"form_class": PlainTimeFormField, "widget": forms.TextInput(attrs={"size": 10})}
        )


class PlainDayField(_PlainFieldInMigrations, models.DateField):
    plain_name = "DateField"

    def formfield(self, **kwargs):
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "max": "2100-12-31"})
        return super().formfield(**kwargs | {"form_class": PlainDayFormField, "widget": widget})


class PlainMomentField(_PlainFieldInMigrations, models.DateTimeField):
    plain_name = "DateTimeField"

    def formfield(self, **kwargs):
        widget = forms.DateTimeInput(
            format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local", "max": "2100-12-31T23:59"}
        )
        return super().formfield(**kwargs | {"form_class": PlainMomentFormField, "widget": widget})


def use_for_wagtails_own():
    """Use the form field for moments in Wagtail's own fields as well: when a page goes live, and when it expires."""
    register_form_field_override(
        models.DateTimeField, override={"widget": AdminDateTimeInput, "form_class": PlainMomentFormField}
    )
