import time

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from intake.sample_data import history

WIDTH = 30


class Command(BaseCommand):
    help = (
        "Make a history of COUNT made-up requests, 200 a day until yesterday, to see whether anything gets slow. "
        "It can be stopped at any moment and continues where it stopped. Development only."
    )

    def add_arguments(self, parser):
        parser.add_argument("count", type=int)

    def handle(self, *args, count, **options):
        if not settings.IN_DEVELOPMENT:
            raise CommandError("Refused: DJANGO_ENV is not development. Made-up requests would be among real ones.")
        began_at, before = time.monotonic(), None
        try:
            for there in history.make_history(count):
                before = there if before is None else before
                self._show(there, count, (there - before) / (time.monotonic() - began_at))
        except KeyboardInterrupt:
            self.stdout.write("\nStopped. Run it again to continue.")
            return
        self.stdout.write("\nDone. See the desk: /admin/intake/assessmentrequest/")

    def _show(self, there, count, a_second):
        bar = "#" * (WIDTH * there // max(count, 1))
        left = f", {(count - there) / a_second / 60:.0f} min left" if a_second and there < count else ""
        self.stdout.write(f"\r[{bar:.<{WIDTH}}] {there:,} of {count:,}, {a_second:,.0f} a second{left}   ", ending="")
        self.stdout.flush()
