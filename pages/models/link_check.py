from django.db import models
from django.utils.translation import gettext_lazy as _


class LinkCheck(models.Model):
    """The result of the last `check_links` for one address on another site."""

    address = models.CharField(_("address"), max_length=2000, unique=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True, help_text=_("Blank if the link works."))
    checked_at = models.DateTimeField(_("checked at"))

    class Meta:
        verbose_name = _("checked link")
        verbose_name_plural = _("checked links")
        ordering = ["address"]

    def __str__(self):
        return self.address
