"""Redirect old addresses of pages to their new ones."""

import logging
from urllib.parse import urlsplit

from django.db import DatabaseError
from django.urls import Resolver404, resolve
from django.utils.encoding import uri_to_iri
from wagtail.contrib.redirects.middleware import RedirectMiddleware
from wagtail.contrib.redirects.models import Redirect

from pages import facts

logger = logging.getLogger(__name__)


class OldAddressesMiddleware(RedirectMiddleware):
    """Wagtail's redirects, except to a page that readers can't open yet. Such a redirect would reveal the page's
    address. An address without a redirect costs one query. While the database is away, a page that says "not found"
    helps more than an error: it has the search, the phone number and the crisis lines."""

    def process_response(self, request, response):
        try:
            if response.status_code != 404 or not _is_old(request):
                return response
            led_on = super().process_response(request, response)
        except DatabaseError as error:
            logger.error("Can't look up an old address: %s", type(error).__name__)
            return response
        if led_on is not response and _is_hidden_page(led_on["Location"]):
            return response
        return led_on


def _is_hidden_page(address):
    parts = urlsplit(address)
    try:
        is_page = not parts.netloc and resolve(parts.path).url_name == "wagtail_serve"
    except Resolver404:
        return False
    return is_page and parts.path not in facts.current().addresses


def _is_old(request):
    """Return whether the address has a redirect, with or without its query, as sent or decoded."""
    path = Redirect.normalise_path(request.get_full_path(), decode_unicode=False)
    spellings = {path, urlsplit(path).path}
    spellings |= {uri_to_iri(spelling) for spelling in spellings}
    return Redirect.objects.filter(old_path__in=[one for one in spellings if "\0" not in one]).exists()
