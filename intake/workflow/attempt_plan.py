"""The plan of attempts to reach a person: how and when to try next, and when staff must decide.

In a large trial, it took a median of 4 attempts to reach a person (Donovan 2014). So a request can't be closed as not
reached after fewer.
"""

import datetime as dt
import functools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from intake.contact import consent, schedule
from intake.contact.preferences import newest_preferences, ways_to_try
from intake.models import AssessmentRequest, Attempt, ConsentRecord, ContactPreferences, Event

from .base import (
    Stage,
    whole_minute,
)

Channel, Result = Attempt.Channel, Attempt.Result

ATTEMPTS = 4
MORE_ATTEMPTS = 2  # added by each decision to keep trying
# The wait after each attempt: first later the same day, then at other hours of other days.
GAPS = [dt.timedelta(hours=hours) for hours in (3, 20, 27, 44, 68)]

# After one of these, the attempt plan starts again.
PERSON_WROTE = (Event.Code.AMENDED, Event.Code.ADDED, Event.Code.TIME_SET)


@dataclass(frozen=True)
class Proposal:
    """The next attempt to make. `at`: its time (aware). `channel`: an `Attempt.Channel`."""

    at: dt.datetime
    channel: str

    @property
    def name(self) -> str:
        """Return the label of the channel in lowercase, for use inside a sentence."""
        return Channel(self.channel).label.lower()


