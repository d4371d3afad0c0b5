"""What the pages of the access log and of the security log share: filters by person and day, and older lines."""

import datetime as dt

from django import forms
from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .day_field import DayField

ON_A_PAGE = 50


class LogFilterForm(forms.Form):
    """Filters of a log. If none is chosen, every line is shown."""

    person = forms.ModelChoiceField(
        get_user_model().objects.order_by("username"), label=_("Person"), required=False, empty_label=_("Everyone")
    )
    first = DayField(label=_("First day"), required=False)
    last = DayField(label=_("Last day"), required=False)
    before = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)

    def within(self, lines):
        """Return the lines of the chosen days, older than the line `before`."""
        asked = self.cleaned_data
        if asked["first"]:
            lines = lines.filter(occurred_at__gte=_start_of(asked["first"]))
        if asked["last"]:
            lines = lines.filter(occurred_at__lt=_start_of(asked["last"] + dt.timedelta(days=1)))
        if asked["before"]:
            lines = lines.filter(pk__lt=asked["before"])
        return lines


def one_page(lines, query):
    """Return the first lines of a query set, and the query string that leads to the older ones; "" if there are none.

    `query`: the query parameters of this page, a `QueryDict`.
    """
    found = list(lines[: ON_A_PAGE + 1])
    if len(found) <= ON_A_PAGE:
        return found, ""
    older = query.copy()
    older["before"] = found[ON_A_PAGE - 1].pk
    return found[:ON_A_PAGE], older.urlencode()


def _start_of(day):
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))
