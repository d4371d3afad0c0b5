from django.db import migrations

from faq.roles import GRANTS
from pages.roles import grant


def create_roles(apps, schema_editor):
    grant(apps, "faq", GRANTS)


class Migration(migrations.Migration):
    dependencies = [
        ("faq", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("pages", "0002_roles"),
    ]

    operations = [migrations.RunPython(create_roles, migrations.RunPython.noop)]
