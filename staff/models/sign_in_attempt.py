from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SignInAttempt(models.Model):
    """One password or code that was tried. Holds no address and no name, and is deleted after a while (throttle.py)."""

    class Step(models.TextChoices):
        PASSWORD = "password", _("Password")
        CODE = "code", _("Code")

    step = models.CharField(max_length=10, choices=Step.choices)
    account = models.CharField(max_length=64, help_text="Keyed hash of the username as typed, in lowercase")
    place = models.CharField(max_length=64, blank=True, help_text="Keyed hash of a known browser, or of the network")
    tried_at = models.DateTimeField()
    succeeded = models.BooleanField(default=False)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(name="sign_in_step_is_known", condition=Q(step__in=["password", "code"]))]
        indexes = [
            models.Index(fields=["tried_at"], name="sign_in_attempts"),
            models.Index(fields=["account", "place"], name="sign_in_attempts_of_account"),
        ]

    def __str__(self):
        return f"{self.step} {self.tried_at:%H:%M}"
