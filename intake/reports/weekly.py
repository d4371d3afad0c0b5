"""What the lead is mailed on Monday: the figures of the week before, and where to read more. Nothing about anyone."""

import datetime as dt

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from . import figures, sections
from .period import Period, zone

FROM = dt.time(7)  # on Monday, by the center's clock


def due_on(now):
    """The Monday whose mail is due at a moment, or None before the morning of that Monday, and after a week in which
    nobody asked."""
    local = timezone.localtime(now, zone())
    monday = local.date() - dt.timedelta(days=local.weekday())
    is_early = local.date() == monday and local.time() < FROM
    return monday if not is_early and figures.counted(week_before(monday)).exists() else None


def week_before(monday):
    return Period(monday - dt.timedelta(days=7), monday - dt.timedelta(days=1), zone())


def message(monday):
    """Subject and body of the mail of a Monday."""
    week = week_before(monday)
    days = {"first": date_format(week.first, "M j"), "last": date_format(week.last, "M j")}
    link = reverse("admin:intake_assessmentrequest_reports") + f"?begin={week.first}&end={week.last}"
    lines = [f"{label}: {figure}" for label, figure in sections.summary(figures.figures_for(week).everyone)]
    return (
        _("The week from %(first)s to %(last)s") % days,
        "\n".join([*lines, "", settings.PUBLIC_ORIGIN + link, ""]),
    )
