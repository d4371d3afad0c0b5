"""Our additions to Wagtail's admin at /cms/, where editors work."""

PREFIX = "/cms/"


def is_under(request):
    """Return whether a request is for Wagtail's admin."""
    return request.path_info.startswith(PREFIX)


def is_page_load(request):
    """Return whether a browser is loading a page. Scripts ask for other content types."""
    return "text/html" in request.headers.get("Accept", "")
