"""When a person may be contacted, and the links that call, text, or email them."""

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
class Reachability:
    """When one person may be contacted. All times are in the person's time zone.

    - `next_at`: the first time at which they may be contacted; `now` if that is now, None if no such time is known
    - `preference_is_met`: whether we are ever open at their preferred time
    - `call_at`: if not, when their preferred time next begins; None if they want to confirm a time first

    If the preference is not met, do not call at other times of their day.
    """

    now: dt.datetime
    next_at: dt.datetime | None
    preference_is_met: bool = True
    call_at: dt.datetime | None = None

    @property
    def may_now(self):
        return self.next_at == self.now

    @property
    def may_call_now(self):
        return self.may_now if self.preference_is_met else self.call_at == self.now

    def possible_from(self, channel, preferences):
        """Return the earliest time at which this `Attempt.Channel` may be used. None if no such time is known."""
        is_unmet_call = channel == "call" and preferences.may_call and not self.preference_is_met
        return self.call_at if is_unmet_call else self.next_at


@dataclass(frozen=True)
class Reach(Reachability):
    """A person's `Reachability`, with links to call, text, or email them.

    `tel`, `sms`, `mailto`: the links. A link is "" if the person does not allow that channel, if it is not the time, or
    if what was typed is not a usable number or address. `about_phone`, `about_email`: what to correct or do by hand,
    shown at any hour.
    """

    zone_name: str = ""
    tel: str = ""
    sms: str = ""
    mailto: str = ""
    about_phone: str = ""
    about_email: str = ""

    @property
    def time_there(self):
        return _("It is %(time)s where they are (%(zone)s time).") % {
            "time": date_format(self.now, "g:i A"),
            "zone": self.zone_name,
        }

    @property
    def not_before(self):
        return self.label_for(self.next_at)

    @property
    def no_call_before(self):
        return self.label_for(self.call_at)

    def label_for(self, moment):
        """Return a time as words that can follow "after": "5:00 PM", "8:00 AM tomorrow".

        It is by the center's clock. If the person's clock differs, their time is added: "1:00 PM (12:00 PM for them)".
        """
        ours, theirs = timezone.localtime(moment), moment.astimezone(self.now.tzinfo)
        words = _label_for_moment(ours, timezone.localtime(self.now))
        if ours.utcoffset() == theirs.utcoffset():
            return words
        is_same_day = ours.date() == theirs.date()
        for_them = date_format(theirs, "g:i A") if is_same_day else date_format(theirs, "g:i A \\o\\n l")
        return _("%(time)s (%(theirs)s for them)") % {"time": words, "theirs": for_them}


def reachability_of(preferred_time, time_zone, now, hours):
    """Return the `Reachability` of a person with this preferred time and time zone.

    `hours`: the center's hours.
    """
    zone = ZoneInfo(time_zone)
    next_at = schedule.next_contact(now, hours, preferred_time, zone)
    preference_is_met, call_at = schedule.may_ever_call(now, hours, preferred_time, zone), None
    if not preference_is_met and preferred_time != schedule.CONFIRMED:
        call_at = schedule.next_in_part(now, preferred_time, zone).astimezone(zone)
    return Reachability(now.astimezone(zone), next_at and next_at.astimezone(zone), preference_is_met, call_at)


def reach_of(preferences, contact_details, now, channels):
    """Return a person's `Reach`.

    `contact_details`: as `intake.contact.details` returns them. `channels`: the channels still allowed. An email
    address given without permission to email allows one email.
    """
    when = reachability_of(preferences.preferred_time, preferences.time_zone, now, schedule.our_hours())
    number = phone_numbers.to_dial(contact_details["phone"].value)
    call, text = number and when.may_call_now and "call" in channels, number and when.may_now and "text" in channels
    return Reach(
        **vars(when),
        zone_name=str(dict(TIME_ZONES).get(preferences.time_zone, preferences.time_zone)),
        tel=number.tel if call else "",
        sms=number.sms if text else "",
        mailto=_mailto(contact_details["email"].value) if when.may_now and "email" in channels else "",
        about_phone=" ".join(_about_phone(contact_details["phone"].value, number, channels)),
        about_email=_about_email(contact_details["email"].value, channels),
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
    """Return a mailto link without subject or text, as others may read the mailbox. "" if `typed` is no address."""
    address = email_addresses.cleaned(typed)
    return f"mailto:{quote(address, safe='@')}" if email_addresses.looks_like_one(address) else ""


def _about_phone(typed, number, channels):
    """Yield sentences on what to correct in an allowed phone number, or to do by hand."""
    if email_addresses.is_in(typed):
        yield _("The phone box holds an email address. Correct it below.")
    elif typed and {"call", "text"} & set(channels):
        if number is None:
            yield _("This can't be dialed as it is. Correct it below, or dial the number that they mean yourself.")
        elif number.extension:
            yield _("Ask for extension %(number)s.") % {"number": number.extension}
            if "text" in channels:
                yield _("A text can't reach it.")


def _about_email(typed, channels):
    if typed and "email" in channels and not _mailto(typed):
        return _("This can't be mailed as it is. Correct it below.")
    return ""
