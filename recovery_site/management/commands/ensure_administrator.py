import os
import secrets

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = (
        "Makes the first administrator where there is none: from DJANGO_SUPERUSER_USERNAME, _PASSWORD and _EMAIL, "
        "else generated and printed once. Never touches an account that exists."
    )

    def handle(self, *args, **options):
        User = get_user_model()
        if User.objects.filter(is_superuser=True).exists():
            return
        username = os.environ.get("DJANGO_SUPERUSER_USERNAME") or "admin"
        given = os.environ.get("DJANGO_SUPERUSER_PASSWORD")
        password = given or secrets.token_urlsafe(15)
        user = User.objects.create_superuser(username, os.environ.get("DJANGO_SUPERUSER_EMAIL", ""), password)
        if settings.IN_DEVELOPMENT:
            user.groups.set(Group.objects.all())  # one login shows everything
        self.stdout.write(f"First administrator: {username}")
        if not given:
            self.stdout.write(f"Password, shown this once: {password}")
