import os
import secrets

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Create the first administrator if there is none. Uses DJANGO_SUPERUSER_USERNAME, _PASSWORD and _EMAIL, or "
        "else generates a password and prints it once. Never changes an existing account."
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
            user.groups.set(Group.objects.all())  # so that one account can see everything
        self.stdout.write(f"First administrator: {username}")
        if not given:
            self.stdout.write(f"Password (shown only once): {password}")


def _checked(name, field):
    """Return the value of an environment variable, checked by a field of the account. "" if it is not set.

    Raises CommandError that names the variable.
    """
    value = os.environ.get(name, "").strip()
    try:
        return get_user_model()._meta.get_field(field).clean(value, None) if value else ""
    except ValidationError as refusal:
        raise CommandError(f"{name}: {' '.join(refusal.messages)}") from refusal
