from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import Q
from django.urls import Resolver404, resolve
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from .. import bounds
from ..rich_text import RichTextField
from ..versions import Citation, PartOfVersion, Version

# Addresses that something in front of the pages answers.
RESERVED = {"static", "healthz", "readyz", "status"}


class Page(models.Model):
    """An address and what stays the same when its words change. The words are its versions."""

    path = models.CharField(
        _("address"),
        max_length=200,
        unique=True,
        blank=True,
        validators=[
            RegexValidator(r"^([a-z0-9-]+(/[a-z0-9-]+)*)?$", _("Small letters, digits, hyphens, and slashes."))
        ],
        help_text=_("What comes after the site's name, without slashes at the ends. Empty: the home page."),
    )
    menu_label = models.CharField(_("name in the menu"), max_length=40, blank=True)
    menu_position = models.PositiveSmallIntegerField(
        _("place in the menu"), null=True, blank=True, validators=bounds.validators(bounds.POSITIONS)
    )
    quick_exit = models.BooleanField(
        _("offers “Leave this page quickly”"),
        default=False,
        help_text=_("For pages that may put a reader at risk if someone looks over their shoulder."),
    )
    starter_key = models.SlugField(
        null=True, blank=True, unique=True, editable=False, help_text="The starter file this page came from"
    )

    class Meta:
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        ordering = ["path"]
        constraints = [
            models.CheckConstraint(
                name="page_in_menu_has_label_and_position",
                condition=Q(menu_label="", menu_position=None) | (~Q(menu_label="") & Q(menu_position__isnull=False)),
                violation_error_message=_("A page in the menu needs both a name and a place there; others neither."),
            ),
            models.CheckConstraint(
                name="page_menu_position_is_within_bounds",
                condition=bounds.between(bounds.POSITIONS, "menu_position"),
            ),
        ]

    def __str__(self):
        return self.get_absolute_url()

    def get_absolute_url(self):
        return f"/{self.path}/" if self.path else "/"

    def clean(self):
        try:
            view = resolve(self.get_absolute_url()).func
        except Resolver404:
            return  # the address has a form that its own validator has already refused
        first = self.path.split("/")[0]
        if view.__module__ != "pages.views" or first in RESERVED:
            raise ValidationError({"path": _("Another part of the site has this address. Please choose another.")})

    def save(self, *args, **kwargs):
        with transaction.atomic():
            previous = Page.objects.filter(pk=self.pk).values_list("path", flat=True).first()
            super().save(*args, **kwargs)
            OldPath.objects.filter(path=self.path).delete()
            if previous is not None and previous != self.path:
                OldPath.objects.create(path=previous, page=self)


class OldPath(models.Model):
    """An address that a page once had. Readers who come there are sent on."""

    path = models.CharField(_("address"), max_length=200, unique=True, blank=True)
    page = models.ForeignKey(Page, models.CASCADE, related_name="old_paths")

    class Meta:
        verbose_name = _("old address")
        verbose_name_plural = _("old addresses")

    def __str__(self):
        return f"/{self.path}/"


class PageVersion(Version):
    """The words of a page from one moment on."""

    subject_field = "page"

    page = models.ForeignKey(Page, models.PROTECT, related_name="versions", verbose_name=_("page"))
    summary = models.TextField(
        _("summary"), max_length=400, help_text=_("One to three plain sentences at the top: the most important first.")
    )

    class Meta:
        verbose_name = _("page version")
        verbose_name_plural = _("page versions")
        permissions = [("publish_pageversion", _("Can publish pages and take them off-line"))]
        constraints = [
            *Version.Meta.constraints,
            models.UniqueConstraint(fields=["page", "publish_at"], name="pageversion_begins_once"),
        ]


class Section(PartOfVersion):
    """A block of a page. Each kind has its own template, `templates/pages/sections/<kind>.html`, and each figure too,
    `templates/includes/figures/<figure>.html`."""

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        ADVICE = "advice", _("Advice (a quiet box)")
        SOON = "soon", _("Get help soon (a box that stands out)")
        EMERGENCY = "emergency", _("Emergency: get help now (the strongest box)")
        STEPS = "steps", _("Steps (a numbered list)")
        SELF_CHECK = "self_check", _("Self-check (a list that readers can tick; nothing is sent)")
        QUESTIONS = "questions", _("Questions of this page's topics")
        ACTION = "action", _("Call or ask for an assessment")

    class Figure(models.TextChoices):
        AFTER_YOU_ASK = "after_you_ask", _("What happens after you ask")
        LEVELS_OF_CARE = "levels_of_care", _("Levels of care as steps")
        STAGES_OF_STOPPING = "stages_of_stopping", _("Stages of stopping, without days")

    version = models.ForeignKey(PageVersion, models.CASCADE, related_name="sections")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.TEXT)
    heading = models.CharField(_("heading"), max_length=120)
    body = RichTextField(_("text"), blank=True)
    figure = models.CharField(
        _("figure"),
        max_length=20,
        choices=Figure.choices,
        blank=True,
        help_text=_("A drawing with words of its own, shown below the text. It should say what the text says."),
    )

    class Meta(PartOfVersion.Meta):
        verbose_name = _("section")
        verbose_name_plural = _("sections")
        constraints = [
            *PartOfVersion.Meta.constraints,
            models.CheckConstraint(
                name="section_kind_is_known",
                condition=Q(kind__in=["text", "advice", "soon", "emergency", "steps", "self_check"])
                | Q(kind__in=["questions", "action"]),
            ),
            models.CheckConstraint(
                name="section_figure_is_known",
                condition=Q(figure__in=["", "after_you_ask", "levels_of_care", "stages_of_stopping"]),
            ),
        ]

    def __str__(self):
        return self.heading

    @property
    def anchor(self):
        """The fragment that leads to this section."""
        return f"section-{slugify(self.heading) or self.pk}"

    @property
    def template(self):
        return f"pages/sections/{self.kind}.html"

    @property
    def figure_template(self):
        return f"includes/figures/{self.figure}.html"


class PageCitation(Citation):
    """A source of a page, in the order of the marks in its text."""

    version = models.ForeignKey(PageVersion, models.CASCADE, related_name="citations")

    class Meta(Citation.Meta):
        verbose_name = _("source of the page")
        verbose_name_plural = _("sources of the page")
        constraints = [
            *Citation.Meta.constraints,
            models.UniqueConstraint(fields=["version", "source"], name="pagecitation_once"),
        ]

    def __str__(self):
        return str(self.source)
