"""Made-up requests, to look at the desk with work on it. The names are invented, and no one has a 555-01xx number."""

import datetime as dt
import random
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone

from pages.models import Center, OpeningHours

from . import clock, form_token, workflow
from .forms import TIME_ZONES
from .models import AssessmentRequest, Attempt, Event, SealedText
from .models.told import BestTime, Introduction
from .submission import SentForm, accept
from .workflow.ladder import ladder_of, must_decide

Outcome = AssessmentRequest.Outcome

NAMES = ["Ana", "Ben", "Carmen", "Dee", "Elías", "Farah", "Grace", "Hao", "Imani", "Jo", "Kai", "Lupe", "Mina", "Noor"]
MESSAGES = [
    "",
    "",
    "I want to stop but I am scared of how it will feel.",
    "My son uses it every day. What can I do?",
    "Evenings are better, I work until five.",
    "I tried to quit last month. It lasted four days.",
    "¿Hay alguien que hable español?",
    "Please don't tell my employer that I asked.",
]
NOTES = ["No answer, no message left.", "Wants to talk with a partner first.", "Asked us to call on Thursday."]

STAFF = [("demo-ana", "admissions"), ("demo-sam", "admissions"), ("demo-lee", "lead")]
PAGES = ["/addiction/kratom-addiction-treatment/", "/addiction/kratom-addiction-treatment/", "/", "/faq/", ""]


def make_requests(count):
    """Makes `count` requests in every stage in turn; yields after each one. Also sets sample hours where none are."""
    _ensure_sample_hours()
    staff = [ensure_staff(name, role) for name, role in STAFF]
    before = None
    for number in range(count):
        story = STORIES[number % len(STORIES)]
        hours = random.uniform(*HOURS_AGO.get(story, LONG_AGO))
        came = SentForm(
            form_token.draw(came_from=random.choice(PAGES)),
            before.answers if before and story is _asks_again else answers(number),
            at=timezone.now() - dt.timedelta(hours=hours),
            suspicions=("fast",) if story is _looks_like_a_machine else (),
        )
        desk = _Desk(accept(came), random.choice(staff), before and before.draft.reference, came.at)
        story(desk)
        if AssessmentRequest.objects.open().filter(pk=desk.id).exists():
            before = came
        yield desk.id


def answers(number, random=random):
    has_phone = number % 5 != 0
    has_email = not has_phone or number % 3 == 0
    name = random.choice(NAMES)
    for_whom = random.choice(["self", "self", "self", "other", "professional"])
    return {
        "for_whom": for_whom,
        "relation": random.choice(["", "parent", "partner", "friend"]) if for_whom == "other" else "",
        "adult": "yes",
        "name": name,
        "phone": f"(480) 555-01{number % 100:02}" if has_phone else "",
        "email": f"person{number}@example.org" if has_email else "",
        "do_not_call": has_phone and has_email and number % 6 == 0,
        "voicemail_ok": has_phone and random.random() < 0.3,
        "text_ok": has_phone and random.random() < 0.4,
        "email_ok": has_email and random.random() < 0.5,
        "introduction": random.choice(Introduction.values),
        "best_time": random.choice(BestTime.values),
        "time_zone": random.choice(TIME_ZONES[:2])[0],
        "language": random.choice(["", "", "", "Español"]),
        "message": random.choice(MESSAGES),
        "consent": True,
    }


