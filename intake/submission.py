"""Accepting a request: all of it in one transaction, once, or not at all.

Where the database can't take it, the sealed request goes to the spool of this machine, and the worker stores it later,
once. Either way the person sees the same confirmation.
"""

import datetime as dt
import logging
import uuid
from dataclasses import dataclass, field, replace

from django.db import DatabaseError, IntegrityError, InterfaceError, transaction
from django.utils import timezone

from . import breaker, form_token, limiter, private_link, reference, rows, spool, workflow
from .came_from import BY_PHONE
from .commitment import Commitment, commit_to
from .consent import BY_FIELD
from .contact import newest_profile, profile_of
from .form_token import Draft
from .lookup import indexes_of
from .models import Alias, AssessmentRequest, ConsentRecord, ContactProfile, Event, Notice, SealedText
from .rows import New

logger = logging.getLogger(__name__)


class Withdrawn(Exception):
    """This form's request was withdrawn or erased `at` a moment; what is sent again must start a new one."""

    def __init__(self, at):
        super().__init__()
        self.at = at


class PassSpent(Exception):
    """The single-use pass of this form was used before, with other words; nothing was stored."""


class TooManyAmendments(Exception):
    """The request holds as many amendments as it may; these other words were not stored."""


class ReferenceTaken(Exception):
    """Another request has the reference that this form drew; nothing was stored."""


@dataclass(frozen=True)
class SentForm:
    """A form as it was sent, with everything that storing it needs.

    `answers` are the cleaned fields as plain JSON values. `form_key` is the keyed hash of browser session and contact,
    None where the browser keeps no cookie; `sender` the keyed hash of where it came from; `suspicions` codes of
    `intake.suspicion`; `spent_token` what was spent in place of a cookie; `contact` what `blind_index.contact_of` made
    of the answers, where someone needed it already: reading a phone number takes long; `taken_by` the id of the member
    of staff who filled it in for a caller and read the consents to them.
    """

    draft: Draft
    answers: dict
    at: dt.datetime = field(default_factory=lambda: timezone.now())  # looked up anew: a test may stop the clock
    form_key: str | None = None
    sender: str = ""
    suspicions: tuple[str, ...] = ()
    spent_token: str | None = None
    is_synthetic: bool = False
    taken_by: int | None = None
    contact: dict | None = None


def accept(form):
    """Stores a `SentForm` in the database or, where that is away, in the spool. Returns the id of its request.

    That is the id of an earlier request where this one repeats it: the same form, or the same browser session with the
    same phone and e-mail. The same words are stored once; other words become an amendment. Raises `TooMany`,
    `TooManyAmendments`, `Withdrawn`, `PassSpent`, `ReferenceTaken`, `spool.SpoolError`: then nothing was stored.
    """
    commitment = commit_to(form.at, profile_of(form.answers))
    if breaker.allows():
        try:
            return store(form, commitment)
        except (DatabaseError, InterfaceError) as error:  # away, full, or it never said whether it stored
            logger.error("The database did not take request %s: %s", form.draft.reference, type(error).__name__)
            breaker.trip()
    if not form.is_synthetic:
        limiter.count_while_away(form.sender)
    spool.put(form.draft.id, _to_json(form, commitment))
    return form.draft.id


def take_in(path):
    """Stores what lies in a file of the spool, unless it is stored already, and removes the file."""
    form, commitment = _from_json(spool.read(path))
    try:
        store(form, commitment, was_acknowledged=True)
    except Withdrawn as withdrawn:
        # What was sent before must not come back. What was sent after that is a new wish to be contacted.
        if form.at > withdrawn.at:
            store(
                replace(form, draft=form_token.draw(came_from=form.draft.came_from), form_key=None),
                commitment,
                was_acknowledged=True,
            )
    spool.remove(path)


def store(form, commitment, was_acknowledged=False):
    """Writes a form to the database, once. Returns the id of the request that holds it now.

    What was acknowledged to the person before is stored without a limit, with another reference if need be.
    """
    try:
        return _store_new(form, commitment, was_acknowledged)
    except IntegrityError as clash:
        known = _known(form)
        if known is not None:
            return _store_again(known, form, was_acknowledged)
        if not AssessmentRequest.objects.filter(reference=form.draft.reference).exists():
            raise  # about something else: the spool keeps it, and people look
        if not was_acknowledged:
            raise ReferenceTaken from clash
        return store(replace(form, draft=replace(form.draft, reference=reference.draw())), commitment, True)


