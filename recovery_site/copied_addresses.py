"""Addresses that were copied with what stood behind them: a full stop, a bracket, a blank."""

from django.http import Http404, HttpResponsePermanentRedirect, HttpResponseRedirect
from django.urls import resolve, reverse

# No address of ours ends like this, with or without a slash behind it. The admin answers for itself.
PATTERN = r"^(?!admin/)(?P<copied>[\s\S]*)(?<=[^\w/-])/?$"
FOR_GOOD = {"pages:home", "pages:page", "faq:questions", "faq:question", "search"}
FOR_NOW = {"intake:assessment", "intake:received", "intake:yours"}
KEPT_HEADERS = ("Cache-Control", "Expires", "Referrer-Policy", "X-Robots-Tag")


def lead_on(request, copied):
    """Redirect to the page that was meant; 404 where there is none.

    Asks that page itself whether it is there. Its answer counts where it is another one: a page that has moved, a
    private link that has ended. Leads only to addresses that `reverse` makes, never to another site.
    """
    if request.method not in ("GET", "HEAD"):
        raise Http404
    meant = _without_what_stands_behind(copied)
    match = resolve(f"/{meant}/" if meant else "/")
    if match.view_name not in FOR_GOOD | FOR_NOW:
        raise Http404
    page = match.func(request, *match.args, **match.kwargs)
    if page.status_code != 200:
        return page
    redirect = HttpResponsePermanentRedirect if match.view_name in FOR_GOOD else HttpResponseRedirect
    answer = redirect(reverse(match.view_name, args=match.args, kwargs=match.kwargs))
    for name in KEPT_HEADERS:
        if name in page:
            answer[name] = page[name]
    return answer


def _without_what_stands_behind(copied):
    end = len(copied)
    while end and not (copied[end - 1].isalnum() or copied[end - 1] in "_-"):
        end -= 1
    return copied[:end]
