"""The URL configuration. Pages come last, because their pattern matches every address that is left."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path, re_path

from pages.views import share_picture

from . import copied_addresses, discovery, error_views, media
from .search.views import search

urlpatterns = [
    re_path(copied_addresses.PATTERN, copied_addresses.redirect_to_meant_page),
    path("admin/", admin.site.urls),
    path("cms/", include("recovery_site.cms.urls")),
    # The target of "Account" in the menu of /cms/: `reverse` uses the last pattern with a name. The admin above serves
    # it.
    path("admin/account/", error_views.no_such_page, name="wagtailadmin_account"),
    path("assessment/", include("intake.urls")),
    path("search/", search, name="search"),
    re_path(r"^share(/(?:[A-Za-z0-9-]+/)*)picture\.png$", share_picture, name="share_picture"),
    path("sitemap.xml", discovery.sitemap, name="sitemap"),
    path("robots.txt", discovery.robots, name="robots"),
    path("site.webmanifest", discovery.web_manifest, name="web_manifest"),
    path("media/<path:path>", media.file),
    path("status", error_views.no_such_page),  # HealthMiddleware answers first if the token is right
    path(".well-known/security.txt", discovery.security, name="security"),
    *i18n_patterns(path("", include("pages.urls")), prefix_default_language=False),
]

handler400 = "recovery_site.error_views.bad_request"
handler403 = "recovery_site.error_views.permission_denied"
handler404 = "recovery_site.error_views.not_found"
handler500 = "recovery_site.error_views.server_error"
