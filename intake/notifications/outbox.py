"""Sending what must get out: alerts to staff, the neutral e-mail to a person, the daily list of what failed, the
week's figures for those who lead."""

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
    """No other notice would get through now either."""


class BadAddress(Exception):
    """What the person typed is no address that mail can be sent to."""


def send_due(now=None, is_stopped=lambda: False):
    """Sends every notice that is due at the beginning. Returns how many were sent.

    Each is claimed in a transaction of its own before it is sent, so that several workers never send one twice; a claim
    that was never finished is taken up again after `STUCK_AFTER`. Ends early when the mail server can't be reached, so
    that the worker can see to other things, and when `is_stopped()` says so.
    """
    due_at, sent = now or timezone.now(), 0
    while not is_stopped() and (outbox_message := _claim(due_at, now or timezone.now())):
        try:
            sent += _send(outbox_message, now or timezone.now())
        except MailServerAway:
            break
    return sent


def queue_digest(now=None):
    """Queues the list of what failed in the last day, once a day, where anything did."""
    now = now or timezone.now()
    if _failed_since(now - dt.timedelta(days=1)).exists():
        OutboxMessage.objects.get_or_create(
            kind=Kind.FAILURES, day=timezone.localdate(now), defaults={"next_try_at": now}
        )


def queue_week(now=None):
    """Queues the figures of last week, once, from Monday morning on."""
    now = now or timezone.now()
    if monday := weekly.due_on(now):
        OutboxMessage.objects.get_or_create(kind=Kind.WEEK, day=monday, defaults={"next_try_at": now})


@transaction.atomic
def _claim(due_at, now):
    waiting = Q(state__in=[State.QUEUED, State.RETRYING], next_try_at__lte=due_at)
    stuck = Q(state=State.SENDING, claimed_at__lte=now - STUCK_AFTER)
    # Whoever may have withdrawn is not written to before staff have said whether it is the same person.
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
        _retry_later(outbox_message, "sealed with a missing key", now)
        return False
    everyone, message.to = message.to, [address for address in message.to if not _is_settled(outbox_message, address)]
    if everyone and not message.to:  # whom it still had to reach is in the settings no more
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
            _end(outbox_message, State.FAILED, reason)  # an address that does not exist will not exist tomorrow
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
    """Keep what the mail server said of each of these addresses, by a keyed hash of it.

    `refused` is as smtplib has it: address to (code, reason).
    """
    codes = {_bare(address): code for address, (code, _reason) in refused.items()}
    submissions = {blind_index.keyed_hash("recipient", _bare(a)): codes.get(_bare(a), ACCEPTED) for a in addresses}
    outbox_message.answers = (outbox_message.answers or {}) | submissions
    outbox_message.refused = sum(_is_refusal_for_good(code) for code in outbox_message.answers.values())


def _answer_to(outbox_message, address):
    """The code that the mail server gave for this address, or None where it has not been asked."""
    hashes = blind_index.keyed_hashes("recipient", _bare(address)) if outbox_message.answers else []
    return next((outbox_message.answers[one] for one in hashes if one in outbox_message.answers), None)


def _bare(address):
    """The address alone, as the mail server is told it."""
    return parseaddr(sanitize_address(address, "utf-8"))[1].lower()


def _has_reached_anyone(outbox_message):
    return ACCEPTED in (outbox_message.answers or {}).values()


def _is_settled(outbox_message, address):
    """Whether this address is not mailed again: it has the message, or was refused for good while another one took it.
    As long as nobody has it, all are tried again: it may be the mail server that is wrong."""
    code = _answer_to(outbox_message, address)
    return code == ACCEPTED or (code is not None and _is_refusal_for_good(code) and _has_reached_anyone(outbox_message))


def _is_refusal_for_good(code):
    return 500 <= code < 600


def _end_in_part(outbox_message, everyone, now):
    """End a notice that someone has got, or try again for those alone who were refused for the time being.

    `everyone` are the addresses that are to get it by now: others no longer count.
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
        logger.error("Notice %s (%s) ended as %s: %s", outbox_message.pk, outbox_message.kind, state, reason)
    _write(outbox_message, state=state, last_error=reason[:80], sent_at=sent_at)


def _retry_later(outbox_message, reason, now):
    """Waits longer after each failure, a little at random so that notices don't come back all at once."""
    if outbox_message.attempts > len(WAITS):
        if _has_reached_anyone(outbox_message):
            outbox_message.refused = sum(code != ACCEPTED for code in outbox_message.answers.values())
            _end(outbox_message, State.PARTLY, reason, sent_at=now)
        else:
            _end(outbox_message, State.FAILED, reason)
        return
    logger.warning("Notice %s (%s) was not sent: %s", outbox_message.pk, outbox_message.kind, reason)
    wait = WAITS[outbox_message.attempts - 1] * random.uniform(0.8, 1.2)  # noqa: S311 (spreads load, guards nothing)
    _write(outbox_message, state=State.RETRYING, last_error=reason[:80], next_try_at=now + wait)


def _write(outbox_message, **values):
    """Writes how it went, unless the notice was deleted or queued anew while it was on its way."""
    values |= {"answers": outbox_message.answers, "refused": outbox_message.refused}
    OutboxMessage.objects.filter(
        pk=outbox_message.pk, state=State.SENDING, claimed_at=outbox_message.claimed_at
    ).update(**values)


