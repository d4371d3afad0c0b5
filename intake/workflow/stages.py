"""Where a person is on the way to an assessment, and how a request ends."""

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from intake import lookup
from intake.contact import newest_profile
from intake.models import AssessmentRequest, Event, SealedText

from .ladder import follow_up, ladder_of
from .profile import keep_safer_rules
from .rules import (
    NOT_ASLEEP,
    TRANSITIONS,
    Refused,
    Stage,
    check_seen,
    kept_by,
    locked,
    minute,
    not_allowed,
    save,
    words_are_gone,
    write,
)

Outcome = AssessmentRequest.Outcome


@transaction.atomic
def set_stage(*, request_id, stage, actor, seen=None):
    """Moves an open request along `TRANSITIONS`. Booking is `book`, closing `close`, reopening `reopen`."""
    request = locked(request_id, seen)
    if stage == Stage.CLOSED or request.stage == Stage.CLOSED or stage not in TRANSITIONS[request.stage]:
        raise not_allowed(request, stage)
    if stage == Stage.BOOKED:
        raise Refused(_("Say when the assessment is."))
    now, before = timezone.now(), request.stage
    changes = NOT_ASLEEP | kept_by(request, actor) | {"stage": stage, "assessment_at": None}
    if stage == Stage.TALKING:
        changes |= {
            "called_back_at": None,
            "reached_at": request.reached_at or now,
            "due_at": follow_up(newest_profile(request), now),
        }
    elif not request.awaits_contact:
        changes["due_at"] = now  # we lost touch: someone tries again
    save(request, **changes)
    write(request, Event.Code.STAGE_SET, actor, before, stage)
    return request


@transaction.atomic
def book(*, request_id, at, actor, seen=None):
    """Books the assessment for a time to come, or another time for one that is booked. It is due then."""
    request, now = locked(request_id, seen), timezone.now()
    if request.stage != Stage.BOOKED and Stage.BOOKED not in TRANSITIONS[request.stage]:
        raise not_allowed(request, Stage.BOOKED)
    if at is None or at <= now:
        raise Refused(_("Choose a time for the assessment that is still to come."))
    if at > now + dt.timedelta(days=365):
        raise Refused(_("Choose a time for the assessment within a year."))
    before, asked_before = request.stage, request.assessment_at
    changes = {"stage": Stage.BOOKED, "assessment_at": at, "due_at": at, "called_back_at": None}
    save(request, **NOT_ASLEEP, **kept_by(request, actor), **changes, reached_at=request.reached_at or now)
    if before != Stage.BOOKED:
        write(request, Event.Code.STAGE_SET, actor, before, Stage.BOOKED)
    write(request, Event.Code.BOOKED, actor, minute(asked_before), minute(at))
    return request


@transaction.atomic
def close(*, request_id, outcome, actor, referral="", person_told=False, seen=None):
    """Ends an open request with the reason why.

    Not reached: after the whole ladder alone. Referred: with whom to, and that the person was told; the text is sealed.
    Duplicate: `link_duplicate`, which says of which.
    """
    request = locked(request_id, seen)
    if request.stage == Stage.CLOSED:
        raise not_allowed(request, Stage.CLOSED)
    if outcome not in Outcome.values:
        raise Refused(_("Choose why this request ends."))
    if outcome == Outcome.DUPLICATE:
        raise Refused(_("Say of which request it is a duplicate: link it."))
    if outcome == Outcome.NOT_REACHED and request.called_back_at:
        raise Refused(_("They got in touch and wait for us. Try to reach them before you give up."))
    if outcome == Outcome.NOT_REACHED and (why := ladder_of(request).why_not_given_up):
        raise Refused(why)
    if outcome == Outcome.REFERRED:
        _keep_referral(request, referral, person_told, actor)
    end(request, outcome)
    write(request, Event.Code.CLOSED, actor, "", outcome)
    return request


@transaction.atomic
def reopen(*, request_id, actor, seen=None):
    """Takes a closed request back into the work. It is due now, or stays overdue."""
    request = locked(request_id, seen)
    if request.stage != Stage.CLOSED:
        raise not_allowed(request, Stage.REACHING)
    if words_are_gone(request):
        raise _stays_closed(request)
    if request.duplicate_of_id:
        raise Refused(_("This request is linked as a duplicate. Unlink it to open it again."))
    open_again(request, actor)
    return request


