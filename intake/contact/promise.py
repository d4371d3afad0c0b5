"""What we promise when a request comes in: when we first try to reach the person, as a sentence."""

import datetime as dt
import logging
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from intake.models import ContactPreferences
from pages.opening_hours import clock_words

from . import schedule
from .preferences import ContactCodes, ways_to_try
from .time_zones import TIME_ZONES

logger = logging.getLogger(__name__)

NOON = dt.time(12)
TIME_TO_FILL_IN = dt.timedelta(minutes=15)

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
        "today": _("We will email you today, %(times)s, %(zone)s time."),
        "tomorrow": _("We will email you tomorrow, %(weekday)s, %(times)s, %(zone)s time."),
        "on a day": _("We will email you on %(weekday)s, %(date)s, %(times)s, %(zone)s time."),
        "by tomorrow": _("We will email you by tomorrow, %(weekday)s, at %(time)s, %(zone)s time."),
        "by a day": _("We will email you by %(weekday)s, %(date)s, at %(time)s, %(zone)s time."),
    },
}
PREFERENCE_NOT_MET = {
    "morning": _("We are closed in the morning in your time zone, so we can't promise a time."),
    "afternoon": _("We are closed in the afternoon in your time zone, so we can't promise a time."),
    "evening": _("We are closed in the evening in your time zone, so we can't promise a time."),
}
INSTEAD = {
    "call": _(
        "We won't call at another time of day. You can choose another time with your private link, or call us when it "
        "is safe for you."
    ),
    "text": _("We will text you first and ask when a call is safe. We won't call before that."),
    "email": _("We will email you first and ask when a call is safe. We won't call before that."),
}
CONFIRM_FIRST = {
    "text": _("We will text you first, and call only after you have confirmed a time."),
    "email": _("We will email you first, and call only after you have confirmed a time."),
}
# Translators: %(time)s is "11 AM", "noon" or "midnight", %(promise)s "We will call today, by 1 in the afternoon, ..."
IF_SENT_SOON = _(
    "If you send a phone number before %(time)s on %(weekday)s: %(promise)s Other choices can change that."
)
CALL_LATER = _("We call only after you have confirmed a time.")
WRITE_ONLY = {"text": _("We will text you."), "email": _("We will email you.")}
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


@dataclass(frozen=True)
class Promise:
    """What a request is promised: the due time, and the sentence that the person reads. Both are stored with it.

    `sentence`: "" if nothing is promised.
    """

    due_at: dt.datetime
    due_uses_default_hours: bool
    sentence: str


def promise_to(asked_at: dt.datetime, preferences: ContactCodes) -> Promise:
    """Return the `Promise` to a person who asks at the time `asked_at`.

    If it can't be computed, the due time follows from the default target and nothing is promised: storing the request
    matters more.
    """
    try:
        return _compute(asked_at, preferences)
    except Exception as error:
        logger.error("The due time could not be computed, so nothing is promised: %s", type(error).__name__)
        return Promise(asked_at + schedule.ASSUMED.target, True, "")


def _compute(asked_at: dt.datetime, preferences: ContactCodes) -> Promise:
    hours = schedule.our_hours()
    preferred, zone = preferences["preferred_time"], ZoneInfo(preferences["time_zone"])
    contact = schedule.first_contact(asked_at, hours, preferred, zone)
    row = ContactPreferences(**preferences)
    ways = ways_to_try(row, schedule.may_ever_call(asked_at, hours, preferred, zone)) or row.channels
    words = sentence_for(contact, asked_at, hours, preferred, zone, ways[0], row.may_call)
    return Promise(contact.ends, hours.is_assumed, words)


def promise_if_sent_soon(now: dt.datetime) -> str:
    """Return the promise for someone who sends the form soon and keeps the default choices; "" if there is none.

    The sentence says until when it holds ("If you send a phone number before 2:30 PM on Monday"), because a form can
    stay open for days. The day of the week is enough: a form can't be sent after a week.
    """
    try:
        hours, zone = schedule.our_hours(), schedule.PHOENIX
        begins, until, ends = times_if_sent_soon(now, hours)
        contact = schedule.FirstContact(begins, ends, preference_is_met=True)
        words = sentence_for(contact, now, hours, schedule.ASAP, zone, "call")
        until_when = {"weekday": date_format(now.astimezone(zone), "l"), "time": clock_words(until)}
        return words and IF_SENT_SOON % {**until_when, "promise": words}
    except Exception as error:
        logger.error("The form promises nothing, as it could not be computed: %s", type(error).__name__)
        return ""


