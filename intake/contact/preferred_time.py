"""A form's notes on the parts of the day in which we are closed, in the chosen time zone."""

import datetime as dt
import functools
import json
import logging
from collections.abc import Iterable
from typing import cast
from zoneinfo import ZoneInfo

from django import forms
from django.forms.boundfield import BoundWidget
from django.utils import timezone

from . import schedule

logger = logging.getLogger(__name__)

PARTS = ("morning", "afternoon", "evening")


def closed_parts(zone_name: str) -> tuple[str, ...]:
    """Return the parts of the day in which we can never call someone in this time zone.

    Empty if no hours are set, or if they can't be computed: the form works without this note.
    """
    try:
        hours = schedule.our_hours()
        if hours.spans_are_assumed:
            return ()
        spans = tuple(sorted(hours.spans.items()))
        return _closed_parts(spans, hours.zone, hours.holidays, timezone.localdate(timezone=hours.zone), zone_name)
    except Exception as error:
        logger.error("The closed parts of the day could not be computed: %s", type(error).__name__)
        return ()


@functools.lru_cache(maxsize=256)  # each form asks for each time zone; computing one takes 2 ms
def _closed_parts(
    spans: tuple[tuple[int, tuple[schedule.Times, ...]], ...],
    center_zone: ZoneInfo,
    holidays: frozenset[dt.date],
    today: dt.date,
    zone_name: str,
) -> tuple[str, ...]:
    hours = schedule.OpenHours(spans=dict(spans), zone=center_zone, target=schedule.ASSUMED.target, holidays=holidays)
    now, zone = timezone.now(), ZoneInfo(zone_name)
    return tuple(part for part in PARTS if not schedule.is_ever_met(now, hours, part, zone))


class SaysWhenWeAreClosed(forms.Form):
    """A form with the fields `preferred_time` and `time_zone`, shown by `templates/intake/preferred_time.html`."""

    @property
    def shown_zone(self) -> str:
        """Return the chosen time zone (an IANA name), or "" if none is chosen."""
        value = self["time_zone"].value() or ""
        return value if value in self._zones() else ""

    @property
    def shown_zone_label(self) -> str:
        return self._zones()[self.shown_zone] if self.shown_zone else ""

    def times(self) -> list[tuple[BoundWidget, bool]]:
        """Return a pair for each choice of `preferred_time`: the choice, and whether we are closed then."""
        closed = closed_parts(self.shown_zone) if self.shown_zone else ()
        return [(choice, choice.data["value"] in closed) for choice in self["preferred_time"]]

    def closed_in_each_zone(self) -> str:
        """Return the closed parts of the day by time zone, as JSON for the script that updates the notes."""
        return json.dumps({zone: closed_parts(zone) for zone in self._zones() if zone})

    def _zones(self) -> dict[str, str]:
        field = cast(forms.ChoiceField, self.fields["time_zone"])
        return dict(cast(Iterable[tuple[str, str]], field.choices))
