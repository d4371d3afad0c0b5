"""What staff write about a person, and the end of all words: erasure and legal hold."""

from collections.abc import Iterable, Mapping
from typing import cast
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from intake import access
from intake.contact import consent, details
from intake.contact.preferences import ContactCodes, newest_preferences
from intake.crypto.blind_index import normalized_phone
from intake.models import AssessmentRequest, BlindIndex, ConsentRecord, EncryptedText, Event, OutboxMessage
from intake.search import indexes_of

from .attempts import THEIR_WORD
from .base import (
    DOUBLE_CLICK,
    Stage,
    TransitionRefused,
    content_is_erased,
    locked,
    locked_open,
    log_event,
    update_request,
)
from .contact_preferences import record_contact_preferences
from .duplicates import lock_linked, part
from .operation import undoable
from .queue import keep_claim
from .to_confirm import Why


@transaction.atomic
def add_note(*, request_id: UUID, text: str, actor: User) -> EncryptedText:
    """Adds a sealed note to a request, open or closed. Notes of two people never stand in each other's way."""
    if not text.strip():
        raise TransitionRefused(_("Write something first: the note is empty."))
    request, now = locked(request_id), timezone.now()
    if content_is_erased(request):
        raise TransitionRefused(_("The words of this request were erased. Nothing is added to it any more."))
    last = request.texts.filter(kind=EncryptedText.Kind.NOTE, author=actor, recorded_at__gt=now - DOUBLE_CLICK).last()
    if last and last.holds(text):
        return last
    note = EncryptedText(request=request, kind=EncryptedText.Kind.NOTE, author=actor, recorded_at=now).encrypt(text)
    note.save(force_insert=True)
    keep_claim(request_id=request.pk, actor=actor)
    log_event(request, Event.Code.NOTE_ADDED, actor)
    return note


def unread_additions(events: Iterable[Event]) -> list[Event]:
    """Of the events of a request that stand, those by which the person said what nobody has marked as read."""
    read = max((int(event.to_value) for event in events if event.code == Event.Code.ADDITIONS_READ), default=0)
    return [event for event in events if event.code in THEIR_WORD and event.pk > read]


@undoable
def mark_additions_read(*, request_id: UUID, up_to: int, actor: User) -> AssessmentRequest:
    """Write down for everyone that what the person said is read, as far as the event with the key `up_to`: what they
    say while somebody reads stays new. A log entry does not do this by itself, since it may come from a page that was
    opened before they wrote. No new version: it stands in nobody's way."""
    request = locked(request_id)
    new = unread_additions(request.events.standing())
    if not request.events.filter(pk=up_to, code__in=THEIR_WORD).exists():
        raise TransitionRefused(_("There are no such words. Nothing was changed."))
    if any(event.pk <= up_to for event in new):
        log_event(request, Event.Code.ADDITIONS_READ, actor, "", up_to)
    return request


@transaction.atomic
def correct(
    *,
    request_id: UUID,
    before: Mapping[str, object],
    after: Mapping[str, object],
    actor: User,
    consent_read: bool = False,
) -> list[details.Conflict]:
    """Writes down what staff learned about a person: name, phone, e-mail, language, how they may be reached.

    `before` holds the values (`details.FIELDS`) that were on the actor's screen, `after` what the actor made of them.
    Only fields that the actor changed are written, and of those only the ones that nobody else has changed meanwhile.
    Returns the others as a list of `details.Conflict`. What the person wrote stays as it is.

    What is allowed from now on needs the person's consent: `consent_read` says that the actor read its words to them
    and they agreed. That is put on record. With another phone, voicemail and text messages are not allowed any more,
    unless they were read again: they were allowed on one phone.
    """
    request = locked_open(request_id)
    if content_is_erased(request):
        raise TransitionRefused(_("The words of this request were erased. Nothing is added to it any more."))
    known, last = details.details_of(request), newest_preferences(request)
    now = (
        max(timezone.now(), last.recorded_at) if last else timezone.now()
    )  # what holds now, whatever this machine's clock says
    conflicts, changed = details.merge(known, before, after)
    if not changed:
        return conflicts
    values = details.plain(known) | changed
    for_another_phone = [] if _is_same_phone(known, values) else [one for one in consent.FOR_ONE_PHONE if values[one]]
    if for_another_phone and not consent_read:
        taken_away = {name: False for name in for_another_phone if name not in changed}
        if not details.why_impossible(values | taken_away):
            changed, values, for_another_phone = changed | taken_away, values | taken_away, []
    if (why := details.why_impossible(values)) and why != details.why_impossible(details.plain(known)):
        raise TransitionRefused(why)
    allowed = [name for name in consent.BY_PERMISSION if changed.get(name) or name in for_another_phone]
    agreed = [consent.BY_PERMISSION[name] for name in allowed]
    if agreed and not consent_read:
        words = " ".join(wording.text for wording in agreed)
        raise TransitionRefused(_("Read this to the person first, then tick that they agreed: %s") % words)
    answers = {name: value for name, value in changed.items() if name in details.ANSWERS}
    if answers:
        EncryptedText(request=request, kind=EncryptedText.Kind.CORRECTION, author=actor, recorded_at=now).encrypt(
            answers
        ).save(force_insert=True)
        BlindIndex.objects.bulk_create(indexes_of(request.pk, answers), ignore_conflicts=True)
        update_request(request)
    for wording in agreed:
        record = {
            "wording_version": wording.version,
            "wording_sha256": wording.sha256,
            "recorded_at": now,
            "reader": actor,
        }
        ConsentRecord.objects.create(request=request, purpose=wording.purpose, **record)
    codes = cast(ContactCodes, {name: values[name] for name in details.CODES})
    record_contact_preferences(request, codes, now, author=actor)
    keep_claim(request_id=request.pk, actor=actor)
    log_event(request, Event.Code.CORRECTED, actor, "", ",".join(sorted(changed)))
    return conflicts


