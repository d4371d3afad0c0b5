"""Store how a person may be contacted, and adjust due time and promise."""

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _

from intake.contact import consent, details, schedule
from intake.contact.preferences import ContactCodes, current_preferences, newest_preferences
from intake.contact.promise import promise_to
from intake.models import AssessmentRequest, ContactPreferences, Event
from intake.models.contact import Introduction

from .base import Stage, TransitionRefused, log_event, update_request
from .operation import record_replaced_preferences


def record_contact_preferences(
    request: AssessmentRequest,
    codes: ContactCodes,
    at: dt.datetime,
    author: User | None = None,
    is_from_link: bool = False,
) -> bool:
    """Store new contact preferences of a locked request. Return whether anything changed.

    `at`: when the person gave them. `author`: the member of staff who stored them, or None for the person.
    `is_from_link`: linking or unlinking a duplicate stores them.

    If preferred time, time zone or first channel changed, the due time is adjusted. The promise changes only if the
    person made the change and waits for first contact. Preferences of the person that are older than the newest stored
    ones change nothing. What staff store is always the newest, even if the clock of their machine is slow.
    """
    last = newest_preferences(request)
    if last is not None and author is not None:
        at = max(at, last.recorded_at)
    if last is not None and (last.codes() == codes or last.recorded_at > at):
        return False
    record_replaced_preferences(request, last)
    kept = ContactPreferences.objects.create(
        request=request, recorded_at=at, author=author, is_from_link=is_from_link, **codes
    )
    update_request(request, preferred_time=kept.preferred_time, time_zone=kept.time_zone)
    if last is not None and last.commits_us_to == kept.commits_us_to:
        return True
    if author is None and request.awaits_contact:
        recompute_due(request, codes, at)
    elif request.stage == Stage.NEW:  # the promise stays, and a correction never makes the due time later
        update_request(request, due_at=min(request.due_at, promise_to(at, codes).due_at))
    elif last is not None and (last.preferred_time, last.time_zone) != (kept.preferred_time, kept.time_zone):
        _plan_within(request, kept, at)
    return True


_TIME = {"preferred_time", "time_zone"}


def _how_safe(preferred_time: str) -> int:
    """Return how safe a preferred time is: 2 to confirm first, 1 for a part of the day, 0 for any."""
    return {schedule.CONFIRMED: 2, schedule.ASAP: 0}.get(preferred_time, 1)


def own_preferences(request: AssessmentRequest) -> dict[str, Any]:
    """Return the contact preferences (codes) that the person or staff gave, without changes made by linking.

    {} if the content was erased. If linking removed a permission for one phone, the permission does not return for a
    number that was stored later: the person did not give it for that number.
    """
    history = list(request.contact_preferences.all())
    own = {name: value for _preferences, said in _said(history) for name, value in said.items()}
    if not own:
        return {}
    taken_at: dict[str, dt.datetime] = {}
    for before, preferences in itertools.pairwise(history):
        taken = [name for name in consent.FOR_ONE_PHONE if getattr(before, name) and not getattr(preferences, name)]
        taken_at |= dict.fromkeys(taken, preferences.recorded_at)
    if to_restore := [name for name in consent.FOR_ONE_PHONE if own[name] and not getattr(history[-1], name)]:
        phone = details.details_of(request)["phone"]
        own |= {name: phone.at <= taken_at[name] for name in to_restore}
    return own | {"may_leave_voicemail": own["may_leave_voicemail"] and own["may_call"]}


def safest_preferences(original: AssessmentRequest, duplicates: Iterable[AssessmentRequest]) -> dict[str, Any]:
    """Return the contact preferences (codes) for an original with these duplicates: where two differ, the safer value.

    What was stored for the original after a duplicate was linked wins over that duplicate. {} if the content was
    erased.
    """
    codes, history = own_preferences(original), list(original.contact_preferences.all())
    if not codes:
        return {}
    said_at = max(preferences.recorded_at for preferences, said in _said(history) if _TIME & said.keys())
    times = [(_how_safe(codes["preferred_time"]), said_at, codes["preferred_time"], codes["time_zone"])]
    for duplicate in duplicates:
        theirs = newest_preferences(duplicate) or history[-1]  # erased: permissions that it removed stay removed
        linked_after = (duplicate.link_undo_state or {}).get("rules", history[-1].pk)
        settled = {name for preferences, said in _said(history) if preferences.pk > linked_after for name in said}
        for name in {*ContactPreferences.PERMISSIONS} - settled:
            codes[name] = codes[name] and getattr(theirs, name)
        if "introduction" not in settled and theirs.introduction != Introduction.CENTER:
            codes["introduction"] = Introduction.FIRST_NAME
        if not _TIME & settled:
            times.append(
                (_how_safe(theirs.preferred_time), theirs.recorded_at, theirs.preferred_time, theirs.time_zone)
            )
    # If two times are equally safe, the newer one counts.
    *_order, codes["preferred_time"], codes["time_zone"] = max(times, key=lambda time: time[:2])
    return codes | {"may_leave_voicemail": codes["may_leave_voicemail"] and codes["may_call"]}


