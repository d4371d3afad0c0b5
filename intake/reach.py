"""Whether a person may be contacted at a moment, and the addresses that a click may open then."""

import datetime as dt
from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from . import clock
from .blind_index import normalized_phone
from .forms import TIME_ZONES

FEWEST_DIGITS = 7


@dataclass(frozen=True)
class Reach:
    """How one person may be reached at `now`, in their own time. `next_at` is the first moment at which they may be
    contacted, `now` itself where that is now, None where none is ahead. `wish_is_met` says whether that is the part of
    the day that they asked for. `tel`, `sms` and `mailto` are "" where the
    person or the hour does not allow them."""

    now: dt.datetime
    zone_name: str
    next_at: dt.datetime | None
    wish_is_met: bool = True
    tel: str = ""
    sms: str = ""
    mailto: str = ""

    @property
    def may_now(self):
        return self.next_at == self.now

    @property
    def time_there(self):
        return _("It is %(time)s where they are (%(zone)s time).") % {
            "time": date_format(self.now, "g:i A"),
            "zone": self.zone_name,
        }

    @property
    def not_before(self):
        """The moment of `next_at` in words that follow "after": "5:00 PM", "8:00 AM tomorrow"."""
        time = date_format(self.next_at, "g:i A")
        match (self.next_at.date() - self.now.date()).days:
            case 0:
                return time
            case 1:
                return _("%(time)s tomorrow") % {"time": time}
        return _("%(time)s on %(day)s") % {"time": time, "day": date_format(self.next_at, "l, F j")}


def reach_of(profile, known, now, channels):
    """The `Reach` for a contact profile and what is `known` (`intake.details`), by the `channels` that are still open:
    an address alone allows a single e-mail."""
    zone, hours = ZoneInfo(profile.time_zone), clock.our_hours()
    local_now = now.astimezone(zone)
    next_at = clock.next_contact(now, hours, profile.best_time, zone)
    may_now = next_at == now
    number = _number(known["phone"].value) if may_now else ""
    return Reach(
        now=local_now,
        zone_name=str(dict(TIME_ZONES).get(profile.time_zone, profile.time_zone)),
        next_at=next_at and next_at.astimezone(zone),
        wish_is_met=hours.is_assumed or clock.is_ever_met(now, hours, profile.best_time, zone),
        tel=f"tel:{number}" if number and "call" in channels else "",
        sms=f"sms:{number}" if number and "text" in channels else "",
        mailto=_mailto(known["email"].value) if may_now and "email" in channels else "",
    )


def _number(typed):
    number = normalized_phone(typed)
    return number if len(number) >= FEWEST_DIGITS else ""


def _mailto(typed):
    """Without a subject or a text: nothing of ours stands in a mailbox that others may read."""
    return f"mailto:{quote(typed, safe='@')}" if typed.count("@") == 1 else ""
