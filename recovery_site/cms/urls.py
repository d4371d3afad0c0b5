"""The addresses of Wagtail's admin, without those that have another home here.

People sign in at /admin/, where accounts, roles and passwords are kept too. The public address of the site comes from
PUBLIC_ORIGIN. Pages and documents are public or they are drafts: nothing has a password of its own.
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
    r"^bulk/auth/",  # accounts again
    r"^pages/\d+/privacy/$",
    r"^collections/\d+/privacy/$",
)


@never_cache
def sign_in(request):
    """Lead to the one sign-in page, with where to go on to."""
    query = request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(resolve_url(settings.LOGIN_URL) + (f"?{query}" if query else ""))


urlpatterns = [
    path("login/", sign_in),
    *(re_path(pattern, no_such_page) for pattern in CLOSED),
    path("choose-external-link/", require_admin_access(ExternalLinkView.as_view())),  # in place of Wagtail's
    path("", include(wagtail_urls)),
]
