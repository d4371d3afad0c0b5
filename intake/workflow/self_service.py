"""What the person can change: with their private link, or by sending the form again."""

import datetime as dt
from typing import cast
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from intake.contact import schedule
from intake.contact.preferences import ContactCodes, current_preferences, newest_preferences
from intake.models import AssessmentRequest, EncryptedText, Event, OutboxMessage

from .base import LinkedRequests, Stage, TransitionRefused, close_request, content_is_erased, log_event, update_request
from .contact_preferences import own_preferences, record_contact_preferences
from .duplicates import lock_linked, unlink_all
from .erasure import erase_content, forget_messages
from .queue import end_snooze, mark_contacted_again
from .to_confirm import Why

Outcome = AssessmentRequest.Outcome

MAX_AMENDMENTS = 10


@transaction.atomic
def change_preferred_time(*, request_id: UUID, preferred_time: str, time_zone: str) -> str:
    """Store another preferred time. Return the new promise; "" if nothing new is promised.

    `time_zone`: "" keeps the person's time zone.
    """
    request, linked_requests = _lock_open_or_linked(request_id)
    check_preferred_time(request, preferred_time)
    own, at = own_preferences(request), max(timezone.now(), current_preferences(request).recorded_at)
    codes = own | {"preferred_time": preferred_time, "time_zone": time_zone or own["time_zone"]}
    if codes == own:
        return ""
    unlink_all(request, linked_requests, None, Why.CHANGED)
    record_contact_preferences(request, cast(ContactCodes, codes), at)
    if request.snoozed_until:
        due_at = request.due_at
        end_snooze(request, None)
        update_request(request, due_at=due_at if request.awaits_contact else min(request.due_at, timezone.now()))
    log_event(request, Event.Code.TIME_SET, None, "", preferred_time)
    return request.promise if request.awaits_contact else ""


def check_preferred_time(request: AssessmentRequest, preferred_time: str) -> None:
    """Raise `TransitionRefused` if the person can't choose this time.

    A page calls this before it asks the person to confirm.
    """
    if newest_preferences(request) is None:
        raise TransitionRefused(_("We can't change the time here. Please call us."))
    own = own_preferences(request)
    if preferred_time == schedule.CONFIRMED and not (own["may_email"] or own["may_text"]):
        raise TransitionRefused(
            _("To confirm a time, we need to email or text you. So far you have allowed calls only. Please call us.")
        )


@transaction.atomic
def add_message(*, request_id: UUID, text: str) -> AssessmentRequest:
    """Add a message from the person to their request, encrypted, and alert staff. Return the request."""
    request, linked_requests = _lock_open_or_linked(request_id)
    if not text.strip():
        raise TransitionRefused(_("Write something first: the box is empty."))
    submissions = list(request.texts.filter(kind__in=EncryptedText.FROM_THE_PERSON))
    additions = [before for before in submissions if before.kind == EncryptedText.Kind.ADDITION]
    if additions and additions[-1].holds(text):  # sent twice. Words from before the newest count again.
        return request
    if len(submissions) > MAX_AMENDMENTS:
        raise TransitionRefused(_("We can't take more messages here. Please call us."))
    unlink_all(request, linked_requests, None, Why.CHANGED)
    now = timezone.now()
    added = EncryptedText(request=request, kind=EncryptedText.Kind.ADDITION, recorded_at=now).encrypt(text)
    added.save(force_insert=True)
    log_event(request, Event.Code.ADDED, None, "", added.pk)
    mark_contacted_again(request, now)
    requeue_staff_notification(request, now)
    return request


@transaction.atomic
def withdraw(*, request_id: UUID) -> AssessmentRequest:
    """Close a request as withdrawn by the person, and erase its content.

    Under legal hold, the content is hidden instead. Linked requests are unlinked and stay: they may be another
    person's. If one shares a phone or email, contact pauses on it until staff say whose it is.
    """
    request, linked_requests = _lock_open_or_linked(request_id)
    unlink_all(request, linked_requests, None, Why.WITHDRAWN)
    close_request(request, Outcome.WITHDRAWN, duplicate_of=None, link_undo_state=None)
    log_event(request, Event.Code.WITHDRAWN, None)
    if request.legal_hold_at:
        update_request(request, hidden_at=request.closed_at)
        forget_messages(request)
        log_event(request, Event.Code.HIDDEN, None)
    else:
        erase_content(request, actor=None)
    return request


def requeue_staff_notification(request: AssessmentRequest, at: dt.datetime) -> None:
    """Queue the alert to staff again, because the person contacted us again. `at`: when to send it."""
    request.outbox_messages.filter(kind=OutboxMessage.Kind.NEW_REQUEST).update(
        state=OutboxMessage.State.QUEUED, attempts=0, next_try_at=at, sent_at=None, answers=None, refused=0
    )


def _lock_open_or_linked(request_id: UUID) -> tuple[AssessmentRequest, LinkedRequests]:
    """Lock a request and the requests linked with it. Return the request, and all of them by id.

    Raises `TransitionRefused` if the request is closed for another reason than as a duplicate. The person need not know
    that staff linked it.
    """
    linked_requests = lock_linked(request_id)
    request = linked_requests[request_id]
    if request.stage == Stage.CLOSED and (request.duplicate_of_id is None or content_is_erased(request)):
        raise TransitionRefused(_("This request is closed. Nothing was changed."))
    return request, linked_requests
