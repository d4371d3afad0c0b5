"""Short-lived records of the site's own traffic. They identify nobody."""

from django.db import models


class RecentSender(models.Model):
    """A network from which a form came, as a keyed hash. Deleted within hours (`intake.submission.rate_limit`)."""

    sender = models.CharField(max_length=64, help_text="Keyed hash of the address prefix")
    received_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["received_at", "sender"], name="recent_senders")]

    def __str__(self):
        return f"{self.received_at:%H:%M}"


class RecentEmail(models.Model):
    """An email to a person, as keyed hashes. Belongs to no request. Deleted after a day
    (`intake.notifications.daily_limit`)."""

    recipient = models.CharField(max_length=64, help_text="Keyed hash of the inbox")
    sender = models.CharField(max_length=64, help_text="Keyed hash of the network that the form came from")
    sent_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"{self.sent_at:%H:%M}"


class Heartbeat(models.Model):
    """When a recurring task last ran, such as a round of the worker or a synthetic request."""

    name = models.CharField(max_length=80, primary_key=True)
    beat_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self):
        return self.name
