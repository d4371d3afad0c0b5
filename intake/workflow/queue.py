"""The queue: take the next request; claim, assign, release and snooze requests."""

import datetime as dt
from collections.abc import Iterable
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
    MAX_AHEAD,
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

CLAIM = dt.timedelta(minutes=30)  # how long a claim lasts if its page sends nothing
MAX_CLAIM_AFTER_LAST_ACTION = dt.timedelta(minutes=60)  # the limit, from the owner's last action
MIN_EXTENSION = dt.timedelta(minutes=1)  # an open page polls 3 times a minute; only one of them writes
JUST_NOW = dt.timedelta(minutes=10)
FORGOTTEN_AFTER = dt.timedelta(hours=1)  # anyone may take a request that is overdue for longer from its owner

_may_be_taken_over_at = ExpressionWrapper(F("due_at") + FORGOTTEN_AFTER, DateTimeField())

_IN_QUESTION = Q(to_confirm_since__isnull=False)

TO_CONTACT = (Stage.NEW, Stage.REACHING, Stage.TALKING)

SnoozeReason = AssessmentRequest.SnoozeReason


@undoable
def take_next(*, actor: User) -> AssessmentRequest | None:
    """Claim the most urgent request for `actor`, and return it; None if there is none.

    Handed out:

    - a request that the actor has already claimed: the same one again
    - a request that the actor owns, that nobody owns, or whose owner has left
    - a colleague's request that is not claimed, if the person contacted us again or if it is overdue by
      `FORGOTTEN_AFTER`
    - a question whether two requests belong to the same person, at any time: it needs no contact

    Not handed out:

    - a request that is snoozed, or whose person may not be contacted at this hour
    - a request that a colleague is working on
    - a request that shares a phone or email with a request that a colleague is working on: one phone must not ring
      twice
    - a request that the actor released within the time `JUST_NOW`, unless nothing else is left

    Two people who press at the same moment get different requests: the second transaction skips the locked row. On
    SQLite, transactions that write run one after the other.
    """
    _require_reader(actor)
    get_user_model().objects.select_for_update(no_key=True).get(pk=actor.pk)  # a double click gets one request, not two
    now = timezone.now()
    possible = _to_contact(now).filter(_may_be_contacted_at(now) | _IN_QUESTION)
    waiting = possible.select_for_update(skip_locked=True, of=("self",), no_key=True).by_urgency()
    shares_claimed_contact = Q(pk__in=search.naming_contact_of(_claims_of_colleagues(actor, now).values("pk")))
    free = waiting.filter(_is_free_for(actor, now)).filter(~shares_claimed_contact | _IN_QUESTION)
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
    """Claim an open request for `actor`, and return it. The claim lasts for the time `CLAIM`.

    Raises `TransitionRefused` if a colleague owns the request or is working on it.
    """
    _require_reader(actor)
    request, now = locked_open(request_id, expected_version), timezone.now()
    is_a_colleagues = request.owner_id not in (None, actor.pk) and access.may_read_requests(request.owner)
    if is_a_colleagues and request.is_claimed:
        raise TransitionRefused(_("%s is working on this request. Take the next one.") % request.owner)
    if is_a_colleagues and request.claimed_until is None:
        raise TransitionRefused(_("%s owns this request. To take it over, make yourself its owner.") % request.owner)
    return _take(request, actor, now)


@undoable
def release(*, request_id: UUID, actor: User, expected_version: int | None = None) -> AssessmentRequest:
    """Release a request to the queue. Raises `TransitionRefused` if a colleague is working on it."""
    return assign(request_id=request_id, owner=None, actor=actor, expected_version=expected_version)


@undoable
def assign(
    *, request_id: UUID, owner: User | None, actor: User | None, expected_version: int | None = None
) -> AssessmentRequest:
    """Make `owner` the owner of a request, without a time limit. `owner=None` releases the request.

    Raises `TransitionRefused` if `owner` may not read requests. It also does so if a colleague is working on a request
    that would be released.
    """
    request = locked(request_id, expected_version)
    if owner is not None:
        _require_reader(owner)
    elif request.is_claimed_by_colleague(actor) and access.may_read_requests(request.owner):
        raise TransitionRefused(_("%s is working on this request. Nothing was changed.") % request.owner)
    if request.owner_id == (owner and owner.pk) and request.claimed_until is None:
        return request
    before = request.owner_id
    update_request(request, owner=owner, claimed_until=None)
    code = Event.Code.ASSIGNED if owner else Event.Code.RELEASED
    log_event(request, code, actor, before or "", owner.pk if owner else "")
    return request


