from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from staff.sessions import endings


class Command(BaseCommand):
    help = "Sign out one member of staff, or everyone with --all. For a suspected breach."

    def add_arguments(self, parser):
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("username", nargs="?")
        who.add_argument("--all", action="store_true")

    def handle(self, *args, username, all, **options):
        wanted = {"staff_sessions__isnull": False} if all else {"username": username}
        accounts = get_user_model().objects.filter(**wanted).distinct().order_by("username")
        if not all and not accounts:
            raise CommandError("No account has this username.")
        count = sum(endings.end_all(account, None, None) for account in accounts)
        self.stdout.write(f"Sessions ended: {count}")
