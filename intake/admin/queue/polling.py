"""Updates for an open list.

They hold only counts, nothing about a request, so polling is not logged as access.
"""

import datetime as dt
import hashlib
import json

from django.core import signing
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from . import page as queue_page
from . import paging, tabs


def updates(model_admin, request):
    """Return JSON for the open list: counts by tab, how many requests need someone, and a sentence if the list changed.

    The ETag is a hash of the content, so a poll with If-None-Match gets 304 until something changes.
    """
    now = timezone.now()
    counts, attention = tabs.counts(request.user, now)
    answer = {
        "counts": counts,
        "attention": attention,
        "news": _news(request, model_admin.list_per_page, now),
    }
    body = json.dumps(answer)
    etag = hashlib.sha256(body.encode()).hexdigest()
    return HttpResponse(body, content_type="application/json", headers={"ETag": f'"{etag}"'})


def _news(request, size, now):
    try:
        seen_at, seen = signing.loads(request.GET.get("seen", ""), salt=queue_page.STATE_SALT)
    except signing.BadSignature:
        return ""
    tab = queue_page.tab_of(request.GET)
    rows = tabs.rows_of(tab, request.user, now)
    if queue_page.fingerprint(paging.page_of(rows, tabs.TABS[tab].order, size, request.GET).rows, now) == seen:
        return ""
    new = rows.filter(received_at__gt=dt.datetime.fromisoformat(seen_at)).order_by()[: tabs.MOST_COUNTED].count()
    if new:
        return ngettext("%(count)d new request.", "%(count)d new requests.", new) % {"count": new}
    return _("This list has changed.")
