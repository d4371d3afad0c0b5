"""The shipped configuration of nginx, as a real nginx runs it."""

import contextlib
import http.client
import re
import shutil
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks import parts
from benchmarks.nginx import HOST, ORIGIN, nginx
from recovery_site.middleware import browser_policies
from tests import tls

pytestmark = pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed here (apt: nginx-light)")

CLIENT = "X-Test-Address"  # the address of the client, as the tests give it
HEADERS = {
    "Strict-Transport-Security": "max-age=31536000",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
} | browser_policies.HEADERS


class Site(tls.QuietHandler):
    """Stands behind nginx. Answers at once, but slowly under /admin/slow, and not at all under /gone."""

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/gone":
            self.close_connection = True
            return
        if self.path == "/admin/slow":
            time.sleep(2)
        self.answer(200, [(name, "of the site") for name in HEADERS], self.headers["X-Forwarded-For"].encode())

    do_POST = do_GET


@pytest.fixture(scope="module")
def server():
    believes = f"set_real_ip_from {HOST}; real_ip_header {CLIENT};"
    with (
        parts.folder() as folder,
        tls.serving(Site) as origin,
        nginx(folder, int(origin.rpartition(":")[2]), believes) as running,
    ):
        yield running


def ask(server, path, method="GET", client="192.0.2.1", body=None, headers=()):
    """The answer of nginx over TLS, with its body already read."""
    connection = http.client.HTTPSConnection(HOST, server.port, timeout=20, context=server.trust)
    connection.request(method, path, body, {CLIENT: client} | dict(headers))
    response = connection.getresponse()
    response.body = response.read()
    connection.close()
    return response


def statuses(server, count, path, method="GET", client="192.0.2.1"):
    return [ask(server, path, method, client).status for _ in range(count)]


def plain(port, request):
    """The whole answer to bytes sent without TLS."""
    with socket.create_connection((HOST, port), timeout=10) as connection:
        connection.sendall(request)
        return connection.makefile("rb").read().decode()


