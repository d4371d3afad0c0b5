import dataclasses
import datetime as dt

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from modelcluster.models import ClusterableModel
from wagtail.admin.panels import FieldPanel, FieldRowPanel
from wagtail.models import DraftStateMixin, LockableMixin, Page, PreviewableMixin, RevisionMixin

from .. import field_limits
from ..content_generation import AtomicModel
from ..fields import PlainMomentField
from ..publishing import CheckedPublishing
from ..rich_text import RichTextField

FEATURES = ["bold", "link"]


def now_to_the_minute():
    return timezone.now().replace(second=0, microsecond=0)


class Notice(
    CheckedPublishing, DraftStateMixin, LockableMixin, RevisionMixin, PreviewableMixin, AtomicModel, ClusterableModel
):
    """A short message for a limited time, above every page or only some pages.

    No job starts or ends a notice. Each page checks the clock when it is shown.
    """

    class Kind(models.TextChoices):
        CALM = "calm", _("Calm: good to know")
        STRONG = "strong", _("Strong: changes what people should do now")

    text = RichTextField(_("text"), features=FEATURES, max_length=600)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.CALM)
    shows_from = PlainMomentField(_("show from"), default=now_to_the_minute, help_text=_("Arizona time."))
    shows_until = PlainMomentField(_("until"), help_text=_("Arizona time. The notice disappears at this time."))
    pages = ParentalManyToManyField(
        Page,
        verbose_name=_("only on these pages"),
        related_name="+",
        blank=True,
        limit_choices_to={"depth__gt": 1},  # the root is not a page
        help_text=_("Leave this empty to show it on the whole site."),
    )
    holiday = models.DateField(_("holiday"), null=True, blank=True, editable=False, unique=True)

    panels = [
        FieldPanel("text"),
        FieldPanel("kind"),
        FieldRowPanel([FieldPanel("shows_from"), FieldPanel("shows_until")]),
        FieldPanel(
            "pages", widget=forms.CheckboxSelectMultiple
        ),  # in a list box, a single click would deselect all others
    ]

    content_file = "notices.json"

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-shows_until", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="notice_begins_before_it_ends",
                condition=Q(shows_from__lt=F("shows_until")),
                violation_error_message=_("The notice must end after it begins."),
            ),
            models.CheckConstraint(
                name="notice_is_within_bounds",
                condition=Q(
                    shows_from__gte=dt.datetime.combine(field_limits.DAYS[0], dt.time(), tzinfo=dt.UTC),
                    shows_until__lt=dt.datetime.combine(field_limits.DAYS[1], dt.time(), tzinfo=dt.UTC),
                ),
                violation_error_message=_("Check the year: it is before 2000 or after 2100."),
            ),
        ]

    def __str__(self):
        return Truncator(strip_tags(self.text.replace("</p>", " "))).chars(60) or str(_("Empty notice"))

    @property
    def is_strong(self):
        return self.kind == self.Kind.STRONG

    def clean(self):
        super().clean()
        if self.shows_from and self.shows_until and self.shows_from >= self.shows_until:
            raise ValidationError({"shows_until": _("The notice must end after it begins.")})

    def get_preview_template(self, request, mode_name):
        return "pages/notice_preview.html"

    def get_preview_context(self, request, mode_name):
        """Add this draft to the preview's context, as the only notice and without time limits."""
        from .. import facts

        shown = dataclasses.replace(facts.of_notice(self), shows_from=facts.LONG_AGO, shows_until=facts.FAR_AHEAD)
        known = dataclasses.replace(facts.current(), notices=(dataclasses.replace(shown, pages=frozenset()),))
        return super().get_preview_context(request, mode_name) | facts.template_context(known)
