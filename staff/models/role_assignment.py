"""Who holds which role, since when, until when, and why. Nothing here is ever changed or deleted."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from staff.append_only import AppendOnlyModel


class Role(models.TextChoices):
    ADMISSIONS = "admissions", _("Admissions: answers requests")
    LEAD = "lead", _("Lead: admissions, erasing, figures, accounts")
    EDITOR = "editor", _("Editor: writes drafts")
    PUBLISHER = "publisher", _("Publisher: writes and publishes")
    REVIEWER = "reviewer", _("Clinical reviewer: reviews pages")
    AUDITOR = "auditor", _("Auditor: reads the logs")
    ADMINISTRATOR = "administrator", _("Administrator: accounts, but no requests")


# A second person must confirm these.
POWERFUL = (Role.LEAD.value, Role.AUDITOR.value, Role.ADMINISTRATOR.value)


class RoleAssignments(models.QuerySet):
    def open(self):
        """Keep the assignments that were not ended or refused: held and requested roles."""
        return self.filter(ending__isnull=True)

    def waiting(self, at):
        """Keep the roles that wait for a second person at a moment."""
        return self._running(at).filter(needs_confirmation=True, confirmation__isnull=True)

    def live(self, at):
        """Keep the roles that are held at a moment."""
        return self._running(at).filter(Q(needs_confirmation=False) | Q(confirmation__isnull=False))

    def _running(self, at):
        return self.open().filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at), starts_at__lte=at)


class RoleAssignment(AppendOnlyModel):
    """One role of one account. With `needs_confirmation`, it gives nothing until a `RoleConfirmation` exists.

    `number` counts the assignments of one role to one account. A new one takes the next number, and only after the one
    before was ended. So if two are written at once, the database refuses the second.
    """

    is_guarded = True

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="role_assignments")
    role = models.CharField(max_length=20, choices=Role.choices)
    number = models.PositiveSmallIntegerField()
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="Empty: given on the server"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, help_text="When it ends by itself, if ever")
    reason = models.CharField(max_length=200)
    needs_confirmation = models.BooleanField()

    objects = RoleAssignments.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="one_role_at_a_time", fields=["account", "role", "number"]),
            models.CheckConstraint(name="role_is_known", condition=Q(role__in=Role.values)),
            models.CheckConstraint(name="role_not_to_oneself", condition=~Q(account=F("assigned_by"))),
            models.CheckConstraint(name="role_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="role_ends_after_it_starts", condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at"))
            ),
            models.CheckConstraint(
                name="powerful_role_needs_second_yes",
                condition=~Q(role__in=POWERFUL) | Q(needs_confirmation=True) | Q(assigned_by__isnull=True),
            ),
        ]

    def __str__(self):
        return f"{self.role} {self.starts_at:%Y-%m-%d %H:%M}"


class RoleConfirmation(AppendOnlyModel):
    """The confirmation by a second person. A trigger refuses the giver and the receiver (staff/role_triggers.py)."""

    is_guarded = True

    assignment = models.OneToOneField(RoleAssignment, models.PROTECT, related_name="confirmation")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    occurred_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"{self.occurred_at:%Y-%m-%d %H:%M}"


class RoleEnding(AppendOnlyModel):
    """The end of an assignment: taken away, refused before it began, or past its time."""

    is_guarded = True

    assignment = models.OneToOneField(RoleAssignment, models.PROTECT, related_name="ending")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="Empty: its time was over"
    )
    ended_at = models.DateTimeField()
    reason = models.CharField(max_length=200)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(name="role_ending_has_a_reason", condition=~Q(reason=""))]

    def __str__(self):
        return f"{self.ended_at:%Y-%m-%d %H:%M}"
