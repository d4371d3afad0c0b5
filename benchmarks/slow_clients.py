"""Slow clients in front of the shipped nginx: 200 of them must not keep ordinary visitors waiting.

Half of them send a request's head byte by byte. The other half send a form's body byte by byte. nginx runs with a copy
of deploy/nginx.conf in which only addresses, ports and paths differ.
"""

import contextlib
import datetime as dt
import ipaddress
import multiprocessing
import os
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import time

from . import parts
from .parts import ROOT, Site, say
from .visitor import ADDRESS, Browser, visit, words_of

CLIENTS = 200
SECONDS_A_BYTE = 0.5
MOST_TIMES_SLOWER = 3
HOST = "127.0.0.1"
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
        port, trust = stack.enter_context(nginx(folder, site.port))
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


# nginx


@contextlib.contextmanager
def nginx(folder, upstream_port):
    """Run nginx with the shipped configuration. Yield its port and an SSL context that trusts its certificate."""
    place = folder / "nginx"
    place.mkdir()
    place.chmod(0o777)  # its workers run as nobody
    certificate, key = place / "fullchain.pem", place / "privkey.pem"
    write_certificate(certificate, key)
    port, plain_port = parts.free_port(), parts.free_port()
    text = (ROOT / "deploy/nginx.conf").read_text()
    for old, new in {
        "/tmp/": f"{place}/",  # first, because the paths below may be inside it
        "server web:8000;": f"server 127.0.0.1:{upstream_port};",
        "listen 8080 default_server;": f"listen 127.0.0.1:{plain_port} default_server;",
        "listen 8443 ssl default_server;": f"listen 127.0.0.1:{port} ssl{' http2' if is_old() else ''} default_server;",
        "http2 on;": "" if is_old() else "http2 on;",
        "/etc/nginx/tls": str(place),
        "/etc/nginx/pages": str(ROOT / "deploy/pages"),
        "/dev/stdout": f"{place}/access.log",
        "/dev/stderr": f"{place}/error.log",
    }.items():
        if old not in text:
            raise SystemExit(f"deploy/nginx.conf no longer contains {old!r}. Update {__name__}.")
        text = text.replace(old, new)
    configuration = place / "nginx.conf"
    configuration.write_text(text)
    process = subprocess.Popen(["nginx", "-c", configuration, "-p", place, "-g", "daemon off;"])
    try:
        parts.wait_until(lambda: answers(port), "nginx")
        yield port, ssl.create_default_context(cafile=certificate)
    finally:
        process.terminate()
        process.wait()


def is_old():
    """Return whether nginx is older than 1.25.1. Older versions turn HTTP/2 on in the `listen` line."""
    known = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr
    return tuple(map(int, re.search(r"(\d+)\.(\d+)\.(\d+)", known).groups())) < (1, 25, 1)


def answers(port):
    with contextlib.suppress(OSError):
        socket.create_connection((HOST, port), timeout=1).close()
        return True
    return False


def write_certificate(certificate_path, key_path):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    os.chmod(key_path, 0o644)


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
