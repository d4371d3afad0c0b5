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
    """Add an encrypted note to a request, open or closed. Notes of two people never conflict."""
    if not text.strip():
        raise TransitionRefused(_("Write something first: the note is empty."))
    request, now = locked(request_id), timezone.now()
    if content_is_erased(request):
        raise TransitionRefused(_("The content of this request was erased. Nothing can be added to it."))
    last = request.texts.filter(kind=EncryptedText.Kind.NOTE, author=actor, recorded_at__gt=now - DOUBLE_CLICK).last()
    if last and last.holds(text):
        return last
    note = EncryptedText(request=request, kind=EncryptedText.Kind.NOTE, author=actor, recorded_at=now).encrypt(text)
    note.save(force_insert=True)
    keep_claim(request_id=request.pk, actor=actor)
    log_event(request, Event.Code.NOTE_ADDED, actor)
    return note


def unread_additions(events: Iterable[Event]) -> list[Event]:
    """Return the events by which the person wrote something that nobody has marked as read."""
    read = max((int(event.to_value) for event in events if event.code == Event.Code.ADDITIONS_READ), default=0)
    return [event for event in events if event.code in THEIR_WORD and event.pk > read]


@undoable
def mark_additions_read(*, request_id: UUID, up_to: int, actor: User) -> AssessmentRequest:
    """Mark what the person wrote as read for everyone, up to the event with the key `up_to`.

    What they write while somebody reads stays unread. Logging an attempt does not mark anything, since its page may
    have been opened before they wrote. Does not raise the version.
    """
    request = locked(request_id)
    new = unread_additions(request.events.standing())
    if not request.events.filter(pk=up_to, code__in=THEIR_WORD).exists():
        raise TransitionRefused(_("There is no such message from the person. Nothing was changed."))
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
    """Store what staff learned about a person: name, phone, email, language, contact preferences.

    Return the `details.Conflict`s.

    `before` holds the values (`details.FIELDS`) on the actor's screen, `after` the values that the actor typed. Only
    changed fields are stored, and only where no colleague has changed the same field meanwhile: those are the
    conflicts. What the person wrote stays as it is.

    New permissions need consent: `consent_read` says that the actor read the wording to the person, who agreed. That is
    put on record. With another phone number, permission for voicemail and text messages ends unless it was read again:
    the person gave it for one phone.
    """
    request = locked_open(request_id)
    if content_is_erased(request):
        raise TransitionRefused(_("The content of this request was erased. Nothing can be added to it."))
    known, last = details.details_of(request), newest_preferences(request)
    now = (
        max(timezone.now(), last.recorded_at) if last else timezone.now()
    )  # never older than the last, even if this machine's clock is slow
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
        raise TransitionRefused(_("Read this to the person first, then check the box that they agreed: %s") % words)
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
    """Erase all content of a closed request: what the person sent, and what staff wrote about them. For a lead.

    Reference, times, stage, outcome, events and records of consent stay. Duplicates keep their content and are
    unlinked.
    """
    if not access.may_erase(actor):
        raise TransitionRefused(_("Only a lead can erase content."))
    family = lock_linked(request_id)
    request = family[request_id]
    if request.stage != Stage.CLOSED:
        raise TransitionRefused(_("Close the request first. Then you can erase its content."))
    if request.legal_hold_at:
        raise TransitionRefused(
            _("This request is under legal hold. Its content must be kept until the hold is lifted.")
        )
    if request.duplicate_of_id is None:
        part(request, family, actor, Why.ERASED)
    erase_content(request, actor)
    return request


@undoable
def set_legal_hold(*, request_id: UUID, actor: User) -> AssessmentRequest:
    """Keep the content of a request from being erased by anyone. For a lead."""
    if not access.may_erase(actor):
        raise TransitionRefused(_("Only a lead can set or lift a legal hold."))
    request = locked(request_id)
    if request.legal_hold_at:
        return request
    update_request(request, legal_hold_at=timezone.now())
    log_event(request, Event.Code.HOLD_SET, actor)
    return request


@transaction.atomic
def lift_legal_hold(*, request_id: UUID, actor: User) -> AssessmentRequest:
    """Lift a legal hold. If the person withdrew meanwhile, the content is erased now."""
    if not access.may_erase(actor):
        raise TransitionRefused(_("Only a lead can set or lift a legal hold."))
    request = locked(request_id)
    if request.legal_hold_at is None:
        return request
    was_withdrawn = request.hidden_at is not None
    request = _lift(request_id=request_id, actor=actor)
    if was_withdrawn:  # erasing can't be undone, so it is not part of the operation
        erase_content(request, actor)
    return request


@undoable
def _lift(*, request_id: UUID, actor: User) -> AssessmentRequest:
    request = update_request(locked(request_id), legal_hold_at=None, hidden_at=None)
    log_event(request, Event.Code.HOLD_LIFTED, actor)
    return request


def erase_content(request: AssessmentRequest, actor: User | None) -> None:
    """Erase texts, indexes, preferences, queued messages, private link and form key of a locked request."""
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
    """Delete messages that have not gone out, and end the private link and the form key."""
    request.outbox_messages.filter(state__in=OutboxMessage.WAITING).delete()
    update_request(request, form_key=None, private_link_hash=None)
