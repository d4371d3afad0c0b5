"""A person may ask to be called only when they have confirmed a time."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0019_undo"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="assessmentrequest",
            name="request_best_time_is_known",
        ),
        migrations.RemoveConstraint(
            model_name="contactprofile",
            name="profile_codes_are_known",
        ),
        migrations.AlterField(
            model_name="assessmentrequest",
            name="best_time",
            field=models.CharField(
                blank=True,
                choices=[
                    ("asap", "As soon as possible"),
                    ("morning", "In the morning"),
                    ("afternoon", "In the afternoon"),
                    ("evening", "In the evening"),
                    ("confirmed", "Only when I have confirmed a time by email or text"),
                ],
                editable=False,
                max_length=9,
            ),
        ),
        migrations.AlterField(
            model_name="contactprofile",
            name="best_time",
            field=models.CharField(
                choices=[
                    ("asap", "As soon as possible"),
                    ("morning", "In the morning"),
                    ("afternoon", "In the afternoon"),
                    ("evening", "In the evening"),
                    ("confirmed", "Only when I have confirmed a time by email or text"),
                ],
                max_length=9,
            ),
        ),
        migrations.AddConstraint(
            model_name="assessmentrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("best_time__in", ["", "asap", "morning", "afternoon", "evening", "confirmed"])),
                name="request_best_time_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="contactprofile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("for_whom__in", ["self", "other", "professional"]),
                    ("introduction__in", ["first_name", "center"]),
                    ("best_time__in", ["asap", "morning", "afternoon", "evening", "confirmed"]),
                ),
                name="profile_codes_are_known",
            ),
        ),
    ]
