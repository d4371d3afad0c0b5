"""How a person may be reached, as they or staff last said, and what we commit to with it."""

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _

from intake.contact import consent, details, schedule
from intake.contact.commitment import commit_to
from intake.contact.preferences import ContactCodes, kept_preferences, newest_preferences
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
    """Writes how the person may be reached from now on, where it changed, and commits anew where the time did.

    `request` is locked by the caller; `author` is the member of staff who wrote it down, None for the person. Returns
    whether anything changed. What the person said earlier than the newest, and came in later, changes nothing; staff
    write down what holds now, whatever the clock of their machine says.
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
    if last is not None and _commits_us_to(last) == _commits_us_to(kept):
        return True
    if author is None and request.awaits_contact:
        recompute_due(request, codes, at)
    elif request.stage == Stage.NEW:  # what we promised stays, and nothing that was due is put off by a correction
        update_request(request, due_at=min(request.due_at, commit_to(at, codes).due_at))
    elif last is not None and (last.preferred_time, last.time_zone) != (kept.preferred_time, kept.time_zone):
        _plan_within(request, kept, at)
    return True


_TIME = {"preferred_time", "time_zone"}


def _how_safe(preferred_time: str) -> int:
    """To confirm first is safer than a part of the day, and that than any time."""
    return {schedule.CONFIRMED: 2, schedule.ASAP: 0}.get(preferred_time, 1)


def own_rules(request: AssessmentRequest) -> dict[str, Any]:
    """How the person of this request may be reached (the codes of a `ContactPreferences`), without what linking took
    away; {} where the words were erased.

    What was allowed on one phone is not allowed on one that was written down while it was taken away.
    """
    profiles = list(request.contact_preferences.all())
    own = {name: value for _profile, said in _said(profiles) for name, value in said.items()}
    if not own:
        return {}
    taken_at: dict[str, dt.datetime] = {}
    for before, profile in itertools.pairwise(profiles):
        taken = [name for name in consent.FOR_ONE_PHONE if getattr(before, name) and not getattr(profile, name)]
        taken_at |= dict.fromkeys(taken, profile.recorded_at)
    if to_restore := [name for name in consent.FOR_ONE_PHONE if own[name] and not getattr(profiles[-1], name)]:
        phone = details.details_of(request)["phone"]
        own |= {name: phone.at <= taken_at[name] for name in to_restore}
    return own | {"may_leave_voicemail": own["may_leave_voicemail"] and own["may_call"]}


def safest_rules(original: AssessmentRequest, duplicates: Iterable[AssessmentRequest]) -> dict[str, Any]:
    """The rules of contact for a request with these duplicates: of two the safer ones. What staff wrote down since one
    was linked counts more than what that one says. {} where the words were erased."""
    codes, profiles = own_rules(original), list(original.contact_preferences.all())
    if not codes:
        return {}
    said_at = max(profile.recorded_at for profile, said in _said(profiles) if _TIME & said.keys())
    times = [(_how_safe(codes["preferred_time"]), said_at, codes["preferred_time"], codes["time_zone"])]
    for duplicate in duplicates:
        theirs = newest_preferences(duplicate) or profiles[-1]  # erased: what it took away stays away
        linked_after = (duplicate.link_undo_state or {}).get("rules", profiles[-1].pk)
        settled = {name for profile, said in _said(profiles) if profile.pk > linked_after for name in said}
        for name in {*ContactPreferences.PERMISSIONS} - settled:
            codes[name] = codes[name] and getattr(theirs, name)
        if "introduction" not in settled and theirs.introduction != Introduction.CENTER:
            codes["introduction"] = Introduction.FIRST_NAME
        if not _TIME & settled:
            times.append(
                (_how_safe(theirs.preferred_time), theirs.recorded_at, theirs.preferred_time, theirs.time_zone)
            )
    # Of two parts of the day, what they said last.
    *_order, codes["preferred_time"], codes["time_zone"] = max(times, key=lambda time: time[:2])
    return codes | {"may_leave_voicemail": codes["may_leave_voicemail"] and codes["may_call"]}


def keep_safest_rules(original: AssessmentRequest, duplicates: Iterable[AssessmentRequest], actor: User | None) -> None:
    """Writes `safest_rules` for a request to which one more is being linked.

    Raises `TransitionRefused` where they allow no way to reach the person.
    """
    codes = safest_rules(original, duplicates)
    if not codes:
        return
    if not (codes["may_call"] or codes["may_text"] or codes["may_email"]):
        raise TransitionRefused(
            _("The two requests allow no common way to reach the person. Write down on the other one what holds now.")
        )
    before = kept_preferences(original).codes()
    if record_contact_preferences(original, cast(ContactCodes, codes), timezone.now(), author=actor, is_from_link=True):
        _write_changes(original, actor, before, codes)


def restore_own_rules(original: AssessmentRequest, duplicates: Iterable[AssessmentRequest], actor: User | None) -> bool:
    """Writes `safest_rules` for a request from which one was unlinked: without what only that one took away. When it
    is due is not touched. Returns whether anything changed."""
    codes = safest_rules(original, duplicates)
    if not codes:
        return False
    last = kept_preferences(original)
    if codes == last.codes():
        return False
    at = max(timezone.now(), last.recorded_at)
    record_replaced_preferences(original, last)
    kept = ContactPreferences.objects.create(request=original, recorded_at=at, author=actor, is_from_link=True, **codes)
    update_request(original, preferred_time=kept.preferred_time, time_zone=kept.time_zone)
    _write_changes(original, actor, last.codes(), codes)
    return True


def _said(profiles: Sequence[ContactPreferences]) -> Iterator[tuple[ContactPreferences, dict[str, Any]]]:
    """Pairs of each profile that the person or staff gave, and the codes that it changed."""
    for before, profile in zip([None, *profiles], profiles, strict=False):
        if not profile.is_from_link:
            known = before.codes() if before else {}
            yield profile, {name: value for name, value in profile.codes().items() if known.get(name) != value}


def _write_changes(
    request: AssessmentRequest, actor: User | None, before: Mapping[str, Any], codes: Mapping[str, Any]
) -> None:
    changed = sorted(name for name in codes if codes[name] != before[name])
    log_event(request, Event.Code.CORRECTED, actor, "", ",".join(changed))


def recompute_due(request: AssessmentRequest, codes: ContactCodes, at: dt.datetime) -> None:
    """Sets due time and promise as for someone who asks now, while they wait for us."""
    if not request.awaits_contact:
        return
    commitment, is_new = commit_to(at, codes), request.stage == Stage.NEW
    update_request(
        request,
        first_due_at=request.first_due_at if request.first_attempt_at else commitment.due_at,
        # Whom we tried before is not handed out until then: at the beginning of the time they want, not at its end.
        due_at=commitment.due_at if is_new else _first_contact(at, codes) or commitment.due_at,
        due_uses_default_hours=commitment.due_uses_default_hours,
        promise=commitment.promise,
    )


def _plan_within(request: AssessmentRequest, profile: ContactPreferences, at: dt.datetime) -> None:
    """Moves what is planned for later than `at` to the next moment that the person wants. Not what sleeps until a time,
    nor past an assessment."""
    if request.due_at <= at or request.is_snoozed or request.awaits_assessment:
        return
    due_at = _first_contact(request.due_at, profile.codes())
    latest = request.assessment_at if request.is_due_before_assessment else None
    if due_at and (latest is None or due_at < latest):
        update_request(request, due_at=due_at)


def _first_contact(moment: dt.datetime, codes: ContactCodes) -> dt.datetime | None:
    return schedule.next_contact(moment, schedule.our_hours(), codes["preferred_time"], ZoneInfo(codes["time_zone"]))


def _commits_us_to(profile: ContactPreferences) -> tuple[str, str, str]:
    return profile.preferred_time, profile.time_zone, profile.channels[0]
