"""Measure what public pages cost, and how fresh they are: python -m benchmarks.pages [--quick] [cost] [fresh] [load]

cost   processor time and answers per second of pages, the form and the search, against a plain WSGI function
fresh  how old an answer may be after a publish on this and on another machine, and what readers get without PostgreSQL
load   how long the form takes while colleagues poll the desk and 50 readers a second read

The machine may be busy, so only compare values of the same run, which alternates between the candidates.
"""

import argparse
import contextlib
import json
import pickle
import random
import statistics
import sys
import time
from collections import defaultdict
from itertools import cycle
from typing import NamedTuple
from urllib.parse import quote_plus

from . import pages_fresh, pages_load, parts
from .accept import BARE_SETTINGS
from .one_worker import Gunicorn
from .parts import MailServer, Postgres, say
from .readers import KRATOM, Line, editor, request_for
from .visitor import ADDRESS

SLICE = 0.1  # seconds for one candidate before we switch, so that a busy moment affects all
SERVER_HEADERS = ("server", "date", "connection")  # gunicorn adds them to every answer

BARE, VIEW, PAGE, FAQ, FIRST = "bare WSGI function", "bare Django view", "kratom page", "FAQ", "first after a publish"
CHANGED = "first after its text changed"  # is also compressed again
MOST_CPU = {PAGE: 1.5, FAQ: 1.5, FIRST: 142}
MOST_CPU_OF_SEARCH = 50
LEAST_ANSWERS = {PAGE: 0.8, FAQ: 0.8}

SEARCHES = {  # each is asked in turn
    "a few words": ["sleep", "how long does withdrawal last", "kratom tea", "treatment cost", "7-OH", "help my son"],
    "a typo": ["withdrawel", "treatmant", "addictoin", "detoxx", "insurence", "symptons"],
    "nothing but typos": [
        "bxqzq cxqzq dxqzq fxqzq gxqzq hxqzq jxqzq kxqzq lxqzq mxqzq nxqzq pxqzq qxqzq rxqzq sxqzq txqzq"
    ],
    "common words": [
        "us oh no not ask use may one now see call help care tell more stop read leaf also take these other"
    ],
    "beginnings of words": [
        "con com pre pro sta the wor hea int pla str rea sho add cou bre lea tra exp app mea rec for tre sto"
    ],
    "10,000 characters": ["kratom withdrawal " * 555, "abcde " * 1666, "x" * 10_000],
}


class Candidate(NamedTuple):
    server: Gunicorn
    requests: list  # bytes, sent in turn
    status: int = 200


class Cost(NamedTuple):
    cpu: float  # seconds of the web process for one answer
    answers: float  # in a second, on one connection


def cost(environment, bare_environment, folder, rounds):
    """Print what each candidate costs. Return whether all limits hold."""
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((folder / "log").open("ab"))
        site = stack.enter_context(_gunicorn("recovery_site.wsgi", environment, log))
        ready = _ready_page(site.port)
        (folder / "page").write_bytes(pickle.dumps(ready))
        bare_environment |= {"BARE_PAGE": str(folder / "page")}
        bare = stack.enter_context(_gunicorn("benchmarks.bare.page", bare_environment, log, BARE_SETTINGS))
        bare_environment |= {"DJANGO_SETTINGS_MODULE": "benchmarks.bare.page_settings"}
        view = stack.enter_context(_gunicorn("benchmarks.bare.wsgi", bare_environment, log, BARE_SETTINGS))
        publish = stack.enter_context(editor(environment))
        costs = defaultdict(list)
        for round_number in range(-1, rounds):  # the first one is a warm-up
            candidates = _candidates(site, bare, view, dict(_ready_page(site.port)[0])["ETag"])
            found = {name: _measure(candidates[name]) for name in random.sample(list(candidates), len(candidates))}
            found[FIRST] = _measure_first(site, publish, "generation")
            found[CHANGED] = _measure_first(site, publish, "page", round_number)
            for name in [*candidates, FIRST, CHANGED] if round_number >= 0 else ():
                costs[name].append(found[name])
    print(f"\n{environment['DATABASE_URL'].partition(':')[0]}: one answer of one web process ({rounds} rounds)")
    print(f"A bare answer has {len(ready[1]):,} bytes and {len(ready[0])} headers, like the compressed kratom page.")
    return _table(costs)


def _gunicorn(application, environment, log, options=""):
    # It would replace its web process after 10,000 answers, in the middle of a round.
    return Gunicorn(application, environment | {"GUNICORN_CMD_ARGS": f"--max-requests 0 {options}"}, log)


def _ready_page(port):
    """Return the headers and the body of the kratom page, as the site sends it to a browser."""
    with Line(port) as line:
        answer = line.ask(request_for(KRATOM))
    assert answer.status == 200, answer.status
    return [header for header in answer.headers if header[0].lower() not in SERVER_HEADERS], answer.body


