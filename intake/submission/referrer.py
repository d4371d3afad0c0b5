"""The page of this site that led to the form. Other sites and query strings are never stored."""

from urllib.parse import urlsplit

from pages import facts

LONGEST = 80


def page_of(request):
    """Return the path of the published page that led here; "" if unknown.

    SECURE_REFERRER_POLICY makes browsers name only pages of this site.
    """
    try:
        page = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # not a valid address
        return ""
    if (page.scheme, page.netloc) != (request.scheme, request.get_host()) or len(page.path) > LONGEST:
        return ""
    return page.path if page.path in facts.current().addresses else ""
