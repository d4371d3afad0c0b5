"""What the person themselves changes, through their private link or by sending the form again."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from intake.contact import newest_profile
from intake.models import AssessmentRequest, Event, Notice, SealedText

from .duplicates import locked_family, names_nothing_else, undo_on, unlink, unlink_others
from .profile import keep_profile
from .queue import got_in_touch, wake_up
from .rules import Refused, Stage, end, save, write
from .words import erase_words, forget_messages

Outcome = AssessmentRequest.Outcome

MOST_AMENDMENTS = 10


@transaction.atomic
def change_window(*, request_id, best_time, time_zone):
    """The person chose another time to be reached, in the time zone they gave before unless they name one.

    Returns what we promise them now, "" where nothing new is promised.
    """
    request = _locked_for_the_person(request_id)
    before = newest_profile(request)
    if before is None:
        raise Refused(_("We can't change the time here. Please call us."))
    codes = before.codes() | {"best_time": best_time, "time_zone": time_zone or before.time_zone}
    if not keep_profile(request, codes, max(timezone.now(), before.at)):
        return ""
    if request.snoozed_until:
        due_at = request.due_at
        wake_up(request, None)
        save(request, due_at=due_at if request.awaits_contact else min(request.due_at, timezone.now()))
    write(request, Event.Code.WINDOW_SET, None, "", best_time)
    return request.promise if request.awaits_contact else ""


@transaction.atomic
def add_words(*, request_id, text):
    """Keeps what the person adds to their open request, sealed, and tells staff."""
    request = _locked_for_the_person(request_id)
    if not text.strip():
        raise Refused(_("Write something first: the box is empty."))
    told = list(request.texts.filter(kind__in=SealedText.FROM_THE_PERSON))
    if any(before.kind == SealedText.Kind.ADDITION and before.holds(text) for before in told):
        return request
    if len(told) > MOST_AMENDMENTS:
        raise Refused(_("We can't take more words this way. Please call us."))
    now = timezone.now()
    SealedText(request=request, kind=SealedText.Kind.ADDITION, at=now).seal(text).save(force_insert=True)
    write(request, Event.Code.ADDED, None)
    got_in_touch(request, now)
    tell_staff_again(request, now)
    return request


@transaction.atomic
def withdraw(*, request_id):
    """The person takes their request back. Every word is erased at once; under legal hold it is hidden instead.

    Whatever staff linked it with goes with it, in either direction, where it is open or linked and names no other phone
    or e-mail: who withdraws is not contacted any more. What names others may be a relative's: it goes on.
    """
    family = locked_family(request_id)
    request = family[request_id]
    if request.stage == Stage.CLOSED and request.duplicate_of_id is None:
        raise Refused(_("This request has ended. Nothing was changed."))
    theirs = [
        other
        for other in family.values()
        if (other.stage != Stage.CLOSED or other.duplicate_of_id) and names_nothing_else(other, request)
    ]
    if request not in theirs:  # nobody can name its phone any more
        theirs.append(request)
    for ended in theirs:
        unlink_others(ended, family, None, Outcome.WITHDRAWN)
    for ended in sorted(theirs, key=lambda one: one.duplicate_of_id is not None):  # the one that was to go on first
        _take_back(ended, family.get(ended.duplicate_of_id))
    return request


def _take_back(request, original):
    if original is not None and original.outcome != Outcome.WITHDRAWN:
        undo_on(original, request, None)
        write(original, Event.Code.UNLINKED, None, request.reference)
    end(request, Outcome.WITHDRAWN, duplicate_of=None, before_link=None)
    write(request, Event.Code.WITHDRAWN, None)
    if request.legal_hold_at:
        save(request, hidden_at=request.closed_at)
        forget_messages(request)
        write(request, Event.Code.HIDDEN, None)
    else:
        erase_words(request, actor=None)


def tell_staff_again(request, at):
    """The alert goes out once more: the person has said something new."""
    request.notices.filter(kind=Notice.Kind.NEW_REQUEST).update(
        state=Notice.State.QUEUED, attempts=0, next_try_at=at, sent_at=None
    )


def _locked_for_the_person(request_id):
    """The request under lock, open. What staff linked as a duplicate goes on by itself when the person acts on it."""
    family = locked_family(request_id)
    request = family[request_id]
    if request.duplicate_of_id:
        unlink(request, family[request.duplicate_of_id], None)
    if request.stage == Stage.CLOSED:
        raise Refused(_("This request has ended. Nothing was changed."))
    return request