def open_again(request, actor):
    """Opens a locked request that is closed and not erased, whoever is the cause, and unlinks one that is linked."""
    if request.duplicate_of_id:
        unlink(request, actor)
        return
    before = request.outcome
    due_at = min(request.due_at, timezone.now())
    save(request, stage=Stage.REACHING, outcome="", closed_at=None, assessment_at=None, due_at=due_at)
    write(request, Event.Code.REOPENED, actor, before, Stage.REACHING)


@transaction.atomic
def link_duplicate(*, request_id, of_reference, actor, seen=None):
    """Closes a request because the same matter is on the desk as the one with this reference, which goes on.

    Where the rules of contact differ, the safer ones hold for what goes on.
    """
    found = lookup.by_reference(of_reference)
    if found is None:
        raise Refused(_("There is no request with this reference. Check it and try again."))
    original_id = found.duplicate_of_id or found.pk
    if original_id == request_id:
        raise Refused(_("A request can't be a duplicate of itself."))
    rows = {pk: locked(pk) for pk in sorted([request_id, original_id])}  # in one order, so that no two wait in a circle
    request, original = rows[request_id], rows[original_id]
    check_seen(request, seen)
    if request.stage == Stage.CLOSED:
        raise not_allowed(request, Stage.CLOSED)
    if original.stage == Stage.CLOSED:
        raise Refused(_("That request has ended, so nobody would call this person. Open that one again first."))
    if request.duplicates.exists():
        raise Refused(_("Other requests are linked to this one. Link the newer one to it instead."))
    keep_safer_rules(original, newest_profile(request), actor)
    end(request, Outcome.DUPLICATE, duplicate_of=original)
    write(request, Event.Code.LINKED, actor, "", original.reference)
    write(original, Event.Code.LINKED, actor, request.reference)
    return request


@transaction.atomic
def unlink_duplicate(*, request_id, actor, seen=None):
    """Undoes `link_duplicate`: the request goes on by itself, due as before."""
    request = locked(request_id, seen)
    if request.duplicate_of_id is None:
        raise Refused(_("This request is not linked as a duplicate. Nothing was changed."))
    if words_are_gone(request):
        raise _stays_closed(request)
    unlink(request, actor)
    return request


def unlink(request, actor):
    """`unlink_duplicate` for a locked request, whoever is the cause."""
    original = request.duplicate_of
    if request.assessment_at and request.assessment_at > timezone.now():
        stage, due_at = Stage.BOOKED, request.assessment_at
    else:
        stage = Stage.TALKING if request.reached_at else Stage.REACHING if request.first_attempt_at else Stage.NEW
        due_at = request.due_at
    save(request, stage=stage, outcome="", closed_at=None, duplicate_of=None, due_at=due_at)
    write(request, Event.Code.UNLINKED, actor, original.reference, stage)
    write(original, Event.Code.UNLINKED, actor, request.reference)


def end(request, outcome, **changes):
    """The fields of a locked request as any end leaves them."""
    save(
        request,
        stage=Stage.CLOSED,
        outcome=outcome,
        closed_at=timezone.now(),
        form_key=None,  # who fills in a new form after this asks anew
        ended_form_key=request.form_key or request.ended_form_key,
        claimed_until=None,
        called_back_at=None,
        **NOT_ASLEEP,
        **changes,
    )


def _stays_closed(request):
    if request.outcome == Outcome.WITHDRAWN:
        return Refused(_("The person withdrew this request. It stays closed."))
    return Refused(_("The words of this request were erased. It stays closed."))


def _keep_referral(request, referral, person_told, actor):
    if not referral.strip():
        raise Refused(_("Say to whom the person was referred."))
    if not person_told:
        raise Refused(_("Tell the person first, then tick that they were told."))
    text = SealedText(request=request, kind=SealedText.Kind.REFERRAL, author=actor, at=timezone.now())
    text.seal(referral).save(force_insert=True)
