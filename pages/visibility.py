"""Filter what readers may see."""

from django.db.models import Q
from django.utils import timezone


def visible(rows, at=None):
    """Return the rows of a query set that are live and have not expired at a moment (default: now).

    Expired rows are hidden even before the worker unpublishes them.
    """
    at = at or timezone.now()
    return rows.filter(Q(expire_at=None) | Q(expire_at__gt=at), live=True)
