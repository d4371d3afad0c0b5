"""Undo what a button did, unless someone changed the request since.

Undone events and attempts stay in the history but don't count (`HistoryQuerySet.standing`). Notes stay, and mail that
went out can't be recalled.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from intake import access
from intake.contact.preferences import current_preferences
from intake.models import AssessmentRequest, Change, ContactPreferences, Event, OutboxMessage, Undone

from .base import LinkedRequests, StaleVersion, TransitionRefused, check_version, label_for_event, update_request
from .duplicates import lock_linked
from .state import from_json
from .to_confirm import restore_alert

UNDO_WITHIN = dt.timedelta(minutes=10)
_NOT_SENT = (
    OutboxMessage.State.QUEUED,
    OutboxMessage.State.RETRYING,
    OutboxMessage.State.REFUSED,
    OutboxMessage.State.FAILED,
)
_FORM = ("form_key", "previous_form_key")


@dataclass
class Undoing:
    """The result of an undo.

    `restored`: the requests that were restored. `left`: the requests that were not, each with the reason.
    `is_mail_out`: whether a message that an undone change had queued was already sent.
    """

    restored: list[AssessmentRequest] = field(default_factory=list)
    left: list[tuple[AssessmentRequest, str]] = field(default_factory=list)
    is_mail_out: bool = False


@dataclass
class Offer:
    """A batch of changes that can be undone now.

    `at`: when it was done. `what`: a short label of what was done. `changes`: the ids of the changes.
    """

    batch: UUID
    actor: User
    at: dt.datetime
    what: str
    requests: list[AssessmentRequest] = field(default_factory=list)
    changes: list[UUID] = field(default_factory=list)

    @property
    def until(self) -> dt.datetime:
        return self.at + UNDO_WITHIN


def undo(*, batch: UUID, actor: User, only_for: UUID | None = None) -> Undoing:
    """Undo a batch, and return an `Undoing`.

    A single operation is undone completely or not at all. In a bulk action, operations that can't be undone are left,
    and the others are undone. `only_for`: the id of a request, to undo only its part of a bulk action. Raises
    `TransitionRefused` if the batch has nothing to undo, or if its only operation can't be undone.
    """
    operations: dict[UUID, list[Change]] = {}
    for change in Change.objects.filter(batch=batch).select_related("request"):
        operations.setdefault(change.operation, []).append(change)
    if only_for is not None:
        operations = {
            operation: changes
            for operation, changes in operations.items()
            if only_for in [change.request_id for change in changes]
        }
    if not operations:
        raise TransitionRefused(_("There is nothing to undo here. Nothing was changed."))
    undoing = Undoing()
    for changes in operations.values():
        try:
            undoing.is_mail_out |= _undo_operation(changes, actor)
            undoing.restored += [change.request for change in changes]
        except TransitionRefused as refused:
            if len(operations) == 1:
                raise
            undoing.left.append((changes[-1].request, str(refused)))
    return undoing


def offer_for(request: AssessmentRequest, reader: User) -> Offer | None:
    """Return the `Offer` to undo the newest change of a request; None if `reader` can't undo it."""
    newest = request.changes.filter(occurred_at__gt=timezone.now() - UNDO_WITHIN, undone=None).last()
    if newest is None or not _may_undo(newest, reader):
        return None
    offers = _offers(Change.objects.filter(batch=newest.batch, operation=newest.operation))
    return offers[0] if offers else None


def offers_to(reader: User) -> list[Offer]:
    """Return an `Offer` for each recent batch of `reader` that can still be undone, newest first."""
    return _offers(Change.objects.filter(actor=reader))


def _offers(changes: QuerySet[Change]) -> list[Offer]:
    """Return an `Offer` for each batch in `changes` that can be undone. Takes 3 queries at most.

    Operations are left out if someone changed one of their requests since.
    """
    newest = changes.filter(occurred_at__gt=timezone.now() - UNDO_WITHIN, undone=None)
    recent = list(newest.select_related("actor", "request").order_by("-occurred_at", "-version_after", "-pk"))
    if not recent:
        return []
    versions = _versions_of(change.request for change in recent)
    superseded = {change.operation for change in recent if change.version_after not in versions[change.request_id]}
    events = _main_events(recent)
    offers: dict[UUID, Offer] = {}
    for change in recent:
        if change.operation in superseded:
            continue
        if change.batch not in offers:
            what = label_for_event(events[change.pk]) if change.pk in events else ""
            offers[change.batch] = Offer(change.batch, change.actor, change.occurred_at, what)
        offers[change.batch].requests.append(change.request)
        offers[change.batch].changes.append(change.pk)
    return list(offers.values())


def _main_events(changes: Iterable[Change]) -> dict[UUID | None, Event]:
    """Return the event that describes each change best, by the id of the change.

    That is the attempt if there is one, otherwise the last event.
    """
    requests = {change.request_id for change in changes}
    events: dict[UUID | None, Event] = {}
    for event in Event.objects.filter(request__in=requests, change__in=changes).order_by("pk"):
        known = events.get(event.change_id)
        if known is None or known.code != Event.Code.ATTEMPTED:
            events[event.change_id] = event
    return events


