"""Send queued messages: claim, send, retry, and note what the mail server answered for each address."""

import datetime as dt
import logging
import random
import smtplib
from email.utils import make_msgid, parseaddr

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from intake.contact.preferences import newest_preferences
from intake.crypto import blind_index
from intake.crypto.envelope import DecryptionError
from intake.models import EncryptedText, OutboxMessage
from intake.reports import weekly
from pages import facts

from . import smtp

logger = logging.getLogger(__name__)

Kind, State = OutboxMessage.Kind, OutboxMessage.State
WAITS = [dt.timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 120, 240, 480)]  # after each failure
ACCEPTED = 250
STUCK_AFTER = dt.timedelta(minutes=10)  # a worker died between claiming and sending


class NotAllowed(Exception):
    """The person does not allow this message, or no longer does."""


class MailServerAway(Exception):
    """The mail server can't be reached, so no other message can be sent either."""


class BadAddress(Exception):
    """What the person typed is not an address that mail can be sent to."""


def send_due(now=None, is_stopped=lambda: False):
    """Send every message that is due when this starts. Return how many were sent.

    Each message is claimed in a transaction of its own, so that several workers never send it twice. A claim that was
    never finished can be claimed again after `STUCK_AFTER`. Ends early if the mail server can't be reached, so that the
    worker can go on, or when `is_stopped()` says so.
    """
    due_at, sent = now or timezone.now(), 0
    while not is_stopped() and (outbox_message := _claim(due_at, now or timezone.now())):
        try:
            sent += _send(outbox_message, now or timezone.now())
        except MailServerAway:
            break
    return sent


def queue_digest(now=None):
    """Queue the digest of messages that failed in the last day, once a day and only if there are any."""
    now = now or timezone.now()
    if _failed_since(now - dt.timedelta(days=1)).exists():
        OutboxMessage.objects.get_or_create(
            kind=Kind.FAILURES, day=timezone.localdate(now), defaults={"next_try_at": now}
        )


def queue_week(now=None):
    """Queue the figures of last week once, from Monday morning on."""
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
        message = MESSAGES[outbox_message.kind](outbox_message)
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
    except smtp.AcceptedInPart as error:
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
    if outbox_message.answers:
        _note_answers(outbox_message, message.to, {})
        _end_in_part(outbox_message, everyone, now)
    else:
        _end(outbox_message, State.SENT, "", sent_at=now)
    return True


def _note_answers(outbox_message, addresses, refused):
    """Store what the mail server answered for each of these addresses, by a keyed hash of the address.

    `refused` is as in smtplib: address to (code, reason).
    """
    codes = {_bare(address): code for address, (code, _reason) in refused.items()}
    submissions = {blind_index.keyed_hash("recipient", _bare(a)): codes.get(_bare(a), ACCEPTED) for a in addresses}
    outbox_message.answers = (outbox_message.answers or {}) | submissions
    outbox_message.refused = sum(_is_refusal_for_good(code) for code in outbox_message.answers.values())


def _answer_to(outbox_message, address):
    """Return the code that the mail server gave for this address, or None if it was not asked."""
    hashes = blind_index.keyed_hashes("recipient", _bare(address)) if outbox_message.answers else []
    return next((outbox_message.answers[one] for one in hashes if one in outbox_message.answers), None)


def _bare(address):
    """Return the address without a name, as smtplib gives it to the mail server."""
    return parseaddr(sanitize_address(address, "utf-8"))[1].lower()


def _has_reached_anyone(outbox_message):
    return ACCEPTED in (outbox_message.answers or {}).values()


def _is_settled(outbox_message, address):
    """Return whether this address gets no more mail: it has the message, or was refused for good while another has it.

    While nobody has the message, all addresses are tried again: the mail server may be wrong.
    """
    code = _answer_to(outbox_message, address)
    return code == ACCEPTED or (code is not None and _is_refusal_for_good(code) and _has_reached_anyone(outbox_message))


