import os
import secrets

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Makes the first administrator where there is none: from DJANGO_SUPERUSER_USERNAME, _PASSWORD and _EMAIL, "
        "else generated and printed once. Never touches an account that exists."
    )

    def handle(self, *args, **options):
        User = get_user_model()
        if User.objects.filter(is_superuser=True).exists():
            return
        username = _checked("DJANGO_SUPERUSER_USERNAME", "username") or "admin"
        email = _checked("DJANGO_SUPERUSER_EMAIL", "email")
        given = os.environ.get("DJANGO_SUPERUSER_PASSWORD")
        password = given or secrets.token_urlsafe(15)
        user = User.objects.create_superuser(username, email, password)
        if settings.IN_DEVELOPMENT:
            user.groups.set(Group.objects.all())  # one login shows everything
        self.stdout.write(f"First administrator: {username}")
        if not given:
            self.stdout.write(f"Password, shown this once: {password}")


def _checked(name, field):
    """A variable's value, empty or as the field of an account takes it; raises CommandError, which names it."""
    value = os.environ.get(name, "").strip()
    try:
        return get_user_model()._meta.get_field(field).clean(value, None) if value else ""
    except ValidationError as refusal:
        raise CommandError(f"{name}: {' '.join(refusal.messages)}") from refusal
