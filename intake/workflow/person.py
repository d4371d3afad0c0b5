"""What the person themselves changes, through their private link or by sending the form again."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from intake import blind_index
from intake.contact import newest_profile
from intake.models import AssessmentRequest, Event, Notice, SealedText

from .profile import keep_profile
from .queue import wake_up
from .rules import Refused, Stage, locked, save, write
from .stages import end, open_again
from .words import erase_words, forget_messages

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
        save(request, due_at=due_at if request.awaits_contact else request.due_at)
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

    Requests that staff linked to it as duplicates go with it where they name the same phone and e-mail. One that names
    others may be a relative's: it stays.
    """
    request = _locked_for_the_person(request_id)
    same = [other for other in request.duplicates.order_by("pk") if _contact_of(other) == _contact_of(request)]
    for ended in [request, *(locked(other.pk) for other in same)]:
        end(ended, AssessmentRequest.Outcome.WITHDRAWN, duplicate_of=None)
        write(ended, Event.Code.WITHDRAWN, None)
        if ended.legal_hold_at:
            save(ended, hidden_at=ended.closed_at)
            forget_messages(ended)
            write(ended, Event.Code.HIDDEN, None)
        else:
            erase_words(ended, actor=None)
    return request


def got_in_touch(request, at):
    """The person said something new: a request that was put off is awake, and unless it is new and waits anyway, it
    stands on top until someone tries to reach them."""
    if request.snoozed_until:
        wake_up(request, None)
    if request.stage == Stage.NEW:
        save(request)
    else:
        save(request, called_back_at=at, due_at=min(request.due_at, at))


def tell_staff_again(request, at):
    """The alert goes out once more: the person has said something new."""
    request.notices.filter(kind=Notice.Kind.NEW_REQUEST).update(
        state=Notice.State.QUEUED, attempts=0, next_try_at=at, sent_at=None
    )


def _locked_for_the_person(request_id):
    """The request under lock, open. What staff linked as a duplicate goes on by itself when the person acts on it."""
    request = locked(request_id)
    if request.duplicate_of_id:
        open_again(request, None)
    if request.stage == Stage.CLOSED:
        raise Refused(_("This request has ended. Nothing was changed."))
    return request


def _contact_of(request):
    kinds = (blind_index.PHONE, blind_index.EMAIL)
    return set(request.blind_indexes.filter(kind__in=kinds).values_list("kind", "value"))
