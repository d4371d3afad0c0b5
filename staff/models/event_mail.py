from django.db import models
from django.db.models import Q

from .security_event import SecurityEvent


class EventMail(models.Model):
    """The email about a security event. Written in the same transaction as the event, sent by the worker."""

    event = models.OneToOneField(SecurityEvent, models.PROTECT, primary_key=True, related_name="mail")
    also_to = models.EmailField(blank=True, help_text="An address that the account no longer has; emptied when sent")
    left_to = models.JSONField(
        null=True, help_text="Addresses that have not received it. Empty until the first try, and when all have"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(help_text="When the worker sends it, or tries again")
    sent_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["next_try_at"], name="event_mails_to_send", condition=Q(sent_at=None))]

    def __str__(self):
        return f"{self.event_id}"
