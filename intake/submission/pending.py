"""Forms that were sent and are not accepted yet. Each has an address for a while, so that Back and Forward can show it.

A page that answers a post can't be shown again: the browser asks "Confirm form resubmission", and the text is lost. So
a form that has to be corrected or confirmed is kept for `KEPT_FOR`, encrypted, and the post redirects to its address.
The address holds a random token, the database a hash of it. If the browser has cookies, the address works in that
browser session alone, and only until something is sent, withdrawn or left there (`intake.submission.device`).

If keeping it fails, the answer to the post is the page itself.
"""

import datetime as dt
import hashlib
import json
import logging
import secrets

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.http import QueryDict
from django.utils import timezone

from intake.crypto import blind_index, envelope
from intake.models import PendingForm

from . import circuit_breaker, rate_limit

KEPT_FOR = dt.timedelta(minutes=10)
MAX_BYTES = 64 * 1024  # of a form before encryption; the longest possible answers take under 20,000
MAX_PER_SENDER = 40  # rows of one network
MAX_ROWS = 1000  # rows in all: at most 64 MB

logger = logging.getLogger(__name__)


def keep(request, about, content, is_bound=True):
    """Store `content` (any JSON value) in place of what was stored `about` the same form.

    Return the token of its address, or None if it can't be stored. With `is_bound`, only this browser session can read
    it.
    """
    plain = json.dumps(content)
    if len(plain) > MAX_BYTES or not circuit_breaker.allows():
        return None
    token, about = secrets.token_urlsafe(24), _hash("about", about)
    try:
        row = PendingForm(
            pk=_hash("token", token),
            about=about,
            browser=_browser_of(request) if is_bound else "",
            sender=rate_limit.sender_of(request),
            created_at=timezone.now(),
        )
        row.envelope = envelope.encrypt(plain, row.place)
        with transaction.atomic():
            PendingForm.objects.filter(about=about).delete()
            if _is_full(row.sender):
                return None
            row.save(force_insert=True)
    except Exception as error:
        logger.error("A pending form could not be stored: %s", type(error).__name__)
        return None
    return token


def find(request, token):
    """Return what is stored under a token, or None. Raises database errors."""
    row = PendingForm.objects.filter(
        pk=_hash("token", token),
        browser__in=["", _browser_of(request)],
        created_at__gt=timezone.now() - KEPT_FOR,
    ).first()
    try:
        return row and json.loads(envelope.decrypt(row.envelope, row.place))
    except envelope.EncryptionError:
        return None


def forget(token, request=None):
    """Delete what is stored under a token, and for the browser session of a request.

    Never raises and never waits for a database that is away: what is stored expires by itself.
    """
    try:
        browser = _browser_of(request) if request else ""
        if (token or browser) and circuit_breaker.allows():
            theirs = PendingForm.objects.exclude(browser="").filter(browser=browser)
            (theirs | PendingForm.objects.filter(pk=_hash("token", token))).delete()
    except Exception as error:
        logger.error("A pending form could not be deleted: %s", type(error).__name__)


def forget_old(now):
    """Delete what is older than `KEPT_FOR`. Return how many rows."""
    return PendingForm.objects.filter(created_at__lte=now - KEPT_FOR).delete()[0]


def fields_of(data, names):
    """Return the posted values of these fields as JSON values."""
    return {name: data.getlist(name) for name in names if name in data}


def data_of(fields):
    """Return what `fields_of` returned as form data."""
    data = QueryDict(mutable=True)
    for name, values in fields.items():
        data.setlist(name, values)
    return data


def _is_full(sender):
    held = PendingForm.objects.aggregate(all=Count("pk"), theirs=Count("pk", filter=Q(sender=sender)))
    return held["all"] >= MAX_ROWS or (bool(sender) and held["theirs"] >= MAX_PER_SENDER)


def _browser_of(request):
    """Return a keyed hash of this browser session; "" if the browser has no cookie of ours, or is about to get a new
    one."""
    cookie = request.COOKIES.get(settings.CSRF_COOKIE_NAME)
    if not cookie or request.META.get("CSRF_COOKIE_NEEDS_UPDATE"):
        return ""
    visit = request.COOKIES.get(settings.VISIT_COOKIE_NAME, "")
    return blind_index.keyed_hash("pending form", cookie, visit)


def _hash(purpose, text):
    return hashlib.sha256(f"{purpose} {text}".encode()).hexdigest()
