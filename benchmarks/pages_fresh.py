"""Two machines and one PostgreSQL: how old an answer may be, and what readers get while the database is gone."""

import bisect
import contextlib
import itertools
import multiprocessing
import random
import subprocess
import sys
import threading
import time
from typing import NamedTuple

from . import parts
from .parts import ROOT, say
from .readers import KRATOM, Line, editor, public_pages, request_for, shown

READERS = 4  # for each machine
PAGES = (KRATOM, "/faq/", KRATOM, "/")
KINDS = ("page", "fact", "notice")
BETWEEN_PUBLISHES = 0.5, 2.5  # seconds
PAUSE = 0.002  # seconds between two requests of a reader, which leaves the editor some of the processor
AGES = (0.5, 1.0, 1.5)  # seconds
MOST_ON_ANOTHER = 1.5  # seconds
LINES = 8  # connections to each machine while the database is gone, so that each web process has some
GONE = 10  # seconds


class Machine:
    """A machine: a folder, gunicorn with two web processes, and a worker."""

    def __init__(self, number, environment, folder):
        self.number, self.port = number, parts.free_port()
        self.environment = environment | {
            "VAR_DIR": str(folder / f"var{number}"),
            "SPOOL_DIR": str(folder / f"spool{number}"),
        }
        (folder / f"var{number}").mkdir()
        self._log = folder / f"log{number}"
        self._processes = []

    def __enter__(self):
        self._start("-m", "gunicorn", "recovery_site.wsgi", "--bind", f"127.0.0.1:{self.port}")
        self._start("manage.py", "run_worker")
        parts.wait_until(self.answers, f"machine {self.number}", 120)
        return self

    def __exit__(self, *_):
        while self._processes:
            self.stop_last()

    def stop_last(self):
        """Stop the worker, or gunicorn if the worker has been stopped."""
        process = self._processes.pop()
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()

    def _start(self, *arguments):
        with self._log.open("ab") as log:
            self._processes.append(
                subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=self.environment, stdout=log, stderr=log)
            )

    def answers(self):
        """Return whether it answers a page."""
        with contextlib.suppress(OSError), Line(self.port) as line:
            return line.ask(request_for(KRATOM)).status == 200
        return False


def run(environment, postgres, folder, quick):
    """Print how fresh answers are, and what is read without the database. Return whether all limits hold."""
    count = (8, 3, 3) if quick else (20, 10, 10)
    with contextlib.ExitStack() as stack:
        machines = [stack.enter_context(Machine(number, environment, folder)) for number in (1, 2)]
        with editor(machines[0].environment) as publish:
            publications = {kind: [publish(kind)] for kind in KINDS}
            good = _freshness("both workers run", machines, publish, publications, count)
            machines[1].stop_last()
            good &= _freshness("the worker of machine 2 is stopped", machines, publish, publications, count)
        pages = sorted({"/", *public_pages(machines[0].port)})
        with _lines(machines, pages) as lines:
            postgres.kill()
            good &= _without_database("stopped", lines, pages)
        postgres.start()
        parts.wait_until(lambda: all(machine.answers() for machine in machines), "the site", 60)
        with _lines(machines, pages) as lines:
            postgres.freeze()
            good &= _without_database("frozen", lines, pages)
        postgres.thaw()
    return good


# Fresh


class Read(NamedTuple):
    """One answer: when its request started, and what it showed ({kind: number}), or None if there was no page."""

    started: float
    shown: dict | None


def _freshness(name, machines, publish, publications, count):
    """Publish while readers read. Print the stale answers by their age. Return whether the limits hold.

    `publications` holds the moment of each number of each kind, and grows. `count`: how many of each kind.
    """
    say(f"publishing {sum(count)} times: {name}")
    time.sleep(3)  # until every machine shows the last publish
    context = multiprocessing.get_context("spawn")
    stop, pipes = context.Event(), []
    for machine in machines:
        ours, theirs = context.Pipe()
        context.Process(target=_read_until, args=(machine.port, stop, theirs), daemon=True).start()
        ours.recv()  # it reads
        pipes.append(ours)
    for kind in random.sample(KINDS, len(KINDS), counts=count):
        time.sleep(random.uniform(*BETWEEN_PUBLISHES))
        publications[kind].append(publish(kind, len(publications[kind])))
    time.sleep(2)
    stop.set()
    print(f"\nAnswers after {sum(count)} publishes on machine 1, by age: {name}")
    print(f"{'':14}{'fresh':>9}{'to 0.5 s':>10}{'to 1 s':>9}{'to 1.5 s':>10}{'older':>8}{'oldest':>10}{'no page':>9}")
    good = True
    for machine, pipe in zip(machines, pipes, strict=True):
        reads = pipe.recv()
        ages = [_age(read, publications) for read in reads if read.shown is not None]
        failed, oldest = len(reads) - len(ages), max(ages)
        counts = [0] * (len(AGES) + 1)
        for age in filter(None, ages):
            counts[bisect.bisect_left(AGES, age)] += 1
        is_good = not failed and (oldest <= MOST_ON_ANOTHER if machine.number == 2 else oldest == 0)
        print(f"  machine {machine.number}   {ages.count(0):9,}{counts[0]:10,}{counts[1]:9,}{counts[2]:10,}", end="")
        print(f"{counts[3]:8,}{oldest:8.2f} s{failed:9}" + ("" if is_good else "  <-"))
        good = good and is_good
    sys.stdout.flush()
    return good


