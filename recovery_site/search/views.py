from django.http import QueryDict
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .. import error_views
from . import index as index_in_memory
from .danger import names_danger
from .query import LONGEST_QUERY, corrected, groups, readable
from .ranking import ranked
from .snippets import snippet

MOST_RESULTS = 20
LONGEST_ADDRESS = 5_000  # bytes read; decoding the query of an unlimited address costs more than its search
KINDS = {"page": _("Page"), "question": _("Question")}


# People may search for health topics on a shared device. `never_cache` sends `private` and `no-store`, so neither the
# browser nor a cache keeps the results, and Back shows nothing from a cache. `no-referrer` keeps the query from the
# next site. The query stays in the browser's history, as with any GET search. The page says so, and its title never
# repeats the query.
@never_cache
@require_safe
def search(request):
    """Show the search form, and the results if the address has a query `q`. Stores and logs nothing."""
    address = request.META.get("QUERY_STRING", "")[:LONGEST_ADDRESS]
    query, was_cut = readable(QueryDict(address.encode("latin-1")).get("q", ""))  # as WSGI hands it over
    try:
        results, correction = find(query) if query else ([], "")
    except index_in_memory.NoIndex:
        return _without_referrer(_not_now(request))
    context = {
        "query": query,
        "was_cut": was_cut,
        "longest": LONGEST_QUERY,
        "results": results,
        "corrected": correction,
        "names_danger": names_danger(correction or query),
    }
    return _without_referrer(render(request, "search.html", context))


def _without_referrer(response):
    response["Referrer-Policy"] = "no-referrer"
    return response


def _not_now(request):
    return error_views.page(
        request,
        503,
        _("The search does not work right now"),
        _("This is not your fault. Please try again in a minute, or call us."),
    )


def find(query):
    """Return the results for a query and the corrected query, which is "" if nothing was corrected.

    The results are at most 20, best first. Each has a title, an address, a kind and a snippet.
    """
    index = index_in_memory.current()
    correction = corrected(query, index)
    asked_for = groups(correction, index)
    if not asked_for:
        return [], ""
    results = [_result(index, number, asked_for) for number in ranked(index, asked_for)[:MOST_RESULTS]]
    return results, correction if correction != query else ""


def _result(index, number, asked_for):
    entry = index.entries[number]
    return {
        "title": entry.title,
        "url": entry.url,
        "kind": KINDS[entry.kind],
        "snippet": snippet(index, number, asked_for),
    }
