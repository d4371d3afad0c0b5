"""Publishing: content is rows that belong to a version, and readers see the newest version that has begun.

Nothing has to happen at the moment when a version begins or ends: `live()` asks the clock. So a draft lies beside
the live version, and scheduling needs no job that could fail to run.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from . import bounds


class PublishedVersionIsFixed(Exception):
    """Someone tried to change a version that readers have seen; make a new draft instead."""


class VersionQuerySet(models.QuerySet):
    def live(self, at=None):
        """The one version of each subject that readers see at a moment (default: now).

        The newest version that has begun decides alone: once it has expired, the subject is off-line, and no older
        version comes back.
        """
        at = at or timezone.now()
        return self.filter(pk=Subquery(self._newest_begun(at))).filter(Q(expire_at=None) | Q(expire_at__gt=at))

    def with_states(self, at=None):
        """Adds `newest_begun`, the key of the version that decides, so that `state()` asks no query a row."""
        return self.annotate(newest_begun=Subquery(self._newest_begun(at or timezone.now())))

    def _newest_begun(self, at):
        subject = self.model.subject_field
        begun = self.model._base_manager.filter(**{subject: OuterRef(subject)}, publish_at__lte=at)
        return begun.order_by("-publish_at", "-pk").values("pk")[:1]


class Version(models.Model):
    """One state of a text, from draft to published. A published version never changes: editing makes a new draft.

    A subclass names its subject in `subject_field`, the foreign key to what this is a version of, and repeats
    `Version.Meta.constraints` with its own unique pair of subject and `publish_at`.
    """

    subject_field: str

    title = models.CharField(_("title"), max_length=120, help_text=_("The one heading of the page. Say what it is."))
    description = models.CharField(
        _("description"),
        max_length=160,
        help_text=_("One sentence for search results. It should make sense without the page."),
    )
    checked_on = models.DateField(
        _("sources checked on"),
        null=True,
        blank=True,
        validators=[*bounds.day_validators(), bounds.not_ahead],
        help_text=_("The day when someone last compared this text with its sources. Readers see it."),
    )
    written_by = models.CharField(
        _("written by"),
        max_length=160,
        blank=True,
        help_text=_("The person who wrote this text, with credentials. Only if it is true. Readers see it."),
    )
    reviewed_by = models.CharField(
        _("reviewed by"),
        max_length=160,
        blank=True,
        help_text=_("The clinician who reviewed this text, with credentials. Only if it is true. Readers see it."),
    )
    reviewed_on = models.DateField(
        _("reviewed on"), null=True, blank=True, validators=[*bounds.day_validators(), bounds.not_ahead]
    )
    review_due = models.DateField(
        _("next review"),
        null=True,
        blank=True,
        validators=bounds.day_validators(),
        help_text=_("When someone should check this text again."),
    )
    publish_at = models.DateTimeField(_("begins"), null=True, blank=True, editable=False)
    expire_at = models.DateTimeField(_("ends"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("made by"),
    )
    starter_digest = models.CharField(
        max_length=64, blank=True, editable=False, help_text="SHA-256 of the starter file this came from"
    )

    objects = VersionQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_ends_after_it_begins",
                condition=Q(expire_at=None) | Q(publish_at__isnull=False, expire_at__gte=F("publish_at")),
            ),
            models.CheckConstraint(
                name="%(class)s_review_has_reviewer_and_day",
                condition=Q(reviewed_by="", reviewed_on=None) | (~Q(reviewed_by="") & Q(reviewed_on__isnull=False)),
                violation_error_message=_("A review needs both: who reviewed the text, and on which day."),
            ),
            models.CheckConstraint(
                name="%(class)s_days_are_within_bounds",
                condition=bounds.between(bounds.DAYS, "checked_on", "reviewed_on", "review_due"),
            ),
        ]

    def __str__(self):
        return self.title

    @property
    def subject(self):
        return getattr(self, self.subject_field)

    def has_begun(self, at=None):
        """Whether readers may have seen this version."""
        return self.publish_at is not None and self.publish_at <= (at or timezone.now())

    def state(self, at=None):
        """One of draft, scheduled, live, expired, replaced. Needs a row from `with_states()`."""
        at = at or timezone.now()
        if self.publish_at is None:
            return "draft"
        if self.publish_at > at:
            return "scheduled"
        if self.newest_begun != self.pk:
            return "replaced"
        return "expired" if self.expire_at and self.expire_at <= at else "live"

    def publish(self, at=None):
        """Lets this version begin at a moment (default: now). A moment that has passed becomes now.

        Raises `PublishedVersionIsFixed` where readers have seen it already.
        """
        now = timezone.now()
        self.publish_at = max(at or now, now)
        self.save()

    def take_offline(self):
        """Ends this version now, if it is the one that readers see; its page then answers 404 until another version
        begins. Returns whether it was."""
        now = timezone.now()
        if not type(self).objects.live(now).filter(pk=self.pk).exists():
            return False
        self.expire_at = now
        super().save(update_fields=["expire_at"])  # the one change that a published version allows
        return True

    def save(self, *args, **kwargs):
        if self.pk:
            self._refuse_if_begun()
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        self._refuse_if_begun()
        return super().delete(*args, **kwargs)

    def _refuse_if_begun(self):
        if type(self)._base_manager.filter(pk=self.pk, publish_at__lte=timezone.now()).exists():
            raise PublishedVersionIsFixed(f"{self._meta.label} {self.pk} has been published and never changes")


class PartOfVersion(models.Model):
    """A row that belongs to a version and is as fixed as its version is."""

    position = models.PositiveSmallIntegerField(
        _("position"), default=1, validators=bounds.validators(bounds.POSITIONS)
    )

    class Meta:
        abstract = True
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="%(class)s_position_is_within_bounds", condition=bounds.between(bounds.POSITIONS, "position")
            )
        ]

    def save(self, *args, **kwargs):
        self._refuse_if_fixed()
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        self._refuse_if_fixed()
        return super().delete(*args, **kwargs)

    def _refuse_if_fixed(self):
        """Asks the version that this part goes to and the one that it would leave."""
        self.version._refuse_if_begun()
        stored = type(self)._base_manager.filter(pk=self.pk).exclude(version=self.version).select_related("version")
        for part in stored:
            part.version._refuse_if_begun()


class Citation(PartOfVersion):
    """A source of a version. Its place in the list is the number that the text uses: the first is [1]."""

    source = models.ForeignKey("pages.Source", models.PROTECT, verbose_name=_("source"))

    class Meta(PartOfVersion.Meta):
        abstract = True
