"""Check that no request is lost while something breaks: python -m benchmarks.faults [--quick] [--only NAME ...]

In each scenario, visitors send requests while one thing breaks again and again. Then everything is restored, and the
worker empties the spool and the outbox. Every acknowledged request must be in the database and must decrypt to what the
visitor wrote. Exits with 1 if a count that must be zero is not.
"""

import argparse
import collections
import contextlib
import os
import random
import re
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import parts
from .parts import MEGABYTE, MailServer, Postgres, Site, say
from .proxy import CuttingProxy

VISITORS_AT_ONCE = 16
AN_ANSWER_WITHIN = 8  # seconds: the database timeout, plus a margin for a busy machine


class World:
    """The parts that a scenario may break: the database, the disk of the spool, the mail server and the site."""

    def __init__(self, postgres, disk, mail, site):
        self.postgres, self.disk, self.mail, self.site = postgres, disk, mail, site
        self.is_over = threading.Event()

    def pause(self, seconds):
        """Wait. Return False once the visitors are done or have given up."""
        return not self.is_over.wait(seconds)

    def repair(self):
        (self.disk / "filler").unlink(missing_ok=True)
        if self.postgres.is_running():
            self.postgres.thaw()
            with contextlib.suppress(TimeoutError):
                parts.wait_until(self.postgres.answers, "PostgreSQL", 20)
        if not self.postgres.answers():
            self.postgres.kill()
            self.postgres.start()


# The scenarios. Each returns how often it broke something.


def kill_web_processes(world):
    count = 0
    while world.pause(1.5):
        running = world.site.web_processes()
        if running:
            parts.send_signal([random.choice(running)], signal.SIGKILL)
            count += 1
    return count


def kill_database(world):
    count = 0
    while world.pause(4):
        world.postgres.kill()
        count += 1
        world.pause(10)
        world.postgres.start()
    return count


def fill_disk(world):
    count = 0
    while world.pause(4):
        fill(world.disk / "filler")
        count += 1
        world.pause(10)
        world.repair()
    return count


def fill(path):
    with open(path, "wb", buffering=0) as file:
        for size in (MEGABYTE, 4096):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * size)


def stop_mail(world):
    world.mail.stop()
    world.is_over.wait()
    return 1


def cut_answers(world):
    world.is_over.wait()
    return world.proxy.cut


def kill_site(world):
    """Kill the database, then the whole site. So the spool is full when the site dies."""
    count = 0
    while world.pause(3):
        world.postgres.kill()
        world.pause(7)
        world.site.kill()
        count += 1
        world.site.start()
        world.pause(4)
        world.postgres.start()
        world.pause(4)
    return count


def freeze_database(world):
    count = 0
    while world.pause(4):
        world.postgres.freeze()
        count += 1
        world.pause(15)
        world.postgres.thaw()
    return count


SCENARIOS = {
    "web": ("kill -9 of a web process", kill_web_processes),
    "database": ("kill -9 of PostgreSQL, down for 10 s", kill_database),
    "disk": ("the database's disk full for 10 s", fill_disk),
    "mail": ("the mail server down", stop_mail),
    "answer": ("the response cut off after the row was stored", cut_answers),
    "site": ("kill -9 of the whole site with a filled spool", kill_site),
    "frozen": ("PostgreSQL frozen for 15 s", freeze_database),
}


# The checks afterwards


@dataclass
class Count:
    """The result of one scenario. The run fails if a count named in `MUST_BE_ZERO` is above zero."""

    visitors: int = 0
    acknowledged: int = 0
    lost: int = 0
    altered: int = 0
    doubled: int = 0
    nowhere: int = 0
    words_not_kept: int = 0
    without_confirmation: int = 0
    slow: int = 0
    unsent: int = 0

    MUST_BE_ZERO = {
        "lost": "acknowledged and lost",
        "altered": "acknowledged, but different content stored",
        "doubled": "doubled: request, answers or staff notification",
        "nowhere": "visitors who saw neither the confirmation nor the phone number",
        "words_not_kept": "error pages without the visitor's text",
        "without_confirmation": "acknowledged, but the reference was never shown or is wrong",
        "unsent": "alerts to staff that never went out",
        "slow": f"posts to a frozen database above {AN_ANSWER_WITHIN} s",
    }

    @property
    def is_good(self):
        return not any(getattr(self, name) for name in self.MUST_BE_ZERO)


