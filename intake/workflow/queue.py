"""Whose turn it is: taking the next request, owning it, giving it back, putting it off."""

import datetime as dt
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Case, DateTimeField, Exists, ExpressionWrapper, F, Min, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from intake import access, search
from intake.contact import schedule
from intake.contact.time_zones import TIME_ZONES
from intake.models import AssessmentRequest, EncryptedText, Event
from intake.models.assessment_request import AssessmentRequestQuerySet

from .base import (
    LONGEST_AHEAD,
    NOT_SNOOZED,
    Stage,
    TransitionRefused,
    event_timestamp,
    locked,
    locked_open,
    log_event,
    refuse_at_night,
    released_claim,
    update_request,
)
from .operation import track, undoable

CLAIM = dt.timedelta(minutes=30)  # how long a claim holds without a word from its page
LONGEST_UNTOUCHED = dt.timedelta(minutes=60)  # how long it holds at most after its owner's last own act
LEAST_EXTENSION = dt.timedelta(minutes=1)  # an open page asks three times a minute, and writes once
JUST_NOW = dt.timedelta(minutes=10)
FORGOTTEN_AFTER = dt.timedelta(hours=1)  # overdue for so long, a request is everyone's, whoever owns it

_becomes_everyones_at = ExpressionWrapper(F("due_at") + FORGOTTEN_AFTER, DateTimeField())

_IN_QUESTION = Q(to_confirm_since__isnull=False)

TO_CONTACT = (Stage.NEW, Stage.REACHING, Stage.TALKING)

SnoozeReason = AssessmentRequest.SnoozeReason


@undoable
def take_next(*, actor: User) -> AssessmentRequest | None:
    """Gives `actor` the most urgent request that may be worked on now, for `CLAIM`; None where there is none.

    Never one whose person may not be contacted at this moment, one that sleeps, or one that a colleague is at. A
    question whether a request is the same person's needs no contact: it is handed out at any time, asleep or not. Who
    has taken one and not finished gets the same again. What a colleague owns is handed out when they left, when the
    person got in touch, or when it is overdue for `FORGOTTEN_AFTER`. Two who press at the same moment get different
    ones: the first locks its row, the second skips it (on SQLite, transactions that write run one after the other). One
    who presses twice gets the same one twice. What the actor has just given back comes last: someone else can take it.
    Whoever shares a phone or an email with a request that a colleague is at waits until that ends: one phone must not
    ring twice at once.
    """
    _require_reader(actor)
    get_user_model().objects.select_for_update(no_key=True).get(pk=actor.pk)  # one press of one person after the other
    now = timezone.now()
    possible = _to_contact(now).filter(_may_be_contacted_at(now) | _IN_QUESTION)
    waiting = possible.select_for_update(skip_locked=True, of=("self",), no_key=True).by_urgency()
    rings_elsewhere = Q(pk__in=search.naming_contact_of(_claims_of_colleagues(actor, now).values("pk")))
    free = waiting.filter(_is_free_for(actor, now)).filter(~rings_elsewhere | _IN_QUESTION)
    request = (
        waiting.filter(owner=actor, claimed_until__gt=now).first()
        or free.exclude(_was_released_by(actor, now)).first()
        or free.first()
    )
    if request is not None:
        track(request)
    return request and _take(request, actor, now)


@undoable
def claim(*, request_id: UUID, actor: User, expected_version: int | None = None) -> AssessmentRequest:
    """Takes this request for `CLAIM`, unless it is a colleague's."""
    _require_reader(actor)
    request, now = locked_open(request_id, expected_version), timezone.now()
    if request.is_claimed_by_colleague(actor):
        raise TransitionRefused(_("%s is at this request now. Take the next one.") % request.owner)
    if request.owner_id not in (None, actor.pk) and request.claimed_until is None:
        raise TransitionRefused(
            _("%s owns this request. If you take it over, set yourself as its owner.") % request.owner
        )
    return _take(request, actor, now)


@undoable
def release(*, request_id: UUID, actor: User, expected_version: int | None = None) -> AssessmentRequest:
    """Gives a request back to the queue, unless a colleague is at it now."""
    return assign(request_id=request_id, owner=None, actor=actor, expected_version=expected_version)


