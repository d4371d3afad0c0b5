"""Compress pages with brotli or gzip, if the browser accepts it.

Only responses that any cache may keep (`Cache-Control: public`, no cookie) are compressed. If a page contains a secret,
its compressed length can reveal the secret to an eavesdropper who controls part of the address (BREACH). Public pages
contain no secrets. The form, the confirmation, the admin and search results contain tokens or text from a visitor. They
are never public, so they stay uncompressed. So do views without caching headers.
"""

import gzip
import re
from functools import lru_cache

import brotli
from django.utils.cache import patch_vary_headers

SHORTEST = 200  # bytes; below this, the extra headers outweigh the savings
TEXT_TYPES = ("application/json", "application/manifest+json", "application/xml", "image/svg+xml")

_QUALITY = re.compile(r"q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)


class CompressionMiddleware:
    """Compress a response and set `Content-Encoding`, `Content-Length` and `Vary`.

    Must run inside ConditionalGetMiddleware. Then each encoding has its own ETag, and 304 works for each. HEAD gets the
    headers of GET, and the server drops the body.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if not may_compress(response):
            return response
        patch_vary_headers(response, ["Accept-Encoding"])
        encoding = best_encoding(request.headers.get("Accept-Encoding", ""))
        if encoding:
            response.content = _compressed(response.content, encoding)
            response["Content-Encoding"] = encoding
            response["Content-Length"] = str(len(response.content))
        return response


def may_compress(response):
    """Return whether a response is text, contains no secret and is worth compressing."""
    content_type = response.get("Content-Type", "").partition(";")[0].strip().lower()
    directives = [directive.strip() for directive in response.get("Cache-Control", "").lower().split(",")]
    return (
        not response.streaming
        and not response.has_header("Content-Encoding")
        and not response.cookies
        and "public" in directives
        and (content_type.startswith("text/") or content_type in TEXT_TYPES)
        and len(response.content) >= SHORTEST
    )


def best_encoding(accepted):
    """Return "br" or "gzip" for an Accept-Encoding header (RFC 9110, 12.5.3). None to send the text uncompressed.

    A quality value that can't be read counts as 0. An encoding that is not listed gets the value of `*`.
    """
    weights = {}
    for item in accepted.split(","):
        name, _, parameter = item.partition(";")
        weights[name.strip().lower()] = _weight(parameter.strip())
    anything = weights.get("*", 0)
    best = max(("br", "gzip"), key=lambda name: weights.get(name, anything))  # on a tie, brotli
    weight = weights.get(best, anything)
    return best if weight > 0 and weight >= weights.get("identity", 0) else None


def _weight(parameter):
    if not parameter:
        return 1.0
    found = _QUALITY.fullmatch(parameter)
    return float(found[1]) if found else 0.0


@lru_cache(maxsize=128)
def _compressed(content, encoding):
    """Return the compressed page. The cache can't get stale, because the content is its key.

    So we can afford brotli's best level: 60 ms for the longest page, once in each process, for a download about 12 %
    smaller.
    """
    return brotli.compress(content) if encoding == "br" else gzip.compress(content, mtime=0)