def settle(world):
    """Wait until the worker has emptied the spool and the outbox.

    Emails that wait for a retry become due now. Emails that a killed worker was sending are released now. In
    production, both take hours.
    """
    import datetime as dt

    from django.db import DatabaseError, connection
    from django.utils import timezone

    from intake.models import OutboxMessage
    from intake.notifications import outbox
    from intake.submission import spool

    def is_done():
        try:
            connection.close()
            now = timezone.now()
            waiting = OutboxMessage.objects.filter(state__in=OutboxMessage.WAITING)
            waiting.filter(state="retrying").update(next_try_at=now)
            left_behind = waiting.filter(state="sending", claimed_at__lt=now - dt.timedelta(seconds=40))
            left_behind.update(claimed_at=now - outbox.STUCK_AFTER)
            return not spool.waiting() and not waiting.exists()
        except DatabaseError:
            return False

    parts.wait_until(is_done, "the worker", seconds=300)


def count_up(name, visits, mails):
    """Compare what visitors sent with what is stored. Return the `Count` of a scenario and other facts to print."""
    from django.db import connection

    from intake.models import AssessmentRequest, EncryptedText, OutboxMessage

    connection.close()
    requests, extra_texts = collections.defaultdict(set), 0
    texts = EncryptedText.objects.exclude(kind="note").select_related("request").order_by("recorded_at", "pk")
    stored = {}
    for text in texts:
        answers = text.decrypt()
        if not answers["name"].startswith(f"{name} "):
            continue
        number = int(answers["name"].split()[1])
        extra_texts += text.request_id in requests[number]
        requests[number].add(text.request_id)
        stored[number] = (answers, text.request.reference)
    ids = set().union(*requests.values())
    assert AssessmentRequest.objects.filter(pk__in=ids).count() == len(ids)
    outbox_messages = collections.Counter(
        OutboxMessage.objects.filter(request__in=ids, kind="new_request").values_list("request_id", flat=True)
    )
    references = {reference for _answers, reference in stored.values()}
    alerts, acknowledgements = mails_per_request(mails, references)
    said_yes = [visit for visit in visits if visit.acknowledged]
    found = [(visit, *stored[visit.number]) for visit in said_yes if visit.number in stored]
    count = Count(
        visitors=len(visits),
        acknowledged=len(said_yes),
        lost=sum(visit.number not in stored for visit in said_yes),
        altered=sum(not says_the_same(visit.words, answers) for visit, answers, _ in found),
        doubled=sum(len(ids) > 1 for ids in requests.values())
        + extra_texts
        + sum(n != 1 for n in outbox_messages.values()),
        nowhere=sum(visit.ends_nowhere for visit in visits),
        words_not_kept=sum(not visit.words_kept for visit in visits),
        without_confirmation=sum(visit.reference != reference for visit, _, reference in found),
        slow=sum(visit.slowest > AN_ANSWER_WITHIN for visit in visits) if name == "frozen" else 0,
        unsent=len(references - alerts.keys()),
    )
    return count, alerts, acknowledgements


def says_the_same(words, answers):
    return all(answers[field] == words[field] for field in ("name", "phone", "email", "message"))


def mails_per_request(mails, references):
    """Return two counters by reference: the alerts to staff, and the emails to the person."""
    alerts, acknowledgements = collections.Counter(), collections.Counter()
    for mail in list(mails):
        text = f"{mail['Subject']}\n{mail.get_content()}"
        found = re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", text)
        if found and found[0] in references:
            (alerts if mail["Subject"].startswith("New request") else acknowledgements)[found[0]] += 1
    return alerts, acknowledgements


def show(title, broke, count, visits, alerts, acknowledgements, taken_from_spool, seconds):
    print(f"\n{title}  ({broke} times, {seconds:.0f} s)")
    print(f"  {count.visitors:6}  visitors")
    print(f"  {count.acknowledged:6}  acknowledged")
    for name, meaning in Count.MUST_BE_ZERO.items():
        number = getattr(count, name)
        print(f"  {number:6}  {meaning}{'   <-- must be 0' if number else ''}")
    posts = sorted(visit.slowest for visit in visits)
    print(f"  {taken_from_spool:6}  went through the spool")
    print(
        f"  {sum(visit.posts for visit in visits):6}  posts ({sum(visit.posts > 1 for visit in visits)} pressed again)"
    )
    print(f"  {spread(alerts)}  alerts to staff per request;  {spread(acknowledgements)}  emails to those who allow it")
    print(f"  {posts[len(posts) // 2]:6.2f}  s median POST, {posts[-1]:.2f} s slowest")
    failed = collections.Counter(what for visit in visits for what in visit.failed)
    print(f"  seen on the way: {', '.join(f'{what} ({n})' for what, n in failed.most_common()) or 'no errors'}")
    sys.stdout.flush()


