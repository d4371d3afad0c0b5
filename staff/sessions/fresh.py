"""A fresh sign-in before actions that can't be undone."""

import datetime as dt

from django.conf import settings
from django.utils import timezone

PROVED_AT = "proved_at"  # in the session: when the person last gave their password


def note_proof(request):
    """Note that the person at this session has just proved who they are."""
    request.session[PROVED_AT] = timezone.now().timestamp()


def is_fresh(request):
    """Return whether the person at this session proved who they are a few minutes ago."""
    age = timezone.now().timestamp() - request.session.get(PROVED_AT, 0)
    return age <= dt.timedelta(minutes=settings.STAFF_FRESH_MINUTES).total_seconds()
