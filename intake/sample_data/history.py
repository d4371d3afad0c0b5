"""A large made-up history, like that of a busy center after years, to test whether anything gets slow.

It is written without `workflow`, which would take days for a million requests, but follows the same rules. Each request
is drawn from its number, so that a second run continues where the first one stopped.
"""

import bisect
import datetime as dt
import hashlib
import uuid
from collections import defaultdict
from random import Random

from django.db import transaction
from django.utils import timezone

from intake import reference
from intake.contact.consent import BY_FIELD
from intake.contact.preferences import preferences_from
from intake.contact.schedule import PHOENIX
from intake.crypto import blind_index
from intake.models import (
    AssessmentRequest,
    Attempt,
    BlindIndex,
    ConsentRecord,
    ContactPreferences,
    EncryptedText,
    Event,
    OutboxMessage,
)
from intake.submission import private_link

from . import copy_rows, demo

Stage, Outcome = AssessmentRequest.Stage, AssessmentRequest.Outcome
Channel, Result, Code = Attempt.Channel, Attempt.Result, Event.Code

PER_DAY = 200
NEWEST = 10_000  # one in OPEN_OF of these is open, so today's work does not grow with the history
OPEN_OF = 5
LINKED_SIZE = 50  # the first of each 50 requests is the original of the duplicates among them
BATCH = 5_000
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
TARGET = 4 * HOUR
SCATTER = 0x5DEECE66D  # odd, so that multiplying modulo a power of two gives each number another one

BY_HOUR = [6, 5, 4, 3, 2, 2, 3, 5, 8, 10, 11, 11, 10, 9, 9, 9, 9, 9, 10, 12, 14, 14, 12, 9]
PAGES = {
    "/addiction/kratom-addiction-treatment/": 36,
    "": 24,
    "/": 18,
    "/faq/": 7,
    "/treatment/paying-for-care/": 5,
    "/faq/kratom-withdrawal/": 5,
    "/family-support/": 4,
    "/faq/how-to-get-off-kratom/": 3,
    "/contact/": 1,
}
OUTCOMES = {
    Outcome.NOT_REACHED: 30,
    Outcome.ADMITTED: 24,
    Outcome.DECLINED: 16,
    Outcome.REFERRED: 10,
    Outcome.SPAM: 10,
    Outcome.DUPLICATE: 6,
    Outcome.WITHDRAWN: 4,
}
REACHED_AFTER = {1: 20, 2: 14, 3: 13, 4: 16, 5: 14, 6: 12, 7: 7, 8: 4}  # the median is 4
GAPS = [0, 3, 20, 27, 44, 68, 68, 68]  # hours from one attempt to the next
LAST_NAMES = [
    "Begay",
    "Chen",
    "Flores",
    "Garza",
    "Lopez",
    "Nguyen",
    "Okafor",
    "Park",
    "Singh",
    "Tsosie",
    "Walker",
    "Yazzie",
]
SYLLABLES = "ba bel cor da den far gan hol jen kar lan mar nor or pel quin ros sal tor ul van wes yar zim".split()  # noqa: SIM905
NOBODYS_AREAS = [f"{first}{digit}" for first in ("37", "96") for digit in range(10)]  # unassigned in the US


def make_history(count):
    """Make requests until there are `count`. Yield the number so far after each batch.

    If stopped, it keeps the finished batches, and the next run continues.
    """
    copy_rows.hurry()
    staff = [demo.ensure_staff(name, role).pk for name, role in demo.STAFF]
    today = timezone.localdate(timezone=PHOENIX)
    there = _how_many_of(count)
    yield there
    while there < count:
        until = min(there + BATCH, count)
        tables = defaultdict(list)
        for number in range(there, until):
            for model, row in _FakeHistory(number, today, staff).rows():
                tables[model].append(row)
        with transaction.atomic():
            for model, rows in tables.items():
                copy_rows.store(model, rows)
        there = until
        yield there
    copy_rows.settle()


def id_of(number):
    return uuid.UUID(bytes=hashlib.sha256(b"made up %d" % number).digest()[:16], version=4)


