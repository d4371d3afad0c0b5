"""Sending the notices: a reference and a link to staff, tried again until they are through."""

import datetime as dt
import logging
import random

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from .models import Notice

logger = logging.getLogger(__name__)

State = Notice.State
WAITS = [dt.timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 120, 240, 480)]  # after each failure
STUCK_AFTER = dt.timedelta(minutes=10)  # a worker died between claiming and sending


def send_due(now=None):
    """Sends every notice that is due. Returns how many were sent.

    Each is claimed in a transaction of its own before it is sent, so that several workers never send one twice; a claim
    that was never finished is taken up again after `STUCK_AFTER`.
    """
    sent = 0
    while notice := _claim(now or timezone.now()):
        sent += _send(notice, now or timezone.now())
    return sent


@transaction.atomic
def _claim(now):
    waiting = Q(state__in=[State.QUEUED, State.RETRYING], next_try_at__lte=now)
    stuck = Q(state=State.SENDING, claimed_at__lte=now - STUCK_AFTER)
    due = Notice.objects.filter(waiting | stuck).order_by("next_try_at", "pk")
    notice = due.select_for_update(skip_locked=True, of=("self",)).select_related("request").first()
    if notice:
        notice.state, notice.claimed_at, notice.attempts = State.SENDING, now, notice.attempts + 1
        notice.save(update_fields=["state", "claimed_at", "attempts"])
    return notice


def _send(notice, now):
    try:
        recipients = _message(notice.request).send()
    except Exception as error:
        _retry_later(notice, type(error).__name__, now)
        return False
    if not recipients:
        _retry_later(notice, "no recipients", now)
        return False
    notice.state, notice.sent_at, notice.last_error = State.SENT, now, ""
    notice.save(update_fields=["state", "sent_at", "last_error"])
    return True


def _retry_later(notice, error_name, now):
    """Waits longer after each failure, a little at random so that notices don't come back all at once."""
    logger.warning("Notice %s was not sent: %s", notice.pk, error_name)
    notice.last_error = error_name[:80]
    if notice.attempts > len(WAITS):
        notice.state = State.FAILED
    else:
        notice.state = State.RETRYING
        wait = WAITS[notice.attempts - 1] * random.uniform(0.8, 1.2)  # noqa: S311 (spreads load, guards nothing)
        notice.next_try_at = now + wait
    notice.save(update_fields=["state", "next_try_at", "last_error"])


def _message(request):
    path = reverse("admin:intake_assessmentrequest_change", args=[request.pk])
    return EmailMessage(
        subject=_("New request %(reference)s") % {"reference": request.reference},
        body=_("A new request is on the desk: %(reference)s\n\n%(link)s\n")
        % {"reference": request.reference, "link": settings.PUBLIC_ORIGIN + path},
        to=settings.ADMISSIONS_EMAILS,
    )
