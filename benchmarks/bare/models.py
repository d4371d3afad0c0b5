from django.db import models


class Row(models.Model):
    """One row for each sent form, with the answers in plain text."""

    adult = models.CharField(max_length=10)
    for_whom = models.CharField(max_length=20, blank=True)
    relation = models.CharField(max_length=20, blank=True)
    name = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=60, blank=True)
    email = models.CharField(max_length=254, blank=True)
    do_not_call = models.BooleanField()
    voicemail_ok = models.BooleanField()
    text_ok = models.BooleanField()
    email_ok = models.BooleanField()
    introduction = models.CharField(max_length=20, blank=True)
    preferred_time = models.CharField(max_length=20, blank=True)
    time_zone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=100, blank=True)
    message = models.TextField(blank=True)
    consent = models.BooleanField()

    class Meta:
        app_label = "bare"

    def __str__(self):
        return f"{self.pk}"
