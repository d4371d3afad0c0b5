"""Made-up requests that show the desk with work on it. Names are invented; 555-01xx numbers belong to nobody.

Requests arrive at any hour. Staff act only in the center's open hours, whenever the demo is made.
"""

import datetime as dt
import random

from django.contrib.auth import get_user_model
from django.utils import timezone

from intake import workflow
from intake.contact import schedule
from intake.contact.preferences import newest_preferences
from intake.contact.time_zones import TIME_ZONES
from intake.models import AssessmentRequest, Attempt, Change, EncryptedText, Event
from intake.models.contact import Introduction, PreferredTime
from intake.submission import tokens
from intake.submission.accept import accept
from intake.submission.sent_form import SentForm
from intake.workflow.attempt_plan import attempt_plan_of, must_decide
from intake.workflow.attempts import decide_by, follow_up
from intake.workflow.base import event_timestamp
from pages.models import Center, OpeningHours
from staff import assignments

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

HOUR = dt.timedelta(hours=1)
DAYS_TO_LOOK = 60  # for an open day, in the past or future


def make_requests(count):
    """Make `count` requests, in every stage in turn. Yield after each one.

    If no center hours are set, sample hours are stored first.
    """
    _ensure_sample_hours()
    staff = [ensure_staff(name, role) for name, role in STAFF]
    original = None
    for number in range(count):
        story = STORIES[number % len(STORIES)]
        received_at, moments = _plan(story)
        is_again = story is _asks_again and original is not None
        if is_again:
            received_at = original.at + (moments[0] - original.at) / 2
        came = SentForm(
            tokens.draw(referrer_path=random.choice(PAGES)),
            original.answers if is_again else answers(number),
            at=received_at,
            spam_signals=("fast",) if story is _looks_like_a_machine else (),
        )
        desk = _Desk(accept(came), random.choice(staff), moments, original and original.draft.reference)
        story(desk)
        if story is _is_theirs:
            original = came
        yield desk.id


def _plan(story):
    """Return when a story's request was received, and the times of staff's actions, oldest first.

    Planned backward: the last action was some hours ago, and each earlier one at least its gap in `PACE` before the
    next.
    """
    now = timezone.now()
    if story not in PACE:
        return now - random.uniform(0, 5) * HOUR, []
    (least, most), gaps = PACE[story]
    moments = [_open_before(_open_before(now) - random.uniform(least, most) * HOUR)]
    for gap in reversed(gaps):
        moments.insert(0, _open_before(moments[0] - gap * HOUR))
    return moments[0] - random.lognormvariate(0, 0.9) * HOUR, moments


def _open_before(moment):
    """Return `moment` if the center was open then. Otherwise, return one in the last 40 minutes before it closed.

    Moments keep their order. If the center was closed for months, return `moment` itself.
    """
    for opens, closes in _open_spans(moment, -1):
        if opens <= moment < closes:
            return moment
        if closes <= moment:
            closed_for = min((moment - closes) / dt.timedelta(days=3), 1)
            return max(opens, closes - (41 - 40 * closed_for) * dt.timedelta(minutes=1))
    return moment


def _appointment(days):
    """Return a whole hour in the center's open hours, at least `days` ahead, on the first day with one."""
    now = timezone.now()
    moment = now + dt.timedelta(days=days)
    for span in _open_spans(moment, 1):
        if hours := [hour for hour in _whole_hours(*span) if hour > now]:
            return random.choice(hours)
    return moment.astimezone(schedule.our_hours().zone).replace(hour=10, minute=0, second=0, microsecond=0)


def _last_appointment(before):
    """Return the last whole hour up to `before` at which the center was open."""
    for span in _open_spans(before, -1):
        if hours := [hour for hour in _whole_hours(*span) if hour <= before]:
            return hours[-1]
    return before


