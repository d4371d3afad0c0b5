"""The requests before and after a request, in the tab from which it was opened."""

from urllib.parse import urlencode

from django.utils import timezone

from intake.db import keyset

from . import tabs
from .page import tab_of


def neighbors_of(request, obj):
    """Return the tab from which `obj` was opened, and the URLs of the requests before and after it there.

    A URL is None if there is no such request.
    """
    tab = tab_of(request.GET)
    order = tabs.TABS[tab].order
    rows = tabs.rows_of(tab, request.user, timezone.now()).values_list("pk", flat=True)
    if any(getattr(obj, name) is None for name in keyset.names(order)):  # it is not in this tab any more
        previous, following = None, rows.first()
    else:
        backwards = keyset.reversed_order(order)
        previous = rows.filter(keyset.after(obj, backwards)).order_by(*backwards).first()
        following = rows.filter(keyset.after(obj, order)).first()
    query = urlencode({"tab": tab})
    return {
        "tab": tab,
        "tab_label": tabs.TABS[tab].label,
        "tab_query": query,
        "previous": previous and f"../../{previous}/change/?{query}",
        "following": following and f"../../{following}/change/?{query}",
    }
