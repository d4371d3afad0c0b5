"""The form field for a day, on every page of staff."""

import datetime as dt

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2999, 12, 31)  # so a day before or after it is still a date


class DayInput(forms.DateInput):
    input_type = "date"


class DayField(forms.DateField):
    """A day from `FIRST_DAY` to `LAST_DAY`, picked or typed."""

    default_validators = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]
    default_error_messages = {"invalid": _("Type this day as year, month, day: 2026-11-23.")}

    def __init__(self, **options):
        super().__init__(widget=DayInput(format="%Y-%m-%d"), **options)