def _age(read, publications):
    """Return for how long something newer had been published when the request started, in seconds. 0 if nothing."""
    ages = [0]
    for kind, number in read.shown.items():
        newer = publications[kind][number + 1 :]
        if newer and newer[0] <= read.started:
            ages.append(read.started - newer[0])
    return max(ages)


def _read_until(port, stop, pipe):
    """Read with several readers in this process. Send "ready", and at the end every `Read`."""
    reads = [[] for _ in range(READERS)]
    threads = [threading.Thread(target=_reader, args=(number, port, stop, reads[number])) for number in range(READERS)]
    for thread in threads:
        thread.start()
    parts.wait_until(lambda: all(reads), "the first answers")
    pipe.send("ready")
    for thread in threads:
        thread.join()
    pipe.send([read for of_reader in reads for read in of_reader])


def _reader(number, port, stop, reads):
    """Read page after page. Every second reader accepts no compression, and two of four keep what they have read."""
    encoding, keeps = ("br", "gzip", "", "")[number], number % 2
    kept = {}
    with Line(port) as line:
        for turn in itertools.count():
            if stop.is_set():
                return
            path = PAGES[turn % len(PAGES)]
            etag, old = kept.get(path, ("", None))
            request = request_for(path, encoding, **({"If_None_Match": etag} if etag else {}))
            started = time.monotonic()
            try:
                answer = line.ask_again(request)
            except OSError:
                reads.append(Read(started, None))
                continue
            if answer.status == 304:
                seen = old
            else:
                seen = shown(answer.text) if answer.status == 200 else None
                if keeps and seen:
                    kept[path] = dict(answer.headers)["ETag"], seen
            reads.append(Read(started, seen))
            time.sleep(PAUSE)


# Without the database


@contextlib.contextmanager
def _lines(machines, pages):
    """Open several connections to each machine, and read every page on each of them. Yield the lines."""
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(Line(machine.port)) for machine in machines for _ in range(LINES)]
        for answers in _each(lines, pages, 0).values():
            if failed := [path for path, status, _took in answers if status != 200]:
                raise SystemExit(f"Could not be read before: {failed}")
        yield lines


def _without_database(how, lines, pages):
    """Print which pages are still answered, and how long that takes. Return whether all are."""
    say(f"reading while PostgreSQL is {how}")
    answers = [answer for of_line in _each(lines, pages, GONE).values() for answer in of_line]
    failed = {path for path, status, _took in answers if status != 200} | set(pages) - {path for path, *_ in answers}
    times = sorted(took for _path, _status, took in answers)
    statuses = [status for _path, status, _took in answers]
    counts = ", ".join(f"{statuses.count(status):,} x {status}" for status in sorted(set(statuses)))
    print(f"\nPostgreSQL is {how}, {GONE} s: {len(pages) - len(failed)} of {len(pages)} pages always answer", end="")
    print(f" ({counts})" + ("  <-" if failed else ""))
    print(f"  slowest answer {times[-1] * 1000:.0f} ms, 99 % within {times[int(len(times) * 0.99)] * 1000:.0f} ms")
    sys.stdout.flush()
    return not failed


def _each(lines, pages, seconds):
    """Read pages on all lines at once: each page once, and again until `seconds` are over. If the pages take longer,
    stop after three times as long.

    Return {number of the line: [(path, status, seconds it took)]}. Status 0 is no answer.
    """
    found = {number: [] for number in range(len(lines))}

    def read(number):
        began, first = time.monotonic(), number * len(pages) // LINES
        turn = 0
        while turn < len(pages) or time.monotonic() - began < seconds:
            if seconds and time.monotonic() - began > 3 * seconds:
                return
            path = pages[(first + turn) % len(pages)]
            asked, status = time.monotonic(), 0
            with contextlib.suppress(OSError):
                status = lines[number].ask_again(request_for(path)).status
            found[number].append((path, status, time.monotonic() - asked))
            turn += 1
            time.sleep(0.01)

    threads = [threading.Thread(target=read, args=(number,)) for number in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
