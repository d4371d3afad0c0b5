"""Redirect old addresses of pages to their new ones."""

from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from wagtail.contrib.redirects.middleware import RedirectMiddleware

from pages import facts


class OldAddressesMiddleware(RedirectMiddleware):
    """Wagtail's redirects, except to a page that readers can't open yet. Such a redirect would reveal the page's
    address."""

    def process_response(self, request, response):
        led_on = super().process_response(request, response)
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
