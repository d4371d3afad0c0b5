"""Whether a person may be contacted at a moment, and the addresses that a click may open then."""

import datetime as dt
from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from intake import email_addresses, phone_numbers
from intake.contact import schedule
from intake.contact.time_zones import TIME_ZONES


@dataclass(frozen=True)
class Reach:
    """How one person may be reached at `now`, in their own time. `next_at` is the first moment at which they may be
    contacted, `now` itself where that is now, None where none is ahead. `wish_is_met` says whether we can call at the
    time that they asked for. If not, nobody calls at another time of their day: `call_at` is when the one they asked
    for begins, None where they want to confirm a time first.

    `tel`, `sms` and `mailto` are "" where the person or the hour does not allow them, or where a click would not dial
    or address what was typed; `about_phone` and `about_email` say why, at any hour.
    """

    now: dt.datetime
    zone_name: str
    next_at: dt.datetime | None
    preference_is_met: bool = True
    call_at: dt.datetime | None = None
    tel: str = ""
    sms: str = ""
    mailto: str = ""
    about_phone: str = ""
    about_email: str = ""

    @property
    def may_now(self):
        return self.next_at == self.now

    @property
    def may_call_now(self):
        return self.may_now if self.preference_is_met else self.call_at == self.now

    @property
    def time_there(self):
        return _("It is %(time)s where they are (%(zone)s time).") % {
            "time": date_format(self.now, "g:i A"),
            "zone": self.zone_name,
        }

    @property
    def not_before(self):
        """The moment of `next_at` in words that follow "after", by the center's clock: "5:00 PM", "8:00 AM tomorrow".
        Where the person's clock shows another time: "1:00 PM (12:00 PM for them)"."""
        return self._label_for(self.next_at)

    @property
    def no_call_before(self):
        """The moment of `call_at` in the same words."""
        return self._label_for(self.call_at)

    def _label_for(self, moment):
        ours, theirs = timezone.localtime(moment), moment.astimezone(self.now.tzinfo)
        words = _label_for_moment(ours, timezone.localtime(self.now))
        if ours.utcoffset() == theirs.utcoffset():
            return words
        is_same_day = ours.date() == theirs.date()
        for_them = date_format(theirs, "g:i A") if is_same_day else date_format(theirs, "g:i A \\o\\n l")
        return _("%(time)s (%(theirs)s for them)") % {"time": words, "theirs": for_them}


def reach_of(profile, known, now, channels):
    """The `Reach` for a contact profile and what is `known` (`intake.contact.details`), by the `channels` that are
    still open: an address alone allows a single e-mail."""
    zone, hours = ZoneInfo(profile.time_zone), schedule.our_hours()
    local_now = now.astimezone(zone)
    next_at = schedule.next_contact(now, hours, profile.preferred_time, zone)
    may_now = next_at == now
    number = phone_numbers.to_dial(known["phone"].value)
    preference_is_met, call_at = schedule.may_ever_call(now, hours, profile.preferred_time, zone), None
    if not preference_is_met and profile.preferred_time != schedule.CONFIRMED:
        call_at = schedule.next_in_part(now, profile.preferred_time, zone).astimezone(zone)
    may_call_now = may_now if preference_is_met else call_at == now
    call, text = number and may_call_now and "call" in channels, number and may_now and "text" in channels
    return Reach(
        now=local_now,
        zone_name=str(dict(TIME_ZONES).get(profile.time_zone, profile.time_zone)),
        next_at=next_at and next_at.astimezone(zone),
        preference_is_met=preference_is_met,
        call_at=call_at,
        tel=number.tel if call else "",
        sms=number.sms if text else "",
        mailto=_mailto(known["email"].value) if may_now and "email" in channels else "",
        about_phone=" ".join(_about_phone(known["phone"].value, number, channels)),
        about_email=_about_email(known["email"].value, channels),
    )


def _label_for_moment(moment, now):
    time = date_format(moment, "g:i A")
    match (moment.date() - now.date()).days:
        case 0:
            return time
        case 1:
            return _("%(time)s tomorrow") % {"time": time}
    return _("%(time)s on %(day)s") % {"time": time, "day": date_format(moment, "l, F j")}


def _mailto(typed):
    """Without a subject or a text: nothing of ours stands in a mailbox that others may read."""
    address = email_addresses.cleaned(typed)
    return f"mailto:{quote(address, safe='@')}" if email_addresses.looks_like_one(address) else ""


def _about_phone(typed, number, channels):
    """Sentences on what is allowed and can't be clicked."""
    if email_addresses.is_in(typed):
        yield _("The phone box holds an email address. Correct it below.")
    elif typed and {"call", "text"} & set(channels):
        if number is None:
            yield _("This can't be dialed as it is. Correct it below, or dial by hand what the person means.")
        elif number.extension:
            yield _("Ask for extension %(number)s.") % {"number": number.extension}
            if "text" in channels:
                yield _("A text can't reach it.")


def _about_email(typed, channels):
    if typed and "email" in channels and not _mailto(typed):
        return _("This can't be mailed as it is. Correct it below.")
    return ""
