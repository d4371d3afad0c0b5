"""Send queued messages: claim, send, retry, and store the mail server's response for each address."""

import datetime as dt
import logging
import random
import smtplib

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from intake.crypto import blind_index
from intake.crypto.envelope import DecryptionError
from intake.models import OutboxMessage
from intake.reports import weekly
from staff.mail import AcceptedInPart

from . import daily_limit
from .messages import ACCEPTED, BUILDERS, BadAddress, NotAllowed, answer_to, bare_address, failed_since

logger = logging.getLogger(__name__)

Kind, State = OutboxMessage.Kind, OutboxMessage.State
WAITS = [dt.timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 120, 240, 480)]  # after each failure
STUCK_AFTER = dt.timedelta(minutes=10)  # a worker died between claiming and sending


class MailServerAway(Exception):
    """The mail server can't be reached, so no message can be sent now."""


def send_due(now=None, is_stopped=lambda: False):
    """Send every message that is due when this starts. Return how many were sent.

    Each message is claimed in its own transaction, so that two workers never send it twice. A claim that never finished
    can be claimed again after `STUCK_AFTER`. Stops early if the mail server can't be reached, or if `is_stopped()` is
    true.
    """
    due_at, sent = now or timezone.now(), 0
    while not is_stopped() and (outbox_message := _claim(due_at, now or timezone.now())):
        try:
            sent += _send(outbox_message, now or timezone.now())
        except MailServerAway:
            break
    return sent


def queue_digest(now=None):
    """Queue a digest of the messages that failed in the last 24 hours, once a day. None is queued if none failed."""
    now = now or timezone.now()
    if failed_since(now - dt.timedelta(days=1)).exists():
        OutboxMessage.objects.get_or_create(
            kind=Kind.FAILURES, day=timezone.localdate(now), defaults={"next_try_at": now}
        )


def queue_week(now=None):
    """Queue last week's figures if they are due. They are due once, from Monday morning on."""
    now = now or timezone.now()
    if monday := weekly.due_on(now):
        OutboxMessage.objects.get_or_create(kind=Kind.WEEK, day=monday, defaults={"next_try_at": now})


@transaction.atomic
def _claim(due_at, now):
    waiting = Q(state__in=[State.QUEUED, State.RETRYING], next_try_at__lte=due_at)
    stuck = Q(state=State.SENDING, claimed_at__lte=now - STUCK_AFTER)
    # Someone who may have withdrawn gets no email before staff have said if it is the same person.
    is_paused = Q(kind=Kind.ACKNOWLEDGEMENT, request__to_confirm_since__isnull=False)
    due = OutboxMessage.objects.filter(waiting | stuck).exclude(is_paused).order_by("next_try_at", "pk")
    outbox_message = due.select_for_update(skip_locked=True, of=("self",)).select_related("request").first()
    if outbox_message:
        outbox_message.state, outbox_message.claimed_at, outbox_message.attempts = (
            State.SENDING,
            now,
            outbox_message.attempts + 1,
        )
        outbox_message.save(update_fields=["state", "claimed_at", "attempts"])
    return outbox_message


def _send(outbox_message, now):
    try:
        message = BUILDERS[outbox_message.kind](outbox_message)
    except NotAllowed:
        _end(outbox_message, State.REFUSED, "")
        return False
    except BadAddress:
        _end(outbox_message, State.FAILED, "no address")
        return False
    except DecryptionError:
        _retry_later(outbox_message, "encrypted with a missing key", now)
        return False
    everyone, message.to = message.to, [address for address in message.to if not _is_settled(outbox_message, address)]
    if everyone and not message.to:  # the addresses still open are no longer in the settings
        _end_in_part(outbox_message, everyone, now)
        return True
    try:
        recipients = message.send()
    except AcceptedInPart as error:
        _note_answers(outbox_message, message.to, error.recipients)
        _end_in_part(outbox_message, everyone, now)
        return True
    except Exception as error:
        reason = f"{type(error).__name__} {_smtp_code(error) or ''}".strip()
        if isinstance(error, smtplib.SMTPRecipientsRefused) and outbox_message.kind != Kind.ACKNOWLEDGEMENT:
            _note_answers(outbox_message, message.to, error.recipients)
        if _has_reached_anyone(outbox_message):
            _end_in_part(outbox_message, everyone, now)
        elif _is_final(error) and outbox_message.kind == Kind.ACKNOWLEDGEMENT:
            _end(outbox_message, State.FAILED, reason)  # an address that does not exist won't exist tomorrow
        else:
            _retry_later(outbox_message, reason, now)
        if _is_away(error):
            raise MailServerAway from error
        return False
    if not recipients:
        _retry_later(outbox_message, "no recipients", now)
        return False
    if outbox_message.kind == Kind.ACKNOWLEDGEMENT:
        daily_limit.count(message.to[0], outbox_message.sender, timezone.now())
    if outbox_message.answers:
        _note_answers(outbox_message, message.to, {})
        _end_in_part(outbox_message, everyone, now)
    else:
        _end(outbox_message, State.SENT, "", sent_at=now)
    return True


