"""Servers for browser tests: TLS in front of the site, as in production, and a page of another site."""

import contextlib
import datetime as dt
import http.client
import ipaddress
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

LOOPBACK = "127.0.0.1"
ONLY_FOR_ONE_HOP = ("connection", "keep-alive", "transfer-encoding", "date", "server")


@contextlib.contextmanager
def serving(handler, certificate=None):
    """Serve on a free port of loopback during the block. Yields the origin, such as `https://127.0.0.1:4711`."""
    server = ThreadingHTTPServer((LOOPBACK, 0), handler)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # A browser opens connections that it may never use. So each handshake happens in the connection's own thread.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://{LOOPBACK}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class QuietHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle(self):
        with contextlib.suppress(OSError):  # a browser may close a connection at any time
            super().handle()

    def answer(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def proxy_to(origin):
    """Return a handler class that forwards every request to a server on this machine, as nginx does in production."""

    class Proxy(QuietHandler):
        def do_GET(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = dict(self.headers.items()) | {"X-Forwarded-Proto": "https", "Connection": "close"}
            connection = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=60)
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            content = response.read()
            kept = [
                pair for pair in response.getheaders() if pair[0].lower() not in (*ONLY_FOR_ONE_HOP, "content-length")
            ]
            connection.close()
            self.answer(response.status, kept, content)

        do_POST = do_GET

    return Proxy


class SomeoneElse(QuietHandler):
    """Answers with a neutral page of another site."""

    def do_GET(self):
        body = b"<!doctype html><title>Weather</title><link rel=icon href=data:,><h1>Sunny</h1>"
        self.answer(200, [("Content-Type", "text/html; charset=utf-8")], body)


def write_certificate(path):
    """Write a new key and its self-signed certificate for loopback to one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, LOOPBACK)])
    # The browser checks the dates of the certificate, and its clock differs from the test's.
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2099, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
