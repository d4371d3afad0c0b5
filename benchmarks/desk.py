"""Measure the desk with a long history: python -m benchmarks.desk URL [URL ...] [--times N]

Each URL names a PostgreSQL or SQLite database that `manage.py generate_load_data` filled. Each is first migrated to
this version. Databases of the same kind are compared: a page must not get slower because there are more requests.

The test client requests the pages in this process, signed in as a lead, so only server time counts. The access log is
written as usual. The result is the median of several runs.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import sys
from urllib.parse import urlencode

from .parts import folder, milliseconds, say

MOST_MS = 100
MOST_RATIO = 2.0
FROM_THE_END = 60  # requests
LIST = "/admin/intake/assessmentrequest/"


def set_up(url, place):
    environment = {"DJANGO_ENV": "development", "DEBUG": "False", "DATABASE_URL": url, "LOG_LEVEL": "ERROR"}
    os.environ.update(environment, VAR_DIR=str(place), DJANGO_SETTINGS_MODULE="recovery_site.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def measure(url, place, times, pipe):
    """Measure one database in a separate process. Send the number of requests, then the name and times (ms) of each
    page."""
    set_up(url, place)
    from django.db import connection

    from intake.models import AssessmentRequest

    pipe.send((connection.vendor, AssessmentRequest.objects.count()))
    for name, ask in pages():
        pipe.send((name, [milliseconds(ask) for _ in range(times + 2)][2:]))  # the first two are a warm-up
    pipe.send(None)
    connection.close()


def pages():
    """Return pairs of a name and a function that requests the page and returns the response."""
    from django.contrib.auth import get_user_model
    from django.test import Client
    from django.urls import reverse

    from intake.admin.queue.tabs import TABS
    from intake.models import AssessmentRequest, EncryptedText

    reader = get_user_model().objects.get(username="demo-lee")
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(reader)

    def address(name, *args):
        return reverse(f"admin:intake_assessmentrequest_{name}", args=args)

    def get(path, **query):
        return lambda: client.get(f"{path}?{urlencode(query)}")

    def post(path, **data):
        return lambda: undone(lambda: client.post(path, data, follow=path == address("find")))

    yield "first page", get(address("changelist"))
    yield "is it up to date?", get(address("queue_updates"), tab="open")
    yield "take the next", post(address("take_next"))
    for tab in TABS:
        yield f"tab: {tab}", get(address("changelist"), tab=tab)
    for tab in ("open", "closed"):
        yield f"deep page: {tab}", get(address("changelist"), tab=tab, after=place_near_the_end(tab, reader))
    answers = [text.decrypt() for text in EncryptedText.objects.filter(kind="answers").order_by("pk")[:200]]
    known = next(answer for answer in answers if answer["phone"])
    for name in ("phone", "name"):
        yield f"find by {name}", post(address("find"), words=known[name])
    worked_on = AssessmentRequest.objects.filter(stage="closed", outcome="admitted").order_by("-closed_at", "pk")
    yield "page of a request", get(address("change", worked_on.first().pk))
    for days in (30, 90):
        yield f"report of {days} days", get(address("reports"), days=days)


def undone(ask):
    """Call `ask` in a transaction that is rolled back. Return its response."""
    from django.db import transaction

    with transaction.atomic():
        answer = ask()
        transaction.set_rollback(True)
    return answer


def place_near_the_end(tab, reader):
    """Return the query string of a page near the end of a tab."""
    from django.utils import timezone

    from intake.admin.queue import paging, tabs
    from intake.db.keyset import reversed_order

    order = tabs.TABS[tab].order
    rows = tabs.rows_of(tab, reader, timezone.now()).order_by(*reversed_order(order))
    return paging.cursor(rows[FROM_THE_END], order)


def measured(url, place, times):
    """Run `measure` in a new process. Return the kind of database, the number of requests, and the times by page
    name."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=measure, args=(url, place, times, theirs))
    process.start()
    theirs.close()
    kind, count = ours.recv()
    say(f"{kind}, {count:,} requests")
    found = {}
    while line := ours.recv():
        name, values = line
        found[name] = values
        say(f"  {name:32} {statistics.median(values):6.1f} ms")
    process.join()
    return kind, count, found


def table(kind, columns):
    """Print the median times at each size, and their ratio. Return False if a page is too slow or slows down too
    much."""
    sizes = [f"{count:,}" for count, _found in columns]
    print(f"\n{kind}, milliseconds of server time (median)")
    print(f"  {'page':32}" + "".join(f"{size:>12}" for size in sizes) + f"{'ratio':>8}")
    good = True
    for name in columns[-1][1]:
        middle = [statistics.median(found[name]) for _count, found in columns]
        ratio = middle[-1] / middle[0]
        is_good = max(middle) < MOST_MS and ratio <= MOST_RATIO
        good = good and is_good
        print(f"  {name:32}" + "".join(f"{ms:12.1f}" for ms in middle) + f"{ratio:8.2f}" + ("" if is_good else "  <-"))
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("urls", nargs="+", metavar="URL")
    parser.add_argument("--times", type=int, default=15)
    chosen = parser.parse_args()
    kinds = {}
    with folder() as place:
        for url in chosen.urls:
            kind, count, found = measured(url, place, chosen.times)
            kinds.setdefault(kind, []).append((count, found))
    good = {kind: table(kind, sorted(columns, key=lambda column: column[0])) for kind, columns in kinds.items()}
    print("\n" + json.dumps(good))
    return 0 if all(good.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
