"""Asks other sites whether the addresses that our pages link to still lead somewhere.

One request at a time, with a time limit, without reading what comes. A redirect is followed only on the same site;
one that leads elsewhere, or for good, is told to the editor. Addresses inside of a network are not asked.
"""

import http.client
import ipaddress
import socket
import ssl
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from .models import LinkCheck

SECONDS = 10
MOST_REDIRECTS = 5
HEADERS = {"User-Agent": "link check", "Accept": "text/html,*/*;q=0.5"}
_ASK_AGAIN_WITH_GET = {403, 404, 405, 500, 501, 503}  # some servers do not know HEAD


class _Problem(Exception):
    """Why an address does not lead where it says; the words are for editors."""


def check(address):
    """Asks for an address and stores what came of it. Returns the `LinkCheck`."""
    try:
        problem = _follow(address)
    except _Problem as error:
        problem = str(error)
    row, _created = LinkCheck.objects.update_or_create(
        address=address, defaults={"problem": problem[:300], "checked_at": timezone.now()}
    )
    return row


def _follow(address):
    at, moved_for_good = address, False
    for _step in range(MOST_REDIRECTS + 1):
        status, location = _ask(at)
        if status < 300:
            return _("It moved for good to %s") % at if moved_for_good else ""
        if status >= 400 or not location:
            raise _Problem(_("The site answers %d.") % status)
        moved_for_good = moved_for_good or (status in (301, 308) and not _is_same(at, urljoin(at, location)))
        following = urljoin(at, location)
        if _site(following) != _site(address):
            raise _Problem(_("It leads to another site: %s") % following)
        at = following
    raise _Problem(_("It leads in a circle."))


def _site(address):
    return (urlsplit(address).hostname or "").removeprefix("www.")


def _is_same(one, other):
    """Whether two addresses differ only in the way they are written: http or https, www, a slash at the end."""
    parts = [(_site(address), urlsplit(address).path.rstrip("/"), urlsplit(address).query) for address in (one, other)]
    return parts[0] == parts[1]


def _ask(address):
    """The status and the `Location` that a server answers."""
    status, location = _request("HEAD", address)
    if status in _ASK_AGAIN_WITH_GET:
        status, location = _request("GET", address)
    return status, location


def _request(method, address):
    parts = urlsplit(address)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = _public_address(parts.hostname, port)
        if parts.scheme == "https":
            connection = _HTTPSConnection(parts.hostname, host, port)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, headers=HEADERS | {"Host": parts.netloc.rpartition("@")[2]})
            response = connection.getresponse()
            return response.status, response.headers.get("Location")
        finally:
            connection.close()
    except TimeoutError as error:
        raise _Problem(_("The site did not answer within %d seconds.") % SECONDS) from error
    except ssl.SSLError as error:
        raise _Problem(_("The site's certificate is not valid.")) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise _Problem(_("The site can't be reached.")) from error


class _HTTPSConnection(http.client.HTTPSConnection):
    """Connects to an address that was looked at, and asks for the certificate of the name."""

    def __init__(self, name, host, port):
        super().__init__(name, port, timeout=SECONDS, context=ssl.create_default_context())
        self._host = host

    def connect(self):
        plain = socket.create_connection((self._host, self.port), SECONDS)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


def _public_address(name, port):
    """An address of a host on the internet: a page must not make this machine ask inside of its own network."""
    if not name:
        raise _Problem(_("The address names no site."))
    found = [info[4][0] for info in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]
    for address in found:
        if name in settings.LINK_CHECK_INSIDE or ipaddress.ip_address(address).is_global:
            return address
    raise _Problem(_("The address is not on the internet."))