def _versions_of(requests: Iterable[AssessmentRequest]) -> dict[UUID, list[int]]:
    """Return the versions that equal the present state of each request, by the id of the request.

    These are the newest version, and earlier versions that undo has restored.
    """
    versions = {request.pk: [request.version] for request in requests}
    recent = Undone.objects.filter(
        change__request__in=versions, change__occurred_at__gt=timezone.now() - 2 * UNDO_WITHIN
    )
    for undone in recent.select_related("change").order_by("-version"):
        if undone.version == versions[undone.change.request_id][-1]:
            versions[undone.change.request_id].append(undone.change.version_before)
    return versions


def _may_undo(change: Change, user: User) -> bool:
    return change.actor_id == user.pk or access.leads(user)


@transaction.atomic
def _undo_operation(changes: Sequence[Change], actor: User) -> bool:
    """Undo the changes of one operation. Return whether a message that they had queued was already sent.

    Raises `TransitionRefused` if the changes can't be undone any more, or not by `actor`.
    """
    linked_requests = lock_linked(*(change.request_id for change in changes))
    if done := Undone.objects.filter(change__in=changes).select_related("actor").first():
        if done.actor == actor:
            return False  # pressed twice
        raise TransitionRefused(
            _("%(who)s already undid this at %(time)s.") % {"who": done.actor, "time": _clock(done.occurred_at)}
        )
    if not all(_may_undo(change, actor) for change in changes):
        raise TransitionRefused(_("Only %s or a lead can undo this.") % changes[0].actor)
    if timezone.now() >= changes[0].occurred_at + UNDO_WITHIN:
        raise TransitionRefused(
            _("This was done at %s, and undo works for 10 minutes. Nothing was undone. Correct it by hand.")
            % _clock(changes[0].occurred_at)
        )
    versions = _versions_of(linked_requests.values())
    for change in changes:
        if change.version_after not in versions[change.request_id]:
            raise TransitionRefused(_why_not(linked_requests[change.request_id]))
    is_mail_out = [_restore(linked_requests, change, actor) for change in changes]
    for change in changes:
        _keep_links_undoable(linked_requests, change)
    return any(is_mail_out)


def _why_not(request: AssessmentRequest) -> str:
    try:
        check_version(request, request.version + 1)
    except StaleVersion as stale:
        last = stale.last
    who = last.actor.get_username() if last.actor else _("The person or the site")
    return _(
        "%(who)s changed %(reference)s at %(time)s: %(what)s. Nothing was undone. Check the request as it is now."
    ) % {
        "who": who,
        "reference": request.reference,
        "time": _clock(last.occurred_at),
        "what": label_for_event(last),
    }


def _restore(linked_requests: LinkedRequests, change: Change, actor: User) -> bool:
    """Undo one change of a locked request. Return whether a message that the change had queued was already sent."""
    request, now = linked_requests[change.request_id], timezone.now()
    columns = from_json(change.before)
    form = {name: columns.pop(name) for name in _FORM if name in columns}
    update_request(request, **columns)
    if form:
        # If that browser session has sent another request meanwhile, the newer one keeps the form.
        with suppress(IntegrityError), transaction.atomic():
            AssessmentRequest.objects.filter(pk=request.pk).update(**form)
    _restore_preferences(request, change, actor, now)
    Undone(change=change, actor=actor, occurred_at=now, version=request.version).save(force_insert=True)
    Event.objects.create(request=request, change=change, code=Event.Code.UNDONE, actor=actor, occurred_at=now)
    is_mail_out = change.outbox_message is not None and not _cancel_message(change.outbox_message)
    restore_alert(request)
    return is_mail_out


def _restore_preferences(request: AssessmentRequest, change: Change, actor: User, now: dt.datetime) -> None:
    """Make the contact preferences from before the change the newest ones again.

    Nobody has stored others since, or undo would have been refused.
    """
    if change.preferences_before is None:
        return
    kept = ContactPreferences.objects.filter(pk=change.preferences_before).first()
    if kept is None:
        return
    at = max(now, current_preferences(request).recorded_at)
    ContactPreferences.objects.create(request=request, recorded_at=at, author=actor, is_from_link=True, **kept.codes())
    request.preferred_time, request.time_zone = kept.preferred_time, kept.time_zone
    request.save(update_fields=["preferred_time", "time_zone"])


def _keep_links_undoable(linked_requests: LinkedRequests, change: Change) -> None:
    """Let unlinking still restore an original after undo raised its version.

    Unlinking restores the original only at the version that the duplicate stored. Duplicates that stored the version
    before or after the change now store the new version.
    """
    request = linked_requests[change.request_id]
    for other in linked_requests.values():
        link = other.link_undo_state
        if (
            other.duplicate_of_id == request.pk
            and link
            and link.get("version") in (change.version_before, change.version_after)
        ):
            other.link_undo_state = link | {"version": request.version}
            other.save(update_fields=["link_undo_state"])


def _cancel_message(outbox_message: int) -> bool:
    """Delete the message with this id if it has not gone out. Return whether it was deleted."""
    deleted, _models = OutboxMessage.objects.filter(pk=outbox_message, state__in=_NOT_SENT).delete()
    return bool(deleted)


def _clock(moment: dt.datetime) -> str:
    return date_format(timezone.localtime(moment), "g:i A")
