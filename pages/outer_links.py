"""Check the links from our pages to other sites.

Sends one request at a time, with a timeout, and does not read the body. Follows redirects only within the same site.
Permanent redirects and redirects to other sites are reported to editors. Private network addresses are never requested.
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
_ASK_AGAIN_WITH_GET = {403, 404, 405, 500, 501, 503}  # some servers don't support HEAD


class _Problem(Exception):
    """Raised if an address does not work. The message is for editors."""


def check(address):
    """Request an address, store the result and return it as a `LinkCheck`."""
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
            return _("It moved permanently to %s") % at if moved_for_good else ""
        if status >= 400 or not location:
            raise _Problem(_("The site answered with status %d.") % status)
        moved_for_good = moved_for_good or (status in (301, 308) and not _is_same(at, urljoin(at, location)))
        following = urljoin(at, location)
        if _site(following) != _site(address):
            raise _Problem(_("It redirects to another site: %s") % following)
        at = following
    raise _Problem(_("It redirects in a loop."))


def _site(address):
    return (urlsplit(address).hostname or "").removeprefix("www.")


def _is_same(one, other):
    """Return whether two addresses differ only in http or https, in "www.", or in a slash at the end."""
    parts = [(_site(address), urlsplit(address).path.rstrip("/"), urlsplit(address).query) for address in (one, other)]
    return parts[0] == parts[1]


def _ask(address):
    """Request an address with HEAD, or with GET if the site refuses HEAD. Return the status and the `Location`
    header."""
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
        raise _Problem(_("Can't connect to the site.")) from error


class _HTTPSConnection(http.client.HTTPSConnection):
    """Connects to an IP address that we have already checked, and verifies the certificate for the host name."""

    def __init__(self, name, host, port):
        super().__init__(name, port, timeout=SECONDS, context=ssl.create_default_context())
        self._host = host

    def connect(self):
        plain = socket.create_connection((self._host, self.port), SECONDS)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


def _public_address(name, port):
    """Return a public IP address of a host. Raises `_Problem` if it has none.

    A link on a page must not make this server send requests to its own network.
    """
    if not name:
        raise _Problem(_("The address has no site name, such as example.org."))
    found = [info[4][0] for info in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]
    for address in found:
        if name in settings.LINK_CHECK_INSIDE or ipaddress.ip_address(address).is_global:
            return address
    raise _Problem(_("The address is not on the public internet."))
