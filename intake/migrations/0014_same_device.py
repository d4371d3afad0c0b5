"""Two people may send one form from one device: the second request says so."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0013_what_closing_and_snoozing_took"),
    ]

    operations = [
        migrations.AddField(
            model_name="assessmentrequest",
            name="same_device_as",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                help_text="The first request that was sent from the same form, by someone else as far as we can tell",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="others_from_device",
                to="intake.assessmentrequest",
            ),
        ),
        migrations.AddIndex(
            model_name="assessmentrequest",
            index=models.Index(
                condition=models.Q(("same_device_as__isnull", False)),
                fields=["same_device_as"],
                name="from_same_device",
            ),
        ),
        migrations.AddConstraint(
            model_name="assessmentrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("same_device_as", None),
                    models.Q(("same_device_as", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="request_same_device_is_another",
            ),
        ),
    ]