def _smtp_code(error):
    """The answer of the mail server as a number (RFC 5321, section 4.2), or None where it gave none."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _reason in error.recipients.values()), default=None)
    return getattr(error, "smtp_code", None)


def _is_away(error):
    """Whether it was not about this message: nobody answered, or nobody let us in."""
    refused_us = (smtplib.SMTPConnectError, smtplib.SMTPHeloError, smtplib.SMTPAuthenticationError)
    return isinstance(error, refused_us) or (isinstance(error, OSError) and _smtp_code(error) is None)


def _is_final(error):
    """Whether trying again is of no use: the server refused for good (5xx), and not because of our own password."""
    code = _smtp_code(error)
    return code is not None and 500 <= code < 600 and not isinstance(error, smtplib.SMTPAuthenticationError)


def _new_request(outbox_message):
    path = reverse("admin:intake_assessmentrequest_change", args=[outbox_message.request_id])
    reference = {"reference": outbox_message.request.reference}
    if outbox_message.request.is_synthetic:
        return _mail(
            subject=_("Test of the site %(reference)s") % reference,
            body=_("The site sent itself a request, to see whether everything works. There is nothing to do.\n"),
            to=[settings.DEFAULT_FROM_EMAIL],
        )
    return _mail(
        subject=_("New request %(reference)s") % reference,
        body=_("A new request is on the desk: %(reference)s\n\n%(link)s\n")
        % (reference | {"link": settings.PUBLIC_ORIGIN + path}),
        to=settings.ADMISSIONS_EMAILS,
    )


def _to_confirm(outbox_message):
    path = reverse("admin:intake_assessmentrequest_change", args=[outbox_message.request_id])
    reference = {"reference": outbox_message.request.reference}
    return _mail(
        subject=_("Please confirm %(reference)s") % reference,
        body=_(
            "A request that was linked with %(reference)s was withdrawn or changed. Nobody is contacted about "
            "%(reference)s until someone says whether it is the same person:\n\n%(link)s\n"
        )
        % (reference | {"link": settings.PUBLIC_ORIGIN + path}),
        to=settings.ADMISSIONS_EMAILS,
    )


def _acknowledgement(outbox_message):
    """Neutral words to the person, since others may read their inbox: no name of theirs or ours, nothing on health.

    Raises `NotAllowed` unless the newest rules of contact allow e-mail and the address had none of these for a day:
    anyone may have typed it. Raises `BadAddress` where it is none.
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
    # From the day before, whenever it goes out: the list itself may have to wait for the mail server.
    day_before = timezone.make_aware(dt.datetime.combine(outbox_message.day, dt.time())) - dt.timedelta(days=1)
    failed = _failed_since(day_before).select_related("request")
    lines = [
        f"{f.request.reference if f.request else '-'}  {f.get_kind_display()}  {_what_failed(f)}" for f in failed[:100]
    ]
    return _mail(
        subject=_("Messages that could not be sent: %(count)s") % {"count": failed.count()},
        body=_("These could not be sent. Look after them by hand:\n\n%(lines)s\n\n%(link)s\n")
        % {
            "lines": "\n".join(lines),
            "link": settings.PUBLIC_ORIGIN + reverse("admin:intake_assessmentrequest_changelist"),
        },
        to=settings.ADMISSIONS_EMAILS,
    )


def _what_failed(outbox_message):
    """The reason, and which addresses of the settings it was about. Others are only counted."""
    codes = {address: _answer_to(outbox_message, address) for address in settings.ADMISSIONS_EMAILS}
    named = [f"{address} ({code})" for address, code in codes.items() if code not in (None, ACCEPTED)]
    return "; ".join([outbox_message.last_error, *named])


def _week(outbox_message):
    """To those who lead, or to the desk where none of them has an address."""
    subject, body = weekly.message(outbox_message.day)
    leads = get_user_model().objects.filter(is_active=True, is_staff=True, groups__name="lead").exclude(email="")
    to = list(leads.order_by("email").values_list("email", flat=True)) or settings.ADMISSIONS_EMAILS
    return _mail(subject=subject, body=body, to=to)


def _mail(subject, body, to, from_email=None, headers=None):
    """A message whose id names the sender's domain: by itself it would name this machine."""
    from_email = from_email or settings.DEFAULT_FROM_EMAIL
    domain = parseaddr(from_email)[1].rpartition("@")[2]
    headers = {"Message-ID": make_msgid(domain=domain)} | (headers or {})
    return EmailMessage(subject=subject, body=body, from_email=from_email, to=to, headers=headers)


def _failed_since(moment):
    not_sent = OutboxMessage.objects.filter(state__in=OutboxMessage.NOT_SENT, claimed_at__gt=moment)
    return not_sent.exclude(kind=Kind.FAILURES).order_by("pk")  # a list about lists would never end


MESSAGES = {
    Kind.NEW_REQUEST: _new_request,
    Kind.TO_CONFIRM: _to_confirm,
    Kind.ACKNOWLEDGEMENT: _acknowledgement,
    Kind.FAILURES: _failures,
    Kind.WEEK: _week,
}
