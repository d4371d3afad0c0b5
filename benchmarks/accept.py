"""Measure the cost of accepting a request: python -m benchmarks.accept [--quick] [queries] [cpu] [size]

queries  the SQL statements of one durable accept
cpu      processor time of the web process for a visitor's whole path, against a bare Django form with one INSERT
size     the cost of one accept with 0 to 1,000,000 requests stored

The machine may be busy, so only compare values of the same run, which alternates between the candidates.
"""

import argparse
import collections
import contextlib
import cProfile
import functools
import io
import json
import multiprocessing
import os
import pstats
import random
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

from . import parts
from .one_worker import Gunicorn
from .parts import ROOT, Postgres, say

MOST_QUERIES = 14
MOST_TIMES_BARE = 3.0  # for the whole way: the form, its POST and the confirmation
MOST_GROWTH = 1.10
BARE_SETTINGS = "--config benchmarks/bare/gunicorn.conf.py"
AT_A_TIME = 10  # forms to one application before we switch, so that a busy moment affects both

ADDRESS = "/assessment/"
WORDS = {
    "adult": "yes",
    "for_whom": "self",
    "relation": "",
    "voicemail_ok": "on",
    "introduction": "first_name",
    "preferred_time": "asap",  # as the form is when it is opened
    "time_zone": "America/Phoenix",
    "language": "English",
    "message": "It is about me. I have taken it for two years now and want to stop, but I am afraid of the first days. "
    "Please call after five, I work until then.",
    "consent": "on",
    "asked_about": "",
    "website": "",
}


def words(number):
    return WORDS | {
        "name": f"Maria Quentin {number}",
        "phone": f"602{2_300_000 + number % 1_000_000:07d}",  # a valid number; the form asks about others once
        "email": f"person{number}@visitor.example",
    }


def set_up_django(environment):
    os.environ.update(environment, DJANGO_SETTINGS_MODULE="recovery_site.settings", LOG_LEVEL="ERROR")
    import django

    django.setup()


# queries


def queries(environment):
    """Print the statements of one accepted POST. Return False if there are more than `MOST_QUERIES`."""
    set_up_django(environment)
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(enforce_csrf_checks=True, headers={"host": "127.0.0.1"})
    post = functools.partial(client.post, ADDRESS)
    fields = hidden_fields(client.get(ADDRESS).content.decode())
    time.sleep(3.2)  # under 3 seconds would look like a bot
    with CaptureQueriesContext(connection) as captured:
        answer = post(words(1) | fields)
    assert answer.status_code == 303, answer.status_code
    sent = [query["sql"] for query in captured]
    statements = [one for one in sent if not re.match(r"BEGIN|COMMIT|SAVEPOINT|RELEASE|ROLLBACK", one)]
    print(f"\nStatements of one accepted form: {len(statements)} (at most {MOST_QUERIES})")
    for number, statement in enumerate(statements, 1):
        print(f"  {number:2}  {statement[:100]}")
    connection.close()
    return len(statements) <= MOST_QUERIES


def hidden_fields(page):
    found = re.findall(r'<input type="hidden" name="(csrfmiddlewaretoken|token)" value="([^"]*)"', page)
    return dict(found)


# cpu


class FormServer(Gunicorn):
    """A gunicorn that visitors send the form to."""

    def open_forms(self, numbers):
        """Request a form for each number. Return the forms, filled in, and the processor time.

        Each form has its own cookie.
        """
        answers, used = self.measure([("GET", ADDRESS, None, {})] * len(numbers))
        forms = []
        for number, (response, page) in zip(numbers, answers, strict=True):
            assert response.status == 200, response.status
            headers = {
                "Cookie": response.headers["Set-Cookie"].partition(";")[0],
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"http://127.0.0.1:{self.port}",
            }
            forms.append((urlencode(words(number) | hidden_fields(page)), headers))
        return forms, used

    def send(self, forms):
        """Send the forms. Return each confirmation's address with its session's headers, and the processor time."""
        answers, used = self.measure([("POST", ADDRESS, *form) for form in forms])
        assert all(response.status == 303 for response, _page in answers)
        return [(response.headers["Location"], _session(response)) for response, _page in answers], used

    def confirm(self, confirmations):
        """Request the confirmations. Return nothing, and the processor time."""
        answers, used = self.measure([("GET", address, None, headers) for address, headers in confirmations])
        assert all(response.status == 200 and "reference" in page for response, page in answers)
        return None, used


def _session(response):
    """Return the headers with the cookies that a response set. A confirmation shows nothing in another session."""
    cookies = [cookie.partition(";")[0] for cookie in response.headers.get_all("Set-Cookie", [])]
    return {"Cookie": "; ".join(cookies)} if cookies else {}


WHOLE_WAY = "whole way"
STEPS = {"form": FormServer.open_forms, "POST": FormServer.send, "confirmation": FormServer.confirm}