def test_a_redirect_leads_to_the_configured_name_and_no_other(server):
    said = plain(server.plain_port, b"GET /a?b=c HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
    assert re.findall(r"(?m)^Location: (.*?)\r$", said) == [f"{ORIGIN}/a?b=c"]
    assert "evil" not in said


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384"])
def test_tls_without_authenticated_encryption_is_refused(server, cipher):
    with pytest.raises(ssl.SSLError):
        shake_hands(server, cipher)


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"])
def test_tls_with_forward_secrecy_and_authenticated_encryption_is_spoken(server, cipher):
    assert shake_hands(server, cipher) == cipher


def shake_hands(server, cipher):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(cipher)
    connection = socket.create_connection((HOST, server.port), timeout=10)
    with contextlib.closing(connection), context.wrap_socket(connection) as wrapped:
        return wrapped.cipher()[0]


OWN_ANSWERS = {
    "too long": (lambda server: ask(server, "/", "POST", body=b"a" * 2_100_000), 413),
    "no file": (lambda server: ask(server, "/media/originals/a.png"), 404),
    "missing file": (lambda server: ask(server, "/media/images/a.png"), 404),
    "broken address": (lambda server: ask(server, "/%zz"), 400),
    "site is gone": (lambda server: ask(server, "/gone"), 502),
    "too many": (
        lambda server: [ask(server, "/admin/login/", "POST", client="192.0.2.99") for _ in range(40)][-1],
        429,
    ),
}


@pytest.mark.parametrize(("answer", "status"), OWN_ANSWERS.values(), ids=OWN_ANSWERS)
def test_what_nginx_answers_itself_has_every_security_header_once(server, answer, status):
    response = answer(server)
    assert response.status == status
    assert {name: response.headers.get_all(name) for name in HEADERS} == {name: [HEADERS[name]] for name in HEADERS}
    assert (b"988" in response.body, b"style" in response.body) == (True, False)  # the policy allows no style


def test_what_the_site_answers_passes_with_its_own_headers(server):
    response = ask(server, "/")
    assert {name: response.headers.get_all(name) for name in HEADERS} == {name: ["of the site"] for name in HEADERS}


SIGN_IN = [
    "/admin/login/",
    "/admin/login/?next=/admin/",
    "/admin/log%69n/",
    "//admin//login/",
    "/admin/second-factor/",
    "/admin/set-up/a-token/",
    "/admin/passkey/finish/",
    "/cms/login/",
]


@pytest.mark.parametrize("path", SIGN_IN)
def test_one_client_may_send_few_sign_ins_and_others_still_may(server, path):
    client, other = (f"198.51.{SIGN_IN.index(path)}.{last}" for last in (1, 2))
    sent = statuses(server, 60, path, "POST", client)
    assert (sent[:20], sent.count(429) >= 35) == ([200] * 20, True)
    assert statuses(server, 30, path, "GET", client) == [200] * 30
    assert statuses(server, 2, path, "POST", other) == [200] * 2
    assert statuses(server, 2, "/assessment/", "POST", client) == [200] * 2


def test_the_addresses_of_one_ipv6_network_count_as_one_client(server):
    sent = [ask(server, "/admin/login/", "POST", f"2001:db8:0:7:{n:x}::1").status for n in range(60)]
    assert (sent[:20], sent.count(429) >= 35) == ([200] * 20, True)
    assert statuses(server, 2, "/admin/login/", "POST", "2001:db8:0:8::1") == [200] * 2


def test_searches_of_one_client_are_limited(server):
    sent = statuses(server, 60, "/search/?q=kratom", client="203.0.113.1")
    assert (sent[:20], sent.count(429) >= 20) == ([200] * 20, True)
    assert statuses(server, 2, "/faq/", client="203.0.113.1") == [200] * 2


def test_one_client_can_not_hold_connections_with_slow_bodies(server):
    head = f"POST /es/ HTTP/1.1\r\nHost: a\r\n{CLIENT}: 203.0.113.2\r\nContent-Length: 1000\r\n\r\na".encode()
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connect(server)) for _ in range(100)]
        for connection in held:
            connection.sendall(head)
        time.sleep(1)
        waiting = [connection for connection in held if is_waiting(connection)]
        assert len(waiting) == 30
        assert ask(server, "/es/", "POST", client="203.0.113.3").status == 200
        assert ask(server, "/es/", client="203.0.113.2").status == 200


@pytest.mark.slow
def test_slow_bodies_that_were_refused_do_not_stay_connected(server):
    head = f"POST /es/ HTTP/1.1\r\nHost: a\r\n{CLIENT}: 203.0.113.9\r\nContent-Length: 1000\r\n\r\na".encode()
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connect(server)) for _ in range(100)]
        for connection in held:
            connection.sendall(head)
        for _ in range(15):
            time.sleep(1)
            held = [connection for connection in held if takes_a_byte(connection)]
        assert len(held) == 30


def takes_a_byte(connection):
    try:
        connection.sendall(b"a")
    except OSError:
        return False
    return True


def connect(server):
    return server.trust.wrap_socket(socket.create_connection((HOST, server.port), timeout=10), server_hostname=HOST)


def is_waiting(connection):
    """Whether nginx still waits for the rest of the body, so that it has not answered yet."""
    connection.settimeout(0.05)
    try:
        connection.recv(1)
    except TimeoutError:
        return True
    return False


def test_requests_in_progress_to_the_desk_are_limited_and_an_office_has_room(server):
    with ThreadPoolExecutor(90) as pool:
        sent = list(pool.map(lambda _: ask(server, "/admin/slow", client="203.0.113.4").status, range(90)))
    assert (sent.count(200), sent.count(429)) == (60, 30)


def test_the_log_has_no_address_no_query_and_no_secret(server):
    for path in ("/search/?q=canary", "/assessment/manage/canary/", "/admin/set-up/canary/"):
        ask(server, path, client="203.0.113.55")
    log = server.access_log.read_text()
    assert [path in log for path in (" /search/ ", " /assessment/manage/- ", " /admin/set-up/- ")] == [True] * 3
    assert ("canary" in log, "203.0.113" in log) == (False, False)
