from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from . import index as index_in_memory
from .query import LONGEST_QUERY, corrected, groups, readable
from .ranking import ranked
from .snippets import snippet

MOST_RESULTS = 20
KINDS = {"page": _("Page"), "question": _("Question")}


# A question of health on a device that others may use: `never_cache` says `private` and `no-store`, so neither the
# browser's disk nor a cache on the way keeps what was found, and "back" after closing shows nothing from a store.
# `no-referrer` keeps the words out of what the next page is told. The address itself does stay in the browser's
# history, as with any search by GET; the page says so, and its title never repeats the words.
@never_cache
@require_safe
def search(request):
    """The search page: a form alone without `q`, else with what was found. Stores and logs nothing."""
    query, was_cut = readable(request.GET.get("q", ""))
    results, correction = find(query) if query else ([], "")
    context = {
        "query": query,
        "was_cut": was_cut,
        "longest": LONGEST_QUERY,
        "results": results,
        "corrected": correction,
    }
    response = render(request, "search.html", context)
    response["Referrer-Policy"] = "no-referrer"
    return response


def find(query):
    """What readers can read about `query`: at most 20 dictionaries (title, url, kind, snippet), the best first, and
    the query as corrected, or "" where every word was known."""
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
