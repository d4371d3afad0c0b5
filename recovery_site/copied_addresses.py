"""Redirect addresses that were copied with extra characters at the end: a period, a bracket, a space."""

import unicodedata

from django.http import Http404, HttpResponsePermanentRedirect, HttpResponseRedirect
from django.urls import resolve, reverse
from django.views.decorators.csrf import csrf_exempt
from wagtail.contrib.redirects.middleware import get_redirect

# None of our addresses ends like this, with or without a slash. The admin and the CMS handle their own addresses.
PATTERN = r"^(?!admin/|cms/)(?P<copied>[\s\S]*)(?<=[^\w/\x00-\x08\x0e-\x1f\x7f-])/?$"
FOR_GOOD = {"wagtail_serve", "search"}
FOR_NOW = {"intake:assessment", "intake:under_18", "intake:received", "intake:manage"}
KEPT_HEADERS = ("Cache-Control", "Expires", "Referrer-Policy", "X-Robots-Tag")


@csrf_exempt  # views that take a POST check the token themselves
def redirect_to_meant_page(request, copied):
    """Redirect to the address without the extra characters. Raises `Http404` if it has no page.

    Calls the view of that page to learn whether the page exists. If the view returns anything else, such as a redirect
    or "this link has expired", return that response. Redirects only to addresses from `reverse`, never to another site.
    """
    meant = _without_trailing_characters(copied)
    match = resolve(f"/{meant}/" if meant else "/")
    if match.view_name not in FOR_GOOD | FOR_NOW:
        raise Http404
    is_read = request.method in ("GET", "HEAD")
    if not is_read and not getattr(match.func, "csrf_exempt", False):
        raise Http404
    request.resolver_match = match  # the view may ask for the address it was called under
    address = reverse(match.view_name, args=match.args, kwargs=match.kwargs)
    try:
        page = match.func(request, *match.args, **match.kwargs)
    except Http404:
        if get_redirect(request, address.rstrip("/")) is None:
            raise
        return HttpResponsePermanentRedirect(address)  # an old address of a page; Wagtail redirects it from there
    if page.status_code != 200 or not is_read:
        return page
    redirect = HttpResponsePermanentRedirect if match.view_name in FOR_GOOD else HttpResponseRedirect
    answer = redirect(address)
    for name in KEPT_HEADERS:
        if name in page:
            answer[name] = page[name]
    return answer


def _without_trailing_characters(copied):
    end = len(copied)
    while end and _is_trailing_character(copied[end - 1]):
        end -= 1
    return copied[:end]


def _is_trailing_character(character):
    """Return whether copying may have added a character: punctuation, a symbol, a space or an invisible character.

    Other control characters don't count.
    """
    category = unicodedata.category(character)
    return character not in "_-" and (character.isspace() or category[0] in "PSZ" or category == "Cf")
