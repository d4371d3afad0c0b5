"""What the desk asks of each request, for those from before: who may be contacted when, by when we had to, and when we
first tried and spoke."""

from django.db import migrations
from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce


def complete(apps, schema_editor):
    AssessmentRequest, Event = apps.get_model("intake", "AssessmentRequest"), apps.get_model("intake", "Event")
    newest = apps.get_model("intake", "ContactProfile").objects.filter(request=OuterRef("pk")).order_by("-at", "-pk")
    moves = Event.objects.filter(request=OuterRef("pk"), code="stage_set").order_by("at", "pk").values("at")
    AssessmentRequest.objects.update(
        best_time=Coalesce(Subquery(newest.values("best_time")[:1]), Value("")),
        time_zone=Coalesce(Subquery(newest.values("time_zone")[:1]), Value("")),
        first_due_at=F("due_at"),  # due times did not move before
        first_attempt_at=Subquery(moves[:1]),
        reached_at=Subquery(moves.filter(after__in=["talking", "booked"])[:1]),
    )


class Migration(migrations.Migration):
    dependencies = [("intake", "0006_desk")]

    operations = [migrations.RunPython(complete, migrations.RunPython.noop)]
