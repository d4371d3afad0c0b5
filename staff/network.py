import ipaddress

from django.conf import settings

PREFIX_LENGTH = {4: 24, 6: 56}  # about one household, clinic or small provider


def network_of(http_request):
    """Return the network that a request comes from, such as "203.0.113.0/24"; "" if there is no address."""
    address = http_request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:  # nginx sets the header and drops what a visitor sends
        address = http_request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or address
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return str(ipaddress.ip_network((parsed, PREFIX_LENGTH[parsed.version]), strict=False))