class _Desk:
    """One request, and who works on it. Each step keeps to the rules and is then moved back in time."""

    def __init__(self, request_id, person, before, at):
        self.id, self.person, self.before, self.at = request_id, person, before, at

    def do(self, step, hours=1.0, **what):
        """Takes a step of `workflow`, so many hours after the last one."""
        began = timezone.now()
        step(request_id=self.id, **what)
        self.at = min(self.at + dt.timedelta(hours=hours), began)
        for rows in (Event, SealedText):
            rows.objects.filter(request=self.id, at__gte=began).update(at=self.at)
        request = AssessmentRequest.objects.get(pk=self.id)
        moments = ("first_attempt_at", "reached_at", "closed_at", "called_back_at")
        known = {name: getattr(request, name) for name in moments}
        moved = {name: self.at for name, moment in known.items() if moment and moment >= began}
        if step is workflow.log_attempt:
            next_at = self._usable(request, request.due_at - (began - self.at))
            Attempt.objects.filter(request=self.id, at__gte=began).update(at=self.at, next_at=next_at)
            moved["due_at"] = next_at
        AssessmentRequest.objects.filter(pk=self.id).update(**moved)

    def _usable(self, request, moment):
        """The next moment at which the person may be reached; at once for who got in touch and for a decision."""
        if request.called_back_at or must_decide(request, ladder_of(request)):
            return self.at
        return clock.next_contact(moment, clock.our_hours(), request.best_time, ZoneInfo(request.time_zone)) or moment

    def attempt(self, times=1, result=None):
        """So many attempts, by a way that the person allows; the ladder of some has one rung only."""
        request = AssessmentRequest.objects.get(pk=self.id)
        ladder = ladder_of(request)
        for hours in (random.lognormvariate(0, 0.9), 3.4, 20.6, 27.1)[: min(times, ladder.length)]:
            channel = ladder_of(request).next_channel
            nobody = Attempt.Result.NO_ANSWER if channel == Attempt.Channel.CALL else Attempt.Result.SENT
            self.do(workflow.log_attempt, hours, channel=channel, result=result or nobody, actor=self.person)

    def note(self):
        self.do(workflow.add_note, 0, text=random.choice(NOTES), actor=self.person)

    def talk(self):
        self.attempt(result=Attempt.Result.REACHED)
        self.note()

    def book(self):
        self.talk()
        at = timezone.now().replace(minute=0, second=0, microsecond=0) + dt.timedelta(days=random.randint(1, 6))
        self.do(workflow.book, at=at, actor=self.person)

    def close(self, outcome, **more):
        self.do(workflow.close, 20, outcome=outcome, actor=self.person, **more)


# What happens to a request, one story for each state that the desk knows


def _waits(desk):
    pass


def _is_theirs(desk):
    desk.do(workflow.assign, owner=desk.person, actor=desk.person)


def _is_taken(desk):
    workflow.claim(request_id=desk.id, actor=desk.person)


def _looks_like_a_machine(desk):
    pass


def _asks_again(desk):
    if desk.before:
        desk.do(workflow.link_duplicate, of_reference=desk.before, actor=desk.person)


def _is_tried(desk):
    desk.attempt(2)
    desk.note()


def _is_tried_to_the_end(desk):
    desk.attempt(4)


def _called_back(desk):
    desk.attempt()
    missed = {"channel": Attempt.Channel.THEY_CALLED, "result": Attempt.Result.MISSED}
    desk.do(workflow.log_attempt, 24, **missed, actor=desk.person)


def _talks(desk):
    desk.talk()


def _is_booked(desk):
    desk.book()


def _wants_to_think(desk):
    desk.talk()
    until = timezone.now() + dt.timedelta(days=3)
    desk.do(workflow.snooze, until=until, reason=AssessmentRequest.SnoozeReason.THINKING, actor=desk.person)


def _is_on_hold(desk):
    desk.talk()
    until = timezone.now() + dt.timedelta(days=2)
    desk.do(workflow.hold, until=until, text="Waits for a call from the insurer.", actor=desk.person)


def _is_admitted(desk):
    desk.book()
    desk.close(Outcome.ADMITTED)


def _is_referred(desk):
    desk.talk()
    desk.close(Outcome.REFERRED, referral="Copper Trail Counseling, Mesa", person_told=True)


def _declines(desk):
    desk.talk()
    desk.close(Outcome.DECLINED)


def _is_not_reached(desk):
    desk.attempt(4)
    desk.close(Outcome.NOT_REACHED)


def _takes_it_back(desk):
    desk.do(workflow.withdraw)


# How many hours ago those came in with whom work goes on now: so that hardly anyone was left waiting
HOURS_AGO = {
    _waits: (0, 5),
    _is_theirs: (0, 5),
    _is_taken: (0, 5),
    _asks_again: (0, 5),
    _looks_like_a_machine: (0, 8),
    _is_tried: (5, 26),
    _is_tried_to_the_end: (54, 70),
    _called_back: (25, 28),
    _talks: (3, 26),
    _is_booked: (24, 72),
    _wants_to_think: (24, 72),
    _is_on_hold: (24, 72),
}
LONG_AGO = (24 * 5, 24 * 28)
STORIES = (
    *HOURS_AGO,
    _is_admitted,
    _is_referred,
    _declines,
    _is_not_reached,
    _takes_it_back,
)


def ensure_staff(username, role):
    user, made = get_user_model().objects.get_or_create(username=username, defaults={"is_staff": True})
    if made:
        user.set_unusable_password()
        user.save()
        user.groups.add(Group.objects.get(name=role))
    return user


def _ensure_sample_hours():
    center = Center.objects.first()
    if center is None or OpeningHours.objects.exists():
        return
    for weekday in range(5):
        OpeningHours.objects.create(center=center, weekday=weekday, opens=dt.time(8), closes=dt.time(18))
    if not center.contact_target_hours:
        center.contact_target_hours = 2
        center.save()
