"""What each button of the desk changed, and whether it was undone."""

from django.conf import settings
from django.db import models

from intake.db.uuid7 import uuid7
from staff.append_only import AppendOnlyModel


class Change(AppendOnlyModel):
    """What one operation (one press of a button) changed in one request. Events and attempts refer to their change."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    operation = models.UUIDField(help_text="Shared by all changes of one button: undone together, or not at all")
    batch = models.UUIDField(help_text="Shared by all operations of a bulk action. Otherwise the operation")
    request = models.ForeignKey(
        "intake.AssessmentRequest", models.CASCADE, related_name="changes", db_index=False
    )  # the index below begins with it
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    occurred_at = models.DateTimeField()
    before = models.JSONField(help_text="The earlier values of the columns that it changed")
    version_before = models.PositiveIntegerField()
    version_after = models.PositiveIntegerField()
    # No foreign keys, since these rows may have been erased.
    preferences_before = models.PositiveBigIntegerField(null=True, help_text="The contact preferences that it replaced")
    outbox_message = models.PositiveBigIntegerField(null=True, help_text="The message that it queued")

    class Meta:
        default_permissions = ()
        ordering = ["occurred_at", "version_after", "pk"]
        indexes = [
            models.Index(fields=["request", "occurred_at"], name="changes_of_a_request"),
            models.Index(fields=["actor", "occurred_at"], name="changes_of_a_colleague"),
            models.Index(fields=["batch"], name="changes_of_a_batch"),
        ]

    def __str__(self):
        return f"{self.request_id} {self.version_before} to {self.version_after}"


class Undone(AppendOnlyModel):
    """A record that a change was undone. The change stays in the history but doesn't count."""

    change = models.OneToOneField(Change, models.CASCADE, primary_key=True, related_name="undone")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    occurred_at = models.DateTimeField()
    version = models.PositiveIntegerField(help_text="The version of the request after the undo")

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"{self.change_id}"
