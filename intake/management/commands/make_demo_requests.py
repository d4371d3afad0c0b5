from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from intake.sample_data import demo


class Command(BaseCommand):
    help = "Add made-up requests in every stage, and sample opening hours if none are set. Development only."

    def add_arguments(self, parser):
        parser.add_argument("--count", type=int, default=60)

    def handle(self, *args, count, **options):
        if not settings.IN_DEVELOPMENT:
            raise CommandError("Refused: DJANGO_ENV is not development. Made-up requests would be among real ones.")
        for number, _request in enumerate(demo.make_requests(count), start=1):
            self.stdout.write(f"\r{number} of {count} requests", ending="")
            self.stdout.flush()
        self.stdout.write("\nDone. See the desk: /admin/intake/assessmentrequest/")
