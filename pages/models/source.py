from django.contrib.contenttypes.fields import GenericRelation
from django.core.validators import URLValidator
from django.db import models
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail.models import RevisionMixin

from .. import field_limits
from ..content_generation import AtomicModel

_WEB_ADDRESS = URLValidator(schemes=["https", "http"])


class WebAddressField(models.URLField):
    """A web address. People may leave out "https://"."""

    def formfield(self, **kwargs):
        return super().formfield(**({"assume_scheme": "https"} | kwargs))


class SourceManager(models.Manager):
    def get_by_natural_key(self, key):
        return self.get(key=key)


class Source(RevisionMixin, AtomicModel):
    """A source that pages and answers cite. Readers see every field except the key.

    Each change is kept as a revision. A cited source can't be deleted, see `pages.citing`.
    """

    key = models.SlugField(_("key"), unique=True, help_text=_("A short name for staff, such as dea-fact-sheet."))
    publisher = models.CharField(_("agency or journal"), max_length=200)
    title = models.CharField(_("title"), max_length=300)
    year = models.PositiveSmallIntegerField(_("year"), validators=field_limits.validators(field_limits.YEARS))
    url = WebAddressField(_("address"), max_length=500, validators=[_WEB_ADDRESS])
    checked_on = models.DateField(
        _("checked on"),
        null=True,
        blank=True,
        validators=[*field_limits.day_validators(), field_limits.not_in_future],
        help_text=_("The date when someone last opened this address and found the source there."),
    )
    archived_url = WebAddressField(
        _("archived copy"),
        max_length=500,
        blank=True,
        validators=[_WEB_ADDRESS],
        help_text=_("The address of a permanent copy, for example at web.archive.org."),
    )

    revisions = GenericRelation("wagtailcore.Revision", related_query_name="source")

    objects = SourceManager()
    content_file = "sources.json"

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["publisher", "year", "key"]
        constraints = [
            models.CheckConstraint(
                name="source_year_is_within_bounds", condition=field_limits.between(field_limits.YEARS, "year")
            ),
            models.CheckConstraint(
                name="source_checked_on_is_within_bounds",
                condition=field_limits.between(field_limits.DAYS, "checked_on"),
            ),
        ]

    def __str__(self):
        return f"{self.publisher}: {self.title} ({self.year})"

    def natural_key(self):
        return (self.key,)

    def as_mark(self):
        """Return a citation mark for stored rich text. Editors see its key, readers a number."""
        return format_html('<a linktype="source" id="{}">[{}]</a>', self.pk, self.key)
