from django.conf import settings
from django.http import Http404, HttpResponsePermanentRedirect
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language
from django.views.decorators.http import require_safe
from wagtail.models import Page


@require_safe
def page(request, path=""):
    """Show the page at an address. Redirects capital letters to lowercase. Answers 404 if the page has another
    language.

    Pages have no access rules, so we skip Wagtail's check. If the visitor has a session, look up the user: editors get
    an edit link, and no cache keeps that response.
    """
    if path != path.lower():
        return HttpResponsePermanentRedirect(f"/{path.lower()}")
    found = Page.route_for_request(request, path)
    if found is None or found.page.locale.language_code != get_language():
        raise Http404
    response = found.page.serve(request, *found.args, **found.kwargs)
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        patch_cache_control(response, public=True, max_age=60)
        return response
    if request.user.is_staff and request.user.has_perm("wagtailadmin.access_admin"):
        response.context_data["edit_url"] = reverse("wagtailadmin_pages:edit", args=[found.page.pk])
    patch_cache_control(response, private=True, no_store=True)
    return response
