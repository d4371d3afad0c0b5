"""Leaving quickly, and what a page that a browser kept asks."""

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from intake.submission import device, pending


@never_cache
@require_safe
def leave(request, token=""):
    """Let the browser forget what was typed, and lead on to a neutral page.

    A link, not a post: the policy of our pages (`form-action 'self'`) lets no form lead to another site. A browser that
    only read gets no cookie. `token` is that of a form to be mended, for a browser that keeps no cookie.
    """
    if request.method == "GET":
        pending.forget(token, request)
    response = HttpResponseRedirect(settings.LEAVE_TO, status=303)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    if device.saw_form(request):
        # Who comes next is someone else: even with the same phone or email, what they send is a request of their own.
        response.delete_cookie(settings.CSRF_COOKIE_NAME, samesite=settings.CSRF_COOKIE_SAMESITE)
        device.forget(request, response, leaves=True)
    return response


@never_cache
@require_safe
def visit(request):
    """What a page that the browser kept compares itself with, see `came_back.js`."""
    return HttpResponse(device.mark_of(request), content_type="text/plain")
