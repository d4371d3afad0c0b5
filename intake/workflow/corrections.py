"""Store what staff learn about a person: corrected contact details and preferences, with consent."""

from collections.abc import Mapping
from typing import cast
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from intake.contact import consent, details
from intake.contact.preferences import ContactCodes, newest_preferences
from intake.crypto.blind_index import normalized_phone
from intake.models import BlindIndex, ConsentRecord, EncryptedText, Event
from intake.search import indexes_of

from .base import (
    TransitionRefused,
    content_is_erased,
    locked_open,
    log_event,
    update_request,
)
from .contact_preferences import record_contact_preferences
from .queue import keep_claim


@transaction.atomic
def correct(
    *,
    request_id: UUID,
    before: Mapping[str, object],
    after: Mapping[str, object],
    actor: User,
    consent_read: bool = False,
) -> list[details.Conflict]:
    """Store corrected contact details and preferences. Return a list of `details.Conflict`.

    `before`: the values (`details.FIELDS`) on the actor's screen. `after`: the values that the actor entered. Only
    changed fields are stored. If a colleague has changed the same field meanwhile, it is not stored and is a conflict.
    What the person wrote stays as it is.

    New permissions need consent. `consent_read`: the actor read the wording to the person, who agreed; this is
    recorded. With another phone number, permission for voicemail and text messages ends unless the wording was read
    again: the person gave it for one phone.
    """
    request = locked_open(request_id)
    if content_is_erased(request):
        raise TransitionRefused(_("The content of this request was erased. Nothing can be added to it."))
    current, last = details.details_of(request), newest_preferences(request)
    now = (
        max(timezone.now(), last.recorded_at) if last else timezone.now()
    )  # never older than the last, even if this machine's clock is slow
    conflicts, changed = details.merge(current, before, after)
    if not changed:
        return conflicts
    values = details.plain(current) | changed
    for_another_phone = [] if _is_same_phone(current, values) else [one for one in consent.FOR_ONE_PHONE if values[one]]
    if for_another_phone and not consent_read:
        taken_away = {name: False for name in for_another_phone if name not in changed}
        if not details.why_impossible(values | taken_away):
            changed, values, for_another_phone = changed | taken_away, values | taken_away, []
    if (why := details.why_impossible(values)) and why != details.why_impossible(details.plain(current)):
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


def _is_same_phone(current: Mapping[str, details.Value], values: Mapping[str, object]) -> bool:
    return normalized_phone(str(current["phone"].value)) == normalized_phone(str(values["phone"]))
