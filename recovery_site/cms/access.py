"""Who may enter /cms/, and what they get who may not."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import JsonResponse
from django.utils.translation import gettext as _

from recovery_site import cms, resubmit


def may_edit(request):
    """Whether someone is signed in who may enter /cms/: active staff with a content role, or a superuser."""
    return admin.site.has_permission(request) and request.user.has_perm("wagtailadmin.access_admin")


class AccessMiddleware:
    """Keeps out of /cms/ who is signed in without a content role: Wagtail would send them to sign in, again and again.
    Who was signed out meanwhile gets back what they posted. Wagtail sends everyone else to the sign-in page."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if not cms.is_under(request) or may_edit(request):
            return None
        if request.user.is_authenticated:
            raise PermissionDenied
        if request.method != "POST":
            return None
        if not cms.is_page_load(request):
            return not_saved()
        return resubmit.page(request) if resubmit.is_worth_keeping(request) else None


def not_saved():
    """The answer to a script of Wagtail's editor, in the form that autosave reads and shows."""
    sentence = _(
        "Not saved: you are signed out. Leave this page open, sign in in a new tab, then come back and press Save."
    )
    # Of the codes that Wagtail's script knows, the one after which it goes on to try.
    answer = {"success": False, "error_code": "validation_error", "error_message": sentence}
    return JsonResponse(answer, status=403)
