"""When a request is due: pure functions over the center's open hours.

Until the owner has told hours and a target, the desk counts with `ASSUMED` and says so.
"""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

LOOK_AHEAD = dt.timedelta(days=60)  # a center that is closed for longer has no due time worth the name


@dataclass(frozen=True)
class OpenHours:
    """When a center answers. `spans` maps a weekday (Monday is 0) to (opens, closes) pairs of local time."""

    spans: dict[int, tuple[tuple[dt.time, dt.time], ...]]
    zone: ZoneInfo
    target: dt.timedelta  # first contact within this much open time
    holidays: frozenset[dt.date] = frozenset()
    is_assumed: bool = False

    def on(self, day):
        """The spans of one local day as pairs of UTC moments, so that a clock change can't add or lose an hour."""
        if day in self.holidays:
            return []
        spans = sorted(self.spans.get(day.weekday(), ()))
        return [(self._moment(day, opens), self._moment(day, closes)) for opens, closes in spans]

    def _moment(self, day, time):
        return dt.datetime.combine(day, time, tzinfo=self.zone).astimezone(dt.UTC)


PHOENIX = ZoneInfo("America/Phoenix")
_OFFICE_DAY = ((dt.time(9), dt.time(17)),)
ASSUMED = OpenHours(
    spans=dict.fromkeys(range(5), _OFFICE_DAY), zone=PHOENIX, target=dt.timedelta(hours=4), is_assumed=True
)


def hours_of(facts):
    """The open hours of the center in `pages.facts.Facts`; `ASSUMED` until hours and target are both told."""
    center = facts.center
    if center is None or not center.contact_target_hours or not facts.opening_hours:
        return ASSUMED
    spans = {}
    for row in facts.opening_hours:
        spans[row.weekday] = (*spans.get(row.weekday, ()), (row.opens, row.closes))
    return OpenHours(
        spans=spans,
        zone=ZoneInfo(center.time_zone),
        target=dt.timedelta(hours=center.contact_target_hours),
        holidays=frozenset(holiday.day for holiday in facts.holidays),
    )


def due_at(received_at, hours):
    """The moment when `hours.target` of open time has passed since `received_at` (both aware)."""
    left = hours.target
    counted_until = received_at  # spans may overlap; an hour counts once
    day = received_at.astimezone(hours.zone).date()
    last_day = day + LOOK_AHEAD
    while day <= last_day:
        for opens, closes in hours.on(day):
            begins = max(opens, counted_until)
            if begins + left <= closes:
                return begins + left
            left -= max(closes - begins, dt.timedelta())
            counted_until = max(closes, counted_until)
        day += dt.timedelta(days=1)
    return received_at + hours.target
