"""Forms that were sent but not accepted yet. For a while, each has a URL, so that Back and Forward can show it.

A page that answers a POST can't be shown again: the browser asks "Confirm form resubmission", and the text is lost. So
a form that must be corrected or confirmed is stored, encrypted, for `KEPT_FOR`, and the POST redirects to its URL. The
URL holds a random token; the database holds only its hash. If the browser has cookies, the URL works only in that
browser session, until something is sent or withdrawn there, or someone leaves (`intake.submission.device`).

If the form can't be stored, the response to the POST is the page itself.
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
    """Store `content` (any JSON value), and return the token for its URL. None if it can't be stored.

    It replaces what was stored before for the same form, which `about` names. With `is_bound`, only this browser
    session can read it.
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
    """Return the content stored under a token, or None. Raises database errors."""
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
    """Delete the content stored under a token. With `request`, also delete all of its browser session.

    Never raises. Does not wait for a database that is away: the content expires anyway.
    """
    try:
        browser = _browser_of(request) if request else ""
        if (token or browser) and circuit_breaker.allows():
            theirs = PendingForm.objects.exclude(browser="").filter(browser=browser)
            (theirs | PendingForm.objects.filter(pk=_hash("token", token))).delete()
    except Exception as error:
        logger.error("A pending form could not be deleted: %s", type(error).__name__)


def forget_old(now):
    """Delete rows older than `KEPT_FOR`. Return how many were deleted."""
    return PendingForm.objects.filter(created_at__lte=now - KEPT_FOR).delete()[0]


def fields_of(data, names):
    """Return the posted values of these fields by name, as JSON values."""
    return {name: data.getlist(name) for name in names if name in data}


def data_of(fields):
    """Return form data for fields returned by `fields_of`."""
    data = QueryDict(mutable=True)
    for name, values in fields.items():
        data.setlist(name, values)
    return data


def _is_full(sender):
    held = PendingForm.objects.aggregate(all=Count("pk"), theirs=Count("pk", filter=Q(sender=sender)))
    return held["all"] >= MAX_ROWS or (bool(sender) and held["theirs"] >= MAX_PER_SENDER)


def _browser_of(request):
    """Return a keyed hash of this browser session.

    Return "" if the browser has no cookie of ours, or is about to get a new one.
    """
    cookie = request.COOKIES.get(settings.CSRF_COOKIE_NAME)
    if not cookie or request.META.get("CSRF_COOKIE_NEEDS_UPDATE"):
        return ""
    visit = request.COOKIES.get(settings.VISIT_COOKIE_NAME, "")
    return blind_index.keyed_hash("pending form", cookie, visit)


def _hash(purpose, text):
    return hashlib.sha256(f"{purpose} {text}".encode()).hexdigest()
