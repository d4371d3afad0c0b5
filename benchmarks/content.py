"""Measure the cost of many pages: python -m benchmarks.content [--pages 500] [--times N]

Compares a site of 60 pages with a larger one. Half of the larger site are questions, and each page has ten revisions.
Runs on SQLite and on its own PostgreSQL. Counts the queries and the server time of the pages that readers and editors
open most. No page may need more queries because there are more pages. At the end, measures the memory of gunicorn's
processes with the large site on SQLite.
"""

import argparse
import functools
import multiprocessing
import statistics
import sys
import urllib.request
from pathlib import Path

from .parts import (
    MEGABYTE,
    Postgres,
    Site,
    children_of,
    end_on_signals,
    environment,
    folder,
    milliseconds,
    prepare_site,
    say,
)

REVISIONS = 10  # for each page
FEW = 60  # pages; enough to fill the paginated lists
MOST_MEGABYTES = 220
READERS = [
    "/",
    "/faq/",
    "/faq/kratom-withdrawal/",
    "/addiction/",
    "/addiction/kratom-addiction-treatment/",
    "/search/?q=sleep",
    "/sitemap.xml",
]
EDITORS = ["/admin/", "/cms/pages/", "/cms/pages/{faq}/", "/cms/pages/search/?q=sleep", "/cms/pages/{page}/history/"]


def fill(count):
    """Add pages and questions until the site has `count`. Give each new one `REVISIONS` revisions."""
    from wagtail.models import Page, Revision

    from faq.models import FaqPage, QuestionPage, Topic
    from pages.models import ContentPage, Source

    mark = Source.objects.first().as_mark()
    section, faq = Page.objects.get(slug="addiction"), FaqPage.objects.get()
    topics = list(Topic.objects.all())
    for number in range(count - Page.objects.filter(depth__gt=2).count()):
        words = f"<p>What people say about sleep {number} {mark}.</p>"
        common = {"slug": f"sleep-{number}", "search_description": "About sleep.", "live": False}
        if number % 2:
            page, parent = QuestionPage(title=f"Sleep {number}?", answer=words, topic=topics[number % len(topics)]), faq
        else:
            sections = [("text", {"heading": f"Part {part}", "body": words}) for part in range(6)]
            page, parent = ContentPage(title=f"Sleep {number}", summary="In short.", sections=sections), section
        for name, value in common.items():
            setattr(page, name, value)
        parent.refresh_from_db()
        parent.add_child(instance=page)
        page.save_revision().publish()
        if number % 100 == 99:
            say(f"  {number + 1} pages created")
    for page in Page.objects.filter(depth__gt=2, latest_revision__isnull=False).specific().iterator(chunk_size=50):
        newest = page.latest_revision
        older = REVISIONS - Revision.objects.for_instance(page).count()
        Revision.objects.bulk_create(
            Revision(
                base_content_type=newest.base_content_type,
                content_type=newest.content_type,
                object_id=newest.object_id,
                content=newest.content,
                created_at=newest.created_at,
                object_str=newest.object_str,
            )
            for _number in range(older)
        )


def measure(variables, count, times, pipe):
    """Measure one site in a separate process. Send the number of pages, then the queries and times (ms) of each
    address."""
    import os

    os.environ.update(variables, DJANGO_SETTINGS_MODULE="recovery_site.settings")
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from wagtail.models import Page, Revision

    fill(count)
    publisher = get_user_model().objects.create_superuser("benchmark", password=None)
    clients = {False: Client(headers={"host": "127.0.0.1"}), True: Client(headers={"host": "127.0.0.1"})}
    clients[True].force_login(publisher)
    ids = {
        "faq": Page.objects.get(slug="faq").pk,
        "page": Page.objects.get(slug="kratom-addiction-treatment").pk,
    }
    pages = Page.objects.filter(depth__gt=2).count()
    pipe.send((connection.vendor, pages, Revision.objects.count()))
    for address in READERS + EDITORS:
        get = functools.partial(clients[address in EDITORS].get, address.format(**ids))
        values = [milliseconds(get) for _ in range(times + 2)][2:]  # the first two are a warm-up
        with CaptureQueriesContext(connection) as queries:
            get()
        pipe.send((address, len(queries), statistics.median(values)))
    pipe.send(None)
    connection.close()


def measured(variables, count, times):
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=measure, args=(variables, count, times, theirs))
    process.start()
    theirs.close()
    kind, pages, revisions = ours.recv()
    say(f"{kind}: {pages:,} pages, {revisions:,} revisions")
    found = {}
    while line := ours.recv():
        address, queries, took = line
        found[address] = queries, took
    process.join()
    return kind, found


def compare(few, many):
    """Print a table of both sites. Return the addresses that need more queries with many pages."""
    print(f"{'':44}{'queries':>16}{'ms':>20}{'ratio':>8}")
    for address, (queries, took) in few.items():
        more, longer = many[address]
        print(f"{address:44}{queries:>7} {more:>7} {took:>10.1f} {longer:>8.1f} {longer / took:>7.1f}")
    return [address for address in few if many[address][0] > few[address][0]]


def memory_of(variables, log):
    """Return the memory of gunicorn's processes in MiB (proportional set size). First requests every page several
    times."""
    with Site(variables, log) as site:
        for address in READERS * 8:
            urllib.request.urlopen(f"http://127.0.0.1:{site.port}{address}", timeout=60).read()
        workers = site.web_processes()
        masters = [pid for pid in children_of(site.process.pid) if workers[0] in children_of(pid)]
        return [pss(pid) / MEGABYTE for pid in masters + workers]


def pss(pid):
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--times", type=int, default=7, help="how often to request each page")
    options = parser.parse_args()
    end_on_signals()
    too_many = []
    with folder() as place:
        (place / "postgres").mkdir()
        with Postgres(place / "postgres") as postgres:
            for kind in ("sqlite", "postgresql"):
                found = []
                for name, count in (("few", FEW), ("many", options.pages)):
                    home = place / f"{kind}-{name}"
                    home.mkdir()
                    url = postgres.create(name) if kind == "postgresql" else f"sqlite:///{home}/database.sqlite3"
                    variables = environment(home, home / "spool", url)
                    prepare_site(variables)
                    found.append(measured(variables, count, options.times)[1])
                too_many += compare(*found)
        many = place / "sqlite-many"
        variables = environment(many, many / "spool", f"sqlite:///{many}/database.sqlite3")
        sizes = memory_of(variables, place / "log")
    print(f"memory of gunicorn's processes: {sum(sizes):.0f} MiB ({', '.join(f'{size:.0f}' for size in sizes)})")
    for address in too_many:
        print(f"needs more queries with more pages: {address}")
    if sum(sizes) > MOST_MEGABYTES:
        print(f"more memory than {MOST_MEGABYTES} MiB")
    return int(bool(too_many) or sum(sizes) > MOST_MEGABYTES)


if __name__ == "__main__":
    sys.exit(main())
