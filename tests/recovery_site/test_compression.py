"""Pages are sent compressed, what holds a secret never is, and caches can tell every encoding from the others."""

import gzip
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import brotli
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from recovery_site.middleware.compression import CompressionMiddleware, best_encoding

PAGES = ["/", "/addiction/kratom-addiction-treatment/", "/faq/", "/faq/kratom-withdrawal/", "/sitemap.xml"]
DECODE = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}
LONG_TEXT = "Kratom is a tree from Southeast Asia. " * 20


@pytest.fixture
def ask(db):
    """A function: status, headers and body of an answer of the real WSGI application, which wsgiref's validator
    watches. The connection that the test's transaction needs stays open between answers."""

    def ask(path, **headers):
        environ = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": ""}
        environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        setup_testing_defaults(environ)
        answer = {}

        def start_response(status, fields, exc_info=None):
            answer.update(status=int(status.split()[0]), headers=dict(fields))

        chunks = validator(WSGIHandler())(environ, start_response)
        body = b"".join(chunks)
        chunks.close()
        return answer["status"], answer["headers"], body

    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield ask
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.parametrize(
    ("accepted", "best"),
    [
        ("", None),
        ("br", "br"),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("BR", "br"),
        ("br;q=0.5, gzip;q=1", "gzip"),
        ("br ; q=0.5 , gzip ; Q=0.75", "gzip"),
        ("br;q=0", None),
        ("br;q=0.000, gzip", "gzip"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("*;q=0", None),
        ("gzip, *;q=0", "gzip"),
        ("identity", None),
        ("identity;q=0.8, br;q=0.5", None),
        ("identity;q=0.5, br;q=0.8", "br"),
        ("identity;q=0", None),
        ("deflate, zstd", None),
        ("xbr, gzippy", None),
        ("br;q=2", None),
        ("br;q=nan", None),
        ("br;q", None),
        (";;,,=,", None),
    ],
)
def test_best_encoding_follows_the_weights(accepted, best):
    assert best_encoding(accepted) == best


@pytest.mark.parametrize("path", PAGES)
def test_decoded_body_equals_the_plain_one(ask, path):
    _status, _headers, plain = ask(path)
    assert plain.startswith((b"<!doctype html>", b"<?xml"))
    for encoding in ("br", "gzip"):
        status, headers, body = ask(path, accept_encoding=encoding)
        assert (status, headers["Content-Encoding"], headers["Content-Length"]) == (200, encoding, str(len(body)))
        assert DECODE[encoding](body) == plain
        assert len(body) < len(plain) / 2


def test_each_encoding_has_an_etag_of_its_own_and_is_not_sent_twice(ask):
    path, etags = "/family-support/", {}
    for accepted in ("br", "gzip", "identity"):
        status, headers, _body = ask(path, accept_encoding=accepted)
        assert (status, headers["Vary"]) == (200, "Accept-Encoding")
        etags[accepted] = headers["ETag"]
    assert len(set(etags.values())) == 3
    for accepted in etags:
        answers = {sent: ask(path, accept_encoding=accepted, if_none_match=etag) for sent, etag in etags.items()}
        assert {sent: status for sent, (status, _headers, _body) in answers.items()} == {
            sent: 304 if sent == accepted else 200 for sent in etags
        }
        _status, headers, body = answers[accepted]
        assert (headers["ETag"], headers["Vary"], body) == (etags[accepted], "Accept-Encoding", b"")


@pytest.mark.django_db
@pytest.mark.parametrize("accepted", ["br", "gzip", "identity"])
def test_head_has_the_headers_of_get(client, accepted):
    got = client.get("/faq/", headers={"accept-encoding": accepted})
    head = client.head("/faq/", headers={"accept-encoding": accepted})
    assert head.content == b""
    names = ["Content-Encoding", "Content-Length", "Content-Type", "Vary", "Cache-Control"]
    assert [head.get(name) for name in names] == [got.get(name) for name in names]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "/assessment/",
        "/assessment/received/made-up/",
        "/search/?q=kratom",
        "/nothing-here/",
        "/admin/login/",
        "/admin/",
    ],
)
def test_what_may_hold_a_secret_is_never_compressed(client, make_staff, path):
    if path == "/admin/":
        client.force_login(make_staff("publisher"))
    response = client.get(path, headers={"accept-encoding": "br, gzip"})
    assert "no-store" in response["Cache-Control"]
    assert ("Content-Encoding" in response, b"</html>" in response.content) == (False, True)


def compressed(response):
    return CompressionMiddleware(lambda request: response)(RequestFactory().get("/", headers={"accept-encoding": "br"}))


def public(content=LONG_TEXT, **headers):
    return HttpResponse(content, headers={"Cache-Control": "public, max-age=60"} | headers)


def test_public_text_is_compressed():
    response = compressed(public())
    assert (response["Content-Encoding"], brotli.decompress(response.content).decode()) == ("br", LONG_TEXT)


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse(LONG_TEXT),
        public(**{"Cache-Control": "private"}),
        public(**{"Cache-Control": "no-store"}),
        public("short"),
        public(**{"Content-Type": "image/png"}),
        public(**{"Content-Encoding": "zstd"}),
        StreamingHttpResponse([LONG_TEXT], headers={"Cache-Control": "public"}),
    ],
    ids=["no word on caching", "private", "no-store", "short", "picture", "encoded already", "streamed"],
)
def test_response_is_left_as_it_is(response):
    before = dict(response.headers), b"".join(response)
    if response.streaming:
        response.streaming_content = [before[1]]
    after = compressed(response)
    assert (dict(after.headers), b"".join(after)) == before


def test_response_with_a_cookie_is_left_as_it_is():
    response = public()
    response.set_cookie("form", "a secret")
    assert "Content-Encoding" not in compressed(response)


def test_vary_keeps_what_it_said():
    assert compressed(public(Vary="Cookie"))["Vary"] == "Cookie, Accept-Encoding"