def _whole_hours(opens, closes):
    hour = opens.astimezone(schedule.our_hours().zone).replace(minute=0, second=0, microsecond=0)
    while hour < closes:
        if hour >= opens:
            yield hour
        hour += HOUR


def _open_spans(moment, step):
    """Yield open hours as (opens, closes) pairs, from the day of `moment` on.

    `step`: 1 for later days, -1 for earlier ones.
    """
    hours = schedule.our_hours()
    today = moment.astimezone(hours.zone).date()
    for number in range(DAYS_TO_LOOK):
        yield from hours.on(today + dt.timedelta(days=step * number))[::step]


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
        "preferred_time": random.choice([time for time in PreferredTime.values if time != PreferredTime.CONFIRMED]),
        "time_zone": random.choice(TIME_ZONES[:2])[0],
        "language": random.choice(["", "", "", "Español"]),
        "message": random.choice(MESSAGES),
        "consent": True,
    }


class _Desk:
    """One request and the user who works on it.

    Each step calls `workflow`, then moves what it stored to the planned time.
    """

    def __init__(self, request_id, person, moments, original):
        self.id, self.person, self.original = request_id, person, original
        self._moments = iter(moments)
        self.at = None

    def do(self, step, **what):
        """Run a `workflow` function at the next planned time."""
        self.at = next(self._moments)
        self._do(step, **what)

    def _do(self, step, **what):
        began = timezone.now()
        done = step(request_id=self.id, **what)
        request = AssessmentRequest.objects.get(pk=self.id)
        requests = [self.id, request.duplicate_of_id]
        for rows in (Event, Change):
            rows.objects.filter(request__in=requests, occurred_at__gte=began).update(occurred_at=self.at)
        EncryptedText.objects.filter(request__in=requests, recorded_at__gte=began).update(recorded_at=self.at)
        moments = ("first_attempt_at", "reached_at", "closed_at", "awaiting_reply_since")
        known = {name: getattr(request, name) for name in moments}
        moved = {name: self.at for name, moment in known.items() if moment and moment >= began}
        if step is workflow.log_attempt:
            Attempt.objects.filter(pk=done.pk).update(occurred_at=self.at)
            done.occurred_at = self.at
            moved["due_at"] = self._due_after(request, done)
            Attempt.objects.filter(pk=done.pk).update(next_at=moved["due_at"])
        AssessmentRequest.objects.filter(pk=self.id).update(**moved)

    def _due_after(self, request, attempt):
        """Return when the next contact is due after an attempt whose time was moved back."""
        if attempt.result == Attempt.Result.MISSED:
            return self.at
        if attempt.result == Attempt.Result.REACHED:
            return follow_up(newest_preferences(request), self.at)
        plan = attempt_plan_of(request)
        return decide_by(attempt) if must_decide(request, plan) else plan.propose(self.at).at

    def attempt(self, times=1, result=None):
        """Log this many attempts, each on the channel that is next in the plan.

        Stops where the attempt plan ends. For some people, the plan is a single email.
        """
        length = attempt_plan_of(AssessmentRequest.objects.get(pk=self.id)).length
        for number in range(times):
            if number >= length:
                next(self._moments)
                continue
            channel = attempt_plan_of(AssessmentRequest.objects.get(pk=self.id)).next_channel
            nobody = Attempt.Result.NO_ANSWER if channel == Attempt.Channel.CALL else Attempt.Result.SENT
            self.do(workflow.log_attempt, channel=channel, result=result or nobody, actor=self.person)

    def note(self):
        """Add a note at the time of the previous step."""
        self._do(workflow.add_note, text=random.choice(NOTES), actor=self.person)

    def talk(self):
        self.attempt(result=Attempt.Result.REACHED)
        self.note()

    def book(self):
        self.talk()
        self.do(workflow.book, at=_appointment(random.randint(1, 6)), actor=self.person)

    def meet_before_the_end(self):
        """Move the assessment of a closed request to an hour or more before it was closed."""
        request = AssessmentRequest.objects.get(pk=self.id)
        met_at = _last_appointment(request.closed_at - HOUR)
        AssessmentRequest.objects.filter(pk=self.id).update(assessment_at=met_at)
        request.events.filter(code=Event.Code.BOOKED).update(to_value=event_timestamp(met_at))

    def close(self, outcome, **more):
        self.do(workflow.close, outcome=outcome, actor=self.person, **more)


