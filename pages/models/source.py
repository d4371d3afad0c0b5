from django.core.validators import URLValidator
from django.db import models
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from .. import bounds
from ..generation import AtomicModel


class SourceManager(models.Manager):
    def get_by_natural_key(self, key):
        return self.get(key=key)


class Source(AtomicModel):
    """Where a fact comes from. Pages and answers cite it; readers see every field."""

    key = models.SlugField(_("key"), unique=True, help_text=_("A short name for staff, such as dea-fact-sheet."))
    publisher = models.CharField(_("agency or journal"), max_length=200)
    title = models.CharField(_("title"), max_length=300)
    year = models.PositiveSmallIntegerField(_("year"), validators=bounds.validators(bounds.YEARS))
    url = models.URLField(_("address"), max_length=500, validators=[URLValidator(schemes=["https", "http"])])

    objects = SourceManager()

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["publisher", "year", "key"]
        constraints = [
            models.CheckConstraint(name="source_year_is_within_bounds", condition=bounds.between(bounds.YEARS, "year"))
        ]

    def __str__(self):
        return f"{self.publisher}: {self.title} ({self.year})"

    def natural_key(self):
        return (self.key,)

    def as_mark(self):
        """A mark of this source in stored rich text. Its words stand in the editor; readers see a number there."""
        return format_html('<a linktype="source" id="{}">[{}]</a>', self.pk, self.key)
