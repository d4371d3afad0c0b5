"""Made-up requests, to look at the desk with work on it. The names are invented, and no one has a 555-01xx number."""

import datetime as dt
import random

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone

from pages.models import Center, OpeningHours

from . import form_token, workflow
from .forms import TIME_ZONES
from .models import AssessmentRequest
from .models.told import BestTime, Introduction
from .submission import SentForm, accept

Stage, Outcome = AssessmentRequest.Stage, AssessmentRequest.Outcome

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

# How each stage of the demo is reached, as the stages a request passes through
PATHS = [
    [],
    [Stage.REACHING],
    [Stage.REACHING, Stage.TALKING],
    [Stage.TALKING, Stage.BOOKED],
    [Stage.REACHING, Stage.CLOSED],
]


def make_requests(count):
    """Makes `count` requests in every stage in turn; yields after each one. Also sets sample hours where none are."""
    _ensure_sample_hours()
    staff = [_ensure_staff("demo-ana"), _ensure_staff("demo-sam")]
    now = timezone.now()
    for number in range(count):
        path = PATHS[number % len(PATHS)]
        age = dt.timedelta(hours=random.uniform(0, 6) if not path else random.uniform(6, 24 * 12))
        request_id = accept(SentForm(form_token.draw(), _answers(number), at=now - age))
        request = AssessmentRequest.objects.get(pk=request_id)
        _work_on(request, path, staff)
        yield request


def _answers(number):
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
        "email": f"{name.lower()}{number}@example.org" if has_email else "",
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


def _work_on(request, path, staff):
    if path or random.random() < 0.3:
        workflow.assign(request_id=request.pk, owner=random.choice(staff), actor=staff[0])
    for stage in path:
        if stage == Stage.CLOSED:
            outcome = random.choice([Outcome.ADMITTED, Outcome.REFERRED, Outcome.DECLINED, Outcome.NOT_REACHED])
            workflow.close(request_id=request.pk, outcome=outcome, actor=staff[0])
        else:
            workflow.set_stage(request_id=request.pk, stage=stage, actor=staff[0])
            workflow.add_note(request_id=request.pk, text=random.choice(NOTES), actor=staff[0])


def _ensure_staff(username):
    user, made = get_user_model().objects.get_or_create(username=username, defaults={"is_staff": True})
    if made:
        user.set_unusable_password()
        user.save()
        user.groups.add(Group.objects.get(name="admissions"))
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