def _how_many_of(count):
    """Return how many of the first `count` requests are stored.

    They are made in order, so the first missing one gives the number.
    """
    return bisect.bisect_left(
        range(count), True, key=lambda number: not AssessmentRequest.objects.filter(pk=id_of(number)).exists()
    )


class _FakeHistory:
    """What happened to one made-up request. All of it is drawn from the request's number."""

    def __init__(self, number, today, staff):
        self.number, self.staff = number, staff
        self.random = Random(number)  # noqa: S311 (guards nothing)
        self.id, self.reference = id_of(number), reference.numbered(number * SCATTER % reference.POSSIBLE)
        self.received = self._received(today)
        self.answers = self._answers()
        self.outcome = self._outcome()
        self.person = self.random.choice(staff)
        self.stretch = 1.0
        self.at = self.received
        self.events = [self._event(Code.RECEIVED, to_value=Stage.NEW, actor=None)]
        self.attempts, self.texts = [], []
        self.request = {
            "id": self.id,
            "reference": self.reference,
            "stage": Stage.NEW,
            "received_at": self.received,
            "acknowledged_at": self.received,
            "due_at": self.received + TARGET,
            "first_due_at": self.received + TARGET,
            "promise": "We will call you within 4 of our open hours.",
            "preferred_time": self.answers["preferred_time"],
            "time_zone": self.answers["time_zone"],
            "referrer_path": self._one_of(PAGES),
            "private_link_hash": private_link.hash_of(private_link.secret_of(self.id)),
        }

    def rows(self):
        """Yield (model, values) pairs for the new rows, the request first."""
        if self.outcome:
            self._end()
        else:
            self._leave_open()
        is_erased = self.outcome == Outcome.WITHDRAWN
        if is_erased:
            self.request |= {"private_link_hash": None, "preferred_time": "", "time_zone": ""}
        self.request["version"] = len(self.events) - 1
        yield copy_rows.row(AssessmentRequest, **self.request)
        if not is_erased:
            yield from self._content_rows()
        for wording in (BY_FIELD[name] for name in BY_FIELD if self.answers[name]):
            yield copy_rows.row(
                ConsentRecord,
                request_id=self.id,
                purpose=wording.purpose,
                wording_version=wording.version,
                wording_sha256=wording.sha256,
                recorded_at=self.received,
            )
        for attempt in self.attempts:
            yield copy_rows.row(Attempt, request_id=self.id, **attempt)
        for event in self.events:
            yield copy_rows.row(Event, request_id=self.id, **event)
        yield self._notice(OutboxMessage.Kind.NEW_REQUEST)
        if self.answers["email_ok"] and not self.request.get("quarantined_at"):
            yield self._notice(OutboxMessage.Kind.ACKNOWLEDGEMENT)

    # What happened to it

    def _end(self):
        match self.outcome:
            case Outcome.ADMITTED | Outcome.REFERRED | Outcome.DECLINED:
                self._reach(self._one_of(REACHED_AFTER))
            case Outcome.NOT_REACHED:
                self._try(self.random.choice([4, 4, 4, 5, 6]))
            case Outcome.WITHDRAWN:
                self._try(self.random.choice([0, 0, 1, 2]))
            case Outcome.SPAM:
                self._suspect()
        self._pass(HOUR * self.random.uniform(0.2, 30))
        if self.outcome == Outcome.ADMITTED:
            self._book()
            self._pass(DAY)
        if self.outcome == Outcome.REFERRED:
            self._write(EncryptedText.Kind.REFERRAL, "Copper Trail Counseling, Mesa")
        if self.outcome == Outcome.DUPLICATE:
            first = self.number - self.number % LINKED_SIZE  # stored in the same batch or an earlier one
            self.request["duplicate_of_id"] = id_of(first)
            self._log(Code.LINKED, to_value=reference.numbered(first * SCATTER % reference.POSSIBLE))
        elif self.outcome == Outcome.WITHDRAWN:
            self._log(Code.WITHDRAWN, by=None)
            self._log(Code.ERASED, by=None)
        else:
            self._log(Code.CLOSED, to_value=self.outcome)
        self.request |= {"stage": Stage.CLOSED, "outcome": self.outcome, "closed_at": self.at, "owner_id": self.person}

    def _leave_open(self):
        round_, kind = divmod(self.number // OPEN_OF, 10)
        match kind:
            case 2 | 3:
                self._try(self.random.choice([1, 2, 3]))
                if self.random.random() < 0.2:
                    self._pass(HOUR)
                    self.attempts.append(self._attempt(Channel.THEY_CALLED, Result.MISSED))
                    self.request["awaiting_reply_since"] = self.at
            case 4:
                self._reach(self._one_of(REACHED_AFTER))
            case 5:
                self._reach(self._one_of(REACHED_AFTER))
                self._book()
            case 6:
                self._suspect()
            case 7 | 8:
                self._try(1)
                self._snooze_until()
        if kind in (0, 3, 4, 5):
            self.request["owner_id"] = self.person
        now = timezone.now()
        if kind == 9 and round_ < len(self.staff):  # each member of staff is working on one
            self.request |= {"owner_id": self.staff[round_], "claimed_until": now + dt.timedelta(minutes=15)}
        if kind in (7, 8):
            self.request["due_at"] = self.request["snoozed_until"]
        elif kind == 5:
            self.request["due_at"] = self.request["assessment_at"]
        else:
            self.request["due_at"] = now + DAY * self.random.gauss(0, 1)

    def _try(self, times, last=Result.NO_ANSWER):
        """Make this many attempts. The last one has the result `last`.

        Gaps between attempts are shortened if they would reach into the future.
        """
        first = HOUR * min(self.random.lognormvariate(0, 1.1), 90)
        gaps = [first, *(HOUR * hours * self.random.uniform(0.9, 1.1) for hours in GAPS[1:times])][:times]
        self.stretch = min(1.0, 0.5 * (timezone.now() - self.received) / (sum(gaps, 3 * DAY)))
        for number, gap in enumerate(gaps, start=1):
            self._pass(gap)
            result = (
                last if number == times else self.random.choice([Result.NO_ANSWER, Result.NO_ANSWER, Result.VOICEMAIL])
            )
            if not self.answers["voicemail_ok"] and result == Result.VOICEMAIL:
                result = Result.NO_ANSWER
            self.attempts.append(self._attempt(*self._way(result)))
            if number == 1:
                self.request |= {"first_attempt_at": self.at, "stage": Stage.REACHING}
                self._log(Code.STAGE_SET, Stage.NEW, Stage.REACHING)
            if self.random.random() < 0.15:
                self._write(EncryptedText.Kind.NOTE, self.random.choice(demo.NOTES))

    def _reach(self, after):
        self._try(after, last=Result.REACHED)
        self.request |= {"reached_at": self.at, "attempts_to_reach": after, "stage": Stage.TALKING}
        self._log(Code.STAGE_SET, Stage.REACHING, Stage.TALKING)

    def _book(self):
        self._pass(HOUR)
        at = self.at + DAY * self.random.randint(1, 5)
        self.request |= {"stage": Stage.BOOKED, "assessment_at": at}
        self._log(Code.STAGE_SET, Stage.TALKING, Stage.BOOKED)
        self._log(Code.BOOKED, to_value=at.isoformat(timespec="minutes"))

    def _snooze_until(self):
        until = timezone.now() + DAY * self.random.uniform(-2, 20)
        reason = AssessmentRequest.SnoozeReason.ASKED_LATER
        self.request |= {"snoozed_until": until, "snooze_reason": reason}
        self._log(Code.SNOOZED, reason, until.isoformat(timespec="minutes"))

    def _suspect(self):
        self.request |= {"quarantined_at": self.received, "spam_signals": "fast"}
        self._log(Code.SUSPECTED, to_value="fast", by=None)

    def _pass(self, time):
        self.at = min(self.at + time * self.stretch, timezone.now())

    # Its rows

    def _content_rows(self):
        yield self._encrypted_row(EncryptedText.Kind.ANSWERS, self.answers, self.received, None)
        for kind, content, at, author in self.texts:
            yield self._encrypted_row(kind, content, at, author)
        yield copy_rows.row(
            ContactPreferences, request_id=self.id, recorded_at=self.received, **preferences_from(self.answers)
        )
        for entry in blind_index.entries_for(self.answers, rows=2 * self.number):
            yield copy_rows.row(BlindIndex, request_id=self.id, kind=entry.kind, value=entry.value, key_id=entry.key_id)

    def _encrypted_row(self, kind, content, at, author):
        text = EncryptedText(id=uuid.UUID(int=self.random.getrandbits(128), version=4)).encrypt(content)
        return copy_rows.row(
            EncryptedText,
            id=text.id,
            request_id=self.id,
            kind=kind,
            envelope=text.envelope,
            key_id=text.key_id,
            author_id=author,
            recorded_at=at,
        )

    def _write(self, kind, content):
        self.texts.append((kind, content, self.at, self.person))
        if kind == EncryptedText.Kind.NOTE:
            self._log(Code.NOTE_ADDED)

    def _log(self, code, from_value="", to_value="", by=...):
        self.events.append(self._event(code, from_value, to_value, self.person if by is ... else by))

    def _event(self, code, from_value="", to_value="", actor=None):
        return {"code": code, "from_value": from_value, "to_value": to_value, "actor_id": actor, "occurred_at": self.at}

    def _attempt(self, channel, result):
        self._log(Code.ATTEMPTED, channel, result)
        next_at = self.at + 3 * HOUR
        return {
            "channel": channel,
            "result": result,
            "actor_id": self.person,
            "occurred_at": self.at,
            "next_at": next_at,
        }

    def _way(self, result):
        """Return the channel and result of an attempt that the person allows."""
        if self.answers["phone"] and not self.answers["do_not_call"]:
            return Channel.CALL, result
        return Channel.EMAIL, Result.REACHED if result == Result.REACHED else Result.SENT

    def _notice(self, kind):
        at = self.received
        sent = {"state": OutboxMessage.State.SENT, "attempts": 1, "next_try_at": at, "claimed_at": at, "sent_at": at}
        return copy_rows.row(OutboxMessage, request_id=self.id, kind=kind, **sent)

    # Its answers and outcome

    def _outcome(self):
        if self.number < NEWEST and self.number % OPEN_OF == 0:
            return ""
        if self.number % LINKED_SIZE == 0:
            return Outcome.NOT_REACHED  # not a duplicate itself
        return self._one_of(OUTCOMES)

    def _received(self, today):
        day = today - dt.timedelta(days=self.number // PER_DAY + 1)
        [hour] = self.random.choices(range(24), BY_HOUR)
        moment = dt.datetime.combine(day, dt.time(hour), PHOENIX) + HOUR * self.random.random()
        return moment.astimezone(dt.UTC)

    def _answers(self):
        """Return the demo's answers with a new name and phone number.

        One in 30 gets those of an earlier request, as from a person who asks again.
        """
        whose = self.number - 30 if self.number % 30 == 29 else self.number
        random = Random(f"person {whose}")  # noqa: S311
        name = f"{random.choice(demo.NAMES)} {_last_name(random)}"
        phone = f"({random.choice(NOBODYS_AREAS)}) {random.randint(200, 999)}-{random.randint(0, 9999):04}"
        answers = demo.answers(self.number, self.random) | {"name": name}
        return answers | ({"phone": phone} if answers["phone"] else {})

    def _one_of(self, weights):
        [chosen] = self.random.choices(list(weights), list(weights.values()))
        return chosen


def _last_name(random):
    """Return a last name: for 3 in 10 a common one, otherwise one that hardly anyone shares."""
    if random.random() < 0.3:
        return random.choice(LAST_NAMES)
    return "".join(random.choice(SYLLABLES) for _ in range(3)).title()
