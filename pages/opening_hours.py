"""When the center is open: functions over the hours and holidays of `pages.facts.Facts`.

All times are in the center's time zone. Texts that change with the clock are valid until `next_change`.
"""

import datetime as dt
from dataclasses import dataclass
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LOOK_AHEAD = dt.timedelta(days=60)
HOLIDAYS_AHEAD = dt.timedelta(days=45)
LAST_MINUTE = dt.time(23, 59)  # the latest closing time that staff can enter; it means midnight
ONE_DAY = dt.timedelta(days=1)
NEAR = 2 * ONE_DAY  # how long before closing we name the time

ZONE_LABELS = {
    "America/Phoenix": gettext_lazy("Arizona time"),
    "America/Los_Angeles": gettext_lazy("Pacific time"),
    "America/Denver": gettext_lazy("Mountain time"),
    "America/Chicago": gettext_lazy("Central time"),
    "America/New_York": gettext_lazy("Eastern time"),
    "America/Anchorage": gettext_lazy("Alaska time"),
    "Pacific/Honolulu": gettext_lazy("Hawaii time"),
}


@dataclass(frozen=True)
class Status:
    """Whether the center is open at a moment. `closes` and `opens` are in its time zone. None means: not soon, or
    never."""

    is_open: bool
    closes: dt.datetime | None = None
    opens: dt.datetime | None = None
    holiday: object = None  # of `Facts.holidays`
    now: dt.datetime | None = None

    @property
    def words(self):
        """Return one line for readers, such as "Closed now. Opens Monday at 9 AM." or "Open now until 5 PM"."""
        if self.is_open:
            return _("Open now until %(time)s") % {"time": clock_words(self.closes)} if self.closes else _("Open now")
        closed = _("Closed today: %(holiday)s.") % {"holiday": self.holiday.name} if self.holiday else _("Closed now.")
        return f"{closed} {self._opening_words()}".strip()

    def _opening_words(self):
        if not self.opens:
            return ""
        values = {
            "time": clock_words(self.opens),
            "weekday": date_format(self.opens, "l"),
            "date": date_format(self.opens, "F j"),
        }
        days = (self.opens.date() - self.now.date()).days
        if days == 0:
            return _("Opens at %(time)s.") % values
        if days == 1:
            return _("Opens tomorrow at %(time)s.") % values
        if days < 7:
            return _("Opens %(weekday)s at %(time)s.") % values
        return _("Opens %(weekday)s, %(date)s, at %(time)s.") % values


def status(center_facts, now):
    """Return the `Status` at a moment. None if no hours are set or the time zone is invalid."""
    zone = zone_of(center_facts)
    if zone is None or not center_facts.opening_hours:
        return None
    now = now.astimezone(zone)
    holiday = next((row for row in center_facts.holidays if row.day == now.date()), None)
    for opens, closes in _spans(center_facts, now.date() - ONE_DAY, now.date() + LOOK_AHEAD, zone):
        if opens <= now < closes:
            # Open around the clock: don't show a distant end as the closing time.
            is_near = closes - now <= NEAR
            return Status(True, closes=closes.astimezone(zone) if is_near else None, now=now)
        if now < opens:
            return Status(False, opens=opens.astimezone(zone), holiday=holiday, now=now)
    return Status(False, holiday=holiday, now=now)


def next_change(center_facts, now):
    """Return the next moment after `now` when a text about hours or holidays may change, or None."""
    zone = zone_of(center_facts)
    if zone is None or not (center_facts.opening_hours or center_facts.holidays):
        return None
    today = now.astimezone(zone).date()
    moments = [_moment(today + ONE_DAY, dt.time(), zone)]  # "tomorrow" becomes "today"; a holiday begins or ends
    for opens, closes in _spans(center_facts, today - ONE_DAY, today + ONE_DAY + NEAR, zone):
        moments += [opens, closes, closes - NEAR]
    return min(moment for moment in moments if moment > now)


