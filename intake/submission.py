"""Accepting a request: all of it in one transaction, once, or not at all."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from pages import facts

from . import clock, workflow
from .consent import BY_FIELD
from .models import AssessmentRequest, ConsentRecord, Event, Notice, SealedText
from .sealed import CannotOpen

MOST_AMENDMENTS = 10


def accept(draft, answers, now=None):
    """Stores what a person sent, sealed, with consent, event and notice. Returns the request.

    `draft` is the form's (`form_token.Draft`), `answers` the cleaned fields as plain JSON values, `now` the moment of
    arrival (default: this one). Sending the same form again stores nothing new; sending it with other answers adds an
    amendment, so that the later words are kept too.
    """
    now = now or timezone.now()
    try:
        return _store(draft, answers, now)
    except IntegrityError:
        request = AssessmentRequest.objects.filter(pk=draft.id).first()
        if request is None:
            raise  # the clash was not about this form
        _amend(request, answers, now)
        return request


@transaction.atomic
def _store(draft, answers, now):
    hours = clock.hours_of(facts.current())
    request = AssessmentRequest(
        pk=draft.id,
        reference=draft.reference,
        received_at=now,
        due_at=clock.due_at(now, hours),
        due_is_assumed=hours.is_assumed,
    )
    request.save(force_insert=True)
    SealedText(request=request, kind=SealedText.Kind.ANSWERS, at=now).seal(answers).save(force_insert=True)
    _record_consents(request, answers, now)
    Event.objects.create(request=request, code=Event.Code.RECEIVED, after=request.stage, at=now)
    Notice.objects.create(request=request, next_try_at=now)
    return request


@transaction.atomic
def _amend(request, answers, now):
    """Keeps other answers to a form that was sent before, at most `MOST_AMENDMENTS` of them, and tells staff again.

    A request that was closed is opened again: someone has more to say. One whose words were erased stays empty: the
    same words, sent again by an old page, must not come back.
    """
    request = AssessmentRequest.objects.select_for_update().get(pk=request.pk)
    if request.events.filter(code=Event.Code.ERASED).exists():
        return
    told = list(request.texts.exclude(kind=SealedText.Kind.NOTE))
    if len(told) > MOST_AMENDMENTS or any(_holds(text, answers) for text in told):
        return
    SealedText(request=request, kind=SealedText.Kind.AMENDMENT, at=now).seal(answers).save(force_insert=True)
    Event.objects.create(request=request, code=Event.Code.AMENDED, at=now)
    _record_consents(request, answers, now)
    if request.stage == AssessmentRequest.Stage.CLOSED:
        workflow.reopen(request_id=request.pk, actor=None)
    request.notices.update(state=Notice.State.QUEUED, attempts=0, next_try_at=now, sent_at=None)


def _record_consents(request, answers, now):
    """Writes what was agreed to, purpose by purpose; what is on record already stays as it is."""
    ConsentRecord.objects.bulk_create(
        [
            ConsentRecord(
                request=request,
                purpose=wording.purpose,
                wording_version=wording.version,
                wording_sha256=wording.sha256,
                at=now,
            )
            for field, wording in BY_FIELD.items()
            if answers[field]
        ],
        ignore_conflicts=True,
    )


def _holds(text, answers):
    try:
        return text.open() == answers
    except CannotOpen:
        return False  # what can't be read any more must not keep the later words out
