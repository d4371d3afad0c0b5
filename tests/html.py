"""Read the HTML that tests check. All tests use these functions."""

from functools import cached_property

from bs4 import BeautifulSoup, NavigableString, SoupStrainer

BLOCKS = {"p", "li", "h1", "h2", "h3", "h4", "h5", "h6"}


def soup(page, only=None):
    """Parse a response, or its HTML, into a tree. `only`: parse just elements with this name, which is much faster."""
    html = page if isinstance(page, str) else page.content.decode()
    strainer = SoupStrainer(only) if only else None
    return BeautifulSoup(html, "html.parser", multi_valued_attributes=None, parse_only=strainer)


def visible_text(element):
    """Return the text of an element, without scripts and comments. Each block is on its own line."""
    return "".join(_texts(element))


def _texts(element):
    for child in element.children:
        if type(child) is NavigableString:
            yield child
        elif not isinstance(child, NavigableString):
            yield from _texts(child)
    if element.name in BLOCKS:
        yield "\n"


def inline_scripts(tree, data=("application/ld+json",)):
    """Return the code of scripts inside the page. Leaves out scripts of the types in `data`, which no browser runs."""
    scripts = [script for script in tree.find_all("script") if not script.get("src")]
    return [script.string for script in scripts if script.get("type") not in data and script.get_text(strip=True)]


class Form:
    """A form as a browser would send it, to `action`. `fields`: without buttons. `buttons`: pairs of name and value."""

    def __init__(self, element):
        self.css_class = element.get("class", "")
        self.action = element.get("action", "")
        self.fields = form_fields(element)
        self.options = {
            select["name"]: [_option(option) for option in select.find_all("option")]
            for select in element.find_all("select")
        }
        self.buttons = [(button.get("name"), button.get("value")) for button in element.find_all("button")]


def forms_on(page):
    """Return a `Form` for each form of a page."""
    return [Form(element) for element in soup(page, only="form").find_all("form")]


def form_fields(form):
    """Return the fields that a browser would send, without buttons: {name: value}."""
    fields = {}
    for field in form.find_all(["input", "textarea", "select"]):
        kind = field.get("type")
        if not field.get("name") or kind in ("submit", "button", "file") or field.find_parent("template"):
            continue
        if kind in ("checkbox", "radio") and not field.has_attr("checked"):
            continue
        fields[field["name"]] = _value(field)
    return fields


def _value(field):
    if field.name == "textarea":
        return field.get_text().removeprefix("\n")  # as a browser drops the first line break after the tag
    if field.name == "select":
        options = field.find_all("option")
        chosen = [_option(option) for option in options if option.has_attr("selected")]
        if field.has_attr("multiple"):
            return chosen
        return (chosen or [_option(option) for option in options[:1]] or [""])[-1]
    return field.get("value", "on" if field.get("type") == "checkbox" else "")


def _option(option):
    return option.get("value", option.get_text())


class PageFacts:
    """The facts about a page that the tests need when they crawl the site. The page is parsed once."""

    def __init__(self, page):
        self.soup = soup(page)

    @cached_property
    def tags(self):
        """Return all elements as pairs of name and attributes."""
        return [(tag.name, tag.attrs) for tag in self.soup.find_all(True)]

    def all(self, name):
        """Return the attributes of each element with this name."""
        return [attributes for tag, attributes in self.tags if tag == name]

    @property
    def title(self):
        return self.soup.title.get_text() if self.soup.title else ""

    @property
    def inline_code(self):
        """Return the contents of script and style elements."""
        styles = [style.string for style in self.soup.find_all("style") if style.get_text(strip=True)]
        return inline_scripts(self.soup) + styles

    @property
    def structured_data(self):
        return [script.string for script in self.soup.find_all("script", type="application/ld+json")]

    @property
    def ids(self):
        return [attributes["id"] for _tag, attributes in self.tags if "id" in attributes]

    @property
    def description(self):
        return next((meta.get("content") for meta in self.all("meta") if meta.get("name") == "description"), None)

    @cached_property
    def links(self):
        return [attributes.get("href", "") for attributes in self.all("a")]

    @property
    def links_to_follow(self):
        """Return the addresses of the links that a crawler may follow."""
        links = [attributes for attributes in self.all("a") if "nofollow" not in attributes.get("rel", "")]
        return [attributes.get("href", "") for attributes in links]