def keep_claim(*, request_id: UUID, actor: User, acted_at: dt.datetime | None = None, is_calling: bool = False) -> None:
    """Extend the actor's claim, so that it lasts for the time `CLAIM` from now.

    `acted_at`: the actor's last own action, by default now. The claim never lasts longer than
    `MAX_CLAIM_AFTER_LAST_ACTION` after it. `is_calling`: extend the claim to that limit at once. A phone that dials
    hides the page, and a hidden page sends nothing.

    Never shortens a claim and never restores one that has ended. Does not raise the version: colleagues need not know.
    """
    now = timezone.now()
    last_act = min(acted_at or now, now)
    until = min(now + (MAX_CLAIM_AFTER_LAST_ACTION if is_calling else CLAIM), last_act + MAX_CLAIM_AFTER_LAST_ACTION)
    claims = AssessmentRequest.objects.filter(pk=request_id, owner=actor, claimed_until__gt=now)
    claims.filter(claimed_until__lte=until - MIN_EXTENSION).update(claimed_until=until)


def release_expired_claims(now: dt.datetime | None = None) -> int:
    """Release the claims that have ended, and return their number. The worker calls this."""
    now, released = now or timezone.now(), 0
    expired = AssessmentRequest.objects.filter(claimed_until__lte=now).order_by("claimed_until", "pk")
    while _release_one(expired):
        released += 1
    return released


@undoable
def snooze(
    *, request_id: UUID, until: dt.datetime | None, reason: str, actor: User, expected_version: int | None = None
) -> AssessmentRequest:
    """Snooze an open request until the time `until`, when it is due.

    `reason`: the `SnoozeReason` that the person gave. If we wait for something, call `wait_for` instead.
    """
    if reason not in (SnoozeReason.ASKED_LATER, SnoozeReason.AWAY, SnoozeReason.THINKING):
        raise TransitionRefused(_("Choose why you snooze this request."))
    return _snooze_until(locked_open(request_id, expected_version), until, reason, actor)


@undoable
def wait_for(
    *, request_id: UUID, until: dt.datetime | None, text: str, actor: User, expected_version: int | None = None
) -> AssessmentRequest:
    """Snooze an open request because we wait for something.

    `text`: what we wait for, encrypted like a note. If the person contacted us again and was not answered, we still owe
    them an answer when the snooze ends.
    """
    if not text.strip():
        raise TransitionRefused(_("Enter what we are waiting for."))
    request = _snooze_until(locked_open(request_id, expected_version), until, SnoozeReason.WAITING, actor)
    row = EncryptedText(request=request, kind=EncryptedText.Kind.WAITING_FOR, author=actor, recorded_at=timezone.now())
    row.encrypt(text).save(force_insert=True)
    return request


@undoable
def unsnooze(*, request_id: UUID, actor: User, expected_version: int | None = None) -> AssessmentRequest:
    """End the snooze of a request, and restore its earlier due time."""
    request = locked_open(request_id, expected_version)
    if request.snoozed_until is None:
        raise TransitionRefused(_("This request is not snoozed. Nothing was changed."))
    end_snooze(request, actor)
    return request


def end_snooze(request: AssessmentRequest, actor: User | None) -> None:
    """End the snooze of a locked request. `actor`: None if an action of the person ends it."""
    now = timezone.now()
    due_at = request.due_before_snooze or min(request.snoozed_until or now, now)
    update_request(request, **NOT_SNOOZED | {"due_at": due_at})
    log_event(request, Event.Code.UNSNOOZED, actor)


def mark_contacted_again(request: AssessmentRequest, at: dt.datetime) -> None:
    """Record that the person contacted us again at the time `at`, and end a snooze.

    The request is on top of the queue until someone tries to reach the person. A new request keeps its place, since it
    waits for first contact anyway.
    """
    if request.snoozed_until:
        end_snooze(request, None)
    if request.stage == Stage.NEW:
        update_request(request)
    else:
        update_request(request, awaiting_reply_since=at, due_at=min(request.due_at, at))


def claimed_with_same_contact(request: AssessmentRequest, reader: User) -> AssessmentRequest | None:
    """Return a colleague's claimed request that shares a phone or email with `request`; None if there is none.

    `reader`: the user who looks at the page of `request`. A colleague is anyone else.
    """
    claims = _claims_of_colleagues(reader, timezone.now()).exclude(pk=request.pk)
    return claims.filter(pk__in=search.naming_contact_of([request.pk])).select_related("owner").order_by("pk").first()


def claims_with_same_contact(requests: Iterable[AssessmentRequest], reader: User) -> dict[UUID, AssessmentRequest]:
    """Map the ids of `requests` to what `claimed_with_same_contact` returns for them. Leaves out those without."""
    claims = list(_claims_of_colleagues(reader, timezone.now()).select_related("owner").order_by("pk"))
    if not claims:
        return {}
    values = search.contact_values_of({one.pk for one in (*claims, *requests)})
    return {
        one.pk: claim
        for one in requests
        for claim in reversed(claims)  # the first one wins
        if claim.pk != one.pk and values.get(one.pk, set()) & values.get(claim.pk, set())
    }


