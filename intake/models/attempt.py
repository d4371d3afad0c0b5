"""The attempts: ours to reach a person, and theirs to reach us."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from staff.append_only import AppendOnlyModel

from .history import HistoryQuerySet


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
    """One attempt: ours to reach a person, or theirs to reach us."""

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
