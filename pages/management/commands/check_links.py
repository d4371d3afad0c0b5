import time
from datetime import timedelta

from django.core.management.base import BaseCommand
from django.utils import timezone

from pages import links, outer_links
from pages.models import LinkCheck


class Command(BaseCommand):
    help = (
        "Checks the links of all pages that readers can open: those inside the site at once, those to other sites one "
        "by one. Each result is kept, so a run that was stopped goes on where it was. Broken links are listed in /cms/ "
        "under Reports."
    )

    def add_arguments(self, parser):
        parser.add_argument("--hours", type=int, default=24, help="Skip what was asked within this time (default 24).")
        parser.add_argument("--minutes", type=int, default=30, help="Stop after this time (default 30).")
        parser.add_argument("--inner", action="store_true", help="Ask no other site.")

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
                    f"Stopped after {minutes} minutes: {len(waiting) - number + 1} left for the next run."
                )
                return
            problem = outer_links.check(address).problem
            self.stdout.write(f"{number} of {len(waiting)}: {address}: {problem or 'fine'}")
        broken = LinkCheck.objects.exclude(problem="").count()
        self.stdout.write(f"{len(wanted)} addresses of other sites, {broken} with a problem.")
