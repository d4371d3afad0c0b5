"""How long the form takes while colleagues poll the desk and readers read."""

import contextlib
import html
import itertools
import multiprocessing
import os
import re
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from . import parts
from .accept import set_up_django
from .parts import Site, say
from .readers import Line, public_pages, request_for
from .sign_in import open_forms
from .visitor import Browser

COLLEAGUES = 4
POLL_EVERY = 1  # second; the page itself polls every 20
READERS_A_SECOND = 50
REQUESTS = 60  # on the desk
MOST_TIMES_SLOWER = 3  # at the slowest hundredth
LIST = "/admin/intake/assessmentrequest/"
STAFF = ("demo-ana", "demo-sam", "demo-lee")  # see intake/sample_data/demo.py


def run(environment, log, quick):
    """Print the times of the form alone and under load. Return whether it is fast enough and nothing failed."""
    rounds, forms = (2, 150) if quick else (4, 250)
    cookies = _fill_the_desk_and_sign_in(environment)
    times, failures, done = {"alone": [], "beside it": []}, 0, []
    with Site(environment, log) as site:

        def new_visitor():
            return Browser("127.0.0.1", site.port)

        for number in range(rounds):
            say(f"opening the form: round {number + 1} of {rounds}")
            failures += open_forms(new_visitor, forms, times["alone"])
            with _load(site.port, cookies) as counts:
                began, before = time.monotonic(), list(counts)
                failures += open_forms(new_visitor, forms, times["beside it"])
                took = time.monotonic() - began
                done.append([(now - then) / took for now, then in zip(counts, before, strict=True)])
            time.sleep(1)  # lets what was begun end
    return _report(times, failures, [statistics.mean(column) for column in zip(*done, strict=True)])


def _report(times, failures, a_second):
    reads, polls, failed = a_second
    has_load = reads > 0.9 * READERS_A_SECOND and polls > 0.9 * COLLEAGUES / POLL_EVERY and not failed
    title = (
        f"The form while {COLLEAGUES} colleagues poll and readers read ({polls:.1f} polls, {reads:.0f} pages and "
        f"{failed:.1f} failures of them a second)"
    )
    return parts.compare_forms(title, times, MOST_TIMES_SLOWER, failures, has_load)


# Colleagues and readers, in a separate process


def _fill_the_desk_and_sign_in(environment):
    """Make some requests. Return the cookie of each colleague's session."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_send_cookies, args=(environment, theirs))
    process.start()
    cookies = ours.recv()
    process.join()
    return cookies


def _send_cookies(environment, pipe):
    set_up_django(environment)
    from django.contrib.auth import get_user_model
    from django.test import Client

    from intake.sample_data import demo

    for _request in demo.make_requests(REQUESTS):
        pass
    cookies = []
    for number in range(COLLEAGUES):
        client = Client(headers={"host": "127.0.0.1"})
        client.force_login(get_user_model().objects.get(username=STAFF[number % len(STAFF)]))
        cookies.append("; ".join(f"{cookie.key}={cookie.value}" for cookie in client.cookies.values()))
    pipe.send(cookies)


@contextlib.contextmanager
def _load(port, cookies):
    """Put the load on the site. Yield the number of pages read, of polls and of failures, which grow."""
    context = multiprocessing.get_context("spawn")
    counts = context.Array("i", 3)
    process = context.Process(target=_poll_and_read, args=(port, cookies, counts), daemon=True)
    process.start()
    try:
        parts.wait_until(lambda: counts[0] >= READERS_A_SECOND and counts[1] >= COLLEAGUES, "the load", 120)
        yield counts
    finally:
        process.kill()
        process.join()


def _poll_and_read(port, cookies, counts):
    os.nice(5)  # the readers' machines are not ours: their work must not slow down the visitors

    def count(which, is_good):
        with counts.get_lock():
            counts[which if is_good else 2] += 1

    for number, cookie in enumerate(cookies):
        threading.Thread(
            target=_poll, args=(port, cookie, POLL_EVERY * number / len(cookies), count), daemon=True
        ).start()
    pages, started = public_pages(port), time.monotonic()
    with ThreadPoolExecutor(32) as pool:
        for number in itertools.count():
            time.sleep(max(0, started + number / READERS_A_SECOND - time.monotonic()))
            pool.submit(_read, port, pages[number % len(pages)], count)


def _poll(port, cookie, begin_after, count):
    """Open the list and poll for its updates, as desk.js does.

    `begin_after`: seconds, different for each colleague, because nobody opens the list at the moment when others do
    """
    time.sleep(begin_after)
    with Line(port) as line:
        page = line.ask(request_for(LIST, Cookie=cookie)).text
        address, etag = html.unescape(re.search(r'data-updates="([^"]+)"', page)[1]), ""
        for due in itertools.count(time.monotonic(), POLL_EVERY):
            time.sleep(max(0, due - time.monotonic()))
            kept = {"If_None_Match": etag} if etag else {}
            try:
                answer = line.ask_again(request_for(address, Cookie=cookie, **kept))
            except OSError:
                count(1, False)
                continue
            etag = dict(answer.headers).get("ETag", etag)
            count(1, answer.status in (200, 304))


def _read(port, path, count):
    try:
        with Line(port) as line:  # a new connection for each reader
            count(0, line.ask(request_for(path)).status == 200)
    except OSError:
        count(0, False)
