"""Compute when we may contact a person, from the center's open hours and the person's preferred time.

If the owner has not set hours or target, `ASSUMED` takes their place, and the desk says so.
"""

import datetime as dt
import functools
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from pages import facts, opening_hours

logger = logging.getLogger(__name__)

LOOK_AHEAD = dt.timedelta(days=60)  # how far ahead an open day is searched
WORTH_A_TRY = dt.timedelta(minutes=15)  # a shorter span is over before someone is free to call

ASAP = "asap"
CONFIRMED = "confirmed"  # no call before the person has confirmed a time
# In the person's time zone. Calls only between 8 AM and 9 PM: 47 CFR 64.1200(c)(1).
PARTS_OF_DAY = {
    ASAP: (dt.time(8), dt.time(21)),
    "morning": (dt.time(8), dt.time(12)),
    "afternoon": (dt.time(12), dt.time(17)),
    "evening": (dt.time(17), dt.time(21)),
    CONFIRMED: (dt.time(8), dt.time(21)),
}


Times = tuple[dt.time, dt.time]
Moments = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True)
class OpenHours:
    """The hours when a center answers. `spans`: (opens, closes) pairs of local time by weekday (Monday is 0)."""

    spans: Mapping[int, tuple[Times, ...]]
    zone: ZoneInfo
    target: dt.timedelta  # first contact within this much open time
    holidays: frozenset[dt.date] = frozenset()
    spans_are_assumed: bool = False
    target_is_assumed: bool = False

    @property
    def is_assumed(self) -> bool:
        """Return whether hours or target are defaults. A due time from defaults is never promised."""
        return self.spans_are_assumed or self.target_is_assumed

    def on(self, day: dt.date) -> list[Moments]:
        """Return the open spans of one local day as pairs of UTC moments, in order.

        Spans that overlap or touch are merged.
        """
        if day in self.holidays:
            return []
        merged: list[Moments] = []
        for opens, closes in sorted(_moments(day, span, self.zone) for span in self.spans.get(day.weekday(), ())):
            if merged and opens <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(closes, merged[-1][1]))
            else:
                merged.append((opens, closes))
        return merged


@dataclass(frozen=True)
class FirstContact:
    """When we will first try to reach a person: between `begins` and `ends` (aware, UTC). `ends` is the due time.

    `preference_is_met`: whether that is in the person's preferred time.
    """

    begins: dt.datetime
    ends: dt.datetime
    preference_is_met: bool


PHOENIX = ZoneInfo("America/Phoenix")
_OFFICE_DAY = ((dt.time(9), dt.time(17)),)
ASSUMED = OpenHours(
    spans=dict.fromkeys(range(5), _OFFICE_DAY),
    zone=PHOENIX,
    target=dt.timedelta(hours=4),
    spans_are_assumed=True,
    target_is_assumed=True,
)
_ALL_DAY = dict.fromkeys(range(5), (PARTS_OF_DAY[ASAP],))


def our_hours() -> OpenHours:
    """Return the open hours that the owner has set, or `ASSUMED` if they can't be used."""
    try:
        return hours_of(facts.current())
    except (ValueError, OverflowError, LookupError) as error:  # an unknown time zone, a number too large for a date
        logger.error("The open hours can't be used: %s", type(error).__name__)
        return ASSUMED


def hours_of(facts: facts.Facts) -> OpenHours:
    """Return the open hours in the center's `facts`. `ASSUMED` replaces only what is not set."""
    center = facts.center
    if center is None:
        return ASSUMED
    spans = opening_hours.spans_by_weekday(facts)
    target = center.contact_target_hours
    return OpenHours(
        spans=spans or ASSUMED.spans,
        zone=ZoneInfo(center.time_zone),
        target=dt.timedelta(hours=target) if target else ASSUMED.target,
        holidays=frozenset(holiday.day for holiday in facts.holidays),
        spans_are_assumed=not spans,
        target_is_assumed=not target,
    )


def first_contact(
    received_at: dt.datetime, hours: OpenHours, preferred: str = ASAP, zone: ZoneInfo = PHOENIX
) -> FirstContact:
    """Return when to try first to reach a person who asks at the time `received_at`.

    `preferred`: a key of `PARTS_OF_DAY`. `zone`: the person's time zone.

    - As soon as possible: from the first usable moment until `hours.target` of usable time has passed.
    - Another preferred time: in its first usable span, and never after that span ends.
    - A time that our hours never include: as soon as possible, but only to write or decide. Nobody calls then.

    If no usable time is ahead, the target counts from `received_at`.
    """
    received_at = received_at.astimezone(dt.UTC)
    hours = _hours_for(received_at, hours, preferred, zone)
    if preferred != ASAP:
        for begins, ends in _usable_spans(received_at, hours, preferred, zone):
            if ends - begins >= WORTH_A_TRY:
                return FirstContact(begins, min(begins + hours.target, ends), preference_is_met=True)
    first, last, left = None, received_at, hours.target
    for begins, ends in _usable_spans(received_at, hours, ASAP, zone):
        first, last = first or begins, min(begins + left, ends)
        left -= last - begins
        if not left:
            break
    if first is None:
        return FirstContact(received_at, received_at + hours.target, preference_is_met=False)
    return FirstContact(first, last, preference_is_met=preferred == ASAP)


