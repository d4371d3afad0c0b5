import time
from datetime import timedelta

from django.core.management.base import BaseCommand
from django.utils import timezone

from pages import links, outer_links
from pages.models import LinkCheck


class Command(BaseCommand):
    help = (
        "Check the links on all pages that readers can open. Links to other sites are checked one by one and each "
        "result is stored, so a stopped run continues where it was. See the broken links in /cms/ under Reports."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--hours", type=int, default=24, help=("Skip addresses checked within this many hours (default 24).")
        )
        parser.add_argument("--minutes", type=int, default=30, help="Stop after this many minutes (default 30).")
        parser.add_argument("--inner", action="store_true", help="Skip links to other sites.")

    def handle(self, *, hours, minutes, inner, **options):
        pages = links.readable_pages()
        found = links.by_link(pages.values())
        for broken in links.broken_inside(found, pages):
            self.stdout.write(f"{broken.page.url}: {broken.target}: {broken.reason}")
        if inner:
            return
        wanted = {link.target for link in found if link.is_outer}
        LinkCheck.objects.exclude(address__in=wanted).delete()
        fresh = LinkCheck.objects.filter(checked_at__gt=timezone.now() - timedelta(hours=hours))
        waiting = sorted(wanted - set(fresh.values_list("address", flat=True)))
        end = time.monotonic() + minutes * 60
        for number, address in enumerate(waiting, start=1):
            if time.monotonic() > end:
                self.stdout.write(
                    f"Stopped after {minutes} minutes. {len(waiting) - number + 1} left for the next run."
                )
                return
            problem = outer_links.check(address).problem
            self.stdout.write(f"{number} of {len(waiting)}: {address}: {problem or 'OK'}")
        broken = LinkCheck.objects.exclude(problem="").count()
        self.stdout.write(f"{len(wanted)} addresses on other sites, {broken} with a problem.")
