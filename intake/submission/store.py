"""Store a sent form in the database: as a new request, or as an amendment of an earlier one."""

import itertools
from dataclasses import replace

from django.db import IntegrityError, transaction

from intake import reference, search, workflow
from intake.contact import same_person
from intake.contact.consent import BY_FIELD
from intake.contact.preferences import newest_preferences, preferences_from
from intake.models import (
    Alias,
    AssessmentRequest,
    BlindIndex,
    ConsentRecord,
    ContactPreferences,
    EncryptedText,
    Event,
    OutboxMessage,
)
from intake.models.assessment_request import BY_PHONE
from intake.search import indexes_of

from . import private_link, rate_limit, tokens
from .sent_form import ReferenceTaken, RequestWithdrawn, TokenSpent, TooManyAmendments


def store(form, promise):
    """Store a form in the database once. Return the id of the request that holds it.

    A form that was confirmed from the spool is exempt from the rate limit. It gets another reference if its own is
    taken.
    """
    if Alias.objects.filter(pk=form.draft.id).exists():
        return _store_known(form, promise)
    try:
        return _store_new(form, promise)
    except IntegrityError as clash:
        if request_id := _store_known(form, promise):
            return request_id
        drawn = (form.confirmed_as or form.draft).reference
        if not AssessmentRequest.objects.filter(reference=drawn).exists():
            raise  # another clash: the spool keeps the form, and /status reports it
        if not form.was_acknowledged:
            raise ReferenceTaken from clash
        return store(replace(form, confirmed_as=replace(form.confirmed_as, reference=reference.draw())), promise)


def _store_known(form, promise):
    """Store a form that repeats an earlier request or comes from the same page. Return None if it does neither."""
    known = _known(form)
    if known is not None:
        return _store_again(known, form)
    if first := find(form.draft.id):
        return _store_beside(first, form, promise)
    if other := _of_this_session(form):  # someone with another name, whose form keeps the key
        return _store_new(replace(form, form_key=None), promise, same_device_as=other)
    return None


def _store_beside(first, form, promise):
    """Store what another person sent from the page of an earlier request: as a new request that names the first.

    Locks the first request. Of two POSTs at once, the second then finds what the first has stored.
    """
    with transaction.atomic():
        first = workflow.locked(first.same_device_as_id or first.pk)
        known = _known(form)
        if known is None:
            if form.spent_token and EncryptedText.objects.filter(spent_token=form.spent_token).exists():
                raise TokenSpent
            own = replace(form, draft=tokens.draw(referrer_path=form.draft.referrer_path))
            return _store_new(own, promise, same_device_as=first)
    return _store_again(known, form)  # outside of that lock: `lock_linked` takes its own, in primary-key order


def _store_new(form, promise, same_device_as=None):
    request_id, spam_signals = form.draft.id, form.spam_signals
    is_counted = not (form.was_acknowledged or form.is_synthetic or form.taken_by)
    traffic = rate_limit.recent_traffic(form.sender, form.at) if is_counted else None
    if traffic and traffic.is_flood:
        spam_signals = (*spam_signals, "flood")
    new = [
        AssessmentRequest(
            id=request_id,
            reference=(form.confirmed_as or form.draft).reference,
            received_at=form.at,
            acknowledged_at=form.at,
            due_at=promise.due_at,
            first_due_at=promise.due_at,
            due_uses_default_hours=promise.due_uses_default_hours,
            promise=promise.sentence,
            form_key=form.form_key,
            private_link_hash=private_link.hash_of(private_link.secret_of(request_id)),
            quarantined_at=form.at if spam_signals else None,
            spam_signals=",".join(spam_signals),
            is_synthetic=form.is_synthetic,
            preferred_time=form.answers["preferred_time"],
            time_zone=form.answers["time_zone"],
            referrer_path=BY_PHONE if form.taken_by else form.draft.referrer_path,
            same_device_as_id=same_device_as and same_device_as.pk,
        ),
        *([_alias(request_id, form.confirmed_as)] if form.was_acknowledged else []),
        _encrypted_answers(request_id, EncryptedText.Kind.ANSWERS, form),
        ContactPreferences(request_id=request_id, recorded_at=form.at, **preferences_from(form.answers)),
        *_consents(request_id, form, form.at),
        *indexes_of(request_id, form.answers),
        *_events(request_id, form, spam_signals),
        *_outbox_messages(request_id, form, spam_signals),
        *([rate_limit.traffic_row(form.sender, form.at)] if traffic else []),
    ]
    if form.was_acknowledged or (traffic and traffic.sender_is_over_limit):
        with transaction.atomic():
            _insert(new)  # fails if the form is known: then its confirmation is shown again
            if not form.was_acknowledged:
                raise rate_limit.RateLimited
            if erased := _withdrawn_since(form):
                raise RequestWithdrawn(erased.occurred_at)
    else:
        _insert(new)
    return request_id


