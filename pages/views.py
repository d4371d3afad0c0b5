from django.http import Http404, HttpResponsePermanentRedirect
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from wagtail.models import Page


@require_safe
@cache_control(public=True, max_age=60)
def page(request, path=""):
    """The page at an address, in the language of the address. One in capitals leads on; else 404.

    No page has access rules of its own, so Wagtail's question for them is not asked.
    """
    if path != path.lower():
        return HttpResponsePermanentRedirect(f"/{path.lower()}")
    found = Page.route_for_request(request, path)
    if found is None or found.page.locale.language_code != get_language():
        raise Http404
    return found.page.serve(request, *found.args, **found.kwargs)