# What happens to a request: one story for each state at the desk


def _waits(desk):
    pass


def _is_theirs(desk):
    desk.do(workflow.assign, owner=desk.person, actor=desk.person)


def _is_taken(desk):
    now = timezone.now()
    if _open_before(now) == now:  # nobody works while the center is closed
        workflow.claim(request_id=desk.id, actor=desk.person)


def _looks_like_a_machine(desk):
    pass


def _asks_again(desk):
    if desk.original:
        desk.do(workflow.link_duplicate, of_reference=desk.original, actor=desk.person)


def _is_tried(desk):
    desk.attempt(2)
    desk.note()


def _is_tried_to_the_end(desk):
    desk.attempt(4)


def _called_back(desk):
    desk.attempt()
    missed = {"channel": Attempt.Channel.THEY_CALLED, "result": Attempt.Result.MISSED}
    desk.do(workflow.log_attempt, **missed, actor=desk.person)


def _talks(desk):
    desk.talk()


def _is_booked(desk):
    desk.book()


def _wants_to_think(desk):
    desk.talk()
    desk.do(workflow.snooze, until=_appointment(3), reason=AssessmentRequest.SnoozeReason.THINKING, actor=desk.person)


def _is_waiting(desk):
    desk.talk()
    desk.do(workflow.wait_for, until=_appointment(2), text="Waits for a call from the insurer.", actor=desk.person)


def _is_admitted(desk):
    desk.book()
    desk.close(Outcome.ADMITTED)
    desk.meet_before_the_end()


def _is_referred(desk):
    desk.talk()
    desk.close(Outcome.REFERRED, referral="Copper Trail Counseling, Mesa", person_told=True)


def _declines(desk):
    desk.talk()
    desk.close(Outcome.DECLINED)


def _is_not_reached(desk):
    desk.attempt(4)
    if not attempt_plan_of(AssessmentRequest.objects.get(pk=desk.id)).why_not_closable:
        desk.close(Outcome.NOT_REACHED)


def _takes_it_back(desk):
    desk.do(workflow.withdraw)


# How many hours ago, in open hours, the last action was, and how many hours were between actions.
# A story that is not listed has just arrived.
LONG_AGO = (24 * 2, 24 * 24)
TRIED = (3.4, 20.6, 27.1)
PACE = {
    _is_theirs: ((2, 4), ()),
    _asks_again: ((0, 0.5), ()),
    _is_tried: ((0, 20), TRIED[:1]),
    _is_tried_to_the_end: ((0, 6), TRIED),
    _called_back: ((0, 3), (24,)),
    _talks: ((1, 20), ()),
    _is_booked: ((20, 60), (0.2,)),
    _wants_to_think: ((20, 60), (0.2,)),
    _is_waiting: ((20, 60), (1,)),
    _is_admitted: (LONG_AGO, (0.2, 100)),
    _is_referred: (LONG_AGO, (20,)),
    _declines: (LONG_AGO, (20,)),
    _is_not_reached: (LONG_AGO, (*TRIED, 20)),
    _takes_it_back: (LONG_AGO, ()),
}
STORIES = (
    _waits,
    _is_theirs,
    _is_taken,
    _asks_again,
    _looks_like_a_machine,
    _is_tried,
    _is_tried_to_the_end,
    _called_back,
    _talks,
    _is_booked,
    _wants_to_think,
    _is_waiting,
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
        assignments.give_from_server(user, role, "Made-up data")
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
