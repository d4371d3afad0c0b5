"""What happened to requests."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from staff.append_only import AppendOnlyModel

from .history import HistoryQuerySet


class EventCode(models.TextChoices):
    RECEIVED = "received", _("Received")
    AMENDED = "amended", _("Sent again with changes")
    ADDED = "added", _("Person added a message")
    TIME_SET = "time_set", _("Person chose another time")
    ADDITIONS_READ = "additions_read", _("New messages marked as read")
    STAGE_SET = "stage_set", _("Stage changed")
    BOOKED = "booked", _("Assessment booked")
    TAKEN = "taken", _("Claimed")
    LAPSED = "lapsed", _("Released: nothing was done in time")
    ASSIGNED = "assigned", _("Assigned")
    RELEASED = "released", _("Released")
    ATTEMPTED = "attempted", _("Attempt")
    KEPT_TRYING = "kept_trying", _("Decided to keep trying")
    SNOOZED = "snoozed", _("Snoozed")
    UNSNOOZED = "unsnoozed", _("Unsnoozed")
    CORRECTED = "corrected", _("Details corrected")
    LINKED = "linked", _("Linked as a duplicate")
    UNLINKED = "unlinked", _("Duplicate unlinked")
    TO_CONFIRM = "to_confirm", _("Linked request changed: is it the same person?")
    ANOTHER = "another", _("Decided: another person")
    NOTE_ADDED = "note_added", _("Note added")
    CLOSED = "closed", _("Closed")
    REOPENED = "reopened", _("Reopened")
    WITHDRAWN = "withdrawn", _("Withdrawn by the person")
    ERASED = "erased", _("Content erased")
    HIDDEN = "hidden", _("Content hidden")
    SUSPECTED = "suspected", _("Put in quarantine")
    CLEARED = "cleared", _("Taken out of quarantine")
    HOLD_SET = "hold_set", _("Legal hold set")
    HOLD_LIFTED = "hold_lifted", _("Legal hold lifted")
    UNDONE = "undone", _("Undone")


class Event(AppendOnlyModel):
    """Something that happened to a request. Codes only, never content."""

    Code = EventCode

    request = models.ForeignKey("intake.AssessmentRequest", models.CASCADE, related_name="events")
    code = models.CharField(max_length=16, choices=Code.choices)
    from_value = models.CharField(max_length=40, blank=True)
    to_value = models.CharField(max_length=160, blank=True)  # a correction may name every field
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    occurred_at = models.DateTimeField()
    change = models.ForeignKey(
        "intake.Change", models.CASCADE, null=True, related_name="+", db_index=False
    )  # None: not done with a button of the desk

    objects = HistoryQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["occurred_at", "pk"]
        constraints = [models.CheckConstraint(name="event_code_is_known", condition=Q(code__in=EventCode.values))]

    def __str__(self):
        return self.code