@transaction.atomic
def _insert(new):
    """Insert new rows of several models, in this order, all or none. One statement for each model."""
    for model, rows in itertools.groupby(new, type):
        model.objects.bulk_create(rows)


@transaction.atomic
def _store_again(known, form):
    """Store a form for a request that already exists. New content becomes an amendment, and staff are alerted again.

    So does earlier content that the person returned to. A closed request is reopened, even by the same content. Raises
    `RequestWithdrawn` if its content was erased, and `TooManyAmendments` beyond `workflow.MAX_AMENDMENTS`.
    """
    linked_requests = workflow.lock_linked(known.pk)
    request = linked_requests[known.pk]
    if erased := request.events.filter(code__in=[Event.Code.ERASED, Event.Code.HIDDEN]).last():
        raise RequestWithdrawn(erased.occurred_at)
    for confirmed in filter(None, [form.draft, form.confirmed_as]):
        if find(confirmed.id) is None:
            Alias.objects.bulk_create([_alias(request.pk, confirmed)], ignore_conflicts=True)
    request.acknowledged_at = max(request.acknowledged_at, form.at)
    request.save(update_fields=["acknowledged_at"])
    submissions = list(request.texts.filter(kind__in=EncryptedText.FROM_THE_PERSON))
    forms = [text for text in submissions if text.kind != EncryptedText.Kind.ADDITION]
    ended_at = _ended_at(request, linked_requests)
    asks_once_more = ended_at is not None and form.at > ended_at
    is_news = _is_news(request, forms, form)
    if not (is_news or asks_once_more):
        return request.pk
    if form.spent_token and EncryptedText.objects.filter(spent_token=form.spent_token).exists():
        raise TokenSpent
    if is_news and len(submissions) > workflow.MAX_AMENDMENTS and not form.was_acknowledged:
        raise TooManyAmendments
    said_at = form.at if form.was_acknowledged else _not_before_the_last(request, form.at)
    was_closed = request.stage == AssessmentRequest.Stage.CLOSED
    codes, kept_as = preferences_from(form.answers), ""
    if is_news or request.duplicate_of_id or workflow.own_preferences(request) != codes:
        workflow.unlink_all(request, linked_requests, None, workflow.Why.CHANGED)
    if is_news:
        amendment = _encrypted_answers(request.pk, EncryptedText.Kind.AMENDMENT, form)
        amendment.save(force_insert=True)
        kept_as = str(amendment.pk)
    if was_closed:
        if request.stage == AssessmentRequest.Stage.CLOSED:
            workflow.open_again(request, None)
        workflow.recompute_due(request, codes, form.at)
    workflow.record_contact_preferences(request, codes, said_at)
    ConsentRecord.objects.bulk_create(_consents(request.pk, form, said_at), ignore_conflicts=True)
    BlindIndex.objects.bulk_create(indexes_of(request.pk, form.answers), ignore_conflicts=True)
    Event.objects.create(
        request=request, code=Event.Code.AMENDED, actor_id=form.taken_by, occurred_at=form.at, to_value=kept_as
    )
    workflow.mark_contacted_again(request, form.at)
    workflow.requeue_staff_notification(request, form.at)
    return request.pk


def _is_news(request, forms, form):
    """Return whether to keep these answers: nobody sent them before, or the person returned to them.

    Who sends A, then B, then A again wants A: the last thing that they pressed Send on. This is no retry of the first
    POST. A browser repeats a POST only until it has the response, and without the response nobody can send B.
    """
    if not any(text.holds(form.answers) for text in forms):
        return True
    own = request.contact_preferences.filter(author=None, is_from_link=False).last()
    is_newest = forms[-1].holds(form.answers) and (own is None or own.codes() == preferences_from(form.answers))
    said_at = max(one.recorded_at for one in (forms[-1], own) if one)
    return not is_newest and form.at > said_at


