"""The access log: who saw which requests."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from staff.append_only import AppendOnlyModel


class AccessAction(models.TextChoices):
    LIST = "list", _("Saw in a list")
    OPEN = "open", _("Opened")
    SEARCH = "search", _("Found by a search")
    COMPARE = "compare", _("Opened by a search to compare the name")
    PRINT = "print", _("Printed")
    EXPORT = "export", _("Exported")


class AccessRecord(AppendOnlyModel):
    """A record that someone saw requests: who saw which requests, how, and when. Never a value of a request."""

    Action = AccessAction
    WHOLE = (Action.OPEN, Action.PRINT)
    is_guarded = True

    occurred_at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    action = models.CharField(max_length=10, choices=Action.choices)
    requests = models.JSONField(help_text="The ids of the requests that were shown")
    whole_request = models.UUIDField(
        null=True, help_text="The request if its whole page was shown, so that the page can list its readers"
    )

    class Meta:
        default_permissions = ()
        ordering = ["-occurred_at", "-pk"]
        constraints = [
            models.CheckConstraint(name="access_action_is_known", condition=Q(action__in=AccessAction.values))
        ]
        indexes = [
            models.Index(
                fields=["whole_request", "-occurred_at", "-id"],
                name="readers_of_a_request",
                condition=Q(whole_request__isnull=False),
            )
        ]

    def __str__(self):
        return f"{self.action} {self.occurred_at:%Y-%m-%d %H:%M}"