def _store_new(form, commitment, was_acknowledged):
    request_id, suspicions = form.draft.id, form.suspicions
    is_counted = not (was_acknowledged or form.is_synthetic or form.taken_by)
    traffic = limiter.look(form.sender, form.at) if is_counted else None
    if traffic and traffic.is_flood:
        suspicions = (*suspicions, "flood")
    new = [
        New(
            AssessmentRequest,
            id=request_id,
            reference=form.draft.reference,
            received_at=form.at,
            confirmed_at=form.at,
            due_at=commitment.due_at,
            first_due_at=commitment.due_at,
            due_is_assumed=commitment.due_is_assumed,
            promise=commitment.promise,
            form_key=form.form_key,
            private_link_hash=private_link.hash_of(private_link.secret_of(request_id)),
            quarantined_at=form.at if suspicions else None,
            suspicions=",".join(suspicions),
            is_synthetic=form.is_synthetic,
            best_time=form.answers["best_time"],
            time_zone=form.answers["time_zone"],
            came_from=BY_PHONE if form.taken_by else form.draft.came_from,
        ),
        _sealed_words(request_id, SealedText.Kind.ANSWERS, form),
        New(ContactProfile, request_id=request_id, at=form.at, **profile_of(form.answers)),
        *_consents(request_id, form, form.at),
        *indexes_of(request_id, form.answers, form.contact),
        *_events(request_id, form, suspicions),
        *_notices(request_id, form, suspicions),
        *([limiter.counted(form.sender, form.at)] if traffic else []),
    ]
    if was_acknowledged or (traffic and traffic.sender_is_over_limit):
        with transaction.atomic():
            rows.insert(*new)  # fails where the form is known already: it gets its confirmation again
            if not was_acknowledged:
                raise limiter.TooMany
            if gone := _withdrawn_since(form):
                raise Withdrawn(gone.at)
    else:
        rows.insert(*new)
    return request_id


@transaction.atomic
def _store_again(known, form, was_acknowledged):
    """Keeps other words of a form that was sent before, `workflow.MOST_AMENDMENTS` times, and tells staff again.

    A request that was closed is opened again: someone has more to say. One whose words were erased stays empty.
    """
    family = workflow.locked_family(known.pk)
    request = family[known.pk]
    if gone := request.events.filter(code__in=[Event.Code.ERASED, Event.Code.HIDDEN]).last():
        raise Withdrawn(gone.at)
    if was_acknowledged and form.draft.id != request.pk:
        _remember_alias(request, form.draft)
    request.confirmed_at = max(request.confirmed_at, form.at)
    request.save(update_fields=["confirmed_at"])
    told = list(request.texts.filter(kind__in=SealedText.FROM_THE_PERSON))
    forms = [text for text in told if text.kind != SealedText.Kind.ADDITION]
    if forms and forms[-1].holds(form.answers):
        return request.pk
    is_known = any(text.holds(form.answers) for text in forms)
    if form.spent_token and SealedText.objects.filter(spent_token=form.spent_token).exists():
        raise PassSpent
    if len(told) > workflow.MOST_AMENDMENTS and not (was_acknowledged or is_known):
        raise TooManyAmendments
    said_at = form.at if was_acknowledged else _not_before_the_last(request, form.at)
    if is_known and not workflow.keep_profile(request, profile_of(form.answers), said_at):
        return request.pk
    if not is_known:
        rows.insert(_sealed_words(request.pk, SealedText.Kind.AMENDMENT, form))
    if request.stage == AssessmentRequest.Stage.CLOSED:
        if request.duplicate_of_id:
            workflow.unlink(request, family[request.duplicate_of_id], None)
        else:
            workflow.open_again(request, None)
        workflow.commit_anew(request, profile_of(form.answers), form.at)
    workflow.keep_profile(request, profile_of(form.answers), said_at)
    indexes = indexes_of(request.pk, form.answers, form.contact)
    rows.insert(*_consents(request.pk, form, said_at), *indexes, ignore_conflicts=True)
    Event.objects.create(request=request, code=Event.Code.AMENDED, actor_id=form.taken_by, at=form.at)
    workflow.got_in_touch(request, form.at)
    workflow.tell_staff_again(request, form.at)
    return request.pk


