from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel
from wagtail.models import Page, TranslatableMixin

from pages import field_limits
from pages.citations import Citations, marks
from pages.content_generation import AtomicModel
from pages.models import SitePage, Source
from pages.models.page import for_search
from pages.rich_text import RichTextField
from pages.visibility import visible

from . import structured_data


class TopicManager(models.Manager):
    def get_by_natural_key(self, key, language_code):
        return self.get(key=key, locale__language_code=language_code)


class Topic(TranslatableMixin, AtomicModel):
    """A group of questions on the FAQ page. If the topic names another page, that page shows the questions too."""

    key = models.SlugField(_("key"), help_text=_("A short name for staff, such as kratom."))
    title = models.CharField(_("title"), max_length=120)
    position = models.PositiveSmallIntegerField(
        _("position"), default=1, validators=field_limits.validators(field_limits.POSITIONS)
    )
    page = models.ForeignKey(
        Page,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="topics",
        verbose_name=_("page"),
        help_text=_("The page whose “Questions” block also shows this topic."),
    )

    objects = TopicManager()
    content_file = "topics.json"

    class Meta(TranslatableMixin.Meta):
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["key", "locale"], name="topic_key_once_per_language"),
            models.CheckConstraint(
                name="topic_position_is_within_bounds",
                condition=field_limits.between(field_limits.POSITIONS, "position"),
            ),
        ]

    def __str__(self):
        return self.title

    def natural_key(self):
        return self.key, self.locale.language_code


class FaqPage(SitePage):
    """The page with all questions, grouped by topic. Each question is a page below it."""

    summary = models.TextField(_("summary"), max_length=400)

    content_panels = [*Page.content_panels, FieldPanel("summary")]
    parent_page_types = ["pages.HomePage"]
    subpage_types = ["faq.QuestionPage"]
    max_count_per_parent = 1
    template = "faq/faq_page.html"
    share_picture, open_graph_type = "question", "website"

    class Meta(SitePage.Meta):
        verbose_name = _("FAQ page")
        verbose_name_plural = _("FAQ pages")

    def get_context(self, request, *args, **kwargs):
        return super().get_context(request, *args, **kwargs) | {"questions": self.questions}

    @cached_property
    def questions(self):
        return for_readers(QuestionPage.objects.child_of(self).select_related("topic", "locale"))

    def structured_data(self, known):
        return structured_data.of_faq(self)


class QuestionForm(SitePage.base_form_class):
    def __init__(self, *args, **kwargs):
        """Select the first topic for a new question, because it is usually the right one."""
        super().__init__(*args, **kwargs)
        if self.instance.topic_id is None:
            self.initial["topic"] = Topic.objects.first()


class QuestionPage(SitePage):
    """One question with its answer and sources. The title is the question."""

    base_form_class = QuestionForm

    topic = models.ForeignKey(Topic, models.PROTECT, related_name="questions", verbose_name=_("topic"))
    answer = RichTextField(_("answer"), help_text=_("Start with a short answer."))

    content_panels = [
        *Page.content_panels,
        FieldPanel("topic"),
        FieldPanel("answer"),
        FieldRowPanel([FieldPanel("checked_on"), FieldPanel("written_by")]),
    ]
    search_fields = [*Page.search_fields, *for_search("answer")]
    parent_page_types = ["faq.FaqPage"]
    subpage_types = []
    template = "faq/question_page.html"
    share_picture = "question"

    class Meta(SitePage.Meta):
        verbose_name = _("question")
        verbose_name_plural = _("questions")

    def texts(self):
        return [("", self.answer)]

    def get_context(self, request, *args, **kwargs):
        others = in_order(QuestionPage.objects.sibling_of(self, inclusive=False))
        return super().get_context(request, *args, **kwargs) | {"others": others}


def in_order(questions):
    """Return the visible questions of a query set, sorted by topic."""
    return visible(questions).order_by("topic__position", "topic", "path")


def for_readers(questions, citations=None):
    """Return the visible questions of a query set as a list, sorted by topic. Needs two queries in all.

    Each question gets an attribute `citations`, which numbers its sources. `citations`: one list for all questions;
    without it, each question has a list of its own.
    """
    found = list(in_order(questions))
    if citations is not None:
        citations.include(question.answer for question in found)
        for question in found:
            question.citations = citations
        return found
    sources = Source.objects.in_bulk({pk for question in found for pk in marks(question.answer)})
    for question in found:
        question.citations = Citations([question.answer], prefix=f"q{question.pk}-", sources=sources)
    return found
