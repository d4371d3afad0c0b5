"""Largest and smallest values of the numbers and days that staff can save: one pair for the form and the database.

Without them SQLite keeps any number of 64 bits, and what counts with it later fails.
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
    """The two validators of a field for a pair of least and greatest value."""
    least, most = limits
    return [MinValueValidator(least, least_message), MaxValueValidator(most, most_message)]


def day_validators():
    """The validators of a day that staff may set, in the past or ahead."""
    return validators(DAYS, _("Check the year: it is before 2000."), _("Check the year: it is after 2100."))


def not_in_future(day):
    """Refuse a day that has not come yet, for what is said to have been done."""
    if day > timezone.localdate():
        raise ValidationError(_("This day has not come yet."))


def between(limits, *fields):
    """The condition of a constraint: each of the fields is empty or within the pair of least and greatest value."""
    condition = Q()
    for field in fields:
        condition &= Q((field, None)) | Q((f"{field}__range", limits))
    return condition
