"""Ask staff whether linked requests belong to the same person, when one is withdrawn, erased or changed.

Anyone who knows a phone number can send a form with it. So an action of one request's person never closes or hides
another request. Contact on the other request pauses, its content stays, and staff answer.
"""

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake import search
from intake.contact import same_person
from intake.models import AssessmentRequest, Event, OutboxMessage

from .base import Stage, TransitionRefused, keep_links_undoable, locked_open, log_event, update_request
from .operation import record_queued_message, undoable


class Why(models.TextChoices):
    """Why staff are asked: what happened to the other request."""

    WITHDRAWN = "withdrawn", gettext_lazy("was withdrawn")
    ERASED = "erased", gettext_lazy("was erased")
    CHANGED = "changed", gettext_lazy("was changed by its person")


# Both requests have a first name, and the names differ.
OTHER_NAME = "other_name"


def compared(request: AssessmentRequest, other: AssessmentRequest) -> tuple[bool, list[str]]:
    """Return whether two requests may be the same person's, and the codes for and against it.

    They may be if they share a phone number or email address, or if no contact of `request` can be decrypted. The codes
    are the shared kinds ("phone", "email"), and `OTHER_NAME` if the names differ.
    """
    shared = search.contact_in_common(request, other)
    names = same_person.given_names_of(request), same_person.given_names_of(other)
    is_other_name = all(names) and not names[0] & names[1]
    codes = [*sorted(shared), *([OTHER_NAME] if is_other_name else [])]
    return bool(shared) or not search.names_any_contact(request), codes


def ask_if_same_person(
    request: AssessmentRequest, other: AssessmentRequest, codes: Iterable[str], actor: User | None
) -> None:
    """Pause contact on a locked request until staff say whether the `other` request is the same person's.

    `codes`: a `Why`, and the codes from `compared`. For a closed request, only the event is logged.
    """
    log_event(request, Event.Code.TO_CONFIRM, actor, other.reference, ",".join(codes))
    if request.stage == Stage.CLOSED:
        return
    now = timezone.now()
    _set(request, request.to_confirm_since or now)
    again = {"state": OutboxMessage.State.QUEUED, "attempts": 0, "next_try_at": now, "sent_at": None}
    again |= {"answers": None, "refused": 0}
    outbox_message, _new = OutboxMessage.objects.update_or_create(
        request=request, kind=OutboxMessage.Kind.TO_CONFIRM, defaults=again
    )
    record_queued_message(request, outbox_message)


def restore_alert(request: AssessmentRequest) -> None:
    """Queue the alert about a question again if it is open and an answer, undone since, deleted the alert unsent."""
    if request.to_confirm_since:
        OutboxMessage.objects.get_or_create(
            request=request, kind=OutboxMessage.Kind.TO_CONFIRM, defaults={"next_try_at": timezone.now()}
        )


@undoable
def another_person(*, request_id: UUID, actor: User, expected_version: int | None = None) -> AssessmentRequest:
    """Record that the other requests belong to a different person. Contact resumes."""
    request = locked_open(request_id, expected_version)
    if request.to_confirm_since is None:
        raise TransitionRefused(_("There is nothing to confirm on this request. Nothing was changed."))
    _set(request, None)
    request.outbox_messages.filter(kind=OutboxMessage.Kind.TO_CONFIRM, state__in=OutboxMessage.WAITING).delete()
    log_event(request, Event.Code.ANOTHER, actor)
    return request


def _set(request: AssessmentRequest, moment: dt.datetime | None) -> None:
    version = request.version
    update_request(request, to_confirm_since=moment)
    keep_links_undoable(request, version)


def in_question(request: AssessmentRequest) -> list[Event]:
    """Return the events of unanswered questions, the newest for each other request.

    `from_value` holds the reference of the other request, and `to_value` the codes of `ask_if_same_person`.
    """
    asked = {}
    if request.to_confirm_since:
        codes = [Event.Code.TO_CONFIRM, Event.Code.ANOTHER, Event.Code.LINKED]
        for event in request.events.standing().filter(code__in=codes).order_by("pk"):
            if event.code == Event.Code.TO_CONFIRM:
                asked[event.from_value] = event
            elif event.code == Event.Code.ANOTHER:
                asked.clear()
            else:
                asked.pop(event.from_value or event.to_value, None)
    return list(asked.values())


def refuse_if_in_question(request: AssessmentRequest, other: AssessmentRequest) -> None:
    """Raise `TransitionRefused` if a question is unanswered about any request besides `other`."""
    if any(event.from_value != other.reference for event in in_question(request)):
        raise TransitionRefused(
            _("A request that was linked with %s was withdrawn or changed. First say whether it is the same person.")
            % request.reference
        )
