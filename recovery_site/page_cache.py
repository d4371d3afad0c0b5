"""Answer public pages from memory, before Django runs, as long as nothing they show has changed.

What is kept is the whole answer of the site: status, headers and bytes. It is kept only if any cache may keep it
(`Cache-Control: public`, no cookie). It is rendered from a request that holds nothing about the visitor.

An answer is current until the content changes (see `pages.content_generation`) or the clock changes its text, as in
"Open now until 5 PM", but at most a day. While the database is down, what was current before stays current for
up to a day.
"""

import io
import logging
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.db import close_old_connections
from django.http.request import split_domain_port
from django.utils import timezone
from django.utils.http import parse_etags

from pages import content_generation, facts

from .middleware.compression import best_encoding

PASS_BY = ("/admin/", "/assessment", "/cms/", "/healthz", "/media/", "/readyz", "/search", "/static/", "/status")
MOST_BYTES = 32_000_000  # in each process: 500 pages, each in three encodings
OVERHEAD = 3_000  # bytes of an answer besides its body, roughly
LONGEST = timedelta(days=1)  # for text with a date that no one schedules, such as that of security.txt
MOST_SECONDS_TO_WAIT = 20  # for another thread that renders the same page

# Besides what is in the key, all that the site may know when it renders a page that is kept
NEEDED = {"SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT"}
# A request with one of these is not a plain visit.
UNUSUAL = ("SCRIPT_NAME", "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_RANGE", "HTTP_TRANSFER_ENCODING")
# Advertisements and newsletters add these to an address. No page reads them.
CAMPAIGN = re.compile(r"(?:(?:utm_[a-z]+|gclid|gbraid|wbraid|fbclid|msclkid)=[^&]*(?:&|\Z))+")
MAX_AGE = re.compile(r"max-age=(\d+)")
DESCRIBES_THE_BODY = {"content-type", "content-length", "content-encoding"}

logger = logging.getLogger(__name__)

_encoding_for = lru_cache(maxsize=200)(best_encoding)