def _is_refusal_for_good(code):
    return 500 <= code < 600


def _end_in_part(outbox_message, everyone, now):
    """End a message that someone has received, or try again for the addresses with a temporary refusal.

    `everyone` are the addresses in the settings now. Others no longer count.
    """
    codes = [
        code for code in (_answer_to(outbox_message, address) for address in everyone) if code not in (None, ACCEPTED)
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
    _write(outbox_message, state=state, last_error=reason[:80], sent_at=sent_at)


def _retry_later(outbox_message, reason, now):
    """Wait longer after each failure. The wait is varied at random, so that messages don't come back all at once."""
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
    """Store the result, unless the message was deleted or queued again while it was being sent."""
    values |= {"answers": outbox_message.answers, "refused": outbox_message.refused}
    OutboxMessage.objects.filter(
        pk=outbox_message.pk, state=State.SENDING, claimed_at=outbox_message.claimed_at
    ).update(**values)


def _smtp_code(error):
    """Return the answer of the mail server as a number (RFC 5321, section 4.2), or None if there was none."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _reason in error.recipients.values()), default=None)
    return getattr(error, "smtp_code", None)


def _is_away(error):
    """Return whether the failure was not about this message: the server did not answer, or did not let us in."""
    refused_us = (smtplib.SMTPConnectError, smtplib.SMTPHeloError, smtplib.SMTPAuthenticationError)
    return isinstance(error, refused_us) or (isinstance(error, OSError) and _smtp_code(error) is None)


def _is_final(error):
    """Return whether another attempt is useless: refused for good (5xx), and not because of our own password."""
    code = _smtp_code(error)
    return code is not None and 500 <= code < 600 and not isinstance(error, smtplib.SMTPAuthenticationError)


def _new_request(outbox_message):
    path = reverse("admin:intake_assessmentrequest_change", args=[outbox_message.request_id])
    reference = {"reference": outbox_message.request.reference}
    if outbox_message.request.is_synthetic:
        return _mail(
            subject=_("Test request %(reference)s") % reference,
            body=_("The site sent itself a request to check that everything works. You don't need to do anything.\n"),
            to=[settings.DEFAULT_FROM_EMAIL],
        )
    return _mail(
        subject=_("New request %(reference)s") % reference,
        body=_("A new request is waiting: %(reference)s\n\n%(link)s\n")
        % (reference | {"link": settings.PUBLIC_ORIGIN + path}),
        to=settings.ADMISSIONS_EMAILS,
    )


def _to_confirm(outbox_message):
    path = reverse("admin:intake_assessmentrequest_change", args=[outbox_message.request_id])
    reference = {"reference": outbox_message.request.reference}
    return _mail(
        subject=_("Please confirm %(reference)s") % reference,
        body=_(
            "A request that was linked with %(reference)s was withdrawn or changed. Don't contact the "
            "person of %(reference)s until someone has said whether it is the same person:\n\n%(link)s\n"
        )
        % (reference | {"link": settings.PUBLIC_ORIGIN + path}),
        to=settings.ADMISSIONS_EMAILS,
    )


def _acknowledgement(outbox_message):
    """Return a neutral email to the person. Others may read their inbox: no name, nothing about health.

    Raises `NotAllowed` unless the newest preferences allow email and the address got none of these for a day: anyone
    may have typed it. Raises `BadAddress` if it is not an email address.
    """
    profile = newest_preferences(outbox_message.request)
    submissions = outbox_message.request.texts.filter(kind__in=EncryptedText.WITH_CONTACT)
    if profile is None or not profile.may_email or outbox_message.request.hidden_at or not submissions:
        raise NotAllowed
    if _had_one_today(outbox_message):
        raise NotAllowed
    address = next(content["email"] for text in reversed(submissions) if "email" in (content := text.decrypt()))
    try:
        validate_email(address)
    except ValidationError as error:
        raise BadAddress from error
    center = facts.current().center
    values = {"reference": outbox_message.request.reference, "phone": center.phone if center else ""}
    if center:
        body = _(
            "Hello,\n\nWe have your message and will get back to you. Your reference is %(reference)s.\n"
            "If you would rather talk, call %(phone)s and give the reference.\n\n"
            "If you did not write to us, please ignore this email.\n"
        )
    else:
        body = _(
            "Hello,\n\nWe have your message and will get back to you. Your reference is %(reference)s.\n\n"
            "If you did not write to us, please ignore this email.\n"
        )
    return _mail(
        subject=_("Your message"),
        body=body % values,
        to=[address],
        from_email=settings.NEUTRAL_FROM_EMAIL,
        headers={"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"},
    )


def _had_one_today(outbox_message):
    addresses = outbox_message.request.blind_indexes.filter(kind=blind_index.EMAIL).values("value")
    return OutboxMessage.objects.filter(
        kind=Kind.ACKNOWLEDGEMENT,
        state=State.SENT,
        sent_at__gt=timezone.now() - dt.timedelta(days=1),
        request__blind_indexes__kind=blind_index.EMAIL,
        request__blind_indexes__value__in=addresses,
    ).exists()


def _failures(outbox_message):
    # The day before, whenever it goes out: the digest itself may have to wait for the mail server.
    day_before = timezone.make_aware(dt.datetime.combine(outbox_message.day, dt.time())) - dt.timedelta(days=1)
    failed = _failed_since(day_before).select_related("request")
    lines = [
        f"{f.request.reference if f.request else '-'}  {f.get_kind_display()}  {_what_failed(f)}" for f in failed[:100]
    ]
    return _mail(
        subject=_("Messages that could not be sent: %(count)s") % {"count": failed.count()},
        body=_("These messages could not be sent. Please handle them by hand:\n\n%(lines)s\n\n%(link)s\n")
        % {
            "lines": "\n".join(lines),
            "link": settings.PUBLIC_ORIGIN + reverse("admin:intake_assessmentrequest_changelist"),
        },
        to=settings.ADMISSIONS_EMAILS,
    )


def _what_failed(outbox_message):
    """Return the reason, and the refused addresses that are in the settings. Others are only counted."""
    codes = {address: _answer_to(outbox_message, address) for address in settings.ADMISSIONS_EMAILS}
    named = [f"{address} ({code})" for address, code in codes.items() if code not in (None, ACCEPTED)]
    return "; ".join([outbox_message.last_error, *named])


def _week(outbox_message):
    """Return the weekly figures to all leads, or to the desk if no lead has an address."""
    subject, body = weekly.message(outbox_message.day)
    leads = get_user_model().objects.filter(is_active=True, is_staff=True, groups__name="lead").exclude(email="")
    to = list(leads.order_by("email").values_list("email", flat=True)) or settings.ADMISSIONS_EMAILS
    return _mail(subject=subject, body=body, to=to)


def _mail(subject, body, to, from_email=None, headers=None):
    """Return a message whose Message-ID names the sender's domain. Django's default would name this machine."""
    from_email = from_email or settings.DEFAULT_FROM_EMAIL
    domain = parseaddr(from_email)[1].rpartition("@")[2]
    headers = {"Message-ID": make_msgid(domain=domain)} | (headers or {})
    return EmailMessage(subject=subject, body=body, from_email=from_email, to=to, headers=headers)


def _failed_since(moment):
    not_sent = OutboxMessage.objects.filter(state__in=OutboxMessage.NOT_SENT, claimed_at__gt=moment)
    return not_sent.exclude(kind=Kind.FAILURES).order_by("pk")  # a digest about digests would never end


MESSAGES = {
    Kind.NEW_REQUEST: _new_request,
    Kind.TO_CONFIRM: _to_confirm,
    Kind.ACKNOWLEDGEMENT: _acknowledgement,
    Kind.FAILURES: _failures,
    Kind.WEEK: _week,
}
