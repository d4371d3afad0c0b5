"""Build and send the email of the staff app: rows that wait until the mail server has taken them."""

import datetime as dt
import logging
import smtplib
from email.utils import make_msgid, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F

WAITS = [dt.timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60)]  # after each failure; then each hour
STUCK_AFTER = dt.timedelta(minutes=10)  # a worker died between claiming and sending

logger = logging.getLogger(__name__)


class AcceptedInPart(smtplib.SMTPException):
    """The mail server accepted some recipients and refused these: a dict of address to (code, reason)."""

    def __init__(self, recipients):
        super().__init__(recipients)
        self.recipients = recipients


def message(subject, body, to, from_email=None, headers=None):
    """Return an email whose Message-ID names the sender's domain. Django's default would name this machine."""
    from_email = from_email or settings.DEFAULT_FROM_EMAIL
    domain = parseaddr(from_email)[1].rpartition("@")[2]
    headers = {"Message-ID": make_msgid(domain=domain)} | (headers or {})
    return EmailMessage(subject=subject, body=body, from_email=from_email, to=to, headers=headers)


def send_waiting(rows, send, now, is_stopped=lambda: False):
    """Send the rows whose `next_try_at` has come. Return how many were sent.

    `rows`: a queryset of unsent rows. `send(row, now)`: sends a row and marks it as sent. Each row is claimed first, so
    that two workers never send it at once. If a worker dies in between, the row is tried again after `STUCK_AFTER`. If
    the mail server had already taken it, the email goes out twice. Stops early if the mail server can't be reached, or
    if `is_stopped()` is true.
    """
    sent = 0
    for pk in list(rows.filter(next_try_at__lte=now).order_by("pk").values_list("pk", flat=True)):
        if is_stopped() or not _claim(rows, pk, now):
            continue
        row = rows.get(pk=pk)
        try:
            send(row, now)
        except (smtplib.SMTPException, OSError) as error:
            logger.warning("An email about an account was not sent: %s", type(error).__name__)
            row.next_try_at = now + WAITS[min(row.attempts, len(WAITS)) - 1]
            row.save(update_fields=["next_try_at"])
            if _is_away(error):
                break
        else:
            sent += 1
    return sent


def _claim(rows, pk, now):
    claimed = rows.filter(pk=pk, next_try_at__lte=now)
    return claimed.update(next_try_at=now + STUCK_AFTER, attempts=F("attempts") + 1)


def _is_away(error):
    """Return whether no email can be sent now, because the server can't be reached or accepts no sign-in."""
    away = (smtplib.SMTPConnectError, smtplib.SMTPServerDisconnected, smtplib.SMTPAuthenticationError)
    return isinstance(error, away) or not isinstance(error, smtplib.SMTPException)
