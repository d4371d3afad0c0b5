"""What all changes share: lock the row, refuse with a sentence, and log the event."""

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
LinkedRequests = dict[UUID, AssessmentRequest]  # locked rows, by their ids

# The stages a request may go to. Closing needs an outcome; reopening restores the earlier stage.
TRANSITIONS: dict[str, tuple[str, ...]] = {
    Stage.NEW: (Stage.REACHING, Stage.TALKING, Stage.BOOKED, Stage.CLOSED),
    Stage.REACHING: (Stage.TALKING, Stage.BOOKED, Stage.CLOSED),
    Stage.TALKING: (Stage.REACHING, Stage.BOOKED, Stage.CLOSED),
    Stage.BOOKED: (Stage.REACHING, Stage.TALKING, Stage.CLOSED),
    Stage.CLOSED: (Stage.NEW, Stage.REACHING, Stage.TALKING, Stage.BOOKED),
}


MAX_AHEAD = dt.timedelta(days=90)  # how far ahead a snooze or an attempt may be
EARLIEST, LATEST = dt.time(6), dt.time(22)  # center time; nothing is planned outside of it
DOUBLE_CLICK = dt.timedelta(seconds=10)  # the same action by the same person is done once

NO_NEW_VERSION = (Event.Code.LAPSED, Event.Code.ADDITIONS_READ)  # don't make anyone's page stale
NOT_SNOOZED: Columns = {"snoozed_until": None, "snooze_reason": "", "due_before_snooze": None}


class TransitionRefused(Exception):
    """The rules forbid this change. The message is a sentence for the screen."""


class StaleVersion(TransitionRefused):
    """Someone changed the request after the actor last saw it. `last`: the event of that change."""

    def __init__(self, last: Event) -> None:
        super().__init__(_stale_message(last))
        self.last = last


def locked(request_id: UUID, expected_version: int | None = None) -> AssessmentRequest:
    """Lock the request until the transaction ends, and return it.

    Raises `StaleVersion` if the request is no longer at `expected_version`.
    """
    request = locked_rows([request_id])[request_id]
    check_version(request, expected_version)
    return request


def locked_rows(ids: Iterable[UUID]) -> LinkedRequests:
    """Lock these requests until the transaction ends, and return them by id.

    Raises `AssessmentRequest.DoesNotExist` if there is no request with one of the ids. Rows are locked in primary-key
    order to avoid deadlocks. `no_key`: writing a row that refers to a locked request need not wait.
    """
    rows = AssessmentRequest.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    by_id = {request.pk: request for request in rows}
    if missing := set(ids) - set(by_id):
        raise AssessmentRequest.DoesNotExist(f"no request has the id {missing.pop()}")
    for request in rows:
        track(request)
    return by_id


def check_version(
    request: AssessmentRequest, expected_version: int | None, previous_claimant: User | None = None
) -> None:
    """Raise `StaleVersion` if a locked request is no longer at `expected_version`.

    `expected_version`: None skips the check. `previous_claimant`: do not raise if only ownership changed after this
    user's claim ended.
    """
    if expected_version is not None and expected_version != request.version:
        if previous_claimant is not None and only_taken_over(request, expected_version, previous_claimant):
            return
        changes = request.events.exclude(code__in=[Event.Code.NOTE_ADDED, *NO_NEW_VERSION])
        last, *before = changes.select_related("actor").order_by("-pk")[:2]
        # An attempt may set the stage too. Name the attempt: that is what the colleague did.
        is_consequence = before and (before[0].code, last.code) == (Event.Code.ATTEMPTED, Event.Code.STAGE_SET)
        raise StaleVersion(before[0] if is_consequence and before[0].actor == last.actor else last)


