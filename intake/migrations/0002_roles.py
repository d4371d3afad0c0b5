from django.db import migrations

from intake.access import ROLES
from pages.roles import grant


def create_roles(apps, schema_editor):
    grant(apps, "intake", {role: [] for role in ROLES})


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(create_roles, migrations.RunPython.noop)]
