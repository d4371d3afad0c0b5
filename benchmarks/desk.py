"""What the desk costs with a long history: python -m benchmarks.desk URL [URL ...] [--times N]

Each URL names a database that `manage.py make_requests` filled, PostgreSQL or SQLite. Those of one kind are compared: a
page must not get slower because there are more requests behind it. Each is migrated to this version of the site first.

The pages are asked for in this process, by the test client, signed in as a lead: server time alone, with the access log
written as for anyone. Only the middle of several tries counts.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import time
from urllib.parse import urlencode

from .parts import folder, say

MOST_MS = 100
MOST_RATIO = 2.0
DEEP = 20  # pages
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
    """In a process of its own: sends how many requests there are, then for each page its name and its times in ms."""
    set_up(url, place)
    from django.db import connection

    from intake.models import AssessmentRequest

    pipe.send((connection.vendor, AssessmentRequest.objects.count()))
    for name, ask in pages(signed_in()):
        try:
            pipe.send((name, [milliseconds(ask) for _ in range(times + 2)][2:]))  # the first two warm up
        except LookupError as missing:
            pipe.send((name, str(missing)))
    pipe.send(None)
    connection.close()


def signed_in():
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(get_user_model().objects.get(username="demo-lee"))
    return client


def milliseconds(ask):
    before = time.perf_counter()
    answer = ask()
    took = 1000 * (time.perf_counter() - before)
    if answer.status_code != 200:
        raise LookupError(f"answered {answer.status_code}")
    return took


def pages(client):
    """Pairs of a name and a function that asks for the page and returns the answer."""
    from django.urls import NoReverseMatch, reverse

    from intake.admin.tabs import TABS
    from intake.models import AssessmentRequest, SealedText

    def get(address, **query):
        return lambda: client.get(f"{address}?{urlencode(query)}" if query else address)

    def of(name):
        try:
            return reverse(f"admin:intake_assessmentrequest_{name}")
        except NoReverseMatch:
            return None

    yield "first page", get(LIST)
    yield f"page {DEEP} of the open ones", lambda: client.get(address_of_page(client, DEEP, LIST))
    yield f"page {DEEP} of the closed ones", lambda: client.get(address_of_page(client, DEEP, f"{LIST}?work=closed"))
    for tab in TABS:
        yield f"tab: {tab}", get(LIST, work=tab)
    texts = SealedText.objects.filter(kind="answers").order_by("pk")[:200]
    answers = next(text.open() for text in texts if text.open()["phone"])
    if find := of("find"):
        for name, words in (("phone", answers["phone"]), ("name", answers["name"])):
            yield f"find by {name}", lambda words=words: client.post(find, {"words": words}, follow=True)
    worked_on = AssessmentRequest.objects.filter(stage="closed", outcome="admitted").order_by("-closed_at", "pk")
    yield "page of a request", get(f"{LIST}{worked_on.first().pk}/change/")
    if reports := of("reports"):
        for days in (30, 90):
            yield f"report of {days} days", get(reports, days=days)


_known_addresses = {}


def address_of_page(client, number, address):
    """Where "next" leads from page to page; walked once, before anything is measured."""
    key = (number, address)
    if key not in _known_addresses:
        for _step in range(number - 1):
            address = next_address(client.get(address))
        _known_addresses[key] = address
    return _known_addresses[key]


def next_address(answer):
    """The address behind the link to the next page, whichever way the list makes it. Raises LookupError."""
    from html.parser import HTMLParser

    found = []

    class Links(HTMLParser):
        def handle_starttag(self, tag, attributes):
            attributes = dict(attributes)
            if tag == "a" and ("next" in (attributes.get("rel") or "") or "next" in (attributes.get("class") or "")):
                found.append(attributes["href"])

    Links().feed(answer.content.decode())
    if found:
        return LIST + found[0] if found[0].startswith("?") else found[0]
    raise LookupError("there is no link to a next page")


def measured(url, place, times):
    """What `measure` sends, for one database: its kind, how many requests, and the times by name."""
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
        say(f"  {name:32} {values if isinstance(values, str) else f'{statistics.median(values):6.1f} ms'}")
    process.join()
    return kind, count, found


def table(kind, columns):
    """Prints the middle times at each size, and how they compare. Returns whether all are good."""
    sizes = [f"{count:,}" for count, _found in columns]
    print(f"\n{kind}, milliseconds of server time (the middle of several)")
    print(f"  {'page':32}" + "".join(f"{size:>12}" for size in sizes) + f"{'ratio':>8}")
    good = True
    for name in columns[-1][1]:
        cells = [found.get(name) for _count, found in columns]
        if not all(isinstance(cell, list) for cell in cells):
            why = next(cell if isinstance(cell, str) else "not there" for cell in cells if not isinstance(cell, list))
            print(f"  {name:32}  {why}")
            continue
        middle = [statistics.median(cell) for cell in cells]
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