def times_if_sent_soon(now: dt.datetime, hours: schedule.OpenHours) -> tuple[dt.datetime, dt.datetime, dt.datetime]:
    """Return (`begins`, `until`, `ends`): a form sent before `until` gets its answer between `begins` and `ends`.

    `until` is a full or half hour, the time when we open, or midnight. It is never after midnight, because the sentence
    says "today". A form sent later is never due earlier, so `ends` is the due time of a form sent at `until`.
    """
    begins = schedule.first_contact(now, hours).begins
    soon = (now + TIME_TO_FILL_IN).astimezone(schedule.PHOENIX)
    half_hour = soon.replace(minute=soon.minute // 30 * 30, second=0, microsecond=0) + dt.timedelta(minutes=30)
    tomorrow = now.astimezone(schedule.PHOENIX).date() + dt.timedelta(days=1)
    midnight = dt.datetime.combine(tomorrow, dt.time.min, tzinfo=schedule.PHOENIX)
    until = min(max(half_hour, begins.astimezone(schedule.PHOENIX)), midnight)
    return begins, until, schedule.first_contact(until, hours).ends


def sentence_for(
    contact: schedule.FirstContact,
    received_at: dt.datetime,
    hours: schedule.OpenHours,
    preferred: str,
    zone: ZoneInfo,
    channel: str,
    may_call: bool = True,
) -> str:
    """Return the promise of a first contact, as a sentence in the person's time zone.

    `zone`: the person's time zone. `channel`: "call", "text" or "email". `may_call`: whether the person allows calls
    too.

    The sentence names no time in three cases: our hours never include the preferred time (another may not be safe),
    hours or target are not set, or no usable hours are ahead. In the last two cases, it is "" unless we confirm a time
    first.
    """
    is_confirmed_first = preferred == schedule.CONFIRMED and may_call and channel in CONFIRM_FIRST
    no_time = str(CONFIRM_FIRST[channel]) if is_confirmed_first else ""
    if hours.spans_are_assumed or not schedule.may_contact_at(contact.begins, hours, schedule.ASAP, zone):
        return no_time
    if not contact.preference_is_met:
        return f"{PREFERENCE_NOT_MET[preferred]} {INSTEAD[channel] if may_call else WRITE_ONLY[channel]}"
    if hours.target_is_assumed:
        return no_time
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
    return f"{promise} {CALL_LATER}" if is_confirmed_first else promise


def _times(begins: dt.datetime, ends: dt.datetime, begins_now: bool) -> str:
    first, last = _part_that_begins(begins), _part_that_ends(ends)
    if begins_now:
        return gettext("by %(time)s") % {"time": _at(ends, last)}
    if first == last and NOON not in (_minute(begins), _minute(ends)):
        return BETWEEN[first] % {"begins": date_format(begins, "f"), "ends": date_format(ends, "f")}
    return gettext("between %(begins)s and %(ends)s") % {"begins": _at(begins, first), "ends": _at(ends, last)}


def _at(moment: dt.datetime, part: str) -> str:
    if _minute(moment) == NOON:
        return gettext("noon")
    return AT[part] % {"time": date_format(moment, "f")}


def _part_that_begins(moment: dt.datetime) -> str:
    """Return the part of the day in which a span begins. 5 PM counts as evening."""
    return next(part for part in AT if _minute(moment) < schedule.PARTS_OF_DAY[part][1])


def _part_that_ends(moment: dt.datetime) -> str:
    """Return the part of the day in which a span ends. 5 PM counts as afternoon."""
    return next(part for part in AT if _minute(moment) <= schedule.PARTS_OF_DAY[part][1])


def _minute(moment: dt.datetime) -> dt.time:
    """Return the time of day without seconds, so that a promise is never later than the due time."""
    return moment.time().replace(second=0, microsecond=0)
