"""Accept a request: store the whole request once, in one transaction.

If storing fails for any reason, the encrypted request goes to this machine's spool. The worker stores it later. The
person sees the same confirmation either way.
"""

import datetime as dt
import logging
from dataclasses import dataclass, replace

from django.db import DatabaseError, InterfaceError

from intake.contact.preferences import preferences_from
from intake.contact.promise import promise_to
from intake.models import Alias, ContactPreferences

from . import circuit_breaker, rate_limit, spool, tokens
from .sent_form import NotStored, RequestWithdrawn, from_json, to_json
from .store import store

logger = logging.getLogger(__name__)


def accept(form):
    """Store a `SentForm` in the database or, if that fails, in the spool. Return the id to confirm.

    A form that repeats an earlier request gets that request's id. It repeats one if the same person sent the same form
    (`same_person`), or the same browser session gave the same phone and email. Equal content is not stored again; other
    content becomes an amendment.

    A form in the spool gets an id of its own (`tokens.confirmed_as`): without the database, nobody can check who else
    was confirmed under the form's id.

    Raises `rate_limit.RateLimited`, `NotStored`, `spool.SpoolError` or `envelope.EncryptionError`. Then nothing was
    stored.
    """
    promise = promise_to(form.at, preferences_from(form.answers))
    confirmed_as = tokens.confirmed_as(form.draft, form.answers)
    if circuit_breaker.allows() and not _waits_in_spool(confirmed_as):
        try:
            return store(form, promise)
        except (NotStored, rate_limit.RateLimited):
            raise
        except Exception as error:  # database away, full, or not responding, or a bug
            logger.error("The database did not take request %s: %s", form.draft.reference, type(error).__name__)
            if isinstance(error, (DatabaseError, InterfaceError)):
                circuit_breaker.trip()
    _count_while_away(form)
    spool.put(confirmed_as.id, to_json(replace(form, confirmed_as=confirmed_as), promise))
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


def _waits_in_spool(confirmed_as):
    """Return whether this machine's spool still holds a form that the same person sent from the same page.

    Then a later form waits behind it. If it were stored first, the earlier answers would come last and count.
    """
    try:
        return not spool.is_empty() and bool(spool.find(confirmed_as.id))
    except spool.SpoolError:
        return False


def take_in(path):
    """Store the form in a spool file, unless it is in the database already. Then remove the file."""
    form, promise = from_json(spool.read(path))
    try:
        store(form, promise)
    except RequestWithdrawn as withdrawn:
        # What was sent before the withdrawal stays withdrawn. What was sent after it is a new request.
        if form.at > withdrawn.at:
            # Under legal hold, the withdrawn request still holds the id that this form was confirmed under.
            Alias.objects.filter(pk=form.confirmed_as.id, request__hidden_at__isnull=False).delete()
            store(replace(form, draft=tokens.draw(referrer_path=form.draft.referrer_path), form_key=None), promise)
    spool.remove(path)


@dataclass(frozen=True)
class SpooledConfirmation:
    """What a confirmation shows of a request that is still in the spool. `answers`: the newest ones."""

    reference: str
    promise: str
    at: dt.datetime
    answers: dict


def confirmation_from_spool(request_id):
    """Return the `SpooledConfirmation` of a request in this machine's spool, or None if the spool holds none.

    An amendment changes the promise only if it changes what the promise depends on, as in the database.
    """
    sentence, depends_on, form = "", None, None
    for content in spool.find(request_id):
        form, promise = from_json(content)
        preferences = ContactPreferences(**preferences_from(form.answers))
        if preferences.commits_us_to != depends_on:
            sentence, depends_on = promise.sentence, preferences.commits_us_to
    return form and SpooledConfirmation(form.confirmed_as.reference, sentence, form.at, form.answers)
