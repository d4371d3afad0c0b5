"""The attempts to reach a person: what may be logged, when the next one is due, and when someone must decide.

It took a median of 4 attempts to reach a person in a large trial (Donovan 2014), so nobody is given up after fewer.
"""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from intake import clock
from intake.contact import newest_profile
from intake.models import RESULTS, Attempt, ContactProfile, Event
from pages import facts

from .rules import DOUBLE_CLICK, LONGEST_AHEAD, NOT_ASLEEP, Refused, Stage, check_seen, locked_open, save, write

Channel, Result = Attempt.Channel, Attempt.Result

ATTEMPTS = 4
MORE_ATTEMPTS = 2  # after someone decided to keep trying
# The wait after each attempt: later the same day, then at other hours of other days.
GAPS = [dt.timedelta(hours=hours) for hours in (3, 20, 27, 44, 68)]
FOLLOW_UP = dt.timedelta(hours=20)  # after we spoke: the next working day

# What the person says, or we learn of them, gives them a whole new ladder.
NEW_LADDER = (Event.Code.AMENDED, Event.Code.ADDED, Event.Code.WINDOW_SET, Event.Code.REOPENED)


@dataclass(frozen=True)
class Proposal:
    """What to try next: when (aware), and by which `Attempt.Channel`."""

    at: dt.datetime
    channel: str

    @property
    def name(self):
        """The channel in words."""
        return Channel(self.channel).label.lower()


@dataclass(frozen=True)
class Ladder:
    """How far we are in trying to reach a person whom we have not spoken with, or lost again.

    `tries` are our attempts since the last conversation, oldest first; `more` how many were granted by `keep_trying`;
    `profile` None where the words were erased.
    """

    profile: ContactProfile | None
    tries: list[Attempt]
    more: int = 0

    @property
    def length(self):
        """An e-mail address alone allows one e-mail, so there is one attempt."""
        return ATTEMPTS if self.profile.may_call or self.profile.may_text else 1

    @property
    def has_ended(self):
        """Whether every attempt was made or no way is left, so that someone must decide."""
        if self.profile is None or not self.tries:
            return False
        return len(self.tries) >= self.length + self.more or (self._no_way_is_left and not self.more)

    @property
    def why_not_given_up(self):
        """Why the request can't be closed as not reached, in a sentence. Empty where it can."""
        if self.profile is None or self._no_way_is_left:
            return ""
        # Two calls within one hour are one attempt: the person is as far from the phone as before.
        hours = {attempt.at.astimezone(self._zone).strftime("%Y-%m-%d %H") for attempt in self.tries}
        missing = self.length - len(hours)
        if missing <= 0:
            return ""
        sentence = ngettext(
            "Nobody is given up before %(all)s attempts at different hours. %(count)s is missing.",
            "Nobody is given up before %(all)s attempts at different hours. %(count)s are missing.",
            missing,
        )
        return sentence % {"all": self.length, "count": missing}

    def propose(self, now):
        """The `Proposal` for the next try, after one that was made just now: at another hour of the person's day, and
        by another way that they allow."""
        gap = GAPS[min(max(len(self.tries) - 1, 0), len(GAPS) - 1)]
        return Proposal(self._at_another_hour(now + gap), self.next_channel)

    def after(self, attempt):
        return Ladder(self.profile, [*self.tries, attempt], self.more)

    @property
    def _zone(self):
        return ZoneInfo(self.profile.time_zone)

    @property
    def _no_way_is_left(self):
        is_bad = any(attempt.result == Result.BAD_NUMBER for attempt in self.tries)
        is_mailed = any(attempt.channel == Channel.EMAIL for attempt in self.tries)
        return is_bad and (is_mailed or not self.profile.may_email)

    def _at_another_hour(self, moment):
        """The first usable moment from `moment` on at an hour at which nobody tried; the first usable one where every
        hour was tried."""
        hours, wish = clock.hours_of(facts.current()), self.profile.best_time
        tried = {attempt.at.astimezone(self._zone).hour for attempt in self.tries}
        first = usable = clock.next_contact(moment, hours, wish, self._zone)
        for _step in range(24):
            if usable is None:
                return first or moment
            if usable.astimezone(self._zone).hour not in tried:
                return usable
            usable = clock.next_contact(usable + dt.timedelta(hours=1), hours, wish, self._zone)
        return first

    @property
    def next_channel(self):
        """Calls first; after one that nobody answered, a text and an e-mail where the person allows them."""
        allowed = allowed_channels(self.profile)
        used = {attempt.channel for attempt in self.tries}
        if any(attempt.result == Result.BAD_NUMBER for attempt in self.tries):
            used |= {Channel.CALL, Channel.TEXT}
        return next((channel for channel in allowed if channel not in used), allowed[0])


def ladder_of(request):
    """The `Ladder` of a request, with 3 queries however many attempts there are."""
    return ladder_from(request, newest_profile(request), request.attempts.select_related("actor"), request.events.all())


def ladder_from(request, profile, attempts, events):
    """As `ladder_of`, from what was fetched before: the newest profile, and all attempts and events in their order."""
    begin = max((event.at for event in events if _begins_anew(event)), default=request.received_at)
    tries = []
    for attempt in attempts:
        if attempt.result == Result.REACHED:
            begin, tries = max(begin, attempt.at), []
        elif attempt.channel != Channel.THEY_CALLED and attempt.at >= begin:
            tries.append(attempt)
    decisions = [event for event in events if event.code == Event.Code.KEPT_TRYING and event.at >= begin]
    return Ladder(profile, tries, MORE_ATTEMPTS * len(decisions))


