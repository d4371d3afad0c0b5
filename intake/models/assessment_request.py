from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.db.uuid7 import uuid7

from .contact import PreferredTime

BY_PHONE = "phone"  # as `referrer_path`: staff filled in the form for a caller


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
    UNLINKED = "unlinked", _("Duplicate, original unknown")  # old rows only: today a duplicate names its original


class SnoozeReason(models.TextChoices):
    ASKED_LATER = "asked_later", _("The person asked us to call later")
    AWAY = "away", _("The person is away")
    THINKING = "thinking", _("The person wants time to think")
    WAITING = "waiting", _("We are waiting for something")


URGENCY = ("queue_group", "due_at", "received_at", "id")


class AssessmentRequestQuerySet(models.QuerySet["AssessmentRequest"]):
    def real(self):
        """Leave out synthetic requests, which the site sends to itself to check that everything works."""
        return self.filter(is_synthetic=False)

    def open(self):
        return self.exclude(stage=Stage.CLOSED)

    def not_snoozed(self, now=None):
        """Leave out snoozed requests, unless they have a question to staff, which can be answered at any time."""
        is_back = Q(snoozed_until=None) | Q(snoozed_until__lte=now or timezone.now())
        return self.filter(is_back | Q(to_confirm_since__isnull=False))

    def by_urgency(self):
        """Order the requests by urgency, the next one to contact first.

        First come people who contacted us again, and questions to staff. Then come people who wait for first contact,
        then all others. Within a group, the earliest due time comes first.
        """
        return self.order_by(*URGENCY)