@dataclass(frozen=True)
class AttemptPlan:
    """The attempts made to reach a person, and the rules for the next ones.

    `preferences`: None if the content was erased. `attempts`: ours since the last conversation, oldest first. `more`:
    how many attempts `keep_trying` added. `agreed_to_email`: the person consented to email. Without consent, an address
    allows one email only. `is_mailed`: we sent an email, and the person has not answered since.
    """

    preferences: ContactPreferences | None
    attempts: list[Attempt]
    more: int = 0
    agreed_to_email: bool = False
    is_mailed: bool = False

    @property
    def length(self) -> int:
        """Return how many attempts the plan has, not counting those that `keep_trying` added."""
        return 1 if self.is_one_email else ATTEMPTS

    @property
    def is_one_email(self) -> bool:
        """Return whether one email is all that the person allows."""
        return not (self._known_preferences.may_call or self._known_preferences.may_text or self.agreed_to_email)

    @property
    def channels(self) -> list[str]:
        """Return the channels that we may still use, the first choice first."""
        is_spent = self.is_mailed and not self.agreed_to_email
        ways = ways_to_try(self._known_preferences, self.may_ever_call)
        return [channel for channel in ways if not (channel == Channel.EMAIL and is_spent)]

    @functools.cached_property
    def may_ever_call(self) -> bool:
        """Return whether we can call at the person's preferred time on some day ahead.

        If not, we write first and ask for another time.
        """
        preferred = self._known_preferences.preferred_time
        return preferred in ("", schedule.ASAP) or schedule.may_ever_call(
            timezone.now(), schedule.our_hours(), preferred, self._zone
        )

    @property
    def has_ended(self) -> bool:
        """Return whether the plan has ended, so that staff must decide.

        It ends when every attempt was made or no permitted channel remains. False if the content was erased.
        """
        if self.preferences is None:
            return False
        if not self.channels:
            return True
        return len(self.attempts) >= self.length + self.more or (self._no_way_is_left and not self.more)

    @property
    def why_not_closable(self) -> str:
        """Return why the request can't be closed as not reached, as a sentence; "" if it can."""
        if self.preferences is None or self._no_way_is_left:
            return ""
        missing = self.length - self._separate_attempts
        if missing <= 0:
            hours = {attempt.occurred_at.astimezone(self._zone).hour for attempt in self.attempts}
            is_always_the_same = self.length > 1 and len(hours) == 1
            return (
                _("Every attempt was at the same time of day. Make one at another time before you close this.")
                if is_always_the_same
                else ""
            )
        sentence = ngettext(
            "%(count)s more attempt is needed before you can close this as not reached (%(all)s in all, an hour or "
            "more apart).",
            "%(count)s more attempts are needed before you can close this as not reached (%(all)s in all, an hour or "
            "more apart).",
            missing,
        )
        return sentence % {"all": self.length, "count": missing}

    def propose(self, now: dt.datetime) -> Proposal:
        """Return a `Proposal` for the next attempt, if the last one was made at the time `now`.

        It is at another hour of the person's day than earlier attempts, and by another channel, if possible.
        """
        gap = GAPS[min(max(len(self.attempts) - 1, 0), len(GAPS) - 1)]
        # Whole minutes, as in the browser's field. So an unchanged time shows that nobody chose another.
        return Proposal(self._at_another_hour(whole_minute(now + gap)), self.next_channel)

    def after(self, attempt: Attempt) -> Self:
        """Return a copy of the plan to which `attempt` was added."""
        return replace(
            self, attempts=[*self.attempts, attempt], is_mailed=self.is_mailed or attempt.channel == Channel.EMAIL
        )

    @property
    def _separate_attempts(self) -> int:
        """Return the number of attempts, counting those within one hour as one.

        A second call after five minutes does not find anyone either.
        """
        count, last = 0, None
        for attempt in self.attempts:
            if last is None or attempt.occurred_at - last >= dt.timedelta(hours=1):
                count, last = count + 1, attempt.occurred_at
        return count

    @property
    def _known_preferences(self) -> ContactPreferences:
        if self.preferences is None:
            raise ValueError("this request was erased: nothing says how to reach the person")
        return self.preferences

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self._known_preferences.time_zone)

    @property
    def _no_way_is_left(self) -> bool:
        is_bad = any(attempt.result == Result.BAD_NUMBER for attempt in self.attempts)
        is_written_to = any(attempt.channel == Channel.EMAIL for attempt in self.attempts)
        return not self.channels or (is_bad and (is_written_to or Channel.EMAIL not in self.channels))

    def _at_another_hour(self, moment: dt.datetime) -> dt.datetime:
        """Return the first usable time from `moment` on, at an hour of the day that was not tried yet.

        If every hour was tried, it is the first usable time. If we call although our hours never include the preferred
        time, it is the first moment of that part of the day.
        """
        hours, preferred = schedule.our_hours(), self._known_preferences.preferred_time
        tried = {attempt.occurred_at.astimezone(self._zone).hour for attempt in self.attempts}
        if self.next_channel == Channel.CALL and not self.may_ever_call:
            return schedule.next_in_part(
                moment, preferred, self._zone
            )  # never call at another time of day than they asked for
        first = usable = schedule.next_contact(moment, hours, preferred, self._zone)
        for _step in range(24):
            if usable is None:
                return first or moment
            if usable.astimezone(self._zone).hour not in tried:
                return usable
            usable = schedule.next_contact(usable + dt.timedelta(hours=1), hours, preferred, self._zone)
        return first or moment

    @property
    def next_channel(self) -> str:
        """Return the channel of the next attempt: the first allowed one that was not used yet.

        If all were used, it is the first allowed one. After a bad number, calls and texts count as used.
        """
        allowed = self.channels or self._known_preferences.channels
        if not self.may_ever_call:
            allowed = [channel for channel in allowed if channel != Channel.CALL] or allowed
        used = {attempt.channel for attempt in self.attempts}
        if any(attempt.result == Result.BAD_NUMBER for attempt in self.attempts):
            used |= {Channel.CALL, Channel.TEXT}
        return next((channel for channel in allowed if channel not in used), allowed[0])


def attempt_plan_of(request: AssessmentRequest) -> AttemptPlan:
    """Return the `AttemptPlan` of a request. Always takes 4 queries."""
    attempts, events = request.attempts.standing().select_related("actor"), request.events.standing()
    return attempt_plan_from(request, newest_preferences(request), attempts, events, request.consents.all())