def _ended_at(request, linked_requests):
    """Return when a request was closed; for a duplicate, when its original was closed. None if that one is open."""
    return linked_requests[request.duplicate_of_id or request.pk].closed_at


def _not_before_the_last(request, at):
    """Return `at`, or the time of the newest preferences if that is later.

    It is later if the clock of another machine was ahead.
    """
    last = newest_preferences(request)
    return max(at, last.recorded_at) if last else at


def _withdrawn_since(form):
    """Return the event that withdrew this browser session's earlier request after the form was sent.

    Then the form belongs to that request. A false value if there is no such event.
    """
    erased = Event.objects.filter(code__in=[Event.Code.ERASED, Event.Code.HIDDEN], occurred_at__gt=form.at)
    return form.form_key and erased.filter(request__previous_form_key=form.form_key).last()


def _alias(request_id, draft):
    secret = private_link.secret_of(draft.id)
    return Alias(
        id=draft.id,
        reference=draft.reference,
        private_link_hash=private_link.hash_of(secret),
        request_id=request_id,
    )


def _known(form):
    """Return the request that this form is or repeats, or None.

    This includes requests that were first confirmed to someone else on the same page.
    """
    if form.confirmed_as and (known := find(form.confirmed_as.id)):
        return known
    first = find(form.draft.id)
    if first is not None:
        if known := same_person.known_among([first, *search.from_same_device(first)], form.answers):
            return known
        if _may_have_ended_with(first, form):
            return first
    earlier = _of_this_session(form)
    if earlier and same_person.has_another_name(earlier, form.answers):
        others = search.from_same_device(earlier)
        return next((other for other in others if not same_person.has_another_name(other, form.answers)), None)
    return earlier


def _of_this_session(form):
    """Return the request that this browser session sent with the same contact, or None."""
    return form.form_key and AssessmentRequest.objects.filter(form_key=form.form_key).first()


def _may_have_ended_with(first, form):
    """Return whether `first` was erased, and `form`, sent from the same page, may come from the same person.

    The caller then refuses the form once: a late click must not bring back what the person withdrew.
    """
    if first.texts.exists():
        return False
    return None in (form.form_key, first.previous_form_key) or form.form_key == first.previous_form_key


def find(request_id):
    """Return the request that was confirmed under this id, or None."""
    try:
        return AssessmentRequest.objects.get(pk=request_id)
    except AssessmentRequest.DoesNotExist:
        alias = Alias.objects.filter(pk=request_id).select_related("request").first()
        return alias and alias.request


def _encrypted_answers(request_id, kind, form):
    return EncryptedText(request_id=request_id, kind=kind, recorded_at=form.at, spent_token=form.spent_token).encrypt(
        form.answers
    )


def _consents(request_id, form, at):
    """Return a `ConsentRecord` for each consent given."""
    return [
        ConsentRecord(
            request_id=request_id,
            purpose=wording.purpose,
            wording_version=wording.version,
            wording_sha256=wording.sha256,
            recorded_at=at,
            reader_id=form.taken_by,
        )
        for field_name, wording in BY_FIELD.items()
        if form.answers[field_name]
    ]


def _events(request_id, form, spam_signals):
    codes = {Event.Code.RECEIVED: AssessmentRequest.Stage.NEW}
    if spam_signals:
        codes[Event.Code.SUSPECTED] = ",".join(spam_signals)
    who = {"request_id": request_id, "actor_id": form.taken_by, "occurred_at": form.at}
    return [Event(code=code, to_value=to_value, **who) for code, to_value in codes.items()]


def _outbox_messages(request_id, form, spam_signals):
    """Return the alert to staff and, if the person agreed to email, the neutral acknowledgement.

    Without that consent, the address allows one email, which staff write. A request with spam signals gets no
    acknowledgement: a machine may have typed someone else's address.
    """
    kinds = [OutboxMessage.Kind.NEW_REQUEST]
    if form.answers["email_ok"] and form.answers["email"] and not spam_signals:
        kinds.append(OutboxMessage.Kind.ACKNOWLEDGEMENT)
    senders = {OutboxMessage.Kind.ACKNOWLEDGEMENT: form.sender}
    return [
        OutboxMessage(request_id=request_id, kind=kind, next_try_at=form.at, sender=senders.get(kind, ""))
        for kind in kinds
    ]
