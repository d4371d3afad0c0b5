"""A duplicate says of which request: from now on the database sees to that. Older ones get an outcome of their own."""

from django.db import migrations, models
from django.db.models import F, Q


def set_unlinked_apart(apps, schema_editor):
    requests = apps.get_model("intake", "AssessmentRequest").objects
    requests.filter(outcome="duplicate", duplicate_of=None).update(outcome="unlinked")


def call_them_duplicates(apps, schema_editor):
    apps.get_model("intake", "AssessmentRequest").objects.filter(outcome="unlinked").update(outcome="duplicate")


class Migration(migrations.Migration):
    dependencies = [("intake", "0010_before_link")]

    operations = [
        migrations.RemoveConstraint(model_name="assessmentrequest", name="request_outcome_is_known"),
        migrations.RemoveConstraint(model_name="assessmentrequest", name="request_duplicate_is_of_another"),
        migrations.AlterField(
            model_name="assessmentrequest",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("admitted", "Admitted"),
                    ("referred", "Referred elsewhere"),
                    ("declined", "Declined for now"),
                    ("not_reached", "Not reached"),
                    ("withdrawn", "Withdrawn by the person"),
                    ("duplicate", "Duplicate"),
                    ("spam", "Spam"),
                    ("unlinked", "Duplicate, not known of which"),
                ],
                editable=False,
                max_length=12,
                verbose_name="outcome",
            ),
        ),
        migrations.RunPython(set_unlinked_apart, call_them_duplicates),
        migrations.AddConstraint(
            model_name="assessmentrequest",
            constraint=models.CheckConstraint(
                name="request_outcome_is_known",
                condition=Q(
                    outcome__in=[
                        "",
                        "admitted",
                        "referred",
                        "declined",
                        "not_reached",
                        "withdrawn",
                        "duplicate",
                        "spam",
                        "unlinked",
                    ]
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="assessmentrequest",
            constraint=models.CheckConstraint(
                name="request_duplicate_is_of_another",
                condition=(Q(duplicate_of=None) & ~Q(outcome="duplicate"))
                | (Q(duplicate_of__isnull=False, outcome="duplicate") & ~Q(duplicate_of=F("id"))),
            ),
        ),
    ]