def next_possible_contact(*, actor: User) -> dt.datetime | None:
    """Return when `take_next` will next have a request for `actor`; None if nobody waits.

    It assumes that nothing changes until then.
    """
    now, hours = timezone.now(), schedule.our_hours()
    is_owned_by_colleague = Q(owner__in=access.readers()) & ~Q(owner=actor)
    is_claimed = Q(claimed_until__isnull=False)
    is_at_once = Q(stage=Stage.NEW) | Q(awaiting_reply_since__isnull=False) | _IN_QUESTION
    claims = _claims_of_colleagues(actor, now)
    shares_claimed_contact = Q(pk__in=search.naming_contact_of(claims.values("pk"))) & ~_IN_QUESTION
    first_end = Value(claims.aggregate(end=Min("claimed_until"))["end"] or now, DateTimeField())
    is_to_contact = is_at_once | Q(stage__in=TO_CONTACT) | ~Q(due_at=F("assessment_at"))
    when = Case(
        When(is_owned_by_colleague & is_claimed & is_at_once, then="claimed_until"),
        When(is_owned_by_colleague & is_claimed, then=Greatest("claimed_until", "due_at")),
        When(is_owned_by_colleague & ~_may_be_taken_over(now), then=_may_be_taken_over_at),
        When(snoozed_until__gt=now, then="snoozed_until"),
        When(shares_claimed_contact & is_at_once, then=first_end),
        When(shares_claimed_contact, then=Greatest(first_end, "due_at")),
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
    """Return the requests to contact now: new ones at once, others when they are due.

    A booked request is included in three cases: the person contacted us again, it is due at another time than the
    assessment (after a snooze), or the person seems not to have come. Questions to staff are always included.
    """
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
    claims = AssessmentRequest.objects.real().open().filter(claimed_until__gt=now, hidden_at=None)
    return claims.filter(owner__in=access.readers()).exclude(owner=actor)


def _is_free_for(actor: User, now: dt.datetime) -> Q:
    is_unclaimed = Q(owner=None) | Q(owner=actor) | Q(claimed_until__lte=now) | ~Q(owner__in=access.readers())
    return is_unclaimed | _may_be_taken_over(now)


def _may_be_taken_over(now: dt.datetime) -> Q:
    """Return the condition for requests that anyone may take from their owner now: urgent, and not claimed."""
    is_urgent = Q(awaiting_reply_since__isnull=False) | Q(due_at__lte=now - FORGOTTEN_AFTER) | _IN_QUESTION
    return Q(claimed_until=None) & is_urgent


def _was_released_by(actor: User, now: dt.datetime) -> Exists:
    released = Event.objects.standing().filter(request=OuterRef("pk"), code=Event.Code.RELEASED, actor=actor)
    since = Coalesce(
        OuterRef("awaiting_reply_since"), Value(now - JUST_NOW)
    )  # if the person contacted us again after that, the release no longer counts
    return Exists(released.filter(occurred_at__gt=now - JUST_NOW).filter(occurred_at__gt=since))


def _may_be_contacted_at(now: dt.datetime) -> Q:
    """Return the condition for requests whose person may be contacted at the time `now`.

    It compares preferred time and time zone.
    """
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
        request.claimed_until = max(request.claimed_until, now + CLAIM)  # no new version: colleagues need not know
        request.save(update_fields=["claimed_until"])
        return request
    may_be_taken_over = (
        request.awaiting_reply_since or request.to_confirm_since or request.due_at <= now - FORGOTTEN_AFTER
    )
    if is_theirs and request.claimed_until is None and not may_be_taken_over:
        return request
    before = request.owner_id
    update_request(request, owner=actor, claimed_until=now + CLAIM)
    log_event(request, Event.Code.TAKEN, actor, before or "", actor.pk)
    return request


@transaction.atomic
def _release_one(expired: AssessmentRequestQuerySet) -> bool:
    request = expired.select_for_update(skip_locked=True, of=("self",), no_key=True).first()
    if request is None:
        return False
    before, request.owner, request.claimed_until = request.owner_id, None, None
    # No new version: someone who talked that long must still be able to log the call.
    request.save(update_fields=["owner", "claimed_until"])
    log_event(request, Event.Code.LAPSED, None, before)
    return True


def _snooze_until(request: AssessmentRequest, until: dt.datetime | None, reason: str, actor: User) -> AssessmentRequest:
    now = timezone.now()
    if until is None or until <= now:
        raise TransitionRefused(_("Choose a time in the future."))
    if until > now + MAX_AHEAD:
        raise TransitionRefused(_("Choose a time within the next 90 days. For longer, close the request."))
    refuse_at_night(until, request.time_zone)
    if request.stage == Stage.BOOKED and request.assessment_at and now < request.assessment_at < until:
        raise TransitionRefused(
            _("The assessment is before that time. Choose an earlier time, or move the assessment first.")
        )
    changes = {"snoozed_until": until, "snooze_reason": reason, "due_at": until}
    changes["due_before_snooze"] = request.due_before_snooze or request.due_at
    if reason != SnoozeReason.WAITING:  # the person asked for it, so nothing is owed any more
        changes["awaiting_reply_since"] = None
    update_request(request, **changes, **released_claim(request, actor))
    log_event(request, Event.Code.SNOOZED, actor, reason, event_timestamp(until))
    return request


def _require_reader(user: User) -> None:
    if not access.may_read_requests(user):
        raise TransitionRefused(_("Only admissions staff and leads can own a request."))
