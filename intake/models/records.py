"""Rows that are written once: what happened, and who saw it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class RecordIsFixed(Exception):
    """Someone tried to change or delete a row that is a record of what happened."""


class Record(models.Model):
    """A row that is written once: what happened stays as it was written."""

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise RecordIsFixed(f"{self._meta.label} {self.pk} is a record and never changes")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise RecordIsFixed(f"{self._meta.label} {self.pk} is a record and is never deleted")


class EventCode(models.TextChoices):
    RECEIVED = "received", _("Received")
    AMENDED = "amended", _("Sent again with changes")
    ADDED = "added", _("Person added words")
    WINDOW_SET = "window_set", _("Person chose another time")
    STAGE_SET = "stage_set", _("Stage set")
    ASSIGNED = "assigned", _("Assigned")
    RELEASED = "released", _("Released")
    NOTE_ADDED = "note_added", _("Note added")
    CLOSED = "closed", _("Closed")
    REOPENED = "reopened", _("Reopened")
    WITHDRAWN = "withdrawn", _("Withdrawn by the person")
    ERASED = "erased", _("Words erased")
    HIDDEN = "hidden", _("Words hidden")
    SUSPECTED = "suspected", _("Put in quarantine")
    CLEARED = "cleared", _("Taken out of quarantine")
    HOLD_SET = "hold_set", _("Legal hold set")
    HOLD_LIFTED = "hold_lifted", _("Legal hold lifted")


class Event(Record):
    """Something that happened to a request: codes only, never a word that anyone typed."""

    Code = EventCode

    request = models.ForeignKey("intake.AssessmentRequest", models.CASCADE, related_name="events")
    code = models.CharField(max_length=12, choices=Code.choices)
    before = models.CharField(max_length=40, blank=True)
    after = models.CharField(max_length=80, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        ordering = ["at", "pk"]
        constraints = [models.CheckConstraint(name="event_code_is_known", condition=Q(code__in=EventCode.values))]

    def __str__(self):
        return self.code


class AccessAction(models.TextChoices):
    LIST = "list", _("Saw in a list")
    OPEN = "open", _("Opened")


class AccessRecord(Record):
    """That someone saw requests: who, how, which, when. No value of any request, ever."""

    Action = AccessAction

    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    action = models.CharField(max_length=10, choices=Action.choices)
    requests = models.JSONField(help_text="The ids of the requests that were shown")

    class Meta:
        default_permissions = ()
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(name="access_action_is_known", condition=Q(action__in=AccessAction.values))
        ]

    def __str__(self):
        return f"{self.action} {self.at:%Y-%m-%d %H:%M}"
