"""Forms that are kept for some minutes until the person corrects or confirms them."""

from django.db import models

from intake.crypto import envelope


class PendingForm(models.Model):
    """A form that was sent but is not accepted yet, encrypted (`intake.submission.pending`). Staff never see it."""

    token_hash = models.CharField(max_length=64, primary_key=True)
    about = models.CharField(max_length=64, help_text="Hash of the form that it was sent with")
    browser = models.CharField(max_length=64, blank=True, help_text="Keyed hash of the browser session")
    sender = models.CharField(max_length=64, blank=True, help_text="Keyed hash of the address prefix")
    envelope = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"{self.created_at:%H:%M}"

    @property
    def place(self):
        return envelope.Place(table=self._meta.db_table, column="envelope", row=self.pk)
