"""The page of ours on which someone followed the link to the form. Never where they came from before, never a query."""

from urllib.parse import urlsplit

from pages import facts

LONGEST = 80


def page_of(request):
    """The path of the published page that led here, or "". The browser names it with the form alone, and only if it is
    ours (SECURE_REFERRER_POLICY)."""
    try:
        page = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # no address at all
        return ""
    if (page.scheme, page.netloc) != (request.scheme, request.get_host()) or len(page.path) > LONGEST:
        return ""
    return page.path if page.path in facts.current().addresses else ""
