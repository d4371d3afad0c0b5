"""Rows that are written once: what happened, and who saw it."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _


class AppendOnlyViolation(Exception):
    """Someone tried to change or delete an append-only row."""


class AppendOnlyModel(models.Model):
    """A row that is written once and never changes."""

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise AppendOnlyViolation(f"{self._meta.label} {self.pk} is append-only and can't be changed")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise AppendOnlyViolation(f"{self._meta.label} {self.pk} is append-only and can't be deleted")


class EventCode(models.TextChoices):
    RECEIVED = "received", _("Received")
    AMENDED = "amended", _("Sent again with changes")
    ADDED = "added", _("Person added a message")
    TIME_SET = "time_set", _("Person chose another time")
    ADDITIONS_READ = "additions_read", _("New messages marked as read")
    STAGE_SET = "stage_set", _("Stage set")
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


class HistoryQuerySet(models.QuerySet):
    def standing(self):
        """Leave out what was undone: it stays in the history and counts nowhere."""
        from .change import Undone  # change.py imports this module

        # NOT EXISTS instead of a join: few changes are undone, and the planner uses that.
        return self.filter(~Exists(Undone.objects.filter(pk=OuterRef("change_id"))))


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


class AttemptChannel(models.TextChoices):
    CALL = "call", _("Call")
    TEXT = "text", _("Text message")
    EMAIL = "email", _("Email")
    THEY_CALLED = "they_called", _("They called us")


class AttemptResult(models.TextChoices):
    REACHED = "reached", _("We spoke")
    NO_ANSWER = "no_answer", _("No answer")
    VOICEMAIL = "voicemail", _("Left a voicemail")
    BAD_NUMBER = "bad_number", _("Number does not work")
    SENT = "sent", _("Sent")
    MISSED = "missed", _("We missed it")


# The results that each channel can have
RESULTS: dict[str, tuple[str, ...]] = {
    AttemptChannel.CALL: (
        AttemptResult.REACHED,
        AttemptResult.NO_ANSWER,
        AttemptResult.VOICEMAIL,
        AttemptResult.BAD_NUMBER,
    ),
    AttemptChannel.TEXT: (AttemptResult.SENT, AttemptResult.REACHED),
    AttemptChannel.EMAIL: (AttemptResult.SENT, AttemptResult.REACHED),
    AttemptChannel.THEY_CALLED: (AttemptResult.REACHED, AttemptResult.MISSED),
}


class Attempt(AppendOnlyModel):
    """An attempt of ours to reach a person, or of theirs to reach us, and when the next one was due after it."""

    Channel, Result = AttemptChannel, AttemptResult

    request = models.ForeignKey(
        "intake.AssessmentRequest", models.CASCADE, related_name="attempts", db_index=False
    )  # the index below begins with it
    channel = models.CharField(max_length=12, choices=Channel.choices)
    result = models.CharField(max_length=12, choices=Result.choices)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    occurred_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, help_text="When the next attempt was due after this one")
    change = models.ForeignKey("intake.Change", models.CASCADE, null=True, related_name="+", db_index=False)

    objects = HistoryQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["occurred_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="attempt_result_fits_its_channel",
                condition=Q(channel="call", result__in=RESULTS[AttemptChannel.CALL])
                | Q(channel="text", result__in=RESULTS[AttemptChannel.TEXT])
                | Q(channel="email", result__in=RESULTS[AttemptChannel.EMAIL])
                | Q(channel="they_called", result__in=RESULTS[AttemptChannel.THEY_CALLED]),
            )
        ]
        indexes = [
            models.Index(fields=["request", "occurred_at"], name="attempts_of_a_request"),
            models.Index(fields=["occurred_at"], name="attempts_by_time"),
        ]

    def __str__(self):
        return f"{self.channel} {self.result}"


class AccessAction(models.TextChoices):
    LIST = "list", _("Saw in a list")
    OPEN = "open", _("Opened")
    SEARCH = "search", _("Found by a search")
    COMPARE = "compare", _("Opened by a search to compare the name")
    PRINT = "print", _("Printed")
    EXPORT = "export", _("Exported")


class AccessRecord(AppendOnlyModel):
    """That someone saw requests: who, how, which and when. Never a value of a request."""

    Action = AccessAction
    WHOLE = (Action.OPEN, Action.PRINT)

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
