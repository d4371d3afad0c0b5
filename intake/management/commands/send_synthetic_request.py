import signal
import time

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from intake.monitoring import synthetic_client


class Command(BaseCommand):
    help = "Send the site a request, check that it reaches the desk and that staff are notified, and erase it."

    def add_arguments(self, parser):
        parser.add_argument("--origin", default=settings.PUBLIC_ORIGIN, help="the site (default: PUBLIC_ORIGIN)")
        parser.add_argument("--timeout", type=int, default=120, help="seconds until the notification must be sent")
        parser.add_argument("--every", type=int, metavar="MINUTES", help="repeat until stopped")

    def handle(self, *args, origin, timeout, every, **options):
        if not every:
            try:
                self._walk(origin, timeout)
            except synthetic_client.WalkFailed as failed:
                raise CommandError(str(failed)) from failed
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _raise_exit)
        while True:
            try:
                self._walk(origin, timeout)
            except synthetic_client.WalkFailed as failed:
                self.stderr.write(str(failed))
            time.sleep(every * 60)

    def _walk(self, origin, timeout):
        reference = synthetic_client.walk(origin, timeout)
        self.stdout.write(f"The synthetic request {reference} came all the way and was erased.")
        self.stdout.flush()


def _raise_exit(number, frame):
    raise SystemExit(0)
