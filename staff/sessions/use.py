"""What counts as use of a session: only what a person does. A page that is only open keeps nobody signed in.

A person loads a page, or types or clicks on one, which its script reports (`views.stay`). Everything else is done by
scripts on their own: polls of the desk, and Wagtail's autosave, previews and presence. None of it counts.
"""

import datetime as dt

from django.utils import timezone

STAFF_ADDRESSES = ("/admin/", "/cms/")
WRITTEN_EVERY = dt.timedelta(seconds=30)  # a session may end that much too early


def is_on_staff_page(request):
    """Return whether a request is for the desk or for Wagtail's admin."""
    return request.path_info.startswith(STAFF_ADDRESSES)


def is_by_a_person(request):
    """Return whether a browser is loading a page into a tab or window, not in advance and not into a frame.

    `Sec-Fetch-Dest` says so. Browsers without it ask for HTML when they load a page, but also when they load the
    preview into its frame.
    """
    headers = request.headers
    if "prefetch" in (headers.get("Sec-Purpose", "") + headers.get("Purpose", "") + headers.get("X-Moz", "")):
        return False
    if destination := headers.get("Sec-Fetch-Dest"):
        return destination == "document"
    is_preview = (request.resolver_match.url_name or "").startswith("preview_on_")
    is_by_script = "X-Requested-With" in headers
    return "text/html" in headers.get("Accept", "") and not is_preview and not is_by_script


def note(session):
    """Note that a person uses this session now. Writes at most every 30 seconds."""
    now = timezone.now()
    row = session.row
    if row and now - row.last_used_at >= WRITTEN_EVERY:
        row.last_used_at = now
        type(row).objects.filter(pk=row.pk).update(last_used_at=now)
