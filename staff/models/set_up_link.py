from django.conf import settings
from django.db import models
from django.db.models import Q


class SetUpLink(models.Model):
    """A link with which a person sets their own password, once (accounts/links.py).

    The worker draws the secret when it sends the email. The table holds a keyed hash of it, so a copy opens nothing.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="set_up_links")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="Empty: someone at the server"
    )
    requested_at = models.DateTimeField()
    token_hash = models.CharField(max_length=64, blank=True, help_text="Keyed hash of the secret in the address")
    expires_at = models.DateTimeField(null=True, help_text="Set when the email is sent")
    sent_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True, help_text="When a newer link or a deactivation ended it")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(help_text="When the worker sends it, or tries again")

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="one_open_set_up_link", fields=["account"], condition=Q(used_at=None, ended_at=None)
            ),
            models.UniqueConstraint(name="set_up_link_token", fields=["token_hash"], condition=~Q(token_hash="")),
            models.CheckConstraint(
                name="set_up_link_with_token_expires",
                condition=Q(token_hash="", expires_at=None) | (~Q(token_hash="") & Q(expires_at__isnull=False)),
            ),
            models.CheckConstraint(name="used_set_up_link_has_token", condition=Q(used_at=None) | ~Q(token_hash="")),
        ]

    def __str__(self):
        return f"{self.requested_at:%Y-%m-%d %H:%M}"