@undoable
def assign(
    *, request_id: UUID, owner: User | None, actor: User | None, expected_version: int | None = None
) -> AssessmentRequest:
    """Gives a request to someone who may read it, without an end, or to no one (`owner=None`): not while a colleague is
    at it."""
    request = locked(request_id, expected_version)
    if owner is not None:
        _require_reader(owner)
    elif request.is_claimed_by_colleague(actor):
        raise TransitionRefused(_("%s is at this request now. Nothing was changed.") % request.owner)
    if request.owner_id == (owner and owner.pk) and request.claimed_until is None:
        return request
    before = request.owner_id
    update_request(request, owner=owner, claimed_until=None)
    code = Event.Code.ASSIGNED if owner else Event.Code.RELEASED
    log_event(request, code, actor, before or "", owner.pk if owner else "")
    return request


def keep_claim(*, request_id: UUID, actor: User, acted_at: dt.datetime | None = None, is_calling: bool = False) -> None:
    """Keep a claim that lasts, while its owner works: for `CLAIM` from now, and never longer than `LONGEST_UNTOUCHED`
    after `acted_at`, their last own act (now, where none is given). Whoever is calling has the whole of that at once: a
    phone that dials hides the page, which is silent from then on.

    Never shortens a claim, never brings back one that has ended, and is no new version: a colleague need not know.
    """
    now = timezone.now()
    last_act = min(acted_at or now, now)
    until = min(now + (LONGEST_UNTOUCHED if is_calling else CLAIM), last_act + LONGEST_UNTOUCHED)
    claims = AssessmentRequest.objects.filter(pk=request_id, owner=actor, claimed_until__gt=now)
    claims.filter(claimed_until__lte=until - LEAST_EXTENSION).update(claimed_until=until)


def release_expired_claims(now: dt.datetime | None = None) -> int:
    """Gives back what was taken and not worked on in time. Returns how many. For the worker."""
    now, freed = now or timezone.now(), 0
    lapsed = AssessmentRequest.objects.filter(claimed_until__lte=now).order_by("claimed_until", "pk")
    while _free_one(lapsed):
        freed += 1
    return freed


@undoable
def snooze(
    *, request_id: UUID, until: dt.datetime | None, reason: str, actor: User, expected_version: int | None = None
) -> AssessmentRequest:
    """Puts a request off until a time, for one of `SnoozeReason` that the person gave. Then it is due."""
    if reason not in (SnoozeReason.ASKED_LATER, SnoozeReason.AWAY, SnoozeReason.THINKING):
        raise TransitionRefused(_("Choose why this request is put off."))
    return _snooze_until(locked_open(request_id, expected_version), until, reason, actor)


@undoable
def wait_for(
    *, request_id: UUID, until: dt.datetime | None, text: str, actor: User, expected_version: int | None = None
) -> AssessmentRequest:
    """Puts a request off because we wait for something, which `text` says. It is sealed like a note. Who got in touch
    and was not answered still waits when it comes back."""
    if not text.strip():
        raise TransitionRefused(_("Say what we wait for."))
    request = _snooze_until(locked_open(request_id, expected_version), until, SnoozeReason.WAITING, actor)
    row = EncryptedText(request=request, kind=EncryptedText.Kind.WAITING_FOR, author=actor, recorded_at=timezone.now())
    row.encrypt(text).save(force_insert=True)
    return request


@undoable
def unsnooze(*, request_id: UUID, actor: User, expected_version: int | None = None) -> AssessmentRequest:
    """Ends what `snooze` or `hold` began: the request is due when it was before."""
    request = locked_open(request_id, expected_version)
    if request.snoozed_until is None:
        raise TransitionRefused(_("This request was not put off. Nothing was changed."))
    end_snooze(request, actor)
    return request


def end_snooze(request: AssessmentRequest, actor: User | None) -> None:
    """`wake` for a request that is locked, whoever is the cause."""
    now = timezone.now()
    due_at = request.due_before_snooze or min(request.snoozed_until or now, now)
    update_request(request, **NOT_SNOOZED | {"due_at": due_at})
    log_event(request, Event.Code.UNSNOOZED, actor)


