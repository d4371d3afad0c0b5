from django.db import models
from django.db.models import Q

from .security_event import SecurityEvent

MOST_NAME = 460  # first name, last name and username of an account, 150 each, and what is between them


class EventMail(models.Model):
    """The email about a security event. Written in the same transaction as the event, sent by the worker.

    It keeps the addresses and names of that moment, so changing or deactivating accounts later does not change it.
    """

    event = models.OneToOneField(SecurityEvent, models.PROTECT, primary_key=True, related_name="mail")
    left_to = models.JSONField(help_text="Addresses that have not received it. Empty when all have")
    actor_name = models.CharField(max_length=MOST_NAME, blank=True, help_text="Empty: the site, or the server")
    account_name = models.CharField(max_length=MOST_NAME, blank=True)
    name_before = models.CharField(max_length=MOST_NAME, blank=True, help_text="The account's, if it was renamed")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(help_text="When the worker sends it, or tries again")
    sent_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["next_try_at"], name="event_mails_to_send", condition=Q(sent_at=None))]

    def __str__(self):
        return f"{self.event_id}"
