"""Decide who may open /cms/, and what everyone else gets."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import JsonResponse
from django.utils.translation import gettext as _
from wagtail.admin.auth import require_admin_access

from recovery_site import cms, resubmit

# Wagtail serves its icons and the words of its scripts to everyone. They hold nothing, but here they are for editors.
LEFT_OPEN_BY_WAGTAIL = ("wagtailadmin_sprite", "wagtailadmin_javascript_catalog")


def may_edit(request):
    """Return whether the signed-in user may open /cms/: active staff with a content role, or a superuser."""
    return admin.site.has_permission(request) and request.user.has_perm("wagtailadmin.access_admin")


class AccessMiddleware:
    """Refuse signed-in users without a content role. Wagtail would redirect them to the sign-in page in an endless
    loop.

    Users who were signed out get a page with what they sent. Wagtail sends everyone else to sign in.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if not cms.is_under(request) or may_edit(request):
            return None
        if request.user.is_authenticated:
            raise PermissionDenied
        if request.resolver_match.url_name in LEFT_OPEN_BY_WAGTAIL:
            return require_admin_access(view)(request, *args, **kwargs)
        if request.method != "POST":
            return None
        if not cms.is_page_load(request):
            return not_saved()
        return resubmit.page(request) if resubmit.is_worth_keeping(request) else None


def not_saved():
    """Return an error response that Wagtail's autosave can display."""
    sentence = _(
        "Not saved: you are signed out. Leave this page open and sign in from a new tab. Then come back and press Save."
    )
    # Wagtail's script tries again only after this error code.
    answer = {"success": False, "error_code": "validation_error", "error_message": sentence}
    return JsonResponse(answer, status=403)