def mark_contacted_again(request: AssessmentRequest, at: dt.datetime) -> None:
    """The person said something new: a request that was put off is awake, and unless it is new and waits anyway, it
    stands on top until someone tries to reach them."""
    if request.snoozed_until:
        end_snooze(request, None)
    if request.stage == Stage.NEW:
        update_request(request)
    else:
        update_request(request, awaiting_reply_since=at, due_at=min(request.due_at, at))


def claimed_with_same_contact(request: AssessmentRequest, reader: User) -> AssessmentRequest | None:
    """The request with the same phone or email that a colleague of `reader` is at now; None where there is none."""
    claims = _claims_of_colleagues(reader, timezone.now()).exclude(pk=request.pk)
    return claims.filter(pk__in=search.naming_contact_of([request.pk])).select_related("owner").order_by("pk").first()


def next_possible_contact(*, actor: User) -> dt.datetime | None:
    """When `take_next` will have something for `actor` again, if nothing changes; None where nobody waits."""
    now, hours = timezone.now(), schedule.our_hours()
    is_a_colleagues = Q(owner__in=access.readers()) & ~Q(owner=actor)
    is_claimed = Q(claimed_until__isnull=False)
    is_at_once = Q(stage=Stage.NEW) | Q(awaiting_reply_since__isnull=False) | _IN_QUESTION
    claims = _claims_of_colleagues(actor, now)
    rings_elsewhere = Q(pk__in=search.naming_contact_of(claims.values("pk"))) & ~_IN_QUESTION
    first_end = Value(claims.aggregate(end=Min("claimed_until"))["end"] or now, DateTimeField())
    is_to_contact = is_at_once | Q(stage__in=TO_CONTACT) | ~Q(due_at=F("assessment_at"))
    when = Case(
        When(is_a_colleagues & is_claimed & is_at_once, then="claimed_until"),
        When(is_a_colleagues & is_claimed, then=Greatest("claimed_until", "due_at")),
        When(is_a_colleagues & ~_is_everyones(now), then=_becomes_everyones_at),  # a sleep ends when it is due
        When(snoozed_until__gt=now, then="snoozed_until"),
        When(rings_elsewhere & is_at_once, then=first_end),
        When(rings_elsewhere, then=Greatest(first_end, "due_at")),
        When(stage=Stage.NEW, then=Value(now)),
        default="due_at",
    )
    waiting = AssessmentRequest.objects.real().open().filter(is_to_contact).order_by()
    first = waiting.exclude(preferred_time="").values_list("preferred_time", "time_zone").annotate(first=Min(when))
    moments = (
        schedule.next_contact(max(now, moment), hours, preferred, ZoneInfo(zone))
        for preferred, zone, moment in first.iterator()
    )
    return min((moment for moment in moments if moment), default=None)


def _to_contact(now: dt.datetime) -> AssessmentRequestQuerySet:
    """Who is to be contacted now, as far as our own plan goes: a new request at once, the others when they are due.
    Someone whose assessment is booked, when they got in touch, and until we reach them then; when the request comes
    back that was put off; or when they seem not to have come."""
    is_time = (
        Q(stage=Stage.NEW)
        | Q(stage__in=TO_CONTACT, due_at__lte=now)
        | Q(stage=Stage.BOOKED, awaiting_reply_since__isnull=False)
        | Q(stage=Stage.BOOKED, due_at__lte=now) & ~Q(due_at=F("assessment_at"))
        | Q(stage=Stage.BOOKED, due_at__lte=now - FORGOTTEN_AFTER)
        | _IN_QUESTION
    )
    return AssessmentRequest.objects.real().not_snoozed().open().filter(is_time)


def _claims_of_colleagues(actor: User, now: dt.datetime) -> AssessmentRequestQuerySet:
    return AssessmentRequest.objects.real().open().filter(claimed_until__gt=now, hidden_at=None).exclude(owner=actor)


