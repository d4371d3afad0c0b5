"""The Monday email to leads: last week's figures and a link. It says nothing about any one person."""

import datetime as dt

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from . import figures, sections
from .period import Period, zone

FROM = dt.time(7)  # on Monday, in the center's time zone


def due_on(now):
    """Return this week's Monday if its email is due.

    Return None before Monday morning, or if last week had no requests.
    """
    local = timezone.localtime(now, zone())
    monday = local.date() - dt.timedelta(days=local.weekday())
    is_early = local.date() == monday and local.time() < FROM
    return monday if not is_early and figures.counted(week_before(monday)).exists() else None


def week_before(monday):
    return Period(monday - dt.timedelta(days=7), monday - dt.timedelta(days=1), zone())


def message(monday):
    """Return the subject and body of the email due on this Monday."""
    week = week_before(monday)
    days = {"first": date_format(week.first, "M j"), "last": date_format(week.last, "M j")}
    link = reverse("admin:intake_assessmentrequest_reports") + f"?begin={week.first}&end={week.last}"
    lines = [f"{label}: {figure}" for label, figure in sections.summary(figures.figures_for(week).everyone)]
    return (
        _("The week from %(first)s to %(last)s") % days,
        "\n".join([*lines, "", settings.PUBLIC_ORIGIN + link, ""]),
    )