def store_safest_preferences(
    original: AssessmentRequest, duplicates: Iterable[AssessmentRequest], actor: User | None
) -> None:
    """Store `safest_preferences` on an original to which a duplicate is being linked.

    `duplicates`: all of them, with the new one. Raises `TransitionRefused` if no channel would remain.
    """
    codes = safest_preferences(original, duplicates)
    if not codes:
        return
    if not (codes["may_call"] or codes["may_text"] or codes["may_email"]):
        raise TransitionRefused(
            _("The two requests allow no common way to contact the person. First correct the other one.")
        )
    before = current_preferences(original).codes()
    if record_contact_preferences(original, cast(ContactCodes, codes), timezone.now(), author=actor, is_from_link=True):
        _write_changes(original, actor, before, codes)


def restore_own_preferences(
    original: AssessmentRequest, duplicates: Iterable[AssessmentRequest], actor: User | None
) -> bool:
    """Store `safest_preferences` on an original from which a duplicate was unlinked. Return whether anything changed.

    `duplicates`: those that are still linked. The due time stays as it is.
    """
    codes = safest_preferences(original, duplicates)
    if not codes:
        return False
    last = current_preferences(original)
    if codes == last.codes():
        return False
    at = max(timezone.now(), last.recorded_at)
    record_replaced_preferences(original, last)
    kept = ContactPreferences.objects.create(request=original, recorded_at=at, author=actor, is_from_link=True, **codes)
    update_request(original, preferred_time=kept.preferred_time, time_zone=kept.time_zone)
    _write_changes(original, actor, last.codes(), codes)
    return True


def _said(history: Sequence[ContactPreferences]) -> Iterator[tuple[ContactPreferences, dict[str, Any]]]:
    """Yield each row of preferences that the person or staff gave, with the codes that it changed.

    Rows that linking or unlinking stored are skipped.
    """
    for before, preferences in zip([None, *history], history, strict=False):
        if not preferences.is_from_link:
            known = before.codes() if before else {}
            yield preferences, {name: value for name, value in preferences.codes().items() if known.get(name) != value}


def _write_changes(
    request: AssessmentRequest, actor: User | None, before: Mapping[str, Any], codes: Mapping[str, Any]
) -> None:
    changed = sorted(name for name in codes if codes[name] != before[name])
    log_event(request, Event.Code.CORRECTED, actor, "", ",".join(changed))


def recompute_due(request: AssessmentRequest, codes: ContactCodes, at: dt.datetime) -> None:
    """Set due time and promise as if the request came in at the time `at`.

    Does nothing if the person does not wait for first contact.
    """
    if not request.awaits_contact:
        return
    promise, is_new = promise_to(at, codes), request.stage == Stage.NEW
    update_request(
        request,
        first_due_at=request.first_due_at if request.first_attempt_at else promise.due_at,
        # After an attempt, a request is handed out when it is due. So it is due when the preferred time begins.
        due_at=promise.due_at if is_new else _first_contact(at, codes) or promise.due_at,
        due_uses_default_hours=promise.due_uses_default_hours,
        promise=promise.sentence,
    )


def _plan_within(request: AssessmentRequest, preferences: ContactPreferences, at: dt.datetime) -> None:
    """Move a due time after `at` to the person's preferred time.

    Does nothing if the request is snoozed or waits for its assessment.
    """
    if request.due_at <= at or request.is_snoozed or request.awaits_assessment:
        return
    due_at = _first_contact(request.due_at, preferences.codes())
    latest = request.assessment_at if request.is_due_before_assessment else None
    if due_at and (latest is None or due_at < latest):
        update_request(request, due_at=due_at)


def _first_contact(moment: dt.datetime, codes: ContactCodes) -> dt.datetime | None:
    return schedule.next_contact(moment, schedule.our_hours(), codes["preferred_time"], ZoneInfo(codes["time_zone"]))
