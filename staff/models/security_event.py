"""The security log: who signed in, who changed an account, and who looked at this log."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from staff.append_only import AppendOnlyModel


class SecurityEventKind(models.TextChoices):
    SIGNED_IN = "signed_in", _("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
    SIGNED_OUT = "signed_out", _("Signed out")
    SESSION_ENDED = "session_ended", _("Session ended")
    CONFIRMED = "confirmed", _("Signed in again before an action")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    FACTOR_ADDED = "factor_added", _("Second factor added")
    FACTOR_REMOVED = "factor_removed", _("Second factor removed")
    RECOVERY_CODE_USED = "recovery_code_used", _("Recovery code used")
    LINK_SENT = "link_sent", _("Set-up link sent")
    LINK_USED = "link_used", _("Set-up link used")
    ACCOUNT_CREATED = "account_created", _("Account created")
    ACCOUNT_CHANGED = "account_changed", _("Account changed")
    ACCOUNT_DEACTIVATED = "account_deactivated", _("Account deactivated")
    ACCOUNT_REACTIVATED = "account_reactivated", _("Account reactivated")
    ROLE_REQUESTED = "role_requested", _("Role requested")
    ROLE_GIVEN = "role_given", _("Role given")
    ROLE_REFUSED = "role_refused", _("Role refused")
    ROLE_ENDED = "role_ended", _("Role ended")
    RIGHTS_REMOVED = "rights_removed", _("Unexplained rights removed")
    EXPORTED = "exported", _("Exported figures")
    LOG_READ = "log_read", _("Read the security log")


class SecurityEvent(AppendOnlyModel):
    """One thing that happened to an account or a session. Holds codes only, never a typed value or an address."""

    Kind = SecurityEventKind
    is_guarded = True

    occurred_at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="Who did it, if known"
    )
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="Whose account it concerns"
    )
    detail = models.CharField(max_length=60, blank=True, help_text="A code, such as the role or the factor")
    network = models.CharField(max_length=64, blank=True, help_text="Keyed hash of the network")
    session = models.CharField(max_length=64, blank=True, help_text="Keyed hash of the session key")

    class Meta:
        default_permissions = ()
        ordering = ["-pk"]
        verbose_name = _("security event")
        verbose_name_plural = _("security log")
        constraints = [
            models.CheckConstraint(name="security_event_kind_is_known", condition=Q(kind__in=SecurityEventKind.values))
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="security_events_of_account"),
            models.Index(fields=["actor", "-id"], name="security_events_by_actor"),
        ]

    def __str__(self):
        return f"{self.kind} {self.occurred_at:%Y-%m-%d %H:%M}"
