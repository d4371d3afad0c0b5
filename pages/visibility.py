"""What readers may see at a moment."""

from django.db.models import Q
from django.utils import timezone


def visible(rows, at=None):
    """Of a query set of pages or of snippets with drafts: those that are live and have not ended at a moment (default:
    now). What has ended is hidden by the clock, though the job that takes it off-line has not run yet."""
    at = at or timezone.now()
    return rows.filter(Q(expire_at=None) | Q(expire_at__gt=at), live=True)
