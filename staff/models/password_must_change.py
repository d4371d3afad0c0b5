from django.conf import settings
from django.db import models


class PasswordMustChange(models.Model):
    """An account whose password someone else has seen, such as a printed one. Its next sign-in asks for another."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="password_must_change"
    )

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"{self.account_id}"