def _is_free_for(actor: User, now: dt.datetime) -> Q:
    is_nobodys = Q(owner=None) | Q(owner=actor) | Q(claimed_until__lte=now) | ~Q(owner__in=access.readers())
    return is_nobodys | _is_everyones(now)


def _is_everyones(now: dt.datetime) -> Q:
    """What a colleague owns, is not at, and must not wait for them alone."""
    is_urgent = Q(awaiting_reply_since__isnull=False) | Q(due_at__lte=now - FORGOTTEN_AFTER) | _IN_QUESTION
    return Q(claimed_until=None) & is_urgent


def _was_released_by(actor: User, now: dt.datetime) -> Exists:
    released = Event.objects.standing().filter(request=OuterRef("pk"), code=Event.Code.RELEASED, actor=actor)
    since = Coalesce(
        OuterRef("awaiting_reply_since"), Value(now - JUST_NOW)
    )  # who got in touch after that is another matter
    return Exists(released.filter(occurred_at__gt=now - JUST_NOW).filter(occurred_at__gt=since))


def _may_be_contacted_at(now: dt.datetime) -> Q:
    """The wishes and zones whose people may be contacted at this moment."""
    hours = schedule.our_hours()
    allowed = Q(pk__in=[])
    for zone, _name in TIME_ZONES:
        preferred_times = [
            preferred
            for preferred in schedule.PARTS_OF_DAY
            if schedule.next_contact(now, hours, preferred, ZoneInfo(zone)) == now
        ]
        if preferred_times:
            allowed |= Q(time_zone=zone, preferred_time__in=preferred_times)
    return allowed


def _take(request: AssessmentRequest, actor: User, now: dt.datetime) -> AssessmentRequest:
    is_theirs = request.owner_id == actor.pk
    if is_theirs and request.claimed_until and request.is_claimed:
        request.claimed_until = max(request.claimed_until, now + CLAIM)  # no change that a colleague must know of
        request.save(update_fields=["claimed_until"])
        return request
    is_anyones = request.awaiting_reply_since or request.to_confirm_since or request.due_at <= now - FORGOTTEN_AFTER
    if is_theirs and request.claimed_until is None and not is_anyones:
        return request
    before = request.owner_id
    update_request(request, owner=actor, claimed_until=now + CLAIM)
    log_event(request, Event.Code.TAKEN, actor, before or "", actor.pk)
    return request


@transaction.atomic
def _free_one(lapsed: AssessmentRequestQuerySet) -> bool:
    request = lapsed.select_for_update(skip_locked=True, of=("self",), no_key=True).first()
    if request is None:
        return False
    before, request.owner, request.claimed_until = request.owner_id, None, None
    # No new version: who has talked for so long must still be able to say what came of it.
    request.save(update_fields=["owner", "claimed_until"])
    log_event(request, Event.Code.LAPSED, None, before)
    return True


def _snooze_until(request: AssessmentRequest, until: dt.datetime | None, reason: str, actor: User) -> AssessmentRequest:
    now = timezone.now()
    if until is None or until <= now:
        raise TransitionRefused(_("Choose a time that is still to come."))
    if until > now + LONGEST_AHEAD:
        raise TransitionRefused(_("Choose a time within the next 90 days. For longer, close the request."))
    refuse_at_night(until, request.time_zone)
    if request.stage == Stage.BOOKED and request.assessment_at and now < request.assessment_at < until:
        raise TransitionRefused(
            _("The assessment is before that. Choose an earlier time, or move the assessment first.")
        )
    changes = {"snoozed_until": until, "snooze_reason": reason, "due_at": until}
    changes["due_before_snooze"] = request.due_before_snooze or request.due_at
    if reason != SnoozeReason.WAITING:  # they said so, which answers what they said before
        changes["awaiting_reply_since"] = None
    update_request(request, **changes, **released_claim(request, actor))
    log_event(request, Event.Code.SNOOZED, actor, reason, event_timestamp(until))
    return request


def _require_reader(user: User) -> None:
    if not access.may_read_requests(user):
        raise TransitionRefused(_("Only admissions staff and their lead can own a request."))
