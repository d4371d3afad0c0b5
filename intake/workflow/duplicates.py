"""Requests about the same matter: one goes on, the others are closed and linked to it. Linking can be undone."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from intake import blind_index, lookup
from intake.contact import newest_profile
from intake.models import AssessmentRequest, Event

from .profile import keep_safer_rules
from .queue import got_in_touch, wake_up
from .rules import (
    Refused,
    Stage,
    check_seen,
    end,
    locked_rows,
    not_allowed,
    refuse_if_words_are_gone,
    save,
    words_are_gone,
    write,
)

Outcome = AssessmentRequest.Outcome


@transaction.atomic
def link_duplicate(*, request_id, of_reference, actor, same_matter=False, seen=None):
    """Closes a request because the same matter is on the desk as the one with this reference, which goes on.

    Where the two name no common phone or e-mail, `same_matter` must say that the actor knows it all the same: a wrong
    digit in a reference would mix two people up.
    Where the rules of contact differ, the safer ones hold for what goes on. What the person waits for in the one, they
    wait for in the other from now on, with a whole new ladder.
    """
    found = lookup.by_reference(of_reference)
    if found is None:
        raise Refused(_("There is no request with this reference. Check it and try again."))
    original_id = found.duplicate_of_id or found.pk
    if original_id == request_id:
        raise Refused(_("A request can't be a duplicate of itself."))
    rows = locked_rows([request_id, original_id])
    request, original = rows[request_id], rows[original_id]
    check_seen(request, seen)
    if request.stage == Stage.CLOSED:
        raise not_allowed(request, Stage.CLOSED)
    if original.stage == Stage.CLOSED:
        raise Refused(_("That request has ended, so nobody would call this person. Open that one again first."))
    if request.duplicates.exists():
        raise Refused(_("Other requests are linked to this one. Link the newer one to it instead."))
    if _is_expected(request) and not _is_expected(original):
        raise Refused(_("This one has an assessment ahead. Link the other one to it instead."))
    if not same_matter and _contact_of(request).isdisjoint(_contact_of(original)):
        raise Refused(
            _(
                "The two requests name no common phone or e-mail. Check the reference. If they are about the same "
                "matter all the same, tick that, then press again."
            )
        )
    keep_safer_rules(original, newest_profile(request), actor)
    _wait_there(request, original, actor)
    end(request, Outcome.DUPLICATE, duplicate_of=original)
    write(request, Event.Code.LINKED, actor, "", original.reference)
    write(original, Event.Code.LINKED, actor, request.reference)
    return request


@transaction.atomic
def unlink_duplicate(*, request_id, actor, seen=None):
    """Undoes `link_duplicate`: the request goes on by itself, due as before, and the other one waits for itself alone.
    How that one may be reached stays as safe as it was made."""
    family = locked_family(request_id)
    request = family[request_id]
    check_seen(request, seen)
    if request.duplicate_of_id is None:
        raise Refused(_("This request is not linked as a duplicate. Nothing was changed."))
    refuse_if_words_are_gone(request)
    original = family[request.duplicate_of_id]
    unlink(request, actor)
    if original.called_back_at == request.received_at:  # what `link_duplicate` wrote, and nobody answered yet
        save(original, called_back_at=None)
    return request


def unlink(request, actor):
    """`unlink_duplicate` for a locked request, whoever is the cause."""
    original = request.duplicate_of
    if _is_expected(request):
        stage, due_at = Stage.BOOKED, request.assessment_at
    else:
        stage = Stage.TALKING if request.reached_at else Stage.REACHING if request.first_attempt_at else Stage.NEW
        due_at = request.due_at
    save(request, stage=stage, outcome="", closed_at=None, duplicate_of=None, due_at=due_at)
    write(request, Event.Code.UNLINKED, actor, original.reference, stage)
    write(original, Event.Code.UNLINKED, actor, request.reference)


def unlink_others(original, family, actor, outcome):
    """Where an original ends as spam or withdrawn, what was linked to it goes on by itself: nobody is forgotten. Not
    what is suspected like the spam, nor what names the same phone and e-mail as what was withdrawn."""
    for other in family.values():
        ends_too = other.quarantined_at if outcome == Outcome.SPAM else has_same_contact(other, original)
        if other.duplicate_of_id == original.pk and not ends_too and not words_are_gone(other):
            unlink(other, actor)


def locked_family(request_id):
    """A request, the one that it is linked to, and all that are linked to either: from id to row, all locked."""
    while True:
        ids = _ids_of_family(request_id)
        rows = locked_rows(ids)
        if _ids_of_family(request_id) == ids:  # nobody linked or unlinked one meanwhile
            return rows


def has_same_contact(request, other):
    """Whether two requests name exactly the same phone and e-mail."""
    contact = _contact_of(request)
    return bool(contact) and contact == _contact_of(other)


def _ids_of_family(request_id):
    original_id = AssessmentRequest.objects.values_list("duplicate_of", flat=True).get(pk=request_id) or request_id
    family = AssessmentRequest.objects.filter(Q(pk__in=[request_id, original_id]) | Q(duplicate_of=original_id))
    return set(family.order_by().values_list("pk", flat=True))


def _contact_of(request):
    kinds = (blind_index.PHONE, blind_index.EMAIL)
    return set(request.blind_indexes.filter(kind__in=kinds).values_list("kind", "value"))


def _is_expected(request):
    return request.assessment_at is not None and request.assessment_at > timezone.now()


def _wait_there(request, original, actor):
    """Who waits for us in the request that ends waits in the one that goes on, no longer than they would have."""
    asked_again = request.stage == Stage.NEW and request.received_at > original.received_at
    if request.called_back_at or asked_again or (request.awaits_contact and original.stage == Stage.BOOKED):
        got_in_touch(original, request.called_back_at or request.received_at)
    if original.stage == Stage.BOOKED or request.is_put_off:
        return
    due_at = min(original.due_at, request.due_at)
    if original.snoozed_until:
        wake_up(original, actor)
    save(original, due_at=due_at)
