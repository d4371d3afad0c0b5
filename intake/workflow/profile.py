"""How a person may be reached, as they or staff last said, and what we commit to with it."""

from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from intake import clock
from intake.commitment import commit_to
from intake.contact import newest_profile
from intake.models import ContactProfile, Event
from intake.models.told import Introduction

from .rules import Refused, Stage, save, write


def keep_profile(request, codes, at, author=None):
    """Writes how the person may be reached from now on, where it changed, and commits anew where the time did.

    `request` is locked by the caller; `author` is the member of staff who wrote it down, None for the person. Returns
    whether anything changed. What the person said earlier than the newest, and came in later, changes nothing; staff
    write down what holds now, whatever the clock of their machine says.
    """
    last = newest_profile(request)
    if last is not None and author is not None:
        at = max(at, last.at)
    if last is not None and (last.codes() == codes or last.at > at):
        return False
    kept = ContactProfile.objects.create(request=request, at=at, author=author, **codes)
    save(request, best_time=kept.best_time, time_zone=kept.time_zone)
    if last is not None and _commits_us_to(last) == _commits_us_to(kept):
        return True
    if author is None and request.awaits_contact:
        commit_anew(request, codes, at)
    elif request.stage == Stage.NEW:  # what we promised stays, and nothing that was due is put off by a correction
        save(request, due_at=min(request.due_at, commit_to(at, codes).due_at))
    elif last is not None and (last.best_time, last.time_zone) != (kept.best_time, kept.time_zone):
        _plan_within(request, kept, at)
    return True


def keep_safer_rules(request, other, actor):
    """Takes from the newest profile of a duplicate what is safer than the rules of the request that goes on."""
    kept = newest_profile(request)
    if kept is None or other is None:
        return
    safer = {name: getattr(kept, name) and getattr(other, name) for name in ContactProfile.PERMISSIONS}
    is_center_named = kept.introduction == other.introduction == Introduction.CENTER
    # A part of the day is safer than any time; of two parts, what they said last.
    timed = max(kept, other, key=lambda profile: (profile.best_time != clock.ASAP, profile.at))
    codes = kept.codes() | safer | {"introduction": Introduction.CENTER if is_center_named else Introduction.FIRST_NAME}
    codes |= {"best_time": timed.best_time, "time_zone": timed.time_zone}
    if not (safer["may_call"] or safer["may_text"] or safer["may_email"]):
        raise Refused(
            _("The two requests allow no common way to reach the person. Write down on the other one what holds now.")
        )
    before = kept.codes()
    if keep_profile(request, codes, timezone.now(), author=actor):
        changed = sorted(name for name in codes if codes[name] != before[name])
        write(request, Event.Code.CORRECTED, actor, "", ",".join(changed))


def commit_anew(request, codes, at):
    """Sets due time and promise as for someone who asks now, while they wait for us."""
    if not request.awaits_contact:
        return
    commitment, is_new = commit_to(at, codes), request.stage == Stage.NEW
    save(
        request,
        first_due_at=request.first_due_at if request.first_attempt_at else commitment.due_at,
        # Whom we tried before is not handed out until then: at the beginning of the time they want, not at its end.
        due_at=commitment.due_at if is_new else _first_contact(at, codes) or commitment.due_at,
        due_is_assumed=commitment.due_is_assumed,
        promise=commitment.promise,
    )


def _plan_within(request, profile, at):
    """Moves what is planned for later than `at` to the next moment that the person wants. Not what sleeps until a time,
    nor past an assessment."""
    if request.due_at <= at or request.is_put_off or request.awaits_assessment:
        return
    due_at = _first_contact(request.due_at, profile.codes())
    if due_at and not (request.is_due_before_assessment and due_at >= request.assessment_at):
        save(request, due_at=due_at)


def _first_contact(moment, codes):
    return clock.next_contact(moment, clock.our_hours(), codes["best_time"], ZoneInfo(codes["time_zone"]))


def _commits_us_to(profile):
    return profile.best_time, profile.time_zone, profile.channels[0]