def zone_of(center_facts):
    """Return the center's time zone. None if there is no center or its time zone is invalid."""
    try:
        return ZoneInfo(center_facts.center.time_zone) if center_facts.center else None
    except (ValueError, LookupError, OSError):
        return None


def zone_label(center_facts):
    """Return the name of the center's time zone for readers."""
    name = center_facts.center.time_zone
    return str(ZONE_LABELS.get(name) or name.rpartition("/")[2].replace("_", " "))


def week(center_facts):
    """Return the week as pairs of days and hours, such as ("Monday to Friday", "9 AM to 5 PM"). [] if no hours are
    set."""
    if not center_facts.opening_hours:
        return []
    days = [(weekday, _day_words(center_facts, weekday)) for weekday in range(7)]
    groups = [(hours, [day for day, _hours in group]) for hours, group in groupby(days, key=lambda pair: pair[1])]
    return [(_days_words(weekdays), hours or _("Closed")) for hours, weekdays in groups]


def hours_words(center_facts):
    """Return the opening hours in one line, such as "Monday to Friday, 9 AM to 5 PM". Leaves out closed days."""
    closed = _("Closed")
    return "; ".join(f"{days}, {hours}" for days, hours in week(center_facts) if hours != closed)


def holidays_ahead(center_facts, now):
    """Return the holidays from today to `HOLIDAYS_AHEAD` later."""
    zone = zone_of(center_facts)
    if zone is None:
        return []
    today = now.astimezone(zone).date()
    return [row for row in center_facts.holidays if today <= row.day <= today + HOLIDAYS_AHEAD]


def clock_words(time):
    """Return a time as people say it, such as "5 PM", "9:30 AM", "noon" or "midnight"."""
    if (time.hour, time.minute) in ((0, 0), (23, 59)):
        return _("midnight")
    if (time.hour, time.minute) == (12, 0):
        return _("noon")
    return date_format(time, "g:i A" if time.minute else "g A")


def spans_by_weekday(center_facts):
    """Return the open periods as pairs of local times: {weekday: pairs}. Leaves out weekdays without any."""
    return {
        weekday: tuple((row.opens, row.closes) for row in rows)
        for weekday, rows in groupby(
            sorted(center_facts.opening_hours, key=lambda row: (row.weekday, row.opens)), key=lambda row: row.weekday
        )
    }


def _spans(center_facts, first, last, zone):
    """Return the open periods from `first` to `last` as pairs of UTC times, in order. Adjoining periods are merged."""
    holidays = {row.day for row in center_facts.holidays}
    weekdays = spans_by_weekday(center_facts)
    merged = []
    for number in range((last - first).days + 1):
        day = first + number * ONE_DAY
        for opens, closes in () if day in holidays else weekdays.get(day.weekday(), ()):
            begins, ends = _moment(day, opens, zone), _end(day, closes, zone)
            if begins >= ends:
                continue  # a clock change skips it
            if merged and begins <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(ends, merged[-1][1]))
            else:
                merged.append((begins, ends))
    return merged


def _moment(day, time, zone):
    return dt.datetime.combine(day, time, tzinfo=zone).astimezone(dt.UTC)


def _end(day, closes, zone):
    return _moment(day + ONE_DAY, dt.time(), zone) if closes == LAST_MINUTE else _moment(day, closes, zone)


def _day_words(center_facts, weekday):
    spans = spans_by_weekday(center_facts).get(weekday, ())
    if spans == ((dt.time(), LAST_MINUTE),):
        return _("Day and night")
    return _(" and ").join(
        _("%(opens)s to %(closes)s") % {"opens": clock_words(opens), "closes": clock_words(closes)}
        for opens, closes in spans
    )


def _days_words(weekdays):
    names = [str(WEEKDAYS[weekday]) for weekday in weekdays]
    if len(names) == 1:
        return names[0]
    form = _("%(first)s and %(last)s") if len(names) == 2 else _("%(first)s to %(last)s")
    return form % {"first": names[0], "last": names[-1]}
