"""nginx with a copy of deploy/nginx.conf in which only addresses, ports and paths differ."""

import contextlib
import dataclasses
import pathlib
import re
import shutil
import socket
import ssl
import subprocess

from tests.ports import free_port
from tests.tls import write_certificate

from .parts import ROOT, wait_until

HOST = "127.0.0.1"
ORIGIN = "https://www.example.org"  # the configured one, to which plain HTTP is redirected


@dataclasses.dataclass(frozen=True)
class Nginx:
    """A running nginx: its ports, an SSL context that trusts its certificate, and the file of its access log."""

    port: int
    plain_port: int
    trust: ssl.SSLContext
    access_log: pathlib.Path


@contextlib.contextmanager
def nginx(folder, upstream_port, in_http=""):
    """Run nginx with the shipped configuration. Yield the `Nginx`. `in_http`: more directives for its http block."""
    place = folder / "nginx"
    place.mkdir()
    place.chmod(0o777)  # its workers run as nobody
    certificate, key = place / "fullchain.pem", place / "privkey.pem"
    write_certificate(certificate)  # and its key
    shutil.copy(certificate, key)
    port, plain_port = free_port(), free_port()
    origin = (ROOT / "deploy/site_origin.conf.template").read_text().replace("${PUBLIC_ORIGIN}", ORIGIN)
    (place / "site_origin.conf").write_text(origin)
    text = (ROOT / "deploy/nginx.conf").read_text()
    for old, new in {
        "/tmp/": f"{place}/",  # first, because the paths below may be inside it
        "server_tokens off;": f"server_tokens off; {in_http}",
        "server web:8000;": f"server 127.0.0.1:{upstream_port};",
        "listen 8080 default_server;": f"listen 127.0.0.1:{plain_port} default_server;",
        "listen 8443 ssl default_server;": f"listen 127.0.0.1:{port} ssl{' http2' if is_old() else ''} default_server;",
        "http2 on;": "" if is_old() else "http2 on;",
        "/etc/nginx/tls": str(place),
        "/etc/nginx/security_headers.conf": str(ROOT / "deploy/security_headers.conf"),
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
        wait_until(lambda: answers(port), "nginx")
        trust = ssl.create_default_context(cafile=certificate)
        yield Nginx(port, plain_port, trust, place / "access.log")
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
