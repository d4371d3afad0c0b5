"""Append-only rows, and a queryset that leaves out those that were undone."""

from django.db import models
from django.db.models import Exists, OuterRef


class AppendOnlyViolation(Exception):
    """Someone tried to change or delete an append-only row."""


class AppendOnlyModel(models.Model):
    """A row that is written once and never changes."""

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise AppendOnlyViolation(f"{self._meta.label} {self.pk} is append-only and can't be changed")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise AppendOnlyViolation(f"{self._meta.label} {self.pk} is append-only and can't be deleted")


class HistoryQuerySet(models.QuerySet):
    def standing(self):
        """Leave out the rows that were undone. They stay in the history but don't count."""
        from .change import Undone  # change.py imports this module

        # NOT EXISTS instead of a join: few changes are undone, and the planner uses that.
        return self.filter(~Exists(Undone.objects.filter(pk=OuterRef("change_id"))))
