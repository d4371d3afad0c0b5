"""Every change of a request: the rules of the desk as functions.

Each runs in one transaction, locks the request's row, refuses what the rules forbid with a sentence for the screen,
and writes an event beside the change. Nothing else sets stage, owner, outcome or due time. Where `actor` is None, the
person themselves acted, through their private link or by sending the form again.
"""

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from . import access, consent
from .commitment import commit_to
from .contact import newest_profile
from .models import AssessmentRequest, ContactProfile, Event, Notice, SealedText

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


MOST_AMENDMENTS = 10
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
    _end(request, outcome)
    _write_event(request, Event.Code.CLOSED, actor, "", outcome)
    return request


@transaction.atomic
def reopen(*, request_id, actor):
    """Takes a closed request back into the work; its due time stays, so it stands on top."""
    request = _locked(request_id)
    if request.stage != Stage.CLOSED:
        raise _not_allowed(request, Stage.REACHING)
    if request.outcome == Outcome.WITHDRAWN and _words_are_gone(request):
        raise Refused(_("The person withdrew this request. It stays closed."))
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
    if _words_are_gone(request):
        raise Refused(_("The words of this request were erased. Nothing is added to it any more."))
    last = request.texts.filter(kind=SealedText.Kind.NOTE, author=actor, at__gt=timezone.now() - DOUBLE_CLICK).last()
    if last and last.holds(text):
        return last
    note = SealedText(request=request, kind=SealedText.Kind.NOTE, author=actor, at=timezone.now()).seal(text)
    note.save(force_insert=True)
    _write_event(request, Event.Code.NOTE_ADDED, actor)
    return note


@transaction.atomic
def release_from_quarantine(*, request_id, actor):
    """Says that a person looked at a suspected request and it is real."""
    request = _locked(request_id)
    if request.quarantined_at is None:
        raise Refused(_("This request is not in quarantine. Nothing was changed."))
    before, request.quarantined_at, request.suspicions = request.suspicions, None, ""
    request.save(update_fields=["quarantined_at", "suspicions"])
    _write_event(request, Event.Code.CLEARED, actor, before)
    if request.consents.filter(purpose=consent.EMAIL.purpose).exists():  # withheld until now
        Notice.objects.get_or_create(
            request=request, kind=Notice.Kind.ACKNOWLEDGEMENT, defaults={"next_try_at": timezone.now()}
        )
    return request


@transaction.atomic
def change_window(*, request_id, best_time, time_zone):
    """The person chose another time to be reached, in the time zone they gave before unless they name one.

    Returns what we promise them now, "" where nothing new is promised.
    """
    request = _locked_open(request_id)
    before = newest_profile(request)
    if before is None:
        raise Refused(_("We can't change the time here. Please call us."))
    codes = before.codes() | {"best_time": best_time, "time_zone": time_zone or before.time_zone}
    if not keep_profile(request, codes, timezone.now()):
        return ""
    _write_event(request, Event.Code.WINDOW_SET, None, "", best_time)
    return request.promise if request.awaits_contact else ""


@transaction.atomic
def add_words(*, request_id, text):
    """Keeps what the person adds to their open request, sealed, and tells staff."""
    request = _locked_open(request_id)
    if not text.strip():
        raise Refused(_("Write something first: the box is empty."))
    told = list(request.texts.exclude(kind=SealedText.Kind.NOTE))
    if any(before.kind == SealedText.Kind.ADDITION and before.holds(text) for before in told):
        return request
    if len(told) > MOST_AMENDMENTS:
        raise Refused(_("We can't take more words this way. Please call us."))
    now = timezone.now()
    SealedText(request=request, kind=SealedText.Kind.ADDITION, at=now).seal(text).save(force_insert=True)
    _write_event(request, Event.Code.ADDED, None)
    tell_staff_again(request, now)
    return request


@transaction.atomic
def withdraw(*, request_id):
    """The person takes their request back. Every word is erased at once; under legal hold it is hidden instead."""
    request = _locked_open(request_id)
    _end(request, Outcome.WITHDRAWN)
    _write_event(request, Event.Code.WITHDRAWN, None)
    if request.legal_hold_at:
        request.hidden_at = request.closed_at
        request.save(update_fields=["hidden_at"])
        _forget_messages(request)
        _write_event(request, Event.Code.HIDDEN, None)
    else:
        _erase_words(request, actor=None)
    return request