def cpu(environment, bare_environment, log, rounds, size):
    """Print the processor time of the site and of the bare form, by step and in total.

    Return whether the ratio of the totals is at most `MOST_TIMES_BARE`.
    """
    manage_bare = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"]
    settings = {"DJANGO_SETTINGS_MODULE": "benchmarks.bare.settings"}
    subprocess.run(manage_bare, cwd=ROOT, env=bare_environment | settings, check=True)
    numbers = iter(range(10, 10_000_000))
    seconds = {(name, step): [] for name in ("site", "bare") for step in STEPS}
    with (
        FormServer("recovery_site.wsgi", environment, log) as site,
        FormServer("benchmarks.bare.wsgi", bare_environment, log) as bare,
    ):
        both = [("site", site), ("bare", bare)]
        for round_number in range(-1, rounds):  # the first one is a warm-up
            at_hand = {name: [next(numbers) for _ in range(size)] for name, _app in both}
            for step, take in STEPS.items():
                used, results = collections.Counter(), collections.defaultdict(list)
                for first in range(0, size, AT_A_TIME):
                    for name, app in both if first % (2 * AT_A_TIME) else both[::-1]:
                        result, batch_used = take(app, at_hand[name][first : first + AT_A_TIME])
                        results[name] += result or []
                        used[name] += batch_used
                at_hand = results
                if round_number >= 0:
                    for name, _app in both:
                        seconds[name, step].append(used[name] / size)
                if step == "form":
                    time.sleep(3.2)  # under 3 seconds would look like a bot
    for name, _app in both:
        rounds_of_steps = zip(*(seconds[name, step] for step in STEPS), strict=True)
        seconds[name, WHOLE_WAY] = [sum(one_round) for one_round in rounds_of_steps]
    print(f"\nProcessor time of the web process for one visitor ({rounds} rounds of {size} each, alternating; medians)")
    for step in [*STEPS, WHOLE_WAY]:
        taken = seconds["site", step], seconds["bare", step]
        site_ms, bare_ms = (statistics.median(values) * 1000 for values in taken)
        ratios = [site / bare for site, bare in zip(*taken, strict=True)]
        ratio = statistics.median(ratios)
        print(f"  {step:12}  site {site_ms:5.2f} ms  bare {bare_ms:5.2f} ms  ratio {ratio:.2f}  ({spread_of(ratios)})")
    print(f"  at most {MOST_TIMES_BARE} times for the {WHOLE_WAY}")
    sys.stdout.flush()
    return ratio <= MOST_TIMES_BARE


def spread_of(values):
    return f"{min(values):.2f} to {max(values):.2f}"


def profile(environment, count):
    """Print where an accepted form spends its time: the 25 functions with the most own time."""
    set_up_django(environment)
    from django.test import Client, RequestFactory

    from recovery_site.wsgi import application

    client = Client(headers={"host": "127.0.0.1"})
    sent = []
    for number in range(9_000_000, 9_000_000 + count + 1):
        client.cookies.clear()
        fields = words(number) | hidden_fields(client.get(ADDRESS).content.decode())
        factory = RequestFactory(headers={"host": "127.0.0.1", "cookie": client.cookies.output(header="", attrs=[])})
        sent.append(functools.partial(factory.post, ADDRESS, urlencode(fields), "application/x-www-form-urlencoded"))
    environs = [post().environ for post in sent]
    time.sleep(3.2)

    def accept(environ):
        status = []
        answer = application(environ, lambda *start: status.append(start[0]))
        answer.close()
        assert status[0].startswith("303"), status

    accept(environs.pop())
    profiler = cProfile.Profile(time.process_time)  # otherwise it would measure how busy the machine is
    for environ in environs:
        profiler.runcall(accept, environ)
    for order in ("tottime", "cumulative"):
        out = io.StringIO()
        pstats.Stats(profiler, stream=out).sort_stats(order).print_stats(25 if order == "tottime" else 60)
        lines = out.getvalue().replace(f"{ROOT}/", "").splitlines()
        print(f"\nProfile of {count} accepted forms by {order}")
        print("\n".join(re.sub(r"/\S*/site-packages/", "", line) for line in lines if line.strip()))
        if order == "tottime" and not os.environ.get("BENCH_CUMULATIVE"):
            break


# size

FILL = (Path(__file__).parent / "fill_requests.sql").read_text()
CHUNK = 100_000


def fill(url, count):
    """Store `count` requests with all related rows, as two years of use would leave them."""
    import psycopg2

    for first in range(0, count, CHUNK):
        with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
            # psycopg2 reads %% as one % only if there are arguments, and the text above has single ones too.
            text = FILL.replace("%(first)s", str(first + 1)).replace("%(last)s", str(min(first + CHUNK, count)))
            cursor.execute(text.replace("%%", "%"))
        say(f"  {min(first + CHUNK, count):,} of {count:,}")
    with contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        connection.cursor().execute("VACUUM ANALYZE")


