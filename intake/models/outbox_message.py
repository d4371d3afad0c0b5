from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class OutboxKind(models.TextChoices):
    NEW_REQUEST = "new_request", _("To staff: new request")
    TO_CONFIRM = "to_confirm", _("To staff: is it the same person?")
    ACKNOWLEDGEMENT = "acknowledgement", _("To the person: acknowledgement")
    FAILURES = "failures", _("To staff: messages that failed")
    WEEK = "week", _("To the lead: weekly figures")


class OutboxState(models.TextChoices):
    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Sending")
    RETRYING = "retrying", _("Retrying")
    SENT = "sent", _("Sent")
    PARTLY = "partly", _("Sent, but not to everyone")
    FAILED = "failed", _("Failed")
    REFUSED = "refused", _("Not sent: not allowed, or above a limit")


class OutboxMessage(models.Model):
    """A message to send. Staff get a reference and a link. The person gets a neutral text, if they allow email.

    It is stored in the same transaction as the change that it reports. The worker sends it.
    """

    Kind, State = OutboxKind, OutboxState
    WAITING = (State.QUEUED, State.SENDING, State.RETRYING)
    NOT_SENT = (State.FAILED, State.PARTLY)  # not to everyone: someone has to handle it

    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.NEW_REQUEST)
    # No index of its own: the index of the constraint begins with it.
    request = models.ForeignKey(
        "intake.AssessmentRequest", models.CASCADE, null=True, related_name="outbox_messages", db_index=False
    )
    day = models.DateField(null=True, help_text="Of a digest")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=80, blank=True)
    answers = models.JSONField(
        null=True, help_text="The SMTP code for each staff address, by keyed hash of the address"
    )
    sender = models.CharField(
        max_length=64,
        blank=True,
        help_text="Keyed hash of the network that the form came from, while an email to the person waits",
    )
    refused = models.PositiveSmallIntegerField(default=0, help_text="How many addresses the mail server refused")

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["request", "kind"], name="one_message_a_request_and_kind"),
            models.UniqueConstraint(fields=["kind", "day"], name="one_digest_a_day"),
            models.CheckConstraint(
                name="outbox_sender_is_kept_while_it_waits",
                condition=Q(sender="") | Q(kind="acknowledgement", state__in=["queued", "sending", "retrying"]),
            ),
            models.CheckConstraint(name="outbox_state_is_known", condition=Q(state__in=OutboxState.values)),
            models.CheckConstraint(
                name="outbox_message_is_about_a_request_or_a_day",
                condition=Q(kind__in=["failures", "week"], request=None, day__isnull=False)
                | Q(kind__in=["new_request", "to_confirm", "acknowledgement"], request__isnull=False, day=None),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"], name="outbox_waiting", condition=Q(state__in=["queued", "sending", "retrying"])
            ),
            models.Index(fields=["next_try_at"], name="outbox_not_sent", condition=Q(state__in=["failed", "partly"])),
        ]

    def __str__(self):
        return f"{self.kind} {self.state} {self.pk}"
