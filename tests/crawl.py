"""Walk the site as a reader does: follow every link of every page, with Django's test client."""

from urllib.parse import urljoin, urlsplit

from tests.html import PageFacts


def internal_path(link, page):
    """Return the path on this site to which a link leads. None for other hosts, phone numbers and email addresses."""
    parts = urlsplit(urljoin("http://testserver" + page, link))
    return parts.path if parts.scheme == "http" and parts.netloc == "testserver" else None


def crawl(client, start="/"):
    """Return every page that a reader can reach: {path: (response, PageFacts)}."""
    found, waiting = {}, [start]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        response = client.get(path)
        facts = PageFacts(response)
        found[path] = (response, facts)
        waiting += filter(None, (internal_path(link, path) for link in facts.links_to_follow))
    return found
