"""The days of a report, in the center's time zone."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.contact import schedule
from staff.day_field import DayField

PRESETS = {7: _("Last 7 days"), 30: _("Last 30 days"), 90: _("Last 90 days")}
DEFAULT = 30
LONGEST = 366  # days


@dataclass(frozen=True)
class Period:
    """The days from `first` to `last`, both included."""

    first: dt.date
    last: dt.date
    zone: ZoneInfo

    @property
    def begins(self):
        return dt.datetime.combine(self.first, dt.time(), self.zone)

    @property
    def ends(self):
        return dt.datetime.combine(self.last + dt.timedelta(days=1), dt.time(), self.zone)

    @property
    def weeks(self):
        """The Mondays of all weeks that overlap the period."""
        monday = self.first - dt.timedelta(days=self.first.weekday())
        count = (self.last - monday).days // 7 + 1
        return [monday + dt.timedelta(weeks=number) for number in range(count)]


class PeriodForm(forms.Form):
    """The form for the first and last day of a report."""

    begin, end = DayField(label=_("From")), DayField(label=_("To"))

    def clean(self):
        begin, end = self.cleaned_data.get("begin"), self.cleaned_data.get("end")
        if begin and end and end < begin:
            raise forms.ValidationError(_("The first day is after the last one. Change one of them."))
        if begin and begin > today():
            raise forms.ValidationError(_("These days have not come yet. Choose earlier ones."))
        if begin and end and (end - begin).days >= LONGEST:
            raise forms.ValidationError(_("A report covers at most a year. Choose fewer days."))
        return self.cleaned_data

    def period(self):
        """Return the `Period` of a valid form. Its last day is today at the latest."""
        return Period(self.cleaned_data["begin"], min(self.cleaned_data["end"], today()), zone())


def last_days(days):
    """Return the `Period` of the last `days` days, including today."""
    return Period(today() - dt.timedelta(days=days - 1), today(), zone())


def asked_for(query):
    """Return the form for a URL's query, and its `Period` (None if the form has errors)."""
    if "begin" in query or "end" in query:
        form = PeriodForm(query)
        return form, form.period() if form.is_valid() else None
    days = query.get("days", "")
    period = last_days(int(days) if days in {str(preset) for preset in PRESETS} else DEFAULT)
    return PeriodForm({"begin": period.first, "end": period.last}), period


def today():
    return timezone.localdate(timezone=zone())


def zone():
    """Return the center's time zone, or the default until a publisher sets it."""
    return schedule.our_hours().zone
