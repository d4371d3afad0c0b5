"""Walks the site as a reader does: every link from every page, with Django's test client."""

from urllib.parse import urljoin, urlsplit

from tests.html import PageFacts


def internal_path(link, page):
    """The path on this site that a link leads to, or None for other hosts, phones and mail."""
    parts = urlsplit(urljoin("http://testserver" + page, link))
    return parts.path if parts.scheme == "http" and parts.netloc == "testserver" else None


def crawl(client, start="/"):
    """Every page that a reader can reach, as {path: (response, PageFacts)}."""
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