def _begins_anew(event):
    if event.code == Event.Code.STAGE_SET:
        return event.after in (Stage.TALKING, Stage.BOOKED)
    if event.code == Event.Code.CORRECTED:
        return "phone" in event.after.split(",")
    return event.code in NEW_LADDER


def must_decide(request, ladder):
    """Whether nothing is left but to decide: keep trying, close, or put off."""
    return request.awaits_contact and ladder.has_ended


def allowed_channels(profile):
    """The ways in which we may try, the first choice first."""
    allowed = {Channel.CALL: profile.may_call, Channel.TEXT: profile.may_text, Channel.EMAIL: profile.may_email}
    return [channel for channel, is_allowed in allowed.items() if is_allowed]


@transaction.atomic
def log_attempt(*, request_id, channel, result, actor, next_at=None, seen=None):
    """Writes down a try to reach the person, or of the person to reach us, and sets when the next one is due.

    Without `next_at` that is what the ladder proposes. Who was reached is in conversation from then on. Who called us
    and was missed is on top until someone calls. After the last attempt the request is due at once, for a decision:
    `keep_trying`, closing, or putting off. The same attempt by the same person within 10 seconds is a double click.
    """
    request, now = locked_open(request_id), timezone.now()
    doubled = request.attempts.filter(actor=actor, channel=channel, result=result, at__gt=now - DOUBLE_CLICK).last()
    if doubled:
        return doubled
    check_seen(request, seen)
    ladder, before = ladder_of(request), request.stage
    _check(request, ladder, channel, result, next_at, now)
    attempt = Attempt(request=request, channel=channel, result=result, actor=actor, at=now)
    changes = _after(request, ladder, attempt, next_at)
    attempt.next_at = changes["due_at"]
    attempt.save(force_insert=True)
    save(request, **changes)
    write(request, Event.Code.ATTEMPTED, actor, channel, result)
    if request.stage != before:
        write(request, Event.Code.STAGE_SET, actor, before, request.stage)
    return attempt


@transaction.atomic
def keep_trying(*, request_id, actor, seen=None):
    """Decides at the end of the ladder to try `MORE_ATTEMPTS` times more."""
    request = locked_open(request_id, seen)
    ladder = ladder_of(request)
    if not must_decide(request, ladder):
        raise Refused(_("There are attempts left. Nothing was changed."))
    save(request, due_at=ladder.propose(timezone.now()).at, **NOT_ASLEEP, **_given_back(request))
    write(request, Event.Code.KEPT_TRYING, actor)
    return request


def follow_up(profile, now):
    """When to talk on with someone we spoke with: the next working day, at a time they want."""
    if profile is None:
        return now + FOLLOW_UP
    hours, zone = clock.hours_of(facts.current()), ZoneInfo(profile.time_zone)
    return clock.next_contact(now + FOLLOW_UP, hours, profile.best_time, zone) or now + FOLLOW_UP


def _check(request, ladder, channel, result, next_at, now):
    if result not in RESULTS.get(channel, ()):
        raise Refused(_("That button is not known. Nothing was changed."))
    if next_at is not None and next_at <= now:
        raise Refused(_("Choose a time for the next attempt that is still to come."))
    if next_at is not None and next_at > now + LONGEST_AHEAD:
        raise Refused(_("Choose a time for the next attempt within the next 90 days."))
    if ladder.profile is None:
        raise Refused(_("The rules of contact can't be read. Do not contact this person until they can."))
    if result == Result.REACHED or channel == Channel.THEY_CALLED:
        return
    if channel not in allowed_channels(ladder.profile):
        raise Refused(_("The person does not allow this way. If it was used all the same, say so in a note."))
    if result == Result.VOICEMAIL and not ladder.profile.may_leave_voicemail:
        raise Refused(_("The person does not allow voicemail. If a message was left, say so in a note."))
    if must_decide(request, ladder):
        raise Refused(_("That was the last attempt. Decide now: keep trying, close the request, or put it off."))


def _after(request, ladder, attempt, next_at):
    """The fields of a request as an attempt leaves them. A booked assessment keeps its own time."""
    now, changes = attempt.at, NOT_ASLEEP | {"called_back_at": None}
    if attempt.result == Result.MISSED:
        return changes | {"called_back_at": now, "due_at": now}
    if attempt.channel != Channel.THEY_CALLED:
        changes["first_attempt_at"] = request.first_attempt_at or now
    if attempt.result == Result.REACHED:
        has_owner = request.owner_id and (request.claimed_until is None or request.is_claimed)
        changes |= {"reached_at": request.reached_at or now, "claimed_until": None}
        changes |= {"owner": request.owner if has_owner else attempt.actor}
        next_at = next_at or follow_up(ladder.profile, now)
        if request.reached_at is None:
            changes["attempts_to_reach"] = request.attempts.exclude(channel=Channel.THEY_CALLED).count() + 1
        if request.awaits_contact:
            changes["stage"] = Stage.TALKING
    else:
        changes |= _given_back(request)
        if request.stage == Stage.NEW:
            changes["stage"] = Stage.REACHING
        ladder = ladder.after(attempt)
        is_last = request.awaits_contact and ladder.has_ended
        next_at = now if is_last else next_at or ladder.propose(now).at
    return changes | {"due_at": request.assessment_at if request.stage == Stage.BOOKED else next_at}


def _given_back(request):
    """What was taken from the queue for one try or one decision: the next is anyone's."""
    return {"owner": None, "claimed_until": None} if request.claimed_until else {}
