"""Named filters that staff saved at the desk. They hold only codes, and a name that identifies no person."""

import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from intake import reference

MAX_DIGITS = 3  # allows "Week 47", not the last digits of a phone number

_CODE = re.compile(r"[a-z0-9_/-]{1,200}")
_NUMBER = re.compile(r"\d(?:[\s().+/-]*\d)*")
_PERHAPS_REFERENCE = re.compile(r"(?<!\w)\w{4}[ -]?\w{4}(?!\w)")


def refuse_personal_data(name):
    """Raise `ValidationError` if the name of a filter may identify a person.

    Names are shown to colleagues and are not encrypted.
    """
    if "@" in name or "＠" in name:
        raise ValidationError(
            _("Leave out email addresses: the name of a filter is not encrypted. Name the work it shows.")
        )
    if any(sum(c.isdecimal() for c in found) > MAX_DIGITS for found in _NUMBER.findall(name)):
        raise ValidationError(
            _("Leave out numbers of more than 3 digits: they may be a phone number. Name the work it shows.")
        )
    for found in _PERHAPS_REFERENCE.findall(name):
        reads_as_words = found.replace(" ", "").isalpha()  # "back soon" could be a valid reference by chance
        if reference.normalize(found) and not reads_as_words:
            raise ValidationError(_("Leave out references: each one belongs to a person. Name the work it shows."))


def refuse_non_codes(codes):
    """Raise `ValidationError` unless the filter holds only codes."""
    if not isinstance(codes, dict) or not codes:
        raise ValidationError(_("Choose at least one filter to save."))
    if any(not isinstance(code, str) or not _CODE.fullmatch(code) for code in (*codes, *codes.values())):
        raise ValidationError(_("A saved filter can hold codes only."))


class SavedFilterQuerySet(models.QuerySet):
    def seen_by(self, user):
        """Leave out other users' filters, except those for everyone."""
        return self.filter(models.Q(owner=user) | models.Q(is_shared=True))


class SavedFilter(models.Model):
    """A named set of filters (`intake.admin.find.filters`), for one user or for everyone at the desk."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )  # the constraint's index begins with it
    name = models.CharField(_("name"), max_length=40, validators=[refuse_personal_data])
    is_shared = models.BooleanField(_("for everyone at the desk"), default=False)
    criteria = models.JSONField(validators=[refuse_non_codes])

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_filter_once_a_name")]

    def __str__(self):
        return self.name
