"""What all changes share: the row under lock, the refusal in words, the event beside the change."""

import datetime as dt
from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _

from intake.contact import schedule
from intake.models import AssessmentRequest, Attempt, Event

from .operation import mark_written, track
from .state import Columns

Stage = AssessmentRequest.Stage
Family = dict[UUID, AssessmentRequest]  # locked rows, by their ids

# From which stage a request may go to which. Closing needs an outcome; reopening brings back the stage from before.
TRANSITIONS: dict[str, tuple[str, ...]] = {
    Stage.NEW: (Stage.REACHING, Stage.TALKING, Stage.BOOKED, Stage.CLOSED),
    Stage.REACHING: (Stage.TALKING, Stage.BOOKED, Stage.CLOSED),
    Stage.TALKING: (Stage.REACHING, Stage.BOOKED, Stage.CLOSED),
    Stage.BOOKED: (Stage.REACHING, Stage.TALKING, Stage.CLOSED),
    Stage.CLOSED: (Stage.NEW, Stage.REACHING, Stage.TALKING, Stage.BOOKED),
}


LONGEST_AHEAD = dt.timedelta(days=90)  # nothing is planned for later
EARLIEST, LATEST = dt.time(6), dt.time(22)  # by the center's clock
DOUBLE_CLICK = dt.timedelta(seconds=10)  # the same thing by the same person within this time is one thing

NO_NEW_VERSION = (Event.Code.LAPSED, Event.Code.ADDITIONS_READ)  # stand in nobody's way
NOT_SNOOZED: Columns = {"snoozed_until": None, "snooze_reason": "", "due_before_snooze": None}


class TransitionRefused(Exception):
    """The rules forbid this change. The message is a sentence for the screen."""


class StaleVersion(TransitionRefused):
    """Somebody changed the request after the actor last saw it: `last` is the event that says who, when and what."""

    def __init__(self, last: Event) -> None:
        super().__init__(_who_was_faster(last))
        self.last = last


def locked(request_id: UUID, expected_version: int | None = None) -> AssessmentRequest:
    """The request, its row locked until the transaction ends. Raises `StaleVersion` if it is no longer at version
    `seen`."""
    request = locked_rows([request_id])[request_id]
    check_version(request, expected_version)
    return request


def locked_rows(ids: Iterable[UUID]) -> Family:
    """From id to request, the rows locked until the transaction ends. In one order, so that no two wait in a circle;
    and not against rows that only name a request, such as the events of another one."""
    rows = AssessmentRequest.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    by_id = {request.pk: request for request in rows}
    if missing := set(ids) - set(by_id):
        raise AssessmentRequest.DoesNotExist(f"no request has the id {missing.pop()}")
    for request in rows:
        track(request)
    return by_id


def check_version(request: AssessmentRequest, expected_version: int | None, claimed_before: User | None = None) -> None:
    """Raise `StaleVersion` if a locked request is no longer at version `seen`. With `claimed_before`, an actor, not
    where all that happened since is that their claim ended and a colleague took the request."""
    if expected_version is not None and expected_version != request.version:
        if claimed_before is not None and only_taken_over(request, expected_version, claimed_before):
            return
        changes = request.events.exclude(code__in=[Event.Code.NOTE_ADDED, *NO_NEW_VERSION])
        last, *before = changes.select_related("actor").order_by("-pk")[:2]
        # An attempt may set the stage too: what the colleague did is the attempt.
        is_consequence = before and (before[0].code, last.code) == (Event.Code.ATTEMPTED, Event.Code.STAGE_SET)
        raise StaleVersion(before[0] if is_consequence and before[0].actor == last.actor else last)


def only_taken_over(request: AssessmentRequest, expected_version: int, actor: User) -> bool:
    """Whether every change of a request since version `seen` is one of ownership, after a claim of `actor` ended.

    Taking, releasing and undoing either count one version each. So as many of them at the end of its events as there
    are newer versions are all that happened. What the actor wrote beside it, and a lapse, count none or were counted
    for them.
    """
    newer, was_theirs = request.version - expected_version, False
    for event in request.events.order_by("-pk"):
        is_own = event.actor_id == actor.pk
        if event.code in NO_NEW_VERSION or (is_own and event.code in (Event.Code.NOTE_ADDED, Event.Code.CORRECTED)):
            was_theirs |= event.code == Event.Code.LAPSED and event.from_value == str(actor.pk)
            continue
        if newer <= 0 or event.code not in (Event.Code.TAKEN, Event.Code.RELEASED, Event.Code.UNDONE) or is_own:
            break
        was_theirs |= event.from_value == str(actor.pk)
        newer -= 1
    return was_theirs and newer <= 0


def locked_open(request_id: UUID, expected_version: int | None = None) -> AssessmentRequest:
    request = locked(request_id, expected_version)
    if request.stage == Stage.CLOSED:
        raise TransitionRefused(_("This request has ended. Nothing was changed."))
    return request


def update_request(request: AssessmentRequest, **changes: Any) -> AssessmentRequest:
    """Writes these fields of a locked request, and that it is a new version of it."""
    mark_written(request)
    for name, value in (changes | {"version": request.version + 1}).items():
        setattr(request, name, value)
    request.save(update_fields=[*changes, "version"])
    return request


