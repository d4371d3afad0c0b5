"""What goes live and what ends at a time that an editor set. The worker does both; readers don't depend on its end."""

from django.apps import apps
from django.core.management import call_command
from django.utils import timezone
from wagtail.models import DraftStateMixin, Page, Revision


def publish_due():
    """Publish what is due, and take off-line what has ended. Returns how many there were."""
    due = overdue()
    if due:
        call_command("publish_scheduled")
    return len(due)


def overdue(at=None):
    """The moments at which something should have gone live or ended, and has not by `at` (default: now)."""
    at = at or timezone.now()
    moments = list(Revision.objects.filter(approved_go_live_at__lt=at).values_list("approved_go_live_at", flat=True))
    for model in [Page, *_snippets_with_drafts()]:
        moments += model.objects.filter(live=True, expire_at__lt=at).values_list("expire_at", flat=True)
    return moments


def _snippets_with_drafts():
    return [model for model in apps.get_models() if issubclass(model, DraftStateMixin) and not issubclass(model, Page)]
