"""How long the form for help takes while 16 connections guess passwords.

There are two attacks. In one, all guesses come from one address, through nginx as shipped. In the other, each guess
comes from a new network, straight to gunicorn, as if a large botnet had passed nginx. Visitors open the form one after
another during each attack, and for comparison without it in the same run.
"""

import argparse
import contextlib
import http.client
import multiprocessing
import os
import re
import ssl
import sys
import threading
import time
from urllib.parse import urlencode

from . import parts
from .nginx import HOST, nginx
from .parts import Postgres, Site, say
from .slow_clients import browser
from .visitor import ADDRESS, Browser

CONNECTIONS = 16
PAUSE = 0.05  # seconds between two guesses of one connection
MOST_TIMES_SLOWER = 1.5  # at the slowest hundredth
SIGN_IN = "/admin/login/"


class BehindProxy(Browser):
    """A browser as nginx hands it on, from a made-up address."""

    address = "192.0.2.1"

    def _ask(self, method, path, body, headers):
        proxy = {"X-Forwarded-For": self.address, "X-Forwarded-Proto": "https"}
        return super()._ask(method, path, body, headers | proxy)

    @property
    def origin(self):
        return f"https://{self.name}"


def main():
    options = argparse.ArgumentParser(prog="python -m benchmarks.sign_in", description=__doc__.partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="2 rounds of 150 forms instead of 4 of 250")
    chosen = options.parse_args()
    rounds, forms = (2, 150) if chosen.quick else (4, 250)
    parts.end_on_signals()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(parts.folder())
        disk = stack.enter_context(parts.disk(folder / "disk", 256))
        (disk / "data").mkdir()
        say("starting PostgreSQL and the site ...")
        postgres = stack.enter_context(Postgres(disk / "data"))
        environment = parts.environment(
            folder / "var", folder / "spool", postgres.create("site"), PUBLIC_ORIGIN=f"https://{HOST}"
        )
        parts.prepare_site(environment)
        site = stack.enter_context(Site(environment, folder / "site.log"))
        front = stack.enter_context(nginx(folder, site.port))
        from_one = (
            "one address, through nginx",
            lambda: browser(front.port, front.trust),
            guess_through_nginx,
            front.port,
        )
        many = "a new network with every guess, straight to gunicorn"
        from_many = (many, lambda: BehindProxy(HOST, site.port, name=HOST), guess_from_everywhere, site.port)
        good = [compare(*which, rounds, forms) for which in (from_one, from_many)]
    return 0 if all(good) else 1


def compare(name, new_visitor, guess, port, rounds, forms):
    """Print the times of the form alone and beside one attack. Return whether none failed and none is too slow."""
    say(f"{name}: {rounds} rounds of {forms} forms")
    times, failures, guesses = {"alone": [], "beside it": []}, 0, 0
    for _round in range(rounds):
        failures += open_forms(new_visitor, forms, times["alone"])
        with attack(guess, port) as answered:
            failures += open_forms(new_visitor, forms, times["beside it"])
            guesses += answered.value
        time.sleep(1)  # lets what was begun end
    title = f"{CONNECTIONS} connections guess passwords: {name} ({guesses} guesses answered)"
    return parts.compare_forms(title, times, MOST_TIMES_SLOWER, failures, guesses > 0)


def open_forms(new_visitor, count, times):
    """Open the form `count` times. Append the seconds of each to `times`. Return how many failed."""
    failures = 0
    for _number in range(count):
        began = time.perf_counter()
        answer = new_visitor().get(ADDRESS)
        times.append(time.perf_counter() - began)
        failures += answer is None or answer.status != 200
        time.sleep(0.01)
    return failures


# The attackers, in a separate process


@contextlib.contextmanager
def attack(guess, port):
    """Guess on all connections. Yield the number of answered guesses, which grows."""
    context = multiprocessing.get_context("spawn")
    answered = context.Value("i", 0)
    process = context.Process(target=_guess_on_all, args=(guess, port, answered), daemon=True)
    process.start()
    try:
        parts.wait_until(lambda: answered.value >= CONNECTIONS, "the first guesses", 120)
        yield answered
    finally:
        process.kill()
        process.join()


def _guess_on_all(guess, port, answered):
    os.nice(5)  # the attackers' machine is not ours: their work must not slow down the visitors
    for number in range(CONNECTIONS):
        threading.Thread(target=_guess_for_ever, args=(guess, number, port, answered), daemon=True).start()
    threading.Event().wait()


def _guess_for_ever(guess, number, port, answered):
    attacker, count = None, 0
    while True:
        count += 1
        attacker = attacker or guess(None, number, count, port)
        answer = guess(attacker, number, count, port)
        with answered.get_lock():
            answered.value += answer is not None
        time.sleep(PAUSE)


def guess_through_nginx(attacker, number, count, port):
    """Guess on one open connection. A new connection for each guess would mainly measure TLS."""
    if attacker is None:
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        attacker = _with_token(browser(port, trusting))
        attacker.line = http.client.HTTPSConnection(HOST, port, timeout=30, context=trusting)
        return attacker
    cookies = "; ".join(f"{morsel.key}={morsel.value}" for morsel in attacker.cookies.values())
    headers = {
        "Host": HOST,
        "Origin": attacker.origin,
        "Referer": attacker.origin + SIGN_IN,
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": cookies,
    }
    try:
        attacker.line.request("POST", SIGN_IN, urlencode(_fields(attacker, f"name{number}-{count}")), headers)
        response = attacker.line.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        attacker.line.close()
        return None
    return response


def guess_from_everywhere(attacker, number, count, port):
    if attacker is None:
        return _with_token(BehindProxy(HOST, port, name=HOST))
    attacker.address = f"{number + 1}.{count // 250 % 250}.{count % 250}.9"
    return _send(attacker, f"name{number}-{count}")


def _with_token(attacker):
    page = attacker.get(SIGN_IN)
    attacker.token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', page.text)[1] if page else ""
    return attacker


def _send(attacker, name):
    return attacker.post(SIGN_IN, _fields(attacker, name))


def _fields(attacker, name):
    return {"csrfmiddlewaretoken": attacker.token, "username": name, "password": "a wrong password"}


if __name__ == "__main__":
    sys.exit(main())
