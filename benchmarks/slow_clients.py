"""Slow clients in front of the shipped nginx: 200 of them must not keep ordinary visitors waiting.

Half of them send a request's head byte by byte. The other half send a form's body byte by byte; nginx refuses most of
these, because they come from one address, and they try again.
"""

import contextlib
import multiprocessing
import shutil
import socket
import ssl
import statistics
import sys
import time

from . import parts
from .nginx import HOST, nginx
from .parts import Site, say
from .visitor import ADDRESS, Browser, visit, words_of

CLIENTS = 200
SECONDS_A_BYTE = 0.5
MOST_TIMES_SLOWER = 3
SLOW_ADDRESS = "127.0.0.2"  # another address than the ordinary visitors: nginx limits POSTs by address
PAGES = ("/", ADDRESS, "/faq/", "/addiction/kratom-addiction-treatment/")


def run(folder, environment, log, quick):
    """Print how long ordinary pages take with and without slow clients. Return False if they take too long or fail."""
    if not shutil.which("nginx"):
        print("\nSlow clients: SKIPPED, nginx is not installed here (apt-get install nginx-light)")
        return False
    rounds, pages = (2, 50) if quick else (5, 100)
    environment = environment | {"PUBLIC_ORIGIN": f"https://{HOST}"}
    times, failures = {"alone": [], "beside slow clients": []}, 0
    say(f"{CLIENTS} slow clients, {rounds} rounds")
    with contextlib.ExitStack() as stack:
        site = stack.enter_context(Site(environment, log))
        server = stack.enter_context(nginx(folder, site.port))
        port, trust = server.port, server.trust
        for _ in range(rounds):
            failures += visit_pages(port, trust, pages, times["alone"])
            with slow_clients(port) as held:
                failures += visit_pages(port, trust, pages, times["beside slow clients"])
                asked = visit(browser(port, trust), 1, words_of("slow", 1))
                failures += not asked.acknowledged
                held_at_end = held()
    p95 = {name: statistics.quantiles(values, n=20)[-1] for name, values in times.items()}
    ratio = p95["beside slow clients"] / p95["alone"]
    arrow = {True: "", False: "   <-- above the limit"}
    print(f"\n{CLIENTS} slow clients ({held_at_end} held a connection at the end of the last round)")
    for name, values in times.items():
        print(f"  {len(values)} pages {name}: 95 % within {p95[name] * 1000:.0f} ms, middle", end=" ")
        print(f"{statistics.median(values) * 1000:.0f} ms, slowest {max(values) * 1000:.0f} ms")
    print(f"  {ratio:.2f} times slower (at most {MOST_TIMES_SLOWER}){arrow[ratio <= MOST_TIMES_SLOWER]}")
    print(f"  {failures} pages or forms failed{arrow[failures == 0]}")
    sys.stdout.flush()
    return ratio <= MOST_TIMES_SLOWER and not failures and held_at_end > CLIENTS / 2


def browser(port, trust):
    return Browser(HOST, port, trust, name=HOST)


def visit_pages(port, trust, count, times):
    """Visit `count` pages one after another. Append the seconds of each to `times`. Return how many failed."""
    failures = 0
    for number in range(count):
        began = time.perf_counter()
        answer = browser(port, trust).get(PAGES[number % len(PAGES)])
        times.append(time.perf_counter() - began)
        failures += answer is None or answer.status != 200
    return failures


# The slow clients, in a separate process


@contextlib.contextmanager
def slow_clients(port):
    """Start the slow clients in a separate process. Yield a function that returns how many connections are open now."""
    context = multiprocessing.get_context("spawn")
    held = context.Value("i", 0)
    process = context.Process(target=be_slow, args=(port, held), daemon=True)
    process.start()
    try:
        parts.wait_until(lambda: held.value >= CLIENTS, "all slow clients", 120)
        yield lambda: held.value
    finally:
        process.kill()
        process.join()


def be_slow(port, held):
    """Send one byte at a time on `CLIENTS` connections. Open a new connection when nginx closes one. `held` counts open
    ones."""
    head = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + b"a" * 10_000
    body = f"POST {ADDRESS} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 10000\r\n".encode()
    body += b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    clients = [None] * CLIENTS
    while True:
        round_ends = time.monotonic() + SECONDS_A_BYTE
        for number in range(CLIENTS):
            try:
                if clients[number] is None:
                    clients[number] = (connect(port), iter(head))
                    if number % 2:
                        clients[number][0].sendall(body)
                        clients[number] = (clients[number][0], iter(b"a" * 10_000))
                connection, rest = clients[number]
                connection.sendall(bytes([next(rest)]))
            except OSError:
                clients[number] = None
        held.value = sum(client is not None for client in clients)
        time.sleep(max(round_ends - time.monotonic(), 0))


def connect(port):
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    plain = socket.create_connection((HOST, port), timeout=5, source_address=(SLOW_ADDRESS, 0))
    return trusting.wrap_socket(plain)
