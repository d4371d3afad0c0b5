from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from staff import assignments, roles


class Command(BaseCommand):
    help = (
        "Give a role from the server: to the first lead, or when too few people can give it on the account's page. "
        "The security log records it, and leads, auditors and the admissions desk get an email."
    )

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("role", choices=roles.ROLES)
        parser.add_argument("--reason", required=True, help="why, for the history of the account")
        parser.add_argument(
            "--anyway", action="store_true", help="even if colleagues could give it, because they can't be reached"
        )

    def handle(self, *args, username, role, reason, anyway, **options):
        account = get_user_model().objects.filter(username=username, is_active=True, is_staff=True).first()
        if account is None:
            raise CommandError(f"There is no active staff account {username}.")
        able = assignments.who_can_give(account, role)
        if able and not anyway:
            raise CommandError(
                f"Not given. These colleagues can do it on the account's page: {', '.join(able)}. If they can't be "
                "reached, run this again with --anyway."
            )
        try:
            given = assignments.give_from_server(account, role, reason)
        except assignments.RoleRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{username} has the role {role} since {given.starts_at:%Y-%m-%d %H:%M} UTC.")
