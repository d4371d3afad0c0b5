"""Walks the site as a reader does: every link from every page, with Django's test client."""

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit


class PageFacts(HTMLParser):
    """What the walks ask of a page's HTML."""

    def __init__(self, html):
        super().__init__()
        self.tags = []  # (name, attributes)
        self.title = ""
        self.inline_code = []  # what stands inside script and style elements
        self.structured_data = []  # what stands inside scripts of JSON-LD, which no browser runs
        self._inside = None
        self.feed(html)

    def handle_starttag(self, name, attributes):
        self.tags.append((name, dict(attributes)))
        if name in ("title", "script", "style"):
            self._inside = name
        if name == "script" and dict(attributes).get("type") == "application/ld+json":
            self._inside = "json-ld"

    def handle_endtag(self, name):
        if name in ("title", "script", "style"):
            self._inside = None

    def handle_data(self, data):
        if self._inside == "title":
            self.title += data
        elif self._inside == "json-ld":
            self.structured_data.append(data)
        elif self._inside and data.strip():
            self.inline_code.append(data)

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]

    @property
    def ids(self):
        return [attributes["id"] for _tag, attributes in self.tags if "id" in attributes]

    @property
    def description(self):
        return next((meta.get("content") for meta in self.all("meta") if meta.get("name") == "description"), None)

    @property
    def links(self):
        return [attributes.get("href", "") for attributes in self.all("a")]

    @property
    def links_to_follow(self):
        """The links that a crawler may follow."""
        links = [attributes for attributes in self.all("a") if "nofollow" not in attributes.get("rel", "")]
        return [attributes.get("href", "") for attributes in links]


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
        facts = PageFacts(response.content.decode())
        found[path] = (response, facts)
        waiting += filter(None, (internal_path(link, path) for link in facts.links_to_follow))
    return found
