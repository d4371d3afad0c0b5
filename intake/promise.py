"""The promise of a first contact, in words: what the confirmation shows and the request keeps."""

import datetime as dt

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from . import clock
from .forms import TIME_ZONES

NOON = dt.time(12)

# Translators: %(zone)s is a name such as "Arizona" or "Eastern". %(times)s is "between 8 and 10 in the morning" or
# "by 3:30 in the afternoon", %(time)s is "10 in the morning" or "noon".
SENTENCES = {
    "call": {
        "today": _("We will call today, %(times)s, %(zone)s time."),
        "tomorrow": _("We will call tomorrow, %(weekday)s, %(times)s, %(zone)s time."),
        "on a day": _("We will call on %(weekday)s, %(date)s, %(times)s, %(zone)s time."),
        "by tomorrow": _("We will call by tomorrow, %(weekday)s, at %(time)s, %(zone)s time."),
        "by a day": _("We will call by %(weekday)s, %(date)s, at %(time)s, %(zone)s time."),
    },
    "text": {
        "today": _("We will text you today, %(times)s, %(zone)s time."),
        "tomorrow": _("We will text you tomorrow, %(weekday)s, %(times)s, %(zone)s time."),
        "on a day": _("We will text you on %(weekday)s, %(date)s, %(times)s, %(zone)s time."),
        "by tomorrow": _("We will text you by tomorrow, %(weekday)s, at %(time)s, %(zone)s time."),
        "by a day": _("We will text you by %(weekday)s, %(date)s, at %(time)s, %(zone)s time."),
    },
    "email": {
        "today": _("We will e-mail you today, %(times)s, %(zone)s time."),
        "tomorrow": _("We will e-mail you tomorrow, %(weekday)s, %(times)s, %(zone)s time."),
        "on a day": _("We will e-mail you on %(weekday)s, %(date)s, %(times)s, %(zone)s time."),
        "by tomorrow": _("We will e-mail you by tomorrow, %(weekday)s, at %(time)s, %(zone)s time."),
        "by a day": _("We will e-mail you by %(weekday)s, %(date)s, at %(time)s, %(zone)s time."),
    },
}
WISH_NOT_MET = {
    "morning": _("Our hours don't include the morning in your time zone."),
    "afternoon": _("Our hours don't include the afternoon in your time zone."),
    "evening": _("Our hours don't include the evening in your time zone."),
}
BETWEEN = {
    "morning": _("between %(begins)s and %(ends)s in the morning"),
    "afternoon": _("between %(begins)s and %(ends)s in the afternoon"),
    "evening": _("between %(begins)s and %(ends)s in the evening"),
}
AT = {
    "morning": _("%(time)s in the morning"),
    "afternoon": _("%(time)s in the afternoon"),
    "evening": _("%(time)s in the evening"),
}


def words(contact, received_at, hours, wish, zone, channel):
    """What we promise a person about the first contact by `channel` ("call", "text" or "email"), in their own time.

    Empty where no time can be promised: the owner has told no hours, or none in which the person may be contacted.
    """
    if hours.is_assumed or not clock.may_contact_at(contact.begins, hours, clock.ASAP, zone):
        return ""
    begins, ends = contact.begins.astimezone(zone), contact.ends.astimezone(zone)
    today = received_at.astimezone(zone).date()
    names = {
        "weekday": date_format(ends, "l"),
        "date": date_format(ends, "MONTH_DAY_FORMAT"),
        "zone": dict(TIME_ZONES).get(zone.key, zone.key),
    }
    if begins.date() == ends.date():
        names["times"] = _times(begins, ends, begins_now=contact.begins <= received_at)
        form = {0: "today", 1: "tomorrow"}.get((ends.date() - today).days, "on a day")
    else:
        names["time"] = _at(ends, _part_that_ends(ends))
        form = "by tomorrow" if (ends.date() - today).days == 1 else "by a day"
    promise = SENTENCES[channel][form] % names
    if contact.wish_is_met:
        return promise
    way_out = gettext("If this time is not safe for you, change it with your private link or call us.")
    return f"{promise} {WISH_NOT_MET[wish]} {way_out}"


def _times(begins, ends, begins_now):
    first, last = _part_that_begins(begins), _part_that_ends(ends)
    if begins_now:
        return gettext("by %(time)s") % {"time": _at(ends, last)}
    if first == last and NOON not in (_minute(begins), _minute(ends)):
        return BETWEEN[first] % {"begins": date_format(begins, "f"), "ends": date_format(ends, "f")}
    return gettext("between %(begins)s and %(ends)s") % {"begins": _at(begins, first), "ends": _at(ends, last)}


def _at(moment, part):
    if _minute(moment) == NOON:
        return gettext("noon")
    return AT[part] % {"time": date_format(moment, "f")}


def _part_that_begins(moment):
    """At 5 begins the evening."""
    return next(part for part in AT if _minute(moment) < clock.PARTS_OF_DAY[part][1])


def _part_that_ends(moment):
    """At 5 ends the afternoon."""
    return next(part for part in AT if _minute(moment) <= clock.PARTS_OF_DAY[part][1])


def _minute(moment):
    """The time as it is shown. Seconds are dropped, so that no later time than the due one is promised."""
    return moment.time().replace(second=0, microsecond=0)
