"""What this project adds to Wagtail's admin at /cms/, where editors work."""

PREFIX = "/cms/"


def is_under(request):
    """Whether a request is for Wagtail's admin."""
    return request.path_info.startswith(PREFIX)


def is_page_load(request):
    """Whether a browser asks for a page to show, by a link or a form; a script asks for other things."""
    return "text/html" in request.headers.get("Accept", "")