def attempt_plan_from(
    request: AssessmentRequest,
    preferences: ContactPreferences | None,
    attempts: Iterable[Attempt],
    events: Iterable[Event],
    consents: Iterable[ConsentRecord],
) -> AttemptPlan:
    """Return the `AttemptPlan` of a request, from rows that the caller has fetched.

    `preferences`: the newest ones. `attempts` and `events`: all that were not undone, oldest first. `consents`: all of
    the request.
    """
    begin = max([request.received_at, *_times_they_wrote(events), *_plan_restarts(events, preferences)])
    counted: list[Attempt] = []  # those since the plan last started
    for attempt in attempts:
        if attempt.result == Result.REACHED:
            begin, counted = max(begin, attempt.occurred_at), []
        elif attempt.channel != Channel.THEY_CALLED and attempt.occurred_at >= begin:
            counted.append(attempt)
    decisions = [event for event in events if event.code == Event.Code.KEPT_TRYING and event.occurred_at >= begin]
    last_heard = max([last_heard_at(request, attempts, events), *_corrections_of(events, {"email"})])
    is_mailed = any(one.channel == Channel.EMAIL and one.occurred_at >= last_heard for one in attempts)
    return AttemptPlan(
        preferences, counted, MORE_ATTEMPTS * len(decisions), _agreed_to_email(attempts, consents), is_mailed
    )


def last_heard_at(request: AssessmentRequest, attempts: Iterable[Attempt], events: Iterable[Event]) -> dt.datetime:
    """Return when we last heard from the person: by the form, by their private link, or in a conversation."""
    spoke = [one.occurred_at for one in attempts if one.channel == Channel.THEY_CALLED or one.result == Result.REACHED]
    return max([request.received_at, *_times_they_wrote(events), *_conversations_set_by_hand(events), *spoke])


def _times_they_wrote(events: Iterable[Event]) -> list[dt.datetime]:
    """Return the times at which the person wrote to us, or a request was linked to this one.

    A link that was undone does not count.
    """
    undone = {event.from_value: event.pk for event in events if event.code == Event.Code.UNLINKED}
    return [
        event.occurred_at
        for event in events
        if event.code in PERSON_WROTE
        or (event.code == Event.Code.LINKED and event.from_value and event.pk > undone.get(event.from_value, 0))
    ]


def _conversations_set_by_hand(events: Iterable[Event]) -> list[dt.datetime]:
    """Return the times at which the stage was set to one that needs a conversation."""
    return [
        event.occurred_at
        for event in events
        if event.code == Event.Code.STAGE_SET and event.to_value in (Stage.TALKING, Stage.BOOKED)
    ]


def _corrections_of(events: Iterable[Event], names: set[str]) -> list[dt.datetime]:
    """Return the times at which staff corrected one of the fields `names`."""
    return [
        event.occurred_at
        for event in events
        if event.code == Event.Code.CORRECTED and names & set(event.to_value.split(","))
    ]


def _plan_restarts(events: Iterable[Event], preferences: ContactPreferences | None) -> list[dt.datetime]:
    """Return the times at which the plan started again: a conversation, a reopening, or another phone number.

    Another email address restarts the plan only if the person allows neither calls nor texts.
    """
    is_only_written_to = preferences is not None and not (preferences.may_call or preferences.may_text)
    reopened = [event.occurred_at for event in events if event.code == Event.Code.REOPENED]
    names = {"phone", "email"} if is_only_written_to else {"phone"}
    return [*_conversations_set_by_hand(events), *reopened, *_corrections_of(events, names)]


def _agreed_to_email(attempts: Iterable[Attempt], consents: Iterable[ConsentRecord]) -> bool:
    """Return whether the person agreed to email.

    They did if they consented in the newest form that they sent, or to a member of staff since then, or if they
    answered an email.
    """
    newest_form = max((one.recorded_at for one in consents if one.purpose == consent.CONTACT.purpose), default=None)
    agreed = [one.recorded_at for one in consents if one.purpose == consent.EMAIL.purpose]
    answered = any((one.channel, one.result) == (Channel.EMAIL, Result.REACHED) for one in attempts)
    return answered or any(newest_form is None or at >= newest_form for at in agreed)


def must_decide(request: AssessmentRequest, plan: AttemptPlan) -> bool:
    """Return whether staff must decide now: keep trying, close, or snooze.

    False for a booked or closed request. Also False for a person who contacted us again, if a channel remains: they
    need an answer first.
    """
    is_settled = request.stage in (Stage.BOOKED, Stage.CLOSED)
    is_answered = not request.awaiting_reply_since or not plan.channels  # without a channel, we can't answer
    return not is_settled and is_answered and plan.has_ended
