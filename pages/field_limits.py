"""Limits for the numbers and dates that staff can save, shared by forms and database constraints.

Without limits, SQLite would store any 64-bit number, and later calculations could fail.
"""

import datetime as dt

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

POSITIONS = 0, 9999
OPEN_HOURS = 1, 168  # a week around the clock
YEARS = 1800, 2100
DAYS = dt.date(2000, 1, 1), dt.date(2100, 12, 31)


def validators(limits, least_message=None, most_message=None):
    """Return the two validators for a pair of limits."""
    least, most = limits
    return [MinValueValidator(least, least_message), MaxValueValidator(most, most_message)]


def day_validators():
    """Return the validators for a date: from the year 2000 to 2100."""
    return validators(DAYS, _("Check the year: it is before 2000."), _("Check the year: it is after 2100."))


def not_in_future(day):
    """Raise ValidationError if a day is in the future. For the date of something that was done."""
    if day > timezone.localdate():
        raise ValidationError(_("This date is in the future."))


def between(limits, *fields):
    """Return a condition for a database constraint: each field is empty or within the limits."""
    condition = Q()
    for field in fields:
        condition &= Q((field, None)) | Q((f"{field}__range", limits))
    return condition
