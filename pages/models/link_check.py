from django.db import models
from django.utils.translation import gettext_lazy as _


class LinkCheck(models.Model):
    """What another site answered when `check_links` last asked for an address that a page of ours links to."""

    address = models.CharField(_("address"), max_length=2000, unique=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True, help_text=_("Blank: it leads where it says."))
    checked_at = models.DateTimeField(_("checked at"))

    class Meta:
        verbose_name = _("checked link")
        verbose_name_plural = _("checked links")
        ordering = ["address"]

    def __str__(self):
        return self.address
