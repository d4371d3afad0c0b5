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
    """A record that someone saw requests: who, how, and when. Never a value of a request.

    Each request that was shown has a `ShownRequest`. A list or search that found nothing has none.
    """

    Action = AccessAction
    WHOLE = (Action.OPEN, Action.PRINT)
    is_guarded = True

    occurred_at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    action = models.CharField(max_length=10, choices=Action.choices)
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
            ),
            models.Index(fields=["occurred_at"], name="accesses_of_a_day"),
        ]

    def __str__(self):
        return f"{self.action} {self.occurred_at:%Y-%m-%d %H:%M}"

    @property
    def request_ids(self):
        """Return the ids of the requests that were shown, in the order in which they were."""
        return list(self.shown.order_by("pk").values_list("request", flat=True))


class ShownRequest(AppendOnlyModel):
    """One request that one access showed. The id outlives the request, so this is no foreign key."""

    is_guarded = True

    record = models.ForeignKey(AccessRecord, models.PROTECT, related_name="shown")
    request = models.UUIDField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["request", "record"], name="accesses_of_a_request")]

    def __str__(self):
        return f"{self.record_id} {self.request}"
