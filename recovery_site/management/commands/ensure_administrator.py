import os
import secrets

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from staff import assignments, roles
from staff.passwords import must_change


class Command(BaseCommand):
    help = (
        "Create the first administrator if there is none. Uses DJANGO_SUPERUSER_USERNAME, _PASSWORD and _EMAIL, or "
        "else generates a password and prints it once. Never changes an existing account."
    )

    def handle(self, *args, **options):
        User = get_user_model()
        if User.objects.filter(is_superuser=True).exists() or roles.holders(roles.ADMINISTRATOR, roles.LEAD).exists():
            return
        username = _checked("DJANGO_SUPERUSER_USERNAME", "username") or "admin"
        email = _checked("DJANGO_SUPERUSER_EMAIL", "email")
        given = os.environ.get("DJANGO_SUPERUSER_PASSWORD")
        password = given or secrets.token_urlsafe(15)
        # In development, one account can see everything. In production, nobody is a superuser.
        given_roles = roles.ROLES if settings.IN_DEVELOPMENT else [roles.ADMINISTRATOR]
        user = User.objects.create_user(username, email, password, is_staff=True, is_superuser=settings.IN_DEVELOPMENT)
        for role in given_roles:
            assignments.give_from_server(user, role, "First account")
        if not settings.IN_DEVELOPMENT:
            must_change.require(user)  # the log of the container, or whoever gave it, knows it
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