def keep_profile(request, codes, at):
    """Writes how the person may be reached from now on, where it changed, and commits anew where the time did.

    `request` is locked by the caller. Returns whether anything changed.
    """
    last = newest_profile(request)
    if last is not None and (last.codes() == codes or last.at > at):
        return False
    kept = ContactProfile.objects.create(request=request, at=at, **codes)
    if last is None or _commits_us_to(last) != _commits_us_to(kept):
        commit_anew(request, codes, at)
    return True


def commit_anew(request, codes, at):
    """Sets due time and promise as for someone who asks now, while they wait for us."""
    if not request.awaits_contact:
        return
    commitment = commit_to(at, codes)
    request.due_at, request.due_is_assumed = commitment.due_at, commitment.due_is_assumed
    request.promise = commitment.promise
    request.save(update_fields=["due_at", "due_is_assumed", "promise"])


def _commits_us_to(profile):
    return profile.best_time, profile.time_zone, profile.channel


def tell_staff_again(request, at):
    """The alert goes out once more: the person has said something new."""
    request.notices.filter(kind=Notice.Kind.NEW_REQUEST).update(
        state=Notice.State.QUEUED, attempts=0, next_try_at=at, sent_at=None
    )


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
    if request.legal_hold_at:
        raise Refused(_("This request is under legal hold. Its words must be kept until the hold is lifted."))
    _erase_words(request, actor)
    return request


@transaction.atomic
def set_legal_hold(*, request_id, actor):
    """Keeps the words of a request from being erased, by whoever. For a lead."""
    if not access.may_erase(actor):
        raise Refused(_("Only the lead can set or lift a legal hold."))
    request = _locked(request_id)
    if request.legal_hold_at:
        return request
    request.legal_hold_at = timezone.now()
    request.save(update_fields=["legal_hold_at"])
    _write_event(request, Event.Code.HOLD_SET, actor)
    return request


@transaction.atomic
def lift_legal_hold(*, request_id, actor):
    """Ends a legal hold. What the person withdrew meanwhile is erased now."""
    if not access.may_erase(actor):
        raise Refused(_("Only the lead can set or lift a legal hold."))
    request = _locked(request_id)
    if request.legal_hold_at is None:
        return request
    was_withdrawn = request.hidden_at is not None
    request.legal_hold_at = request.hidden_at = None
    request.save(update_fields=["legal_hold_at", "hidden_at"])
    _write_event(request, Event.Code.HOLD_LIFTED, actor)
    if was_withdrawn:
        _erase_words(request, actor)
    return request


def _erase_words(request, actor):
    """Every envelope, index row and message that still waits; the private link and the form's key with them."""
    request.texts.all().delete()
    request.blind_indexes.all().delete()
    request.contact_profiles.all().delete()
    request.aliases.all().delete()
    _forget_messages(request)
    _write_event(request, Event.Code.ERASED, actor)


def _forget_messages(request):
    request.notices.filter(state__in=Notice.WAITING).delete()
    request.form_key = request.private_link_hash = None
    request.save(update_fields=["form_key", "private_link_hash"])


def _locked(request_id):
    return AssessmentRequest.objects.select_for_update().get(pk=request_id)


def _locked_open(request_id):
    request = _locked(request_id)
    if request.stage == Stage.CLOSED:
        raise Refused(_("This request has ended. Nothing was changed."))
    return request


def _end(request, outcome):
    request.stage, request.outcome, request.closed_at = Stage.CLOSED, outcome, timezone.now()
    request.form_key = None  # who fills in a new form after this asks anew
    request.save(update_fields=["stage", "outcome", "closed_at", "form_key"])


def _words_are_gone(request):
    return request.events.filter(code__in=[Event.Code.ERASED, Event.Code.HIDDEN]).exists()


def _write_event(request, code, actor, before="", after=""):
    Event.objects.create(
        request=request, code=code, actor=actor, before=str(before), after=str(after), at=timezone.now()
    )


def _not_allowed(request, stage):
    return Refused(
        _("This request is now “%(now)s”, and can't go to “%(wanted)s” from there. Nothing was changed.")
        % {"now": request.get_stage_display(), "wanted": Stage(stage).label if stage in Stage.values else stage}
    )
