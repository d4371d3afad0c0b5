"""What we commit to when a request comes in: when we first try to reach the person, and the promise of it."""

import datetime as dt
import logging
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from intake.models import ContactPreferences

from . import promise, schedule
from .preferences import ContactCodes, ways_to_try

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Commitment:
    """The due time and the promise, stored with the request so that a reload shows the same.

    `promise` is "" where the center's hours are not set.
    """

    due_at: dt.datetime
    due_uses_default_hours: bool
    promise: str


def commit_to(asked_at: dt.datetime, profile: ContactCodes) -> Commitment:
    """Return the `Commitment` for someone who asks at `asked_at` and has these contact preferences.

    If it can't be computed, the default hours are used and nothing is promised: storing the request matters more.
    """
    try:
        return _counted(asked_at, profile)
    except Exception as error:
        logger.error("The due time could not be computed, so nothing is promised: %s", type(error).__name__)
        return Commitment(asked_at + schedule.ASSUMED.target, True, "")


def _counted(asked_at: dt.datetime, profile: ContactCodes) -> Commitment:
    hours = schedule.our_hours()
    preferred, zone = profile["preferred_time"], ZoneInfo(profile["time_zone"])
    contact = schedule.first_contact(asked_at, hours, preferred, zone)
    row = ContactPreferences(**profile)
    ways = ways_to_try(row, schedule.may_ever_call(asked_at, hours, preferred, zone)) or row.channels
    words = promise.words(contact, asked_at, hours, preferred, zone, ways[0], row.may_call)
    return Commitment(contact.ends, hours.is_assumed, words)
