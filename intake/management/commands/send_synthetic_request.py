from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from intake.monitoring import synthetic_client


class Command(BaseCommand):
    help = "Send the site a request, check that it reaches the desk and that staff are notified, and erase it."

    def add_arguments(self, parser):
        parser.add_argument("--origin", default=settings.PUBLIC_ORIGIN, help="the site (default: PUBLIC_ORIGIN)")
        parser.add_argument(
            "--timeout", type=int, default=synthetic_client.TIMEOUT, help="seconds until the notification must be sent"
        )
        parser.add_argument("--every", type=int, metavar="MINUTES", help="repeat until stopped")

    def handle(self, *args, origin, timeout, every, **options):
        if every:
            synthetic_client.repeat(origin, settings.SYNTHETIC_KEY, every, timeout)
        try:
            confirmed = synthetic_client.walk(origin, settings.SYNTHETIC_KEY, timeout)
        except synthetic_client.WalkFailed as failed:
            raise CommandError(str(failed)) from failed
        self.stdout.write(synthetic_client.success(confirmed))
