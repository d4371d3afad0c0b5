"""Every change of a request: the rules of the desk as functions.

Each runs in one transaction, locks the request's row, refuses what the rules forbid with a sentence for the screen,
and writes an event beside the change. Nothing else sets stage, owner or outcome.
"""

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from . import access
from .models import AssessmentRequest, Event, SealedText

Stage = AssessmentRequest.Stage
Outcome = AssessmentRequest.Outcome

# From which stage a request may go to which. Closing needs an outcome; reopening starts again at "trying to reach".
TRANSITIONS = {
    Stage.NEW: (Stage.REACHING, Stage.TALKING, Stage.BOOKED, Stage.CLOSED),
    Stage.REACHING: (Stage.TALKING, Stage.BOOKED, Stage.CLOSED),
    Stage.TALKING: (Stage.REACHING, Stage.BOOKED, Stage.CLOSED),
    Stage.BOOKED: (Stage.REACHING, Stage.TALKING, Stage.CLOSED),
    Stage.CLOSED: (Stage.REACHING,),
}


DOUBLE_CLICK = dt.timedelta(seconds=10)  # the same note by the same person within this time is one note


class Refused(Exception):
    """The rules forbid this change. The message is a sentence for the screen."""


@transaction.atomic
def set_stage(*, request_id, stage, actor):
    """Moves an open request along `TRANSITIONS`. Closing is `close`, reopening is `reopen`."""
    request = _locked(request_id)
    if stage == Stage.CLOSED or request.stage == Stage.CLOSED or stage not in TRANSITIONS[request.stage]:
        raise _not_allowed(request, stage)
    before, request.stage = request.stage, stage
    request.save(update_fields=["stage"])
    _write_event(request, Event.Code.STAGE_SET, actor, before, stage)
    return request


@transaction.atomic
def close(*, request_id, outcome, actor):
    """Ends an open request with the reason why."""
    request = _locked(request_id)
    if request.stage == Stage.CLOSED:
        raise _not_allowed(request, Stage.CLOSED)
    if outcome not in Outcome.values:
        raise Refused(_("Choose why this request ends."))
    request.stage, request.outcome, request.closed_at = Stage.CLOSED, outcome, timezone.now()
    request.save(update_fields=["stage", "outcome", "closed_at"])
    _write_event(request, Event.Code.CLOSED, actor, "", outcome)
    return request


@transaction.atomic
def reopen(*, request_id, actor):
    """Takes a closed request back into the work; its due time stays, so it stands on top."""
    request = _locked(request_id)
    if request.stage != Stage.CLOSED:
        raise _not_allowed(request, Stage.REACHING)
    before = request.outcome
    request.stage, request.outcome, request.closed_at = Stage.REACHING, "", None
    request.save(update_fields=["stage", "outcome", "closed_at"])
    _write_event(request, Event.Code.REOPENED, actor, before, Stage.REACHING)
    return request


@transaction.atomic
def assign(*, request_id, owner, actor):
    """Gives a request to someone who may read it, or to no one (`owner=None`)."""
    request = _locked(request_id)
    if owner is not None and not access.may_read_requests(owner):
        raise Refused(_("Only admissions staff and their lead can own a request."))
    if request.owner_id == (owner and owner.pk):
        return request
    before, request.owner = request.owner_id, owner
    request.save(update_fields=["owner"])
    code = Event.Code.ASSIGNED if owner else Event.Code.RELEASED
    _write_event(request, code, actor, before or "", owner.pk if owner else "")
    return request


@transaction.atomic
def add_note(*, request_id, text, actor):
    """Adds a sealed note to a request, open or closed."""
    if not text.strip():
        raise Refused(_("Write something first: the note is empty."))
    request = _locked(request_id)
    last = request.texts.filter(kind=SealedText.Kind.NOTE, author=actor, at__gt=timezone.now() - DOUBLE_CLICK).last()
    if last and last.open() == text:
        return last
    note = SealedText(request=request, kind=SealedText.Kind.NOTE, author=actor, at=timezone.now()).seal(text)
    note.save(force_insert=True)
    _write_event(request, Event.Code.NOTE_ADDED, actor)
    return note


@transaction.atomic
def erase(*, request_id, actor):
    """Erases every word that a person told us and that staff wrote about them. For a lead, on a closed request.

    What stays is the stub: reference, times, stage, outcome, events, and the records of consent.
    """
    if not access.may_erase(actor):
        raise Refused(_("Only the lead can erase what a person told us."))
    request = _locked(request_id)
    if request.stage != Stage.CLOSED:
        raise Refused(_("Close the request first. Then its words can be erased."))
    request.texts.all().delete()
    _write_event(request, Event.Code.ERASED, actor)
    return request


def _locked(request_id):
    return AssessmentRequest.objects.select_for_update().get(pk=request_id)


def _write_event(request, code, actor, before="", after=""):
    Event.objects.create(
        request=request, code=code, actor=actor, before=str(before), after=str(after), at=timezone.now()
    )


def _not_allowed(request, stage):
    return Refused(
        _("This request is now “%(now)s”, and can't go to “%(wanted)s” from there. Nothing was changed.")
        % {"now": request.get_stage_display(), "wanted": Stage(stage).label if stage in Stage.values else stage}
    )
