"""Accept a request: store all of it once, in one transaction, or nothing.

If the database can't take it, or anything else of ours fails, the encrypted request goes to the spool of this machine,
and the worker stores it later. The person sees the same confirmation either way.
"""

import datetime as dt
import logging
from dataclasses import dataclass, replace

from django.db import DatabaseError, InterfaceError

from intake.contact.preferences import preferences_from
from intake.contact.promise import commit_to
from intake.models import (
    Alias,
)

from . import circuit_breaker, rate_limit, spool, tokens
from .sent_form import NotStored, RequestWithdrawn, from_json, to_json
from .store import store

logger = logging.getLogger(__name__)


def accept(form):
    """Store a `SentForm` in the database or, if anything fails there, in the spool. Return the id to confirm.

    If it repeats an earlier request, the id of that one: the same form by the same person (`same_person`), or the same
    browser session with the same phone and email. Equal content is stored once; other content becomes an amendment.

    A form in the spool is confirmed under an id of its own (`tokens.confirmed_as`), since nobody can check now who else
    was confirmed under the form's id.

    Raises `rate_limit.RateLimited`, `NotStored`, `spool.SpoolError` or `envelope.EncryptionError`. Then nothing was
    stored.
    """
    commitment = commit_to(form.at, preferences_from(form.answers))
    confirmed_as = tokens.confirmed_as(form.draft, form.answers)
    if circuit_breaker.allows():
        try:
            request_id = store(form, commitment)
            return confirmed_as.id if _waits_in_spool(confirmed_as.id) else request_id
        except (NotStored, rate_limit.RateLimited):
            raise
        except Exception as error:  # database away, full or silent, or a fault of ours
            logger.error("The database did not take request %s: %s", form.draft.reference, type(error).__name__)
            if isinstance(error, (DatabaseError, InterfaceError)):
                circuit_breaker.trip()
    _count_while_away(form)
    spool.put(confirmed_as.id, to_json(replace(form, confirmed_as=confirmed_as), commitment))
    return confirmed_as.id


def _count_while_away(form):
    if form.is_synthetic:
        return
    try:
        rate_limit.count_while_away(form.sender)
    except rate_limit.RateLimited:
        raise
    except Exception as error:  # without a count, nobody is kept out
        logger.error("The rate limit could not be checked: %s", type(error).__name__)


def _waits_in_spool(request_id):
    """Return whether the form was confirmed from the spool of this machine before and is still there."""
    try:
        return bool(spool.find(request_id))
    except spool.SpoolError:
        return False


def take_in(path):
    """Store the form in a file of the spool, unless it is stored already, and remove the file."""
    form, commitment = from_json(spool.read(path))
    try:
        store(form, commitment)
    except RequestWithdrawn as withdrawn:
        # What was sent before the withdrawal stays withdrawn. What was sent after it is a new request.
        if form.at > withdrawn.at:
            # Under legal hold, the withdrawn request still holds the id that this form was confirmed under.
            Alias.objects.filter(pk=form.confirmed_as.id, request__hidden_at__isnull=False).delete()
            store(replace(form, draft=tokens.draw(referrer_path=form.draft.referrer_path), form_key=None), commitment)
    spool.remove(path)


@dataclass(frozen=True)
class SpooledConfirmation:
    """What the confirmation shows of a request in the spool."""

    reference: str
    promise: str
    at: dt.datetime


def confirmation_from_spool(request_id):
    """Return the first form of this request in the spool of this machine, as a `SpooledConfirmation`; None if there is
    none."""
    for content in spool.find(request_id):
        form, commitment = from_json(content)
        return SpooledConfirmation(form.confirmed_as.reference, commitment.promise, form.at)
    return None
