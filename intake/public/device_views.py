"""Leave the site quickly, and let a page kept by the browser check whether it is outdated."""

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from intake.submission import device, pending


@never_cache
@require_safe
def leave(request, token=""):
    """Make the browser forget what was typed, and redirect to a neutral page.

    This is a link, not a form: our content security policy (`form-action 'self'`) blocks forms that lead to other
    sites. A reader who opened no form gets no cookie. `token`: that of a pending form, for browsers without cookies.
    """
    if request.method == "GET":
        pending.forget(token, request)
    response = HttpResponseRedirect(settings.LEAVE_TO, status=303)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    if token or device.saw_form(request):
        # The next visitor may be someone else. Even with the same phone or email, they get a request of their own.
        response.delete_cookie(settings.CSRF_COOKIE_NAME, samesite=settings.CSRF_COOKIE_SAMESITE)
        device.forget(request, response, leaves=True)
    return response


@never_cache
@require_safe
def visit(request):
    """Return the current value for this browser session. `form.js` compares it with the page's own."""
    return HttpResponse(device.mark_of(request), content_type="text/plain")
