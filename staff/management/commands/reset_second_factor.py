from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from staff.accounts.links import LinkRefused
from staff.accounts.views import ActionRefused
from staff.second_factor.reset import REASONS, reset


class Command(BaseCommand):
    help = (
        "Reset the second factor of an account, if no other lead or administrator can sign in to do it. The owner gets "
        "an email with a link to set a new password."
    )

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("--reason", choices=list(REASONS), default="lost")

    def handle(self, *args, username, reason, **options):
        account = get_user_model().objects.filter(username=username).first()
        if account is None:
            raise CommandError("No account has this username.")
        try:
            reset(account, reason)
        except (ActionRefused, LinkRefused) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"Reset. The worker sends a link to {account.email} within a minute.")
