"""The messages that the outbox sends: alerts and digests to staff, acknowledgements to people."""

import datetime as dt
from email.utils import parseaddr

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from intake.contact.preferences import newest_preferences
from intake.crypto import blind_index
from intake.models import EncryptedText, OutboxMessage
from intake.reports import weekly
from pages import facts
from staff import mail

from . import daily_limit

Kind = OutboxMessage.Kind
ACCEPTED = 250


class NotAllowed(Exception):
    """The person does not allow this message, or no longer allows it."""


class BadAddress(Exception):
    """What the person typed is not a valid email address."""


def _new_request(outbox_message):
    path = reverse("admin:intake_assessmentrequest_change", args=[outbox_message.request_id])
    reference = {"reference": outbox_message.request.reference}
    if outbox_message.request.is_synthetic:
        return mail.message(
            subject=_("Test request %(reference)s") % reference,
            body=_("The site sent itself a request to check that everything works. You don't need to do anything.\n"),
            to=[settings.DEFAULT_FROM_EMAIL],
        )
    return mail.message(
        subject=_("New request %(reference)s") % reference,
        body=_("A new request is waiting: %(reference)s\n\n%(link)s\n")
        % (reference | {"link": settings.PUBLIC_ORIGIN + path}),
        to=settings.ADMISSIONS_EMAILS,
    )


def _to_confirm(outbox_message):
    path = reverse("admin:intake_assessmentrequest_change", args=[outbox_message.request_id])
    reference = {"reference": outbox_message.request.reference}
    return mail.message(
        subject=_("Please confirm %(reference)s") % reference,
        body=_(
            "A request that was linked with %(reference)s was withdrawn or changed. Don't contact the "
            "person of %(reference)s until someone has said whether it is the same person:\n\n%(link)s\n"
        )
        % (reference | {"link": settings.PUBLIC_ORIGIN + path}),
        to=settings.ADMISSIONS_EMAILS,
    )


def _acknowledgement(outbox_message):
    """Return a neutral email to the person: no name, nothing about health. Others may read their inbox.

    Raises `NotAllowed` if the newest preferences don't allow email, or if `daily_limit` doesn't: anyone may have typed
    the address. Raises `BadAddress` if it is not a valid email address.
    """
    preferences = newest_preferences(outbox_message.request)
    submissions = outbox_message.request.texts.filter(kind__in=EncryptedText.WITH_CONTACT)
    if preferences is None or not preferences.may_email or outbox_message.request.hidden_at or not submissions:
        raise NotAllowed
    address = next(content["email"] for text in reversed(submissions) if "email" in (content := text.decrypt()))
    try:
        validate_email(address)
    except ValidationError as error:
        raise BadAddress from error
    if not daily_limit.allows(address, outbox_message.sender, timezone.now()):
        raise NotAllowed
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
    return mail.message(
        subject=_("Your message"),
        body=body % values,
        to=[address],
        from_email=settings.NEUTRAL_FROM_EMAIL,
        headers={"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"},
    )


def _failures(outbox_message):
    # Counted from the digest's own day, not from now: the digest may be sent late.
    day_before = timezone.make_aware(dt.datetime.combine(outbox_message.day, dt.time())) - dt.timedelta(days=1)
    failed = failed_since(day_before).select_related("request")
    lines = [
        f"{f.request.reference if f.request else '-'}  {f.get_kind_display()}  {_what_failed(f)}" for f in failed[:100]
    ]
    return mail.message(
        subject=_("Messages that could not be sent: %(count)s") % {"count": failed.count()},
        body=_("These messages could not be sent. Please handle them by hand:\n\n%(lines)s\n\n%(link)s\n")
        % {
            "lines": "\n".join(lines),
            "link": settings.PUBLIC_ORIGIN + reverse("admin:intake_assessmentrequest_changelist"),
        },
        to=settings.ADMISSIONS_EMAILS,
    )


def _what_failed(outbox_message):
    """Return why a message failed, and which staff addresses refused it.

    Addresses that are no longer in the settings are not named.
    """
    codes = {address: answer_to(outbox_message, address) for address in settings.ADMISSIONS_EMAILS}
    named = [f"{address} ({code})" for address, code in codes.items() if code not in (None, ACCEPTED)]
    return "; ".join([outbox_message.last_error, *named])


def _week(outbox_message):
    """Return the email with the weekly figures, to all leads or, if no lead has an address, to the desk."""
    subject, body = weekly.message(outbox_message.day)
    leads = get_user_model().objects.filter(is_active=True, is_staff=True, groups__name="lead").exclude(email="")
    to = list(leads.order_by("email").values_list("email", flat=True)) or settings.ADMISSIONS_EMAILS
    return mail.message(subject=subject, body=body, to=to)


def failed_since(moment):
    not_sent = OutboxMessage.objects.filter(state__in=OutboxMessage.NOT_SENT, claimed_at__gt=moment)
    return not_sent.exclude(kind=Kind.FAILURES).order_by("pk")  # a digest about digests would never end


def answer_to(outbox_message, address):
    """Return the mail server's response code for this address. None if it has not responded."""
    hashes = blind_index.keyed_hashes("recipient", bare_address(address)) if outbox_message.answers else []
    return next((outbox_message.answers[one] for one in hashes if one in outbox_message.answers), None)


def bare_address(address):
    """Return the address without a display name, as smtplib sends it to the mail server."""
    return parseaddr(sanitize_address(address, "utf-8"))[1].lower()


BUILDERS = {
    Kind.NEW_REQUEST: _new_request,
    Kind.TO_CONFIRM: _to_confirm,
    Kind.ACKNOWLEDGEMENT: _acknowledgement,
    Kind.FAILURES: _failures,
    Kind.WEEK: _week,
}
