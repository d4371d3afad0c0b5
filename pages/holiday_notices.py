"""Suggest a notice for each upcoming holiday that has none yet."""

import datetime as dt

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _

from . import facts, opening_hours
from .models import Holiday, Notice

OFFERED = dt.timedelta(days=30)  # before the holiday
SHOWN = dt.timedelta(days=7)  # before the holiday


def without_a_notice():
    """Return the upcoming holidays for which no notice exists, not even a draft. The next holiday comes first."""
    zone = opening_hours.zone_of(facts.current())
    today = timezone.localdate(timezone=zone)
    return (
        Holiday.objects.filter(day__range=(today, today + OFFERED))
        .exclude(day__in=Notice.objects.filter(holiday__isnull=False).values("holiday"))
        .order_by("day")
    )


def draft_for(holiday, user=None):
    """Store a draft of the notice for a holiday, with its text and dates, and return it. `user`: its author."""
    zone = opening_hours.zone_of(facts.current())
    begins, ends = (
        dt.datetime.combine(day, dt.time(), tzinfo=zone)
        for day in (holiday.day - SHOWN, holiday.day + opening_hours.ONE_DAY)
    )
    notice = Notice(
        text=_words(holiday),
        shows_from=begins,
        shows_until=ends,
        holiday=holiday.day,
        live=False,
        has_unpublished_changes=True,
    )
    notice.save()
    notice.save_revision(user=user, log_action=True)
    return notice


def _words(holiday):
    sentence = _("We are closed on %(holiday)s, %(day)s, but you can send our form at any time.") % {
        "holiday": holiday.name,
        "day": date_format(holiday.day, "l, F j"),
    }
    crisis = _("In a crisis, call or text 988 at any hour.")
    return format_html("<p>{} {}</p>", sentence, crisis)
