"""Compresses pages: brotli, else gzip, else as they are, by what the browser accepts.

Only what any cache may keep (`Cache-Control: public`, no cookie) is compressed. The length of a compressed page tells
an eavesdropper how far a guess in the address repeats a secret of the page (BREACH). A public page holds no secret; the
form, the confirmation, the admin and search results carry tokens or words of a visitor, are never public, and stay as
they are. A view that says nothing about caching is left alone too.
"""

import gzip
import re
from functools import lru_cache

import brotli
from django.utils.cache import cc_delim_re, patch_vary_headers

SHORTEST = 200  # bytes; below, the headers outweigh what is saved
TEXT_TYPES = ("application/json", "application/manifest+json", "application/xml", "image/svg+xml")

_QUALITY = re.compile(r"q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)


class CompressionMiddleware:
    """Compresses a response and says so in `Content-Encoding`, `Content-Length` and `Vary`.

    It stands inside ConditionalGetMiddleware, which therefore sees what is sent: each encoding has an ETag of its own,
    and each is answered with 304 by its own. HEAD gets the headers of GET; the server drops the body.
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
    """Whether a response is a text that holds no secret and is worth the work."""
    content_type = response.get("Content-Type", "").partition(";")[0].strip().lower()
    return (
        not response.streaming
        and not response.has_header("Content-Encoding")
        and not response.cookies
        and "public" in cc_delim_re.split(response.get("Cache-Control", "").lower())
        and (content_type.startswith("text/") or content_type in TEXT_TYPES)
        and len(response.content) >= SHORTEST
    )


def best_encoding(accepted):
    """The best of "br" and "gzip" for an Accept-Encoding header, or None to send the text as it is (RFC 9110, 12.5.3).

    A weight that can't be read counts as 0. An encoding that is not named has the weight of `*`.
    """
    weights = {}
    for item in accepted.split(","):
        name, _, parameter = item.partition(";")
        weights[name.strip().lower()] = _weight(parameter.strip())
    anything = weights.get("*", 0)
    best = max(("br", "gzip"), key=lambda name: weights.get(name, anything))  # the first of equals
    weight = weights.get(best, anything)
    return best if weight > 0 and weight >= weights.get("identity", 0) else None


def _weight(parameter):
    if not parameter:
        return 1.0
    found = _QUALITY.fullmatch(parameter)
    return float(found[1]) if found else 0.0


@lru_cache(maxsize=128)
def _compressed(content, encoding):
    """The same bytes always give the same answer, so what is kept here is never stale. That pays for the strongest
    brotli: 60 ms for the longest page, once in each process, and an eighth less for each reader to load."""
    return brotli.compress(content) if encoding == "br" else gzip.compress(content, mtime=0)
