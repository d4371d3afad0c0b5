import uuid

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, When
from django.utils.translation import gettext_lazy as _


class Stage(models.TextChoices):
    NEW = "new", _("New")
    REACHING = "reaching", _("Trying to reach")
    TALKING = "talking", _("In conversation")
    BOOKED = "booked", _("Assessment booked")
    CLOSED = "closed", _("Closed")


class Outcome(models.TextChoices):
    ADMITTED = "admitted", _("Admitted")
    REFERRED = "referred", _("Referred elsewhere")
    DECLINED = "declined", _("Declined for now")
    NOT_REACHED = "not_reached", _("Not reached")
    WITHDRAWN = "withdrawn", _("Withdrawn by the person")
    DUPLICATE = "duplicate", _("Duplicate")
    SPAM = "spam", _("Spam")


class AssessmentRequestQuerySet(models.QuerySet):
    def real(self):
        """Without those that the site sends to itself, to see whether everything works."""
        return self.filter(is_synthetic=False)

    def open(self):
        return self.exclude(stage=Stage.CLOSED)

    def by_urgency(self):
        """The next person to call is on top; those we have spoken with come after those who still wait."""
        we_have_spoken = Case(When(stage__in=AssessmentRequest.WAITING_STAGES, then=0), default=1)
        return self.order_by(we_have_spoken, "due_at", "received_at", "pk")


class AssessmentRequest(models.Model):
    """A request for the free assessment: its place in the work of the desk.

    What the person told us is not here: it lies sealed in `SealedText`. The primary key and the reference are drawn
    when the form is shown, so that two posts of one form can only ever make one row. Stage, owner and outcome change
    in `intake.workflow` alone.
    """

    Stage, Outcome = Stage, Outcome
    WAITING_STAGES = (Stage.NEW, Stage.REACHING)  # first contact is still due

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(_("reference"), max_length=9, unique=True, editable=False)
    stage = models.CharField(_("stage"), max_length=10, choices=Stage.choices, default=Stage.NEW, editable=False)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, blank=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="owned_requests",
        verbose_name=_("owner"),
    )
    received_at = models.DateTimeField(_("received"), editable=False)
    due_at = models.DateTimeField(_("due"), editable=False)
    due_is_assumed = models.BooleanField(
        default=False, editable=False, help_text="Counted with assumed hours, since the owner had told none"
    )
    promise = models.CharField(max_length=400, blank=True, editable=False, help_text="What the person was promised")
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)
    confirmed_at = models.DateTimeField(editable=False, help_text="When the person was last told that we have it")

    # Keyed hashes: of browser session and contact, and of the private link. None, not "", where there is none: unique.
    form_key = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001
    private_link_hash = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001

    quarantined_at = models.DateTimeField(_("in quarantine since"), null=True, blank=True, editable=False)
    suspicions = models.CharField(max_length=80, blank=True, editable=False, help_text="Codes of intake.suspicion")
    legal_hold_at = models.DateTimeField(_("under legal hold since"), null=True, blank=True, editable=False)
    hidden_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Withdrawn under legal hold: kept, and shown to nobody"
    )
    is_synthetic = models.BooleanField(default=False, editable=False)

    objects = AssessmentRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("assessment request")
        verbose_name_plural = _("assessment requests")
        default_permissions = ()  # opened by role alone, see intake.access
        constraints = [
            models.CheckConstraint(name="request_stage_is_known", condition=Q(stage__in=Stage.values)),
            models.CheckConstraint(name="request_outcome_is_known", condition=Q(outcome__in=["", *Outcome.values])),
            models.CheckConstraint(
                name="request_closed_has_outcome_and_time",
                condition=(Q(stage="closed", closed_at__isnull=False) & ~Q(outcome=""))
                | (~Q(stage="closed") & Q(outcome="", closed_at=None)),
            ),
            models.CheckConstraint(
                name="request_in_quarantine_says_why", condition=Q(quarantined_at=None) | ~Q(suspicions="")
            ),
            models.CheckConstraint(
                name="request_hidden_is_closed_and_held",
                condition=Q(hidden_at=None) | Q(stage="closed", legal_hold_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "received_at", "id"], name="open_by_urgency", condition=~Q(stage="closed")),
            models.Index(fields=["-closed_at", "id"], name="closed_by_time", condition=Q(stage="closed")),
        ]

    def __str__(self):
        return self.reference

    @property
    def awaits_contact(self):
        """Whether the person still waits for us to reach them, so that the due time counts."""
        return self.stage in self.WAITING_STAGES


class Alias(models.Model):
    """Another id and reference under which a request was confirmed, while the database could not say it was known.

    One browser session sent the same contact twice and the second form waited in the spool: the person holds its
    reference and its private link, and both must lead to the request.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    reference = models.CharField(max_length=9, unique=True, editable=False)
    private_link_hash = models.CharField(max_length=64, unique=True, editable=False)
    request = models.ForeignKey(AssessmentRequest, models.CASCADE, related_name="aliases")

    class Meta:
        default_permissions = ()

    def __str__(self):
        return self.reference
