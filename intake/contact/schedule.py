"""When we will first try to reach a person, and when we may: functions over the center's open hours and the person's
own day.

What the owner has not told of hours and target, the desk takes from `ASSUMED`, and says so.
"""

import datetime as dt
import functools
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from pages import facts, opening_hours

logger = logging.getLogger(__name__)

LOOK_AHEAD = dt.timedelta(days=60)  # a center that is closed for longer has no due time worth the name
WORTH_A_TRY = dt.timedelta(minutes=15)  # less of a wished time than this is over before someone is free to call

ASAP = "asap"
CONFIRMED = "confirmed"  # no call before the person has confirmed a time
# By the person's own clock. No one is called before 8 or after 21, whatever the wish: 47 CFR 64.1200(c)(1).
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
    """When a center answers. `spans` maps a weekday (Monday is 0) to (opens, closes) pairs of local time."""

    spans: Mapping[int, tuple[Times, ...]]
    zone: ZoneInfo
    target: dt.timedelta  # first contact within this much open time
    holidays: frozenset[dt.date] = frozenset()
    spans_are_assumed: bool = False
    target_is_assumed: bool = False

    @property
    def is_assumed(self) -> bool:
        """Whether anything of a due time is assumed. Such a time is never promised."""
        return self.spans_are_assumed or self.target_is_assumed

    def on(self, day: dt.date) -> list[Moments]:
        """The spans of one local day as pairs of UTC moments, in order; spans that overlap or touch are one."""
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
    """When we will first try to reach a person: between `begins` and `ends` (aware, UTC). `ends` is the due time."""

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
    """The open hours as the owner has told them by now; `ASSUMED` where they can't be counted with."""
    try:
        return hours_of(facts.current())
    except (ValueError, OverflowError, LookupError) as error:  # a time zone that is none, a number beyond all dates
        logger.error("The open hours can't be counted with: %s", type(error).__name__)
        return ASSUMED


def hours_of(facts: facts.Facts) -> OpenHours:
    """The open hours of the center in `pages.facts.Facts`: what was told, and of `ASSUMED` only what was not."""
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
    """When to try first, for a `wish` of `PARTS_OF_DAY` in the person's `zone`.

    As soon as possible: from the first usable moment until `hours.target` of usable time has passed. At a wished time:
    in the first usable span of it, and never past the end of that span. For a wish that our hours never meet, that is
    when someone writes, or decides, as soon as possible: nobody is called then. Without any usable time ahead, the
    target counts from `received_at`.
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
    """The first moment from `moment` on at which the person may be contacted; None if there is none ahead."""
    return next((begins for begins, _ in _usable_spans(moment, hours, preferred, zone)), None)


def next_contact(moment: dt.datetime, hours: OpenHours, preferred: str, zone: ZoneInfo) -> dt.datetime | None:
    """As `next_usable`. Where our hours never meet the wish for as long as `first_contact` asks for, the first moment
    at which someone may write to the person, see `may_ever_call`."""
    hours = _hours_for(moment, hours, preferred, zone)
    if not is_ever_met(moment, hours, preferred, zone):
        preferred = ASAP
    return next_usable(moment, hours, preferred, zone)


def may_ever_call(moment: dt.datetime, hours: OpenHours, preferred: str, zone: ZoneInfo) -> bool:
    """Whether we can call at the time that the person asked for, on some day ahead. While no hours are told, whoever
    works may call at any part of the day."""
    return preferred != CONFIRMED and (hours.spans_are_assumed or is_ever_met(moment, hours, preferred, zone))


def next_in_part(moment: dt.datetime, preferred: str, zone: ZoneInfo) -> dt.datetime:
    """The first moment from `moment` on in a part of the person's day, whether we are open then or not."""
    today = moment.astimezone(zone).date()
    parts = (_moments(day, PARTS_OF_DAY[preferred], zone) for day in _days(today, today + dt.timedelta(days=1)))
    return next(max(begins, moment) for begins, ends in parts if moment < ends)


def is_ever_met(moment: dt.datetime, hours: OpenHours, preferred: str, zone: ZoneInfo) -> bool:
    """Whether a wished time holds enough of our hours on some day ahead, counted from that day's beginning. Any time of
    the day always does."""
    if preferred == ASAP:
        return True
    midnight = moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return any(ends - begins >= WORTH_A_TRY for begins, ends in _usable_spans(midnight, hours, preferred, zone))


def _hours_for(moment: dt.datetime, hours: OpenHours, preferred: str, zone: ZoneInfo) -> OpenHours:
    """The hours that count for a wish. Assumed ones are no reason to try at another time: nobody told the person that
    we would, as the promise of told ones does."""
    is_kept = hours.spans_are_assumed and not is_ever_met(moment, hours, preferred, zone)
    return replace(hours, spans=_ALL_DAY) if is_kept else hours


def may_contact_at(moment: dt.datetime, hours: OpenHours, preferred: str, zone: ZoneInfo) -> bool:
    # In UTC: moments of two zones never compare equal within the hour that a clock change repeats.
    return next_usable(moment, hours, preferred, zone) == moment.astimezone(dt.UTC)


def _usable_spans(moment: dt.datetime, hours: OpenHours, preferred: str, zone: ZoneInfo) -> Iterator[Moments]:
    """What is left from `moment` on of the time in which the center is open and the person's part of the day runs.

    Pairs of UTC moments in order, without overlap; the second of a pair is no longer usable.
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


@functools.lru_cache(maxsize=4096)  # the days ahead of everyone who asks are the same
def _moments(day: dt.date, times: Times, zone: ZoneInfo) -> Moments:
    """A pair of local times as UTC moments, so that a clock change can't add or lose an hour."""
    begins, ends = (dt.datetime.combine(day, time, tzinfo=zone).astimezone(dt.UTC) for time in times)
    return begins, ends