def close_request(request: AssessmentRequest, outcome: str, **changes: Any) -> None:
    """The fields of a locked request as any end leaves them."""
    update_request(
        request,
        stage=Stage.CLOSED,
        outcome=outcome,
        closed_at=timezone.now(),
        form_key=None,  # who fills in a new form after this asks anew
        previous_form_key=request.form_key or request.previous_form_key,
        claimed_until=None,
        awaiting_reply_since=None,
        to_confirm_since=None,
        **NOT_SNOOZED,
        **changes,
    )


def restore_form_key(request: AssessmentRequest) -> None:
    """A locked request that goes on after its end holds the form of its browser session again, unless that session has
    another request by now: the same phone and e-mail from there are no second request."""
    if request.form_key is None and request.previous_form_key is not None:
        with suppress(IntegrityError), transaction.atomic():
            type(request).objects.filter(pk=request.pk).update(form_key=request.previous_form_key)
            request.form_key = request.previous_form_key


def keep_links_undoable(original: AssessmentRequest, version: int) -> None:
    """What was linked to a locked request when it had this version can be undone as if it had not changed since."""
    for other in original.duplicates.order_by("pk"):
        if other.link_undo_state and other.link_undo_state.get("version") == version != original.version:
            update_request(other, link_undo_state=other.link_undo_state | {"version": original.version})


def log_event(
    request: AssessmentRequest,
    code: str,
    actor: User | None,
    from_value: object = "",
    to_value: object = "",
    at: dt.datetime | None = None,
) -> None:
    """The event that tells of a change: codes only. It happened now, or `at` another moment."""
    at, change_id = at or timezone.now(), mark_written(request)
    columns = {"code": code, "actor": actor, "from_value": str(from_value), "to_value": str(to_value)}
    Event.objects.create(request=request, occurred_at=at, change_id=change_id, **columns)


def event_timestamp(moment: dt.datetime | None) -> str:
    """A moment as events keep it, in UTC."""
    return moment.astimezone(dt.UTC).isoformat(timespec="minutes") if moment else ""


def kept_claim(request: AssessmentRequest, actor: User) -> Columns:
    """What changes where someone acts on what they took from the queue: from now on it is theirs, without an end."""
    return {"claimed_until": None} if request.owner_id == actor.pk else {}


def released_claim(request: AssessmentRequest, actor: User | None) -> Columns:
    """What changes where something was taken from the queue for one try or one decision: the next is anyone's. Not
    where a colleague is at it meanwhile."""
    if request.claimed_until is None or request.is_claimed_by_colleague(actor):
        return {}
    return {"owner": None, "claimed_until": None}


def refuse_at_night(moment: dt.datetime, zone_name: str = "") -> None:
    """Nothing is planned for a time that is night at the center, and where the person is in the zone of this name,
    unless the center is open then: AM was meant as PM."""
    hours = schedule.our_hours()
    local = timezone.localtime(moment, hours.zone)
    is_open = any(opens <= moment < closes for opens, closes in hours.on(local.date()))
    days = [local, moment.astimezone(ZoneInfo(zone_name))] if zone_name else [local]
    if not is_open and not any(EARLIEST <= day.time() < LATEST for day in days):
        raise TransitionRefused(
            _("That is %(time)s at the center, in the night. Choose a time between %(earliest)s and %(latest)s.")
            % {
                "time": date_format(local, "g:i A"),
                "earliest": time_format(EARLIEST, "g A"),
                "latest": time_format(LATEST, "g A"),
            }
        )


def whole_minute(moment: dt.datetime) -> dt.datetime:
    return moment.replace(second=0, microsecond=0)


def not_allowed(request: AssessmentRequest, stage: str) -> TransitionRefused:
    return TransitionRefused(
        _("This request is now “%(now)s”, and can't go to “%(wanted)s” from there. Nothing was changed.")
        % {"now": request.get_stage_display(), "wanted": Stage(stage).label if stage in Stage.values else stage}
    )


def content_is_erased(request: AssessmentRequest) -> bool:
    """Whether what the person told us was erased or hidden."""
    return request.events.filter(code__in=[Event.Code.ERASED, Event.Code.HIDDEN]).exists()


def refuse_if_erased(request: AssessmentRequest) -> None:
    if content_is_erased(request):
        if request.outcome == AssessmentRequest.Outcome.WITHDRAWN:
            raise TransitionRefused(_("The person withdrew this request. It stays closed."))
        raise TransitionRefused(_("The words of this request were erased. It stays closed."))


def _who_was_faster(last: Event) -> str:
    return _(
        "%(who)s changed this request on %(time)s: %(what)s. Your button was not carried out. Look at the request as "
        "it is now, then press again."
    ) % {
        "who": last.actor.get_username() if last.actor else _("The site, or the person,"),
        "time": date_format(timezone.localtime(last.occurred_at), "M j, g:i A"),
        "what": label_for_event(last),
    }


def label_for_event(event: Event) -> str:
    """What happened, in a few words that follow a colon."""
    if event.code == Event.Code.ATTEMPTED:
        channel, result = dict(Attempt.Channel.choices)[event.from_value], dict(Attempt.Result.choices)[event.to_value]
        return f"{channel}, {result}".lower()
    return event.get_code_display().lower()