def next_usable(moment: dt.datetime, hours: OpenHours, preferred: str, zone: ZoneInfo) -> dt.datetime | None:
    """Return the first moment from `moment` on at which the person may be contacted; None if there is none."""
    return next((begins for begins, _ in _usable_spans(moment, hours, preferred, zone)), None)


def next_contact(moment: dt.datetime, hours: OpenHours, preferred: str, zone: ZoneInfo) -> dt.datetime | None:
    """Return the first moment from `moment` on at which we may contact the person; None if there is none.

    If we can never call at the preferred time, it is the first moment at which we may write.
    """
    hours = _hours_for(moment, hours, preferred, zone)
    if not is_ever_met(moment, hours, preferred, zone):
        preferred = ASAP
    return next_usable(moment, hours, preferred, zone)


def may_ever_call(moment: dt.datetime, hours: OpenHours, preferred: str, zone: ZoneInfo) -> bool:
    """Return whether we can call at the preferred time on some day ahead.

    False if the person wants to confirm a time first. If no hours are set, staff may call at any part of the day.
    """
    return preferred != CONFIRMED and (hours.spans_are_assumed or is_ever_met(moment, hours, preferred, zone))


def next_in_part(moment: dt.datetime, preferred: str, zone: ZoneInfo) -> dt.datetime:
    """Return the first moment from `moment` on in this part of the person's day, even if we are closed."""
    today = moment.astimezone(zone).date()
    parts = (_moments(day, PARTS_OF_DAY[preferred], zone) for day in _days(today, today + dt.timedelta(days=1)))
    return next(max(begins, moment) for begins, ends in parts if moment < ends)


def is_ever_met(moment: dt.datetime, hours: OpenHours, preferred: str, zone: ZoneInfo) -> bool:
    """Return whether our open hours include enough of the preferred time on some day ahead.

    Enough is a span of `WORTH_A_TRY`. The search begins at the person's last midnight, and ends after `LOOK_AHEAD`.
    Always True for "as soon as possible".
    """
    if preferred == ASAP:
        return True
    midnight = moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return any(ends - begins >= WORTH_A_TRY for begins, ends in _usable_spans(midnight, hours, preferred, zone))


def _hours_for(moment: dt.datetime, hours: OpenHours, preferred: str, zone: ZoneInfo) -> OpenHours:
    """Return the open hours to use for a preferred time.

    Default hours that never include it are replaced by 8 AM to 9 PM on weekdays. Nothing is promised then, so there is
    no reason to try at another time.
    """
    is_kept = hours.spans_are_assumed and not is_ever_met(moment, hours, preferred, zone)
    return replace(hours, spans=_ALL_DAY) if is_kept else hours


def may_contact_at(moment: dt.datetime, hours: OpenHours, preferred: str, zone: ZoneInfo) -> bool:
    """Return whether the person may be contacted at this moment."""
    # In UTC: Python never calls moments of two zones equal in the hour that a clock change repeats.
    return next_usable(moment, hours, preferred, zone) == moment.astimezone(dt.UTC)


def _usable_spans(moment: dt.datetime, hours: OpenHours, preferred: str, zone: ZoneInfo) -> Iterator[Moments]:
    """Yield the spans when the center is open and the person's part of the day runs, from `moment` on.

    Each span is a pair of UTC moments. Spans are in order and do not overlap. The end of a span is not usable.
    """
    moment = moment.astimezone(dt.UTC)
    first_day = moment.astimezone(hours.zone).date()
    for opens, closes in (span for day in _days(first_day, first_day + LOOK_AHEAD) for span in hours.on(day)):
        for day in _days(opens.astimezone(zone).date(), closes.astimezone(zone).date()):
            part_begins, part_ends = _moments(day, PARTS_OF_DAY[preferred], zone)
            begins, ends = max(opens, part_begins, moment), min(closes, part_ends)
            if begins < ends:
                yield begins, ends


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    return (first + dt.timedelta(days=number) for number in range((last - first).days + 1))


@functools.lru_cache(maxsize=4096)  # the same days are asked for again and again
def _moments(day: dt.date, times: Times, zone: ZoneInfo) -> Moments:
    """Return two local times of a day as UTC moments.

    In UTC, a clock change can't add or lose an hour.
    """
    begins, ends = (dt.datetime.combine(day, time, tzinfo=zone).astimezone(dt.UTC) for time in times)
    return begins, ends
