"""A person can agree again to what they took back: each time is on record."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0011_duplicates_say_of_which"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="consentrecord", name="consent_once_a_purpose"),
        migrations.AddConstraint(
            model_name="consentrecord",
            constraint=models.UniqueConstraint(fields=["request", "purpose", "at"], name="consent_once_a_moment"),
        ),
    ]