def _candidates(site, bare, view, etag):
    page = request_for(KRATOM)
    searches = {
        f"search: {name}": Candidate(site, [request_for(f"/search/?q={quote_plus(query)}") for query in queries])
        for name, queries in SEARCHES.items()
    }
    return {
        BARE: Candidate(bare, [page]),
        VIEW: Candidate(view, [page]),
        PAGE: Candidate(site, [page]),
        FAQ: Candidate(site, [request_for("/faq/")]),
        "304 of the kratom page": Candidate(site, [request_for(KRATOM, If_None_Match=etag)], 304),
        "form": Candidate(site, [request_for(ADDRESS)]),
    } | searches


def _measure(candidate):
    """Send requests on one connection, one after another. Return the `Cost` of one answer."""
    worker, requests = candidate.server.worker, cycle(candidate.requests)
    with Line(candidate.server.port) as line:
        line.ask(next(requests))  # connecting is not part of it
        count, cpu, began = 0, parts.cpu_seconds(worker), time.perf_counter()
        while (took := time.perf_counter() - began) < SLICE or count % len(candidate.requests):
            answer = line.ask(next(requests))
            assert answer.status == candidate.status, answer.status
            count += 1
        return Cost((parts.cpu_seconds(worker) - cpu) / count, count / took)


def _measure_first(site, publish, *what):
    """Return the `Cost` of the first answer after a publish, which is rendered from the database."""
    publish(*what)
    cpu, began = parts.cpu_seconds(site.worker), time.perf_counter()
    with Line(site.port) as line:
        answer = line.ask(request_for(KRATOM))
    took = time.perf_counter() - began
    assert answer.status == 200, answer.status
    time.sleep(0.01)  # until the web process has counted all of it
    return Cost(parts.cpu_seconds(site.worker) - cpu, 1 / took)


def _table(costs):
    """Print a table of the medians and of the ratios within each round. Return whether all limits hold."""
    print(f"{'':32}{'CPU µs':>10}{'x bare':>9}{'limit':>7}{'answers/s':>12}{'x bare':>8}{'limit':>7}")
    good = True
    for name, values in costs.items():
        pairs = list(zip(values, costs[BARE], strict=True))
        times = statistics.median(one.cpu / bare.cpu for one, bare in pairs)
        share = statistics.median(one.answers / bare.answers for one, bare in pairs)
        most, least = MOST_CPU_OF_SEARCH if name.startswith("search") else MOST_CPU.get(name), LEAST_ANSWERS.get(name)
        is_good = (most is None or times <= most) and (least is None or share >= least)
        cpu, answers = (statistics.median(column) for column in zip(*values, strict=True))
        print(f"{name:32}{cpu * 1e6:10.0f}{times:9.2f}{most or '':>7}", end="")
        print(f"{answers:12.0f}{share:8.3f}{least or '':>7}" + ("" if is_good else "  <-"))
        good = good and is_good
    sys.stdout.flush()
    return good


def main():
    options = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__.partition("\n")[0])
    options.add_argument("what", nargs="*", default=[], help="cost, fresh, load; default: all of them")
    options.add_argument("--quick", action="store_true", help="fewer rounds and publishes")
    options.add_argument(
        "--database", choices=("postgresql", "sqlite"), default="postgresql", help="of the site, for cost and load"
    )
    chosen = options.parse_args()
    what = chosen.what or ["cost", "fresh", "load"]
    parts.end_on_signals()
    good = {}
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(parts.folder())
        disk = stack.enter_context(parts.disk(folder / "disk", 512))
        (disk / "data").mkdir()
        say("starting PostgreSQL and preparing the site ...")
        postgres = stack.enter_context(Postgres(disk / "data"))
        (folder / "var").mkdir()
        is_sqlite = chosen.database == "sqlite" and what != ["fresh"]
        url = f"sqlite:///{folder}/var/database.sqlite3" if is_sqlite else postgres.create("site")
        mail = stack.enter_context(MailServer())
        environment = parts.environment(folder / "var", folder / "spool", url, mail.port)
        parts.prepare_site(environment)
        if "cost" in what:
            bare = parts.environment(folder / "var-bare", folder / "spool", postgres.create("bare"))
            good["cost"] = cost(environment, bare, folder, 8 if chosen.quick else 40)
        if "load" in what:
            good["load"] = pages_load.run(environment, folder / "log", chosen.quick)
        if "fresh" in what:
            if is_sqlite:
                environment |= {"DATABASE_URL": postgres.create("fresh")}
                parts.prepare_site(environment)
            good["fresh"] = pages_fresh.run(environment, postgres, folder, chosen.quick)
    print("\n" + json.dumps(good))
    return 0 if all(good.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
