"""Limits how many emails people get from us in a day.

Anyone may type someone else's address into the form, and vary it (`name+1@`, `name+2@`) to fill that inbox. So each
inbox gets one email a day, and each network and all networks together may cause only so many. Above that, the request
is kept as always, and no email is sent. No page says so.

The rows hold keyed hashes and no request, so the limits also count emails about requests that were withdrawn.
"""

import datetime as dt

from django.conf import settings
from django.db.models import Count, Q

from intake import email_addresses
from intake.crypto import blind_index
from intake.models import RecentEmail

WINDOW = dt.timedelta(days=1)


def allows(address, sender, now):
    """Return whether this address may get an email now. `sender`: the keyed hash of the form's network, or ""."""
    inbox = Q(recipient__in=blind_index.keyed_hashes("inbox", email_addresses.mailbox(address)))
    sent = RecentEmail.objects.filter(sent_at__gt=now - WINDOW).aggregate(
        to_them=Count("pk", filter=inbox), from_there=Count("pk", filter=Q(sender=sender)), total=Count("pk")
    )
    return (
        not sent["to_them"]
        and sent["total"] < settings.EMAIL_LIMIT_TOTAL
        and (not sender or sent["from_there"] < settings.EMAIL_LIMIT_PER_NETWORK)
    )


def count(address, sender, now):
    """Count an email that was sent."""
    inbox = blind_index.keyed_hash("inbox", email_addresses.mailbox(address))
    RecentEmail.objects.create(recipient=inbox, sender=sender, sent_at=now)


def forget_old(now):
    """Delete rows that no longer count. Return how many were deleted."""
    return RecentEmail.objects.filter(sent_at__lte=now - WINDOW).delete()[0]