def _note_answers(outbox_message, addresses, refused):
    """Set the mail server's response code for each of these addresses, by a keyed hash of the address.

    `refused`: maps address to (code, reason), as in smtplib.
    """
    codes = {bare_address(address): code for address, (code, _reason) in refused.items()}
    given = {
        blind_index.keyed_hash("recipient", bare_address(a)): codes.get(bare_address(a), ACCEPTED) for a in addresses
    }
    outbox_message.answers = (outbox_message.answers or {}) | given
    outbox_message.refused = sum(_is_refusal_for_good(code) for code in outbox_message.answers.values())


def _has_reached_anyone(outbox_message):
    return ACCEPTED in (outbox_message.answers or {}).values()


def _is_settled(outbox_message, address):
    """Return whether this address needs no more mail.

    It needs none if it has received the message, or if it refused for good and another address has received it. Until
    one address has received it, all are tried again: the mail server may be wrong.
    """
    code = answer_to(outbox_message, address)
    return code == ACCEPTED or (code is not None and _is_refusal_for_good(code) and _has_reached_anyone(outbox_message))


def _is_refusal_for_good(code):
    return 500 <= code < 600


def _end_in_part(outbox_message, everyone, now):
    """End a message that someone has received, or retry the addresses with a temporary refusal.

    `everyone`: the addresses in the settings now. Others no longer count.
    """
    codes = [
        code for code in (answer_to(outbox_message, address) for address in everyone) if code not in (None, ACCEPTED)
    ]
    outbox_message.refused = sum(_is_refusal_for_good(code) for code in codes)
    reason = f"{len(codes)} of {len(everyone)} recipients refused: {max(codes)}" if codes else ""
    if all(_is_settled(outbox_message, address) for address in everyone):
        _end(outbox_message, State.PARTLY if codes else State.SENT, reason, sent_at=now)
    else:
        _retry_later(outbox_message, reason, now)


def _end(outbox_message, state, reason, sent_at=None):
    if state in OutboxMessage.NOT_SENT:
        logger.error("Message %s (%s) ended as %s: %s", outbox_message.pk, outbox_message.kind, state, reason)
    _write(outbox_message, state=state, last_error=reason[:80], sent_at=sent_at, sender="")


def _retry_later(outbox_message, reason, now):
    """Schedule the next try, after a wait that grows with each failure. End the message after the last one.

    The wait is varied at random, so that messages don't come back all at once.
    """
    if outbox_message.attempts > len(WAITS):
        if _has_reached_anyone(outbox_message):
            outbox_message.refused = sum(code != ACCEPTED for code in outbox_message.answers.values())
            _end(outbox_message, State.PARTLY, reason, sent_at=now)
        else:
            _end(outbox_message, State.FAILED, reason)
        return
    logger.warning("Message %s (%s) was not sent: %s", outbox_message.pk, outbox_message.kind, reason)
    wait = WAITS[outbox_message.attempts - 1] * random.uniform(0.8, 1.2)  # noqa: S311 (spreads load, guards nothing)
    _write(outbox_message, state=State.RETRYING, last_error=reason[:80], next_try_at=now + wait)


def _write(outbox_message, **values):
    """Store the result. Skip it if the message was deleted or queued again during sending."""
    values |= {"answers": outbox_message.answers, "refused": outbox_message.refused}
    OutboxMessage.objects.filter(
        pk=outbox_message.pk, state=State.SENDING, claimed_at=outbox_message.claimed_at
    ).update(**values)


def _smtp_code(error):
    """Return the mail server's response code (RFC 5321, section 4.2). None if there was none."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _reason in error.recipients.values()), default=None)
    return getattr(error, "smtp_code", None)


def _is_away(error):
    """Return whether no message could be sent: the mail server did not respond, or refused our connection or login."""
    refused_us = (smtplib.SMTPConnectError, smtplib.SMTPHeloError, smtplib.SMTPAuthenticationError)
    return isinstance(error, refused_us) or (isinstance(error, OSError) and _smtp_code(error) is None)


def _is_final(error):
    """Return whether a retry is useless: the message was refused for good (5xx), and not because of our login."""
    code = _smtp_code(error)
    return code is not None and 500 <= code < 600 and not isinstance(error, smtplib.SMTPAuthenticationError)