def only_taken_over(request: AssessmentRequest, expected_version: int, actor: User) -> bool:
    """Return whether only ownership changed since `expected_version`, after a claim of `actor` ended.

    Each claim, release or undo raises the version by one. The newest events are checked one by one until every newer
    version is explained. Events that raise no version are skipped, and so are the actor's own notes and corrections.
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
    """Lock an open request and return it. Raises `TransitionRefused` if it is closed."""
    request = locked(request_id, expected_version)
    if request.stage == Stage.CLOSED:
        raise TransitionRefused(_("This request is closed. Nothing was changed."))
    return request


def update_request(request: AssessmentRequest, **changes: Any) -> AssessmentRequest:
    """Set these fields of a locked request, raise its version by one, and save it."""
    mark_written(request)
    for name, value in (changes | {"version": request.version + 1}).items():
        setattr(request, name, value)
    request.save(update_fields=[*changes, "version"])
    return request


def close_request(request: AssessmentRequest, outcome: str, **changes: Any) -> None:
    """Close a locked request with an outcome. `changes`: other fields to set."""
    update_request(
        request,
        stage=Stage.CLOSED,
        outcome=outcome,
        closed_at=timezone.now(),
        form_key=None,  # a form that is sent after this makes a new request
        previous_form_key=request.form_key or request.previous_form_key,
        claimed_until=None,
        awaiting_reply_since=None,
        to_confirm_since=None,
        **NOT_SNOOZED,
        **changes,
    )


def restore_form_key(request: AssessmentRequest) -> None:
    """Restore the form key of a reopened request.

    The key links the request to the form of a browser session. If that session has sent another request meanwhile, the
    newer request keeps the key.
    """
    if request.form_key is None and request.previous_form_key is not None:
        with suppress(IntegrityError), transaction.atomic():
            type(request).objects.filter(pk=request.pk).update(form_key=request.previous_form_key)
            request.form_key = request.previous_form_key


def keep_links_undoable(original: AssessmentRequest, version: int) -> None:
    """Update the duplicates of a changed request, so that unlinking one can still restore the request.

    Each duplicate stores the version of its original. Unlinking restores the original only if it still has that
    version. So duplicates that stored `version`, the one before this change, now store the new version.
    """
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
    """Write an event for a change: codes only, never content. `at`: its time, by default now."""
    at, change_id = at or timezone.now(), mark_written(request)
    columns = {"code": code, "actor": actor, "from_value": str(from_value), "to_value": str(to_value)}
    Event.objects.create(request=request, occurred_at=at, change_id=change_id, **columns)


def event_timestamp(moment: dt.datetime | None) -> str:
    """Return a moment as events store it: ISO 8601 in UTC, to the minute. Return "" for None."""
    return moment.astimezone(dt.UTC).isoformat(timespec="minutes") if moment else ""


def kept_claim(request: AssessmentRequest, actor: User) -> Columns:
    """Return the fields that turn the actor's claim into ownership. Empty if the actor is not the owner."""
    return {"claimed_until": None} if request.owner_id == actor.pk else {}


def released_claim(request: AssessmentRequest, actor: User | None) -> Columns:
    """Return the fields that release a claim after one attempt or decision.

    Empty if nobody has claimed the request, or if a colleague is working on it.
    """
    if request.claimed_until is None or request.is_claimed_by_colleague(actor):
        return {}
    return {"owner": None, "claimed_until": None}


def refuse_at_night(moment: dt.datetime, zone_name: str = "") -> None:
    """Raise `TransitionRefused` if `moment` is at night both for the center and for the person.

    `zone_name`: the person's time zone; "" checks the center only. Most often someone chose AM and meant PM. Open hours
    at night are allowed.
    """
    hours = schedule.our_hours()
    local = timezone.localtime(moment, hours.zone)
    is_open = any(opens <= moment < closes for opens, closes in hours.on(local.date()))
    days = [local, moment.astimezone(ZoneInfo(zone_name))] if zone_name else [local]
    if not is_open and not any(EARLIEST <= day.time() < LATEST for day in days):
        raise TransitionRefused(
            _("It is %(time)s at the center then. Choose a time between %(earliest)s and %(latest)s.")
            % {
                "time": date_format(local, "g:i A"),
                "earliest": time_format(EARLIEST, "g A"),
                "latest": time_format(LATEST, "g A"),
            }
        )


def whole_minute(moment: dt.datetime) -> dt.datetime:
    return moment.replace(second=0, microsecond=0)


def not_allowed(request: AssessmentRequest, stage: str) -> TransitionRefused:
    """Return the `TransitionRefused` to raise if `stage` can't follow the current stage."""
    return TransitionRefused(
        _("This request is now “%(now)s”, and can't go from there to “%(wanted)s”. Nothing was changed.")
        % {"now": request.get_stage_display(), "wanted": Stage(stage).label if stage in Stage.values else stage}
    )


def content_is_erased(request: AssessmentRequest) -> bool:
    """Return whether the person's content was erased, or hidden under legal hold."""
    return request.events.filter(code__in=[Event.Code.ERASED, Event.Code.HIDDEN]).exists()


def refuse_if_erased(request: AssessmentRequest) -> None:
    if content_is_erased(request):
        if request.outcome == AssessmentRequest.Outcome.WITHDRAWN:
            raise TransitionRefused(_("The person withdrew this request. It stays closed."))
        raise TransitionRefused(_("The content of this request was erased. It stays closed."))


def _stale_message(last: Event) -> str:
    return _(
        "%(who)s changed this request on %(time)s: %(what)s. Your change was not saved. Check the request as it is "
        "now, then press the button again."
    ) % {
        "who": last.actor.get_username() if last.actor else _("The person or the site"),
        "time": date_format(timezone.localtime(last.occurred_at), "M j, g:i A"),
        "what": label_for_event(last),
    }


def label_for_event(event: Event) -> str:
    """Return a short label for an event in lowercase, for use after a colon."""
    if event.code == Event.Code.ATTEMPTED:
        channel, result = dict(Attempt.Channel.choices)[event.from_value], dict(Attempt.Result.choices)[event.to_value]
        return f"{channel}, {result}".lower()
    return event.get_code_display().lower()
