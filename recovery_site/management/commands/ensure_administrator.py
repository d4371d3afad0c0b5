import os
import secrets

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from staff import assignments, events, roles
from staff.models import EventMail
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
        _create(username, email, password)
        self.stdout.write(f"First administrator: {username}")
        if not given:
            self.stdout.write(f"Password (shown only once): {password}")


@transaction.atomic
def _create(username, email, password):
    """Create the account. In development, it can see everything. In production, nobody is a superuser."""
    in_development = settings.IN_DEVELOPMENT
    user = get_user_model().objects.create_user(username, email, password, is_staff=True, is_superuser=in_development)
    events.record(events.Kind.ACCOUNT_CREATED, account=user)
    for role in roles.ROLES if in_development else [roles.ADMINISTRATOR]:
        assignments.give_from_server(user, role, "First account")
    if in_development:
        EventMail.objects.filter(event__account=user).delete()  # they would fill the terminal of `make run`
    else:
        must_change.require(user)  # the log of the container, or whoever gave it, knows it


def _checked(name, field):
    """Return the value of an environment variable, checked by a field of the account. "" if it is not set.

    Raises CommandError that names the variable.
    """
    value = os.environ.get(name, "").strip()
    try:
        return get_user_model()._meta.get_field(field).clean(value, None) if value else ""
    except ValidationError as refusal:
        raise CommandError(f"{name}: {' '.join(refusal.messages)}") from refusal