def _not_before_the_last(request, at):
    """What is sent now is the last word, even where the clock of another machine was ahead."""
    last = newest_profile(request)
    return max(at, last.at) if last else at


def _withdrawn_since(form):
    """The event with which the person took back what they had sent in the same browser session before, if it happened
    after this form: it belongs to what they took back."""
    gone = Event.objects.filter(code__in=[Event.Code.ERASED, Event.Code.HIDDEN], at__gt=form.at)
    return form.form_key and gone.filter(request__ended_form_key=form.form_key).last()


def _remember_alias(request, draft):
    secret = private_link.secret_of(draft.id)
    Alias.objects.get_or_create(
        pk=draft.id,
        defaults={
            "request": request,
            "reference": draft.reference,
            "private_link_hash": private_link.hash_of(secret),
        },
    )


def _known(form):
    """The request that this form is or repeats, or None."""
    known = find(form.draft.id)
    if known is None and form.form_key is not None:
        known = AssessmentRequest.objects.filter(form_key=form.form_key).first()
    return known


def find(request_id):
    """The request that was confirmed under this id, or None."""
    request = AssessmentRequest.objects.filter(pk=request_id).first()
    if request is None:
        alias = Alias.objects.filter(pk=request_id).select_related("request").first()
        request = alias and alias.request
    return request


def _sealed_words(request_id, kind, form):
    return SealedText(request_id=request_id, kind=kind, at=form.at, spent_token=form.spent_token).seal(form.answers)


def _consents(request_id, form, at):
    """What was agreed to, purpose by purpose."""
    return [
        New(
            ConsentRecord,
            request_id=request_id,
            purpose=wording.purpose,
            wording_version=wording.version,
            wording_sha256=wording.sha256,
            at=at,
            reader_id=form.taken_by,
        )
        for field_name, wording in BY_FIELD.items()
        if form.answers[field_name]
    ]


def _events(request_id, form, suspicions):
    codes = {Event.Code.RECEIVED: AssessmentRequest.Stage.NEW}
    if suspicions:
        codes[Event.Code.SUSPECTED] = ",".join(suspicions)
    who = {"request_id": request_id, "actor_id": form.taken_by, "at": form.at}
    return [New(Event, code=code, after=after, **who) for code, after in codes.items()]


def _notices(request_id, form, suspicions):
    """The alert to staff and, where the person ticked e-mail, the neutral acknowledgement. (An address alone allows one
    e-mail: that one is for staff to write.) Nobody whom we suspect gets one: a machine may have typed someone else's
    address."""
    kinds = [Notice.Kind.NEW_REQUEST]
    if form.answers["email_ok"] and form.answers["email"] and not suspicions:
        kinds.append(Notice.Kind.ACKNOWLEDGEMENT)
    return [New(Notice, request_id=request_id, kind=kind, next_try_at=form.at) for kind in kinds]


def _to_json(form, commitment):
    return {
        "draft": [form.draft.id.hex, form.draft.reference],
        "came_from": form.draft.came_from,
        "answers": form.answers,
        "at": form.at.isoformat(),
        "form_key": form.form_key,
        "suspicions": form.suspicions,
        "is_synthetic": form.is_synthetic,
        "commitment": [commitment.due_at.isoformat(), commitment.due_is_assumed, commitment.promise],
    }


def _from_json(plain):
    """The form and its commitment. What was spent in place of a cookie stays behind: the person was answered."""
    id_hex, drawn_reference = plain["draft"]
    due_at, due_is_assumed, words = plain["commitment"]
    form = SentForm(
        draft=Draft(uuid.UUID(id_hex), drawn_reference, came_from=plain.get("came_from", "")),
        answers=plain["answers"],
        at=dt.datetime.fromisoformat(plain["at"]),
        form_key=plain["form_key"],
        suspicions=tuple(plain["suspicions"]),
        is_synthetic=plain["is_synthetic"],
    )
    return form, Commitment(dt.datetime.fromisoformat(due_at), due_is_assumed, words)


@dataclass(frozen=True)
class Kept:
    """What the confirmation needs of a request that waits in the spool."""

    reference: str
    promise: str
    at: dt.datetime


def kept_in_spool(request_id):
    """The first form of this request in the spool of this machine, as `Kept`; None where there is none."""
    for content in spool.find(request_id):
        form, commitment = _from_json(content)
        return Kept(form.draft.reference, commitment.promise, form.at)
    return None
