"""What we commit to when a request comes in: by when we try to reach the person, and the words that promise it."""

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
    """Stored with the request, so that a reload shows the same. `promise` is "" where the owner has told no hours."""

    due_at: dt.datetime
    due_uses_default_hours: bool
    promise: str


def commit_to(asked_at: dt.datetime, profile: ContactCodes) -> Commitment:
    """The commitment for someone who asks at `asked_at` and may be reached as the codes in `profile` say.

    Where none can be counted, it is assumed and promises nothing: a request is worth more than its promise.
    """
    try:
        return _counted(asked_at, profile)
    except Exception as error:
        logger.error("No promise could be counted: %s", type(error).__name__)
        return Commitment(asked_at + schedule.ASSUMED.target, True, "")


def _counted(asked_at: dt.datetime, profile: ContactCodes) -> Commitment:
    hours = schedule.our_hours()
    preferred, zone = profile["preferred_time"], ZoneInfo(profile["time_zone"])
    contact = schedule.first_contact(asked_at, hours, preferred, zone)
    row = ContactPreferences(**profile)
    ways = ways_to_try(row, schedule.may_ever_call(asked_at, hours, preferred, zone)) or row.channels
    words = promise.words(contact, asked_at, hours, preferred, zone, ways[0], row.may_call)
    return Commitment(contact.ends, hours.is_assumed, words)
