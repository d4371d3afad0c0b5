import json
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, When
from django.utils.translation import gettext_lazy as _

from . import sealed


class RecordIsFixed(Exception):
    """Someone tried to change or delete a row that is a record of what happened."""


class Record(models.Model):
    """A row that is written once: what happened stays as it was written."""

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise RecordIsFixed(f"{self._meta.label} {self.pk} is a record and never changes")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise RecordIsFixed(f"{self._meta.label} {self.pk} is a record and is never deleted")


class AssessmentRequestQuerySet(models.QuerySet):
    def open(self):
        return self.exclude(stage=AssessmentRequest.Stage.CLOSED)

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
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)

    objects = AssessmentRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("assessment request")
        verbose_name_plural = _("assessment requests")
        default_permissions = ()  # opened by role alone, see intake.access
        constraints = [
            models.CheckConstraint(
                name="request_stage_is_known",
                condition=Q(stage__in=["new", "reaching", "talking", "booked", "closed"]),
            ),
            models.CheckConstraint(
                name="request_outcome_is_known",
                condition=Q(
                    outcome__in=[
                        "",
                        "admitted",
                        "referred",
                        "declined",
                        "not_reached",
                        "withdrawn",
                        "duplicate",
                        "spam",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="request_closed_has_outcome_and_time",
                condition=(Q(stage="closed", closed_at__isnull=False) & ~Q(outcome=""))
                | (~Q(stage="closed") & Q(outcome="", closed_at=None)),
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


class SealedText(models.Model):
    """One text that a person gave us, or that staff wrote about a person: sealed, and erasable by itself."""

    class Kind(models.TextChoices):
        ANSWERS = "answers", _("What the person wrote")
        AMENDMENT = "amendment", _("Sent again with changes")
        NOTE = "note", _("Note")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(AssessmentRequest, models.CASCADE, related_name="texts")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    envelope = models.BinaryField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="sealedtext_kind_is_known", condition=Q(kind__in=["answers", "amendment", "note"])
            ),
            models.UniqueConstraint(fields=["request"], condition=Q(kind="answers"), name="one_set_of_answers"),
            models.CheckConstraint(
                name="sealedtext_author_wrote_notes_only",
                condition=Q(kind="note", author__isnull=False) | (~Q(kind="note") & Q(author=None)),
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.pk}"

    @property
    def _place(self):
        return sealed.Place(table=self._meta.db_table, column="envelope", row=str(self.pk))

    def seal(self, content):
        """Fills the envelope with text, or with anything that JSON can hold."""
        self.envelope = sealed.seal(json.dumps(content, ensure_ascii=False, sort_keys=True), self._place)
        return self

    def open(self):
        """What was sealed. Raises `sealed.CannotOpen`."""
        return json.loads(sealed.open_envelope(self.envelope, self._place))


class ConsentRecord(Record):
    """That a person agreed to one purpose, and to which exact words."""

    request = models.ForeignKey(AssessmentRequest, models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=20)
    wording_version = models.CharField(max_length=20)
    wording_sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint(fields=["request", "purpose"], name="consent_once_a_purpose")]

    def __str__(self):
        return f"{self.purpose} {self.wording_version}"


class Event(Record):
    """Something that happened to a request: codes only, never a word that anyone typed."""

    class Code(models.TextChoices):
        RECEIVED = "received", _("Received")
        AMENDED = "amended", _("Sent again with changes")
        STAGE_SET = "stage_set", _("Stage set")
        ASSIGNED = "assigned", _("Assigned")
        RELEASED = "released", _("Released")
        NOTE_ADDED = "note_added", _("Note added")
        CLOSED = "closed", _("Closed")
        REOPENED = "reopened", _("Reopened")
        ERASED = "erased", _("Words erased")

    request = models.ForeignKey(AssessmentRequest, models.CASCADE, related_name="events")
    code = models.CharField(max_length=12, choices=Code.choices)
    before = models.CharField(max_length=40, blank=True)
    after = models.CharField(max_length=40, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="event_code_is_known",
                condition=Q(
                    code__in=[
                        "received",
                        "amended",
                        "stage_set",
                        "assigned",
                        "released",
                        "note_added",
                        "closed",
                        "reopened",
                        "erased",
                    ]
                ),
            ),
        ]

    def __str__(self):
        return self.code


class Notice(models.Model):
    """Tells staff that a request came in: a reference and a link. Written with the request, sent by the worker."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        RETRYING = "retrying", _("Retrying")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    request = models.ForeignKey(AssessmentRequest, models.CASCADE, related_name="notices")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=80, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["request"], name="one_notice_a_request"),
            models.CheckConstraint(
                name="notice_state_is_known",
                condition=Q(state__in=["queued", "sending", "retrying", "sent", "failed"]),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"], name="notice_waiting", condition=Q(state__in=["queued", "sending", "retrying"])
            ),
        ]

    def __str__(self):
        return f"{self.state} {self.pk}"


class AccessRecord(Record):
    """That someone saw requests: who, how, which, when. No value of any request, ever."""

    class Action(models.TextChoices):
        LIST = "list", _("Saw in a list")
        OPEN = "open", _("Opened")

    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    action = models.CharField(max_length=10, choices=Action.choices)
    requests = models.JSONField(help_text="The ids of the requests that were shown")

    class Meta:
        default_permissions = ()
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(name="access_action_is_known", condition=Q(action__in=["list", "open"])),
        ]

    def __str__(self):
        return f"{self.action} {self.at:%Y-%m-%d %H:%M}"
