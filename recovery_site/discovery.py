"""Files that machines ask a site for: the sitemap, robots.txt, security.txt and the web app manifest."""

import datetime as dt
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap, views
from django.http import Http404, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from wagtail.models import Page

from pages import facts
from pages.models.page import HOME_DEPTH
from pages.visibility import visible

CONTACT_HOLDS_FOR = dt.timedelta(days=180)  # RFC 9116 asks for less than a year

ROBOTS = """\
User-agent: *
Disallow: /admin/
Disallow: /assessment/check/
Disallow: /assessment/leave/
Disallow: /assessment/received/
Disallow: /cms/
Disallow: /search/

Sitemap: {origin}/sitemap.xml
"""

SECURITY = """\
Contact: {contact}
Expires: {expires:%Y-%m-%d}T00:00:00Z
Preferred-Languages: en
Canonical: {origin}/.well-known/security.txt
"""


class PublicSitemap(Sitemap):
    """A sitemap whose addresses begin with PUBLIC_ORIGIN, whatever host the request named."""

    def get_domain(self, site=None):
        return urlsplit(settings.PUBLIC_ORIGIN).netloc

    def get_protocol(self, protocol=None):
        return urlsplit(settings.PUBLIC_ORIGIN).scheme


class ShownPages(PublicSitemap):
    """The pages that readers can open now. Each has the time when it was last published."""

    def items(self):
        return visible(Page.objects.filter(depth__gte=HOME_DEPTH))

    def location(self, page):
        return page.url

    def lastmod(self, page):
        return page.last_published_at


class StandingAddresses(PublicSitemap):
    def items(self):
        return [reverse("intake:assessment")]

    def location(self, address):
        return address


@require_safe
@cache_control(public=True, max_age=60)
def sitemap(request):
    """Return the sitemap: every page that readers can open now, and the assessment form."""
    sitemaps = {
        "pages": ShownPages(),
        "standing": StandingAddresses(),
    }
    return views.sitemap(request, sitemaps)


@require_safe
@cache_control(public=True, max_age=60)
def robots(request):
    return _plain_text(ROBOTS.format(origin=settings.PUBLIC_ORIGIN))


@require_safe
@cache_control(public=True, max_age=60)
def security(request):
    """Return security.txt with the contact for security reports (RFC 9116). 404 if SECURITY_CONTACT is empty."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    expires = timezone.now() + CONTACT_HOLDS_FOR
    return _plain_text(
        SECURITY.format(contact=settings.SECURITY_CONTACT, expires=expires, origin=settings.PUBLIC_ORIGIN)
    )


@require_safe
@cache_control(public=True, max_age=60)
def web_manifest(request):
    """Return the name, colors and icon for a phone's home screen. The site opens in the browser, not as an app."""
    center = facts.current().center
    return JsonResponse(
        ({"name": center.name} if center else {})
        | {
            "lang": "en-US",
            "start_url": "/",
            "display": "browser",
            "background_color": "#fdf6ec",
            "theme_color": "#fdf6ec",
            "icons": [
                {"src": static("pages/icon.svg"), "sizes": "any", "type": "image/svg+xml"},
                {"src": static("pages/icon-192.png"), "sizes": "192x192", "type": "image/png"},
                {"src": static("pages/icon-512.png"), "sizes": "512x512", "type": "image/png"},
            ],
        },
        content_type="application/manifest+json",
    )


def _plain_text(text):
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