@transaction.atomic
def erase(*, request_id: UUID, actor: User) -> AssessmentRequest:
    """Erases every word that a person told us and that staff wrote about them. For a lead, on a closed request.

    What stays is the stub: reference, times, stage, outcome, events, and the records of consent. What is linked to it
    as a duplicate keeps its content and goes on by itself.
    """
    if not access.may_erase(actor):
        raise TransitionRefused(_("Only the lead can erase what a person told us."))
    family = lock_linked(request_id)
    request = family[request_id]
    if request.stage != Stage.CLOSED:
        raise TransitionRefused(_("Close the request first. Then its words can be erased."))
    if request.legal_hold_at:
        raise TransitionRefused(_("This request is under legal hold. Its words must be kept until the hold is lifted."))
    if request.duplicate_of_id is None:
        part(request, family, actor, Why.ERASED)
    erase_content(request, actor)
    return request


@undoable
def set_legal_hold(*, request_id: UUID, actor: User) -> AssessmentRequest:
    """Keeps the words of a request from being erased, by whoever. For a lead."""
    if not access.may_erase(actor):
        raise TransitionRefused(_("Only the lead can set or lift a legal hold."))
    request = locked(request_id)
    if request.legal_hold_at:
        return request
    update_request(request, legal_hold_at=timezone.now())
    log_event(request, Event.Code.HOLD_SET, actor)
    return request


@transaction.atomic
def lift_legal_hold(*, request_id: UUID, actor: User) -> AssessmentRequest:
    """Ends a legal hold. What the person withdrew meanwhile is erased now."""
    if not access.may_erase(actor):
        raise TransitionRefused(_("Only the lead can set or lift a legal hold."))
    request = locked(request_id)
    if request.legal_hold_at is None:
        return request
    was_withdrawn = request.hidden_at is not None
    request = _lift(request_id=request_id, actor=actor)
    if was_withdrawn:  # outside of what can be undone
        erase_content(request, actor)
    return request


@undoable
def _lift(*, request_id: UUID, actor: User) -> AssessmentRequest:
    request = update_request(locked(request_id), legal_hold_at=None, hidden_at=None)
    log_event(request, Event.Code.HOLD_LIFTED, actor)
    return request


def erase_content(request: AssessmentRequest, actor: User | None) -> None:
    """Every envelope, index row and message that still waits; the private link and the form's key with them."""
    request.texts.all().delete()
    request.blind_indexes.all().delete()
    request.contact_preferences.all().delete()
    request.aliases.all().delete()
    update_request(request, preferred_time="", time_zone="")
    forget_messages(request)
    log_event(request, Event.Code.ERASED, actor)


def _is_same_phone(known: Mapping[str, details.Value], values: Mapping[str, object]) -> bool:
    return normalized_phone(str(known["phone"].value)) == normalized_phone(str(values["phone"]))


def forget_messages(request: AssessmentRequest) -> None:
    request.outbox_messages.filter(state__in=OutboxMessage.WAITING).delete()
    update_request(request, form_key=None, private_link_hash=None)
