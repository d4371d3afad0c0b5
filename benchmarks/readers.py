"""Readers of public pages, and an editor who publishes, for `benchmarks.pages`."""

import contextlib
import functools
import multiprocessing
import re
import socket
import time
import zlib
from typing import NamedTuple

import brotli

from .accept import set_up_django

BROWSER = "gzip, deflate, br, zstd"  # the Accept-Encoding of a browser
KRATOM = "/addiction/kratom-addiction-treatment/"
TIMEOUT = 30  # seconds
PHONE = "480555"  # and four more digits

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ENCODING = re.compile(rb"\r\ncontent-encoding: *(\w+)", re.IGNORECASE)


# Readers


class Answer(NamedTuple):
    status: int
    head: bytes  # the status line and the headers
    body: bytes

    @property
    def headers(self):
        """Return pairs of name and value."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [(name, value.strip()) for name, _colon, value in (line.partition(":") for line in lines)]

    @property
    def text(self):
        encoding = _ENCODING.search(self.head)
        if not encoding:
            return self.body.decode()
        is_brotli = encoding[1].lower() == b"br"
        return (brotli.decompress(self.body) if is_brotli else zlib.decompress(self.body, 31)).decode()


def request_for(path, encoding=BROWSER, **headers):
    """Return a GET request as bytes. `headers`: additional headers, with _ in place of -."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "User-Agent: Mozilla/5.0", "Accept: text/html"]
    lines += [f"Accept-Encoding: {encoding}"] if encoding else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Line:
    """A keep-alive connection. It uses a plain socket, because http.client takes longer than the answers measured."""

    def __init__(self, port):
        self.port, self._socket = port, None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def ask(self, request):
        """Send the bytes of a request and return the `Answer`. Raises OSError if the connection ends before it."""
        try:
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(request)
            return self._read()
        except OSError:
            self.close()
            raise

    def ask_again(self, request):
        """Do the same as `ask`. If that fails, ask once more on a new connection.

        Gunicorn may have closed an idle connection or replaced its process.
        """
        with contextlib.suppress(OSError):
            return self.ask(request)
        return self.ask(request)

    def _read(self):
        received = self._receive()
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._receive()
        head, parts = received[:end], [received[end + 4 :]]
        status, length = int(head[9:12]), _LENGTH.search(head)
        missing = int(length[1]) - len(parts[0]) if length and status != 304 else 0
        while missing > 0:
            parts.append(self._receive())
            missing -= len(parts[-1])
        return Answer(status, head, b"".join(parts))

    def _receive(self):
        if received := self._socket.recv(262_144):
            return received
        raise ConnectionResetError("the connection was closed")


def public_pages(port):
    """Return the paths of all pages in the sitemap."""
    with Line(port) as line:
        found = re.findall(r"<loc>https?://[^/<]+([^<]*)</loc>", line.ask(request_for("/sitemap.xml")).text)
    return found


# The editor, in a separate process


@contextlib.contextmanager
def editor(environment):
    """Start a process on a machine that publishes. Yield `publish(kind, number)`.

    It puts the number into what readers see: the text of a "page", the phone number as a "fact", or a "notice". The
    kind "generation" says that something changed, and changes nothing. `publish` returns the moment when it was done,
    on the monotonic clock.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_publish_on_demand, args=(environment, theirs), daemon=True)
    process.start()
    theirs.close()

    def publish(kind, number=0):
        ours.send((kind, number))
        return ours.recv()

    try:
        yield publish
    finally:
        ours.close()
        process.join(10)
        process.kill()


def _publish_on_demand(environment, pipe):
    set_up_django(environment)
    ways = {"generation": _begin_generation, "page": _publish_page, "fact": _publish_phone, "notice": _publish_notice}
    with contextlib.suppress(EOFError):
        while True:
            kind, number = pipe.recv()
            ways[kind](number)
            pipe.send(time.monotonic())


def _begin_generation(number):
    from django.db import transaction

    from pages import content_generation

    with transaction.atomic():
        content_generation.begin()


def _publish_page(number):
    from pages.models import ContentPage

    page = ContentPage.objects.get(slug="kratom-addiction-treatment")
    page.summary = f"This is edition {number} of the page."
    page.save_revision().publish()


def _publish_phone(number):
    from pages.models import Center

    center = Center.objects.get()
    center.phone = f"({PHONE[:3]}) {PHONE[3:]}-{1000 + number}"
    center.save_revision().publish()


def _publish_notice(number):
    import datetime as dt

    from django.utils import timezone

    from pages.models import Notice

    notice = Notice.objects.first() or Notice(shows_until=timezone.now() + dt.timedelta(days=1))
    notice.text = f"<p>This is notice {number}.</p>"
    if notice.pk is None:
        notice.live = False
        notice.save()
    notice.save_revision().publish()


_SHOWN = {
    "page": re.compile(r"This is edition (\d+) of the page"),
    "fact": re.compile(rf'href="tel:\+1{PHONE}(\d+)"'),
    "notice": re.compile(r"This is notice (\d+)\."),
}


@functools.lru_cache(maxsize=256)
def shown(text):
    """Return what the text of a page shows of what was published: {kind: number}."""
    found = {kind: pattern.search(text) for kind, pattern in _SHOWN.items()}
    numbers = {kind: int(match[1]) for kind, match in found.items() if match}
    return numbers | ({"fact": numbers["fact"] - 1000} if "fact" in numbers else {})
