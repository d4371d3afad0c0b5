"""The Monday email to leads: the figures of the week before, and a link. Nothing about a person."""

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
    """Return the Monday whose email is due. None before that Monday morning, and after a week without requests."""
    local = timezone.localtime(now, zone())
    monday = local.date() - dt.timedelta(days=local.weekday())
    is_early = local.date() == monday and local.time() < FROM
    return monday if not is_early and figures.counted(week_before(monday)).exists() else None


def week_before(monday):
    return Period(monday - dt.timedelta(days=7), monday - dt.timedelta(days=1), zone())


def message(monday):
    """Return subject and body of the email of a Monday."""
    week = week_before(monday)
    days = {"first": date_format(week.first, "M j"), "last": date_format(week.last, "M j")}
    link = reverse("admin:intake_assessmentrequest_reports") + f"?begin={week.first}&end={week.last}"
    lines = [f"{label}: {figure}" for label, figure in sections.summary(figures.figures_for(week).everyone)]
    return (
        _("The week from %(first)s to %(last)s") % days,
        "\n".join([*lines, "", settings.PUBLIC_ORIGIN + link, ""]),
    )
