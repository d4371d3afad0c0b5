"""Rows that are written once and never change."""

from django.db import models


class AppendOnlyViolation(Exception):
    """Someone tried to change or delete an append-only row."""


class AppendOnlyModel(models.Model):
    """A row that is written once and never changes.

    With `is_guarded`, the database itself refuses to change or delete it, whoever asks (see append_only_triggers.py).
    """

    is_guarded = False

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise AppendOnlyViolation(f"{self._meta.label} {self.pk} is append-only and can't be changed")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise AppendOnlyViolation(f"{self._meta.label} {self.pk} is append-only and can't be deleted")
