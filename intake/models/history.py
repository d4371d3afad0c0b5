"""A queryset that leaves out the rows that were undone."""

from django.db import models
from django.db.models import Exists, OuterRef


class HistoryQuerySet(models.QuerySet):
    def standing(self):
        """Leave out the rows that were undone. They stay in the history but don't count."""
        from .change import Undone  # change.py imports this module

        # NOT EXISTS instead of a join: few changes are undone, and the planner uses that.
        return self.filter(~Exists(Undone.objects.filter(pk=OuterRef("change_id"))))
