"""The addresses of Wagtail's admin, except those that we handle elsewhere.

People sign in at /admin/, which also has the accounts, roles and passwords. PUBLIC_ORIGIN sets the public address.
Pages and documents are either public or drafts. None has its own password.
"""

from django.conf import settings
from django.http import HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import include, path, re_path
from django.views.decorators.cache import never_cache
from wagtail.admin import urls as wagtail_urls
from wagtail.admin.auth import require_admin_access

from pages.link_forms import ExternalLinkView
from recovery_site.error_views import no_such_page

CLOSED = (
    r"^(?:account|users|groups|password_reset|sites|failwhale|test404)/",
    r"^bulk/auth/",  # accounts too
    r"^pages/\d+/privacy/$",
    r"^collections/\d+/privacy/$",
)


@never_cache
def sign_in(request):
    """Redirect to our sign-in page with the same query string, which names the target page."""
    query = request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(resolve_url(settings.LOGIN_URL) + (f"?{query}" if query else ""))


urlpatterns = [
    path("login/", sign_in),
    *(re_path(pattern, no_such_page) for pattern in CLOSED),
    path("choose-external-link/", require_admin_access(ExternalLinkView.as_view())),  # replaces Wagtail's view
    path("", include(wagtail_urls)),
]
