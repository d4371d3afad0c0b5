"""Who is in conversation, or has an assessment, was reached: from now on the database sees to that."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Coalesce


def say_when_they_were_reached(apps, schema_editor):
    AssessmentRequest = apps.get_model("intake", "AssessmentRequest")
    unsaid = AssessmentRequest.objects.filter(reached_at=None)
    unsaid.filter(Q(stage__in=["talking", "booked"]) | Q(attempts_to_reach__isnull=False)).update(
        reached_at=Coalesce(F("first_attempt_at"), F("received_at"))
    )


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0008_exact_matches_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(say_when_they_were_reached, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="assessmentrequest",
            constraint=models.CheckConstraint(
                name="request_in_conversation_was_reached",
                condition=~Q(stage__in=["talking", "booked"]) | Q(reached_at__isnull=False),
            ),
        ),
        migrations.AddConstraint(
            model_name="assessmentrequest",
            constraint=models.CheckConstraint(
                name="request_attempts_count_up_to_a_conversation",
                condition=Q(attempts_to_reach=None) | Q(reached_at__isnull=False),
            ),
        ),
    ]
