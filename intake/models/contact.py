"""How a person may be contacted, and what they consented to. Codes only, no content."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from staff.append_only import AppendOnlyModel


class ForWhom(models.TextChoices):
    SELF = "self", _("Myself")
    OTHER = "other", _("Someone else")
    PROFESSIONAL = "professional", _("I am a professional, asking on behalf of a client or patient")


class Introduction(models.TextChoices):
    FIRST_NAME = "first_name", _("With a first name only")
    CENTER = "center", _("With the name of the center")


class PreferredTime(models.TextChoices):
    ASAP = "asap", _("As soon as possible")
    MORNING = "morning", _("In the morning")
    AFTERNOON = "afternoon", _("In the afternoon")
    EVENING = "evening", _("In the evening")
    CONFIRMED = "confirmed", _("Only when I have confirmed a time by email or text")


class ContactPreferences(AppendOnlyModel):
    """How a person may be contacted. The newest row counts: the desk shows it, and the outbox obeys it."""

    request = models.ForeignKey("intake.AssessmentRequest", models.CASCADE, related_name="contact_preferences")
    recorded_at = models.DateTimeField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )  # None: the person
    for_whom = models.CharField(max_length=12, choices=ForWhom.choices)
    may_call = models.BooleanField()
    may_leave_voicemail = models.BooleanField()
    may_text = models.BooleanField()
    may_email = models.BooleanField()
    introduction = models.CharField(max_length=10, choices=Introduction.choices)
    preferred_time = models.CharField(max_length=9, choices=PreferredTime.choices)
    time_zone = models.CharField(max_length=40)
    is_from_link = models.BooleanField(
        default=False,
        help_text="Written by linking or unlinking a duplicate, not by the person or staff",
    )

    class Meta:
        default_permissions = ()
        ordering = ["recorded_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="preferences_codes_are_known",
                condition=Q(for_whom__in=ForWhom.values)
                & Q(introduction__in=Introduction.values)
                & Q(preferred_time__in=PreferredTime.values),
            ),
            models.CheckConstraint(
                name="preferences_voicemail_needs_calls", condition=Q(may_leave_voicemail=False) | Q(may_call=True)
            ),
            models.CheckConstraint(
                name="preferences_allows_some_way",
                condition=Q(may_call=True) | Q(may_text=True) | Q(may_email=True),
            ),
        ]

    def __str__(self):
        return f"{self.pk}"

    PERMISSIONS = ("may_call", "may_leave_voicemail", "may_text", "may_email")
    CODES = (
        "for_whom",
        *PERMISSIONS,
        "introduction",
        "preferred_time",
        "time_zone",
    )

    def codes(self):
        """Return the preferences as a dict, without author and time."""
        return {name: getattr(self, name) for name in self.CODES}

    @property
    def channels(self):
        """Return the allowed channels (`Attempt.Channel`), the first choice first.

        Email comes first if calls are not allowed.
        """
        in_order = ["call", "text", "email"] if self.may_call else ["email", "text"]
        return [channel for channel in in_order if getattr(self, f"may_{channel}")]

    @property
    def commits_us_to(self):
        """Return what due time and promise depend on. If it changes, both are computed again."""
        return self.preferred_time, self.time_zone, self.channels[0]


class ConsentRecord(AppendOnlyModel):
    """A record of a person's consent to one purpose, with version and hash of the wording. One row for each consent."""

    # No index of its own: the index of the constraint begins with it.
    request = models.ForeignKey("intake.AssessmentRequest", models.CASCADE, related_name="consents", db_index=False)
    purpose = models.CharField(max_length=20)
    wording_version = models.CharField(max_length=20)
    wording_sha256 = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )  # who read the wording on the phone; None: the person read it on the form

    class Meta:
        default_permissions = ()
        ordering = ["recorded_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["request", "purpose", "recorded_at"], name="consent_once_a_moment")
        ]

    def __str__(self):
        return f"{self.purpose} {self.wording_version}"
