"""Publish and unpublish pages at the times that editors set.

The worker runs this. Readers can't open expired pages even before it runs.
"""

from django.apps import apps
from django.core.management import call_command
from django.utils import timezone
from wagtail.models import DraftStateMixin, Page, Revision


def publish_due():
    """Publish what is due and unpublish what has expired. Return the number of scheduled times that were overdue."""
    due = overdue()
    if due:
        call_command("publish_scheduled")
    return len(due)


def overdue(at=None):
    """Return the times to publish or unpublish that have passed (by `at`, default: now) and were not carried out."""
    at = at or timezone.now()
    moments = list(Revision.objects.filter(approved_go_live_at__lt=at).values_list("approved_go_live_at", flat=True))
    for model in [Page, *_snippets_with_drafts()]:
        moments += model.objects.filter(live=True, expire_at__lt=at).values_list("expire_at", flat=True)
    return moments


def _snippets_with_drafts():
    return [model for model in apps.get_models() if issubclass(model, DraftStateMixin) and not issubclass(model, Page)]