class AssessmentRequest(models.Model):
    """A request for the free assessment: its stage, outcome, owner, times and links.

    What the person sent is encrypted in `EncryptedText`. Primary key and reference are drawn when the form is shown, so
    that two posts of one form make only one row. Only `intake.workflow` changes stage, owner and outcome.
    """

    Stage, Outcome, SnoozeReason = Stage, Outcome, SnoozeReason
    WAITING_STAGES = (Stage.NEW, Stage.REACHING)  # first contact is still due

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reference = models.CharField(_("reference"), max_length=9, editable=False)
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
        db_index=False,  # the index of the queue begins with it
    )
    claimed_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Claimed until; None where the owner has it without an end"
    )
    version = models.PositiveIntegerField(
        default=0, editable=False, help_text="Counts the changes: the optimistic lock"
    )
    received_at = models.DateTimeField(_("received"), editable=False)

    # When it is due, and what the person was promised
    due_at = models.DateTimeField(_("due"), editable=False)
    due_uses_default_hours = models.BooleanField(
        default=False, editable=False, help_text="Computed with default hours, since the owner had set none"
    )
    first_due_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When the first contact was due. Unlike `due_at`, it does not move",
    )
    promise = models.CharField(max_length=400, blank=True, editable=False, help_text="What the person was promised")
    awaiting_reply_since = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The person contacted us again, and we have not answered yet"
    )

    # Attempts, the conversation, the assessment
    first_attempt_at = models.DateTimeField(null=True, blank=True, editable=False)
    reached_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When we first spoke with the person"
    )
    attempts_to_reach = models.PositiveSmallIntegerField(
        null=True, blank=True, editable=False, help_text="Which attempt it was when we first spoke"
    )
    assessment_at = models.DateTimeField(_("assessment"), null=True, blank=True, editable=False)

    # Snooze
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True, blank=True, editable=False)
    snooze_reason = models.CharField(max_length=12, choices=SnoozeReason.choices, blank=True, editable=False)
    due_before_snooze = models.DateTimeField(
        null=True, editable=False, help_text="When it was due before the snooze, restored by unsnoozing"
    )

    # Other requests of the same person or device
    duplicate_of = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="duplicates",
        db_index=False,  # the partial index below is smaller
        verbose_name=_("duplicate of"),
    )
    same_device_as = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="others_from_device",
        db_index=False,  # the partial index below is smaller
        help_text="The first request sent from the same form, most likely by someone else",
    )
    link_undo_state = models.JSONField(
        null=True, editable=False, help_text="What linking changed on both requests, for unlinking"
    )
    to_confirm_since = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="A linked request was withdrawn, erased or changed, and staff have not said if it is the same person",
    )

    # Closing
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)
    close_undo_state = models.JSONField(null=True, editable=False, help_text="What closing cleared, for reopening")

    acknowledged_at = models.DateTimeField(editable=False, help_text="When the person last saw a confirmation")
    # Keyed hashes of browser session and contact, and of the private link. None, not "", since they are unique.
    form_key = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001
    private_link_hash = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001
    # The `form_key` before closing: a form of that browser session may still wait in a spool.
    previous_form_key = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001

    # Quarantine, legal hold, and requests that the site sends to itself
    quarantined_at = models.DateTimeField(_("in quarantine since"), null=True, blank=True, editable=False)
    spam_signals = models.CharField(
        max_length=80, blank=True, editable=False, help_text="Codes of intake.submission.spam_signals"
    )
    legal_hold_at = models.DateTimeField(_("under legal hold since"), null=True, blank=True, editable=False)
    hidden_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Withdrawn under legal hold: stored, but shown to nobody"
    )
    is_synthetic = models.BooleanField(default=False, editable=False)

    # Copies of the newest contact preferences: the queue filters by them.
    preferred_time = models.CharField(max_length=9, choices=PreferredTime.choices, blank=True, editable=False)
    time_zone = models.CharField(max_length=40, blank=True, editable=False)
    referrer_path = models.CharField(
        max_length=80, blank=True, editable=False, help_text="The page of this site that led to the form"
    )
    queue_group = models.GeneratedField(
        expression=Case(
            When(Q(awaiting_reply_since__isnull=False) | Q(to_confirm_since__isnull=False), then=0),
            When(stage__in=["new", "reaching"], then=1),
            default=2,
        ),
        output_field=models.PositiveSmallIntegerField(),
        db_persist=True,
    )

    objects = AssessmentRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("assessment request")
        verbose_name_plural = _("assessment requests")
        default_permissions = ()  # access is by role, see intake.access
        constraints = [
            # Not `unique=True`: on PostgreSQL that adds a second index for prefix searches, which nobody needs.
            models.UniqueConstraint(fields=["reference"], name="request_reference_once"),
            models.UniqueConstraint(fields=["form_key"], name="request_form_key_once"),
            models.UniqueConstraint(fields=["private_link_hash"], name="request_private_link_once"),
            models.CheckConstraint(name="request_stage_is_known", condition=Q(stage__in=Stage.values)),
            models.CheckConstraint(name="request_outcome_is_known", condition=Q(outcome__in=["", *Outcome.values])),
            models.CheckConstraint(
                name="request_closed_has_outcome_and_time",
                condition=(Q(stage="closed", closed_at__isnull=False) & ~Q(outcome=""))
                | (~Q(stage="closed") & Q(outcome="", closed_at=None)),
            ),
            models.CheckConstraint(
                name="request_in_quarantine_says_why", condition=Q(quarantined_at=None) | ~Q(spam_signals="")
            ),
            models.CheckConstraint(
                name="request_hidden_is_closed_and_held",
                condition=Q(hidden_at=None) | Q(stage="closed", legal_hold_at__isnull=False),
            ),
            models.CheckConstraint(
                name="request_claim_has_an_owner", condition=Q(claimed_until=None) | Q(owner__isnull=False)
            ),
            models.CheckConstraint(
                name="request_snoozed_is_open_and_says_why",
                condition=Q(snoozed_until=None, snooze_reason="")
                | (Q(snoozed_until__isnull=False, snooze_reason__in=SnoozeReason.values) & ~Q(stage="closed")),
            ),
            models.CheckConstraint(
                name="request_due_before_snooze_ends_with_it",
                condition=Q(due_before_snooze=None) | Q(snoozed_until__isnull=False),
            ),
            models.CheckConstraint(
                name="request_before_close_ends_with_it", condition=Q(close_undo_state=None) | Q(stage="closed")
            ),
            models.CheckConstraint(
                name="request_booked_has_a_time", condition=~Q(stage="booked") | Q(assessment_at__isnull=False)
            ),
            models.CheckConstraint(
                name="request_in_conversation_was_reached",
                condition=~Q(stage__in=["talking", "booked"]) | Q(reached_at__isnull=False),
            ),
            models.CheckConstraint(
                name="request_attempts_count_up_to_a_conversation",
                condition=Q(attempts_to_reach=None) | Q(reached_at__isnull=False),
            ),
            models.CheckConstraint(
                name="request_duplicate_is_of_another",
                condition=(Q(duplicate_of=None) & ~Q(outcome="duplicate"))
                | (Q(duplicate_of__isnull=False, outcome="duplicate") & ~Q(duplicate_of=F("id"))),
            ),
            models.CheckConstraint(
                name="request_same_device_is_another",
                condition=Q(same_device_as=None) | ~Q(same_device_as=F("id")),
            ),
            models.CheckConstraint(
                name="request_closed_is_nobodys_turn",
                condition=~Q(stage="closed") | Q(claimed_until=None, awaiting_reply_since=None, to_confirm_since=None),
            ),
            models.CheckConstraint(
                name="request_preferred_time_is_known", condition=Q(preferred_time__in=["", *PreferredTime.values])
            ),
        ]
        indexes = [
            models.Index(fields=URGENCY, name="open_by_urgency", condition=~Q(stage="closed")),
            models.Index(fields=["owner", *URGENCY], name="open_by_owner", condition=~Q(stage="closed")),
            models.Index(
                fields=URGENCY,
                name="quarantine_by_urgency",
                condition=Q(quarantined_at__isnull=False) & ~Q(stage="closed"),
            ),
            models.Index(
                fields=["snoozed_until", "id"], name="snoozed_by_end", condition=Q(snoozed_until__isnull=False)
            ),
            models.Index(
                fields=["previous_form_key"], name="ended_forms", condition=Q(previous_form_key__isnull=False)
            ),
            models.Index(fields=["claimed_until"], name="claims_by_end", condition=Q(claimed_until__isnull=False)),
            models.Index(fields=["duplicate_of"], name="duplicates", condition=Q(duplicate_of__isnull=False)),
            models.Index(fields=["same_device_as"], name="from_same_device", condition=Q(same_device_as__isnull=False)),
            models.Index(fields=["-closed_at", "-id"], name="closed_by_time", condition=Q(stage="closed")),
            models.Index(fields=["received_at"], name="requests_by_time"),
        ]

    def __str__(self):
        return self.reference

    @property
    def awaits_contact(self):
        """Return whether the person still waits for first contact."""
        return self.stage in self.WAITING_STAGES

    @property
    def is_overdue(self):
        return self.stage != Stage.CLOSED and self.due_at <= timezone.now()

    @property
    def is_due_before_assessment(self):
        """Return whether someone should contact the person before their booked assessment.

        True if the person contacted us again, or if the request is due before an assessment that is still ahead.
        """
        if self.stage != Stage.BOOKED:
            return False
        is_ahead = self.assessment_at > timezone.now()
        return self.awaiting_reply_since is not None or (is_ahead and self.due_at < self.assessment_at)

    @property
    def awaits_assessment(self):
        """Return whether the booked assessment is the next step.

        False if someone should contact the person before it, or after it because they did not come.
        """
        is_planned_after_it = self.stage == Stage.BOOKED and self.due_at > self.assessment_at
        return self.stage == Stage.BOOKED and not self.is_due_before_assessment and not is_planned_after_it

    @property
    def is_snoozed(self):
        """Return whether the request is snoozed now.

        After that time, `snoozed_until` keeps its value until someone acts on the request.
        """
        return self.snoozed_until is not None and self.snoozed_until > timezone.now()

    @property
    def is_claimed(self):
        """Return whether someone is working on the request now."""
        return self.claimed_until is not None and self.claimed_until > timezone.now()

    def is_claimed_by_colleague(self, user):
        """Return whether someone other than this user is working on the request now."""
        return self.is_claimed and self.owner_id != user.pk


class Alias(models.Model):
    """Another id and reference under which a request was confirmed, with a private link of its own.

    While the database is unavailable, a form goes to the spool and is confirmed under its own id and reference. The
    person has them, so they must lead to the request. The same is true for a second form of the same browser session.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    reference = models.CharField(max_length=9, unique=True, editable=False)
    private_link_hash = models.CharField(max_length=64, unique=True, editable=False)
    request = models.ForeignKey(AssessmentRequest, models.CASCADE, related_name="aliases")

    class Meta:
        default_permissions = ()

    def __str__(self):
        return self.reference
