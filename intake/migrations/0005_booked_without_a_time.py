"""From now on a booked assessment has a time. Those that were booked without one are in conversation again, so that
someone asks for it."""

from django.db import migrations
from django.utils import timezone


def back_to_talking(apps, schema_editor):
    AssessmentRequest, Event = apps.get_model("intake", "AssessmentRequest"), apps.get_model("intake", "Event")
    for request in AssessmentRequest.objects.filter(stage="booked").order_by("pk").iterator(chunk_size=500):
        request.stage = "talking"
        request.save(update_fields=["stage"])
        Event.objects.create(
            request=request, code="stage_set", before="booked", after="talking", at=timezone.now(), actor=None
        )


class Migration(migrations.Migration):
    dependencies = [("intake", "0004_complete_old_requests")]

    operations = [migrations.RunPython(back_to_talking, migrations.RunPython.noop)]