@dataclass(frozen=True)
class Answer:
    """An answer of the site, ready to be sent."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes
    generation: content_generation.Generation | None = None  # None if the answer is not kept
    since: datetime | None = None
    until: datetime | None = None

    def is_current(self, now):
        # `since` is for a clock that was set back.
        return self.generation == content_generation.current() and self.since <= now < self.until

    def header(self, name):
        return next((value for known, value in self.headers if known.lower() == name), "")

    def may_be_kept(self):
        vary = {name.strip().lower() for name in self.header("vary").split(",")}
        return (
            self.status.startswith("200 ")
            and "public" in self.header("cache-control")
            and not self.header("set-cookie")
            and vary <= {"", "accept-encoding"}
        )

    def headers_at(self, now):
        """Return the headers, with a shorter `max-age` if the clock will change the text sooner."""
        if self.generation is None:
            return self.headers
        left = max(0, int((self.until - now).total_seconds()))

        def shorter(found):
            return f"max-age={min(left, int(found[1]))}"

        return [
            (name, MAX_AGE.sub(shorter, value) if name.lower() == "cache-control" else value)
            for name, value in self.headers
        ]


class PageCache:
    """Wrap the WSGI application of the site.

    Keeps at most `most_bytes`. When that is full, the least recently used answers are dropped first.
    """

    def __init__(self, application, most_bytes=MOST_BYTES):
        self.application, self.most_bytes = application, most_bytes
        self._kept, self._bytes, self._lock = OrderedDict(), 0, threading.Lock()
        self._rendering = {}  # key -> an event that is set when the first thread has the answer

    def __call__(self, environ, start_response):
        try:
            key = _key(environ)
            answer = key and self._answer(key, environ)
        except Exception as error:  # no failure here may take a page away
            logger.error("A page could not be kept: %s", type(error).__name__)
            answer = None
        if answer is None:
            return self.application(environ, start_response)
        status, headers, body = answer
        start_response(status, headers)
        return [body]

    def _answer(self, key, environ):
        """Return status, headers and body."""
        if content_generation.is_due():
            close_old_connections()  # as Django does when a request begins
        now = timezone.now()
        answer = self._current(key, now) or self._rendered_once(key, environ)
        headers = answer.headers_at(now)
        if answer.status.startswith("200 ") and _knows(environ, answer.header("etag")):
            return "304 Not Modified", [pair for pair in headers if pair[0].lower() not in DESCRIBES_THE_BODY], b""
        return answer.status, headers, answer.body

    def _current(self, key, now):
        """Return the answer for a key if it is kept and current, or None."""
        answer = self._kept.get(key)
        if answer is None or not answer.is_current(now):
            return None
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
        return answer

    def _rendered_once(self, key, environ):
        """Return a new answer. Of several threads that need the same one, the first renders it and the others wait."""
        mine = threading.Event()
        first = self._rendering.setdefault(key, mine)
        if first is not mine:
            first.wait(MOST_SECONDS_TO_WAIT)
            return self._current(key, timezone.now()) or self._rendered(key, environ)
        try:
            return self._current(key, timezone.now()) or self._rendered(key, environ)
        finally:
            self._rendering.pop(key, None)
            mine.set()

    def _rendered(self, key, environ):
        # All of this before anything is read for the page
        generation, began = content_generation.current(), timezone.now()
        change, is_known = facts.next_change(began), facts.is_made_from(generation)
        answer = _ask(self.application, _without_visitor(environ, key))
        if not (is_known and answer.may_be_kept()):
            return answer
        until = min(change or began + LONGEST, began + LONGEST)
        answer = replace(answer, generation=generation, since=began, until=until)
        self._keep(key, answer)
        return answer

    def _keep(self, key, answer):
        with self._lock:
            replaced = self._kept.pop(key, None)
            self._bytes += _size(answer) - (_size(replaced) if replaced else 0)
            self._kept[key] = answer
            while self._bytes > self.most_bytes:
                self._bytes -= _size(self._kept.popitem(last=False)[1])


def _key(environ):
    """Return what the answer to a plain visit depends on: host, whether it is HTTPS, path, encoding.

    None if the request does not just read a page of this site, as someone without a session.
    """
    host, _port = split_domain_port(environ.get("HTTP_HOST", ""))
    path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    is_plain_visit = (
        environ["REQUEST_METHOD"] in ("GET", "HEAD")
        and host in settings.ALLOWED_HOSTS
        and not path.startswith(PASS_BY)
        and (not query or CAMPAIGN.fullmatch(query) is not None)
        and settings.SESSION_COOKIE_NAME not in environ.get("HTTP_COOKIE", "")
        and environ.get("CONTENT_LENGTH", "") in ("", "0")
        and not any(environ.get(name) for name in UNUSUAL)
    )
    is_https = environ["wsgi.url_scheme"] == "https" or environ.get("HTTP_X_FORWARDED_PROTO") == "https"
    return (host, is_https, path, _encoding_for(environ.get("HTTP_ACCEPT_ENCODING", ""))) if is_plain_visit else None


def _without_visitor(environ, key):
    """Return a GET for the same page that tells nothing about the visitor."""
    host, is_https, path, encoding = key
    kept = {name: value for name, value in environ.items() if name in NEEDED or name.startswith("wsgi.")}
    kept.pop("wsgi.file_wrapper", None)
    return kept | {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "HTTP_HOST": host,
        "HTTP_X_FORWARDED_PROTO": "https" if is_https else "http",
        "HTTP_ACCEPT_ENCODING": encoding or "",
        "wsgi.input": io.BytesIO(),
    }


def _ask(application, environ):
    started = []
    chunks = application(environ, lambda status, headers, exc_info=None: started.append((status, headers)))
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return Answer(*started[-1], body)


def _knows(environ, etag):
    """Return whether the visitor already has the answer with this ETag."""
    known = environ.get("HTTP_IF_NONE_MATCH")
    if not known or not etag:
        return False
    etags = parse_etags(known)
    return etags == ["*"] or etag.removeprefix("W/") in {one.removeprefix("W/") for one in etags}


def _size(answer):
    return len(answer.body) + OVERHEAD