def spread(counter):
    """Return a counter's values as text. "1 (998), 2 (2)" means: 998 requests got one email, and 2 got two."""
    numbers = collections.Counter(counter.values())
    return ", ".join(f"{mails} ({requests})" for mails, requests in sorted(numbers.items())) or "none"


# The run


def run(name, world, posts, at_once, log):
    from .visitor import Browser, visit, words_of

    title, breaks = SCENARIOS[name]
    say(f"{title}: {posts} visitors")
    world.is_over.clear()
    mails_before, log_before, began = len(world.mail.mails), log.stat().st_size, time.monotonic()
    port = world.site.port
    with contextlib.ExitStack() as stack:
        if name == "answer":
            world.proxy = stack.enter_context(CuttingProxy(world.site.port))
            port = world.proxy.port
        pool = stack.enter_context(ThreadPoolExecutor(at_once + 1))
        stack.callback(world.is_over.set)
        fault = pool.submit(breaks, world)
        waiting = [
            pool.submit(visit, Browser("127.0.0.1", port), number, words_of(name, number)) for number in range(posts)
        ]
        stack.callback(lambda: [each.cancel() for each in waiting])
        visits = []
        for done in waiting:
            visits.append(done.result())
            if len(visits) % max(posts // 10, 1) == 0:
                say(f"  {len(visits)} of {posts}, {time.monotonic() - began:.0f} s")
        world.is_over.set()
        broke = fault.result()
    seconds = time.monotonic() - began
    say("  everything is restored; the worker catches up")
    world.repair()
    if name == "mail":
        world.mail.start()
    if not world.site.answers():
        world.site.start()
    settle(world)
    count, alerts, acknowledgements = count_up(name, visits, world.mail.mails[mails_before:])
    with log.open("rb") as lines:
        lines.seek(log_before)
        taken = sum(map(int, re.findall(rb"taken in from the spool: (\d+)", lines.read())))
    show(title, broke, count, visits, alerts, acknowledgements, taken, seconds)
    return count.is_good


def main():
    options = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__.partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="100 visitors for each scenario instead of 1000")
    options.add_argument("--visitors", type=int, help="visitors for each scenario")
    options.add_argument("--at-once", type=int, default=VISITORS_AT_ONCE)
    options.add_argument("--only", nargs="+", choices=[*SCENARIOS, "slow"], help="only these scenarios")
    options.add_argument("--keep-log", help="a file for the site's log output")
    chosen = options.parse_args()
    posts = chosen.visitors or (100 if chosen.quick else 1000)
    names = chosen.only or [*SCENARIOS, "slow"]
    parts.end_on_signals()
    good = []
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(parts.folder())
        disk = stack.enter_context(parts.disk(folder / "disk", 256))
        spool_disk = stack.enter_context(parts.disk(folder / "spool", 64))
        spool_disk.chmod(0o700)
        say("starting PostgreSQL and the site ...")
        (disk / "data").mkdir()
        postgres = stack.enter_context(Postgres(disk / "data"))
        mail = stack.enter_context(MailServer())
        var = folder / "var"
        environment = parts.environment(var, spool_disk, postgres.create("site"), mail.port)
        parts.prepare_site(environment)
        log = folder / "site.log"
        log.touch()
        if chosen.keep_log:
            stack.callback(lambda: parts.shutil.copy(log, chosen.keep_log))
        os.environ.update(environment, DJANGO_SETTINGS_MODULE="recovery_site.settings", LOG_LEVEL="CRITICAL")
        import django

        django.setup()
        broken = [name for name in names if name in SCENARIOS]
        if broken:
            site = stack.enter_context(Site(environment, log))
            world = World(postgres, disk, mail, site)
            good += [run(name, world, posts, chosen.at_once, log) for name in broken]
            site.kill()
        if "slow" in names:
            from .slow_clients import run as run_slow_clients

            good.append(run_slow_clients(folder, environment, log, chosen.quick))
    print("\nEvery count that must be zero is zero." if all(good) else "\nFAILED: see the arrows above.")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