def accept_on_demand(environment, pipe):
    """Accept requests in a separate process, for one database.

    Each number that arrives through `pipe` says how many to accept; 0 ends the process. Send back one cost for each
    request: wall, web and database seconds.
    """
    set_up_django(environment)

    from django.db import connection

    from intake.crypto import blind_index
    from intake.submission import accept as submission
    from intake.submission import sent_form, tokens
    from tests.intake.support.factories import make_answers

    connection.ensure_connection()
    schedule = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")

    def backend_seconds():
        return int(schedule.read_text().split()[0]) / 1e9

    while count := pipe.recv():
        costs = []
        for _ in range(count):
            number = random.randrange(10_000_000)
            answers = make_answers(**words(number))
            draft = tokens.draw()
            form_key = blind_index.keyed_hash("form", draft.id.hex)
            sent = sent_form.SentForm(draft, answers, form_key=form_key, sender="0" * 64)
            before = time.perf_counter(), time.process_time(), backend_seconds()
            assert submission.accept(sent) == draft.id
            after = time.perf_counter(), time.process_time(), backend_seconds()
            costs.append([then - now for now, then in zip(before, after, strict=True)])
        pipe.send(costs)
    connection.close()


def size(postgres, environment, sizes, rounds, per_round):
    """Print the cost of one accept at each size. Return whether all are at most `MOST_GROWTH` times the cost at 0."""
    context = multiprocessing.get_context("spawn")
    pipes, costs, processes = {}, {count: [] for count in sizes}, []
    for count in sizes:
        say(f"storing {count:,} requests")
        url = postgres.create(f"with_{count}", template="site_without_requests")
        fill(url, count)
        pipes[count], theirs = context.Pipe()
        processes.append(
            context.Process(target=accept_on_demand, args=(environment | {"DATABASE_URL": url}, theirs), daemon=True)
        )
        processes[-1].start()
    for round_number in range(-2, rounds):  # the first two are a warm-up
        for count in random.sample(sizes, len(sizes)):
            pipes[count].send(per_round)
            found = pipes[count].recv()
            if round_number >= 0:
                costs[count] += found
    for count in sizes:
        pipes[count].send(0)
    for process in processes:
        process.join()
    print(
        f"\nOne accept by the number of stored requests: median of {rounds * per_round} each, alternating (at most "
        f"{MOST_GROWTH})"
    )
    print("      stored     wall ms           web CPU ms        database CPU ms")
    middles = {count: [statistics.median(column) for column in zip(*costs[count], strict=True)] for count in sizes}
    for count in sizes:
        cells = (
            f"{value * 1000:8.2f} ({value / first:.2f} x)"
            for value, first in zip(middles[count], middles[0], strict=True)
        )
        print(f"  {count:10,}{''.join(cells)}")
    return all(
        value <= MOST_GROWTH * first for count in sizes for value, first in zip(middles[count], middles[0], strict=True)
    )


def main():
    options = argparse.ArgumentParser(prog="python -m benchmarks.accept", description=__doc__.partition("\n")[0])
    options.add_argument("what", nargs="*", default=[], help="queries, cpu, size; default: all of them")
    options.add_argument("--quick", action="store_true", help="fewer rounds, and at most 10,000 requests stored")
    chosen = options.parse_args()
    what = chosen.what or ["queries", "cpu", "size"]
    parts.end_on_signals()
    sizes = [0, 10_000] if chosen.quick else [0, 10_000, 100_000, 1_000_000]
    good = {}
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(parts.folder())
        disk = stack.enter_context(parts.disk(folder / "disk", 1024 if chosen.quick else 12 * 1024))
        (disk / "data").mkdir()
        say("starting PostgreSQL ...")
        postgres = stack.enter_context(Postgres(disk / "data", "--shared_buffers=1GB", "--max_wal_size=2GB"))
        site_url = postgres.create("site")
        environment = parts.environment(folder / "var", folder / "spool", site_url)
        parts.prepare_site(environment)
        postgres.create("site_without_requests", template="site")
        bare = parts.environment(folder / "var-bare", folder / "spool", postgres.create("bare"))
        bare |= {"GUNICORN_CMD_ARGS": BARE_SETTINGS}
        log = stack.enter_context((folder / "log").open("ab"))
        if "cpu" in what:
            good["cpu"] = cpu(environment, bare, log, *((4, 50) if chosen.quick else (12, 100)))
        if "queries" in what:
            good["queries"] = queries(environment)
        if "size" in what:
            good["size"] = size(postgres, environment, sizes, *((20, 5) if chosen.quick else (70, 5)))
        if "cpu" in what:  # last, because it makes this process time out on the database like a web process
            profile(environment, 100 if chosen.quick else 300)
    print("\n" + json.dumps(good))
    return 0 if all(good.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
