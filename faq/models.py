from django.db import models
from django.db.models import Prefetch
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from pages import bounds
from pages.models import Page
from pages.rich_text import RichTextField
from pages.versions import Citation, Version, VersionQuerySet


class Topic(models.Model):
    """A group of questions. It stands on the FAQ page, and inside one page if it names one."""

    key = models.SlugField(_("key"), unique=True)
    title = models.CharField(_("title"), max_length=120)
    position = models.PositiveSmallIntegerField(
        _("position"), default=1, validators=bounds.validators(bounds.POSITIONS)
    )
    page = models.ForeignKey(
        Page,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="topics",
        verbose_name=_("page"),
        help_text=_("The page whose question section shows this topic too."),
    )

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="topic_position_is_within_bounds", condition=bounds.between(bounds.POSITIONS, "position")
            )
        ]

    def __str__(self):
        return self.title


class Question(models.Model):
    """A question's address and place. Its wording and answer are its versions."""

    slug = models.SlugField(_("address"), max_length=120, unique=True, help_text=_("What comes after /faq/."))
    topic = models.ForeignKey(Topic, models.PROTECT, related_name="questions", verbose_name=_("topic"))
    position = models.PositiveSmallIntegerField(
        _("position"), default=1, validators=bounds.validators(bounds.POSITIONS)
    )
    starter_key = models.SlugField(
        max_length=120, null=True, blank=True, unique=True, editable=False, help_text="The starter file this came from"
    )

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["topic__position", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="question_position_is_within_bounds", condition=bounds.between(bounds.POSITIONS, "position")
            )
        ]

    def __str__(self):
        return self.slug

    def get_absolute_url(self):
        return reverse("faq:question", args=[self.slug])


class AnswerVersionQuerySet(VersionQuerySet):
    def for_readers(self):
        """The live answers in their order, with question, topic, page and sources: two queries in all."""
        citations = AnswerCitation.objects.select_related("source")
        return (
            self.live()
            .select_related("question__topic")
            .prefetch_related(Prefetch("citations", citations))
            .order_by("question__topic__position", "question__topic", "question__position", "question")
        )


class AnswerVersion(Version):
    """A question as it is worded, and its answer, from one moment on. The title is the question."""

    subject_field = "question"

    question = models.ForeignKey(Question, models.PROTECT, related_name="versions", verbose_name=_("question"))
    body = RichTextField(_("answer"), help_text=_("The short answer first. Marks such as [1] point to the sources."))

    objects = AnswerVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer version")
        verbose_name_plural = _("answer versions")
        permissions = [("publish_answerversion", _("Can publish answers and take them off-line"))]
        constraints = [
            *Version.Meta.constraints,
            models.UniqueConstraint(fields=["question", "publish_at"], name="answerversion_begins_once"),
        ]

    @property
    def source_prefix(self):
        """Tells this answer's list of sources from the others on a page; short, since it stands at every mark."""
        return f"q{self.question_id}-"


class AnswerCitation(Citation):
    """A source of an answer, in the order of the marks in its text."""

    version = models.ForeignKey(AnswerVersion, models.CASCADE, related_name="citations")

    class Meta(Citation.Meta):
        verbose_name = _("source of the answer")
        verbose_name_plural = _("sources of the answer")
        constraints = [
            *Citation.Meta.constraints,
            models.UniqueConstraint(fields=["version", "source"], name="answercitation_once"),
        ]

    def __str__(self):
        return str(self.source)
