"""The one reader of the HTML that tests look at."""

from functools import cached_property

from bs4 import BeautifulSoup, NavigableString, SoupStrainer

BLOCKS = {"p", "li", "h1", "h2", "h3", "h4", "h5", "h6"}


def soup(page, only=None):
    """A response, or its HTML, as a tree. `only` reads the elements of this name alone, which is much faster."""
    html = page if isinstance(page, str) else page.content.decode()
    strainer = SoupStrainer(only) if only else None
    return BeautifulSoup(html, "html.parser", multi_valued_attributes=None, parse_only=strainer)


def visible_text(element):
    """The words of an element, without scripts and comments, each block on a line of its own."""
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
    """The code that stands in the page itself. Scripts of the types in `data` hold data: no browser runs them."""
    scripts = [script for script in tree.find_all("script") if not script.get("src")]
    return [script.string for script in scripts if script.get("type") not in data and script.get_text(strip=True)]


class Form:
    """A form as a browser would send it: `fields` without buttons, and `buttons` as (name, value)."""

    def __init__(self, element):
        self.css_class = element.get("class", "")
        self.fields = form_fields(element)
        self.options = {
            select["name"]: [_option(option) for option in select.find_all("option")]
            for select in element.find_all("select")
        }
        self.buttons = [(button.get("name"), button.get("value")) for button in element.find_all("button")]


def forms_on(page):
    """Each `Form` of a page."""
    return [Form(element) for element in soup(page, only="form").find_all("form")]


def form_fields(form):
    """What a browser would send of a form, buttons aside."""
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
    """What the walks ask of a page. It is parsed once."""

    def __init__(self, page):
        self.soup = soup(page)

    @cached_property
    def tags(self):
        """Each element as (name, attributes)."""
        return [(tag.name, tag.attrs) for tag in self.soup.find_all(True)]

    def all(self, name):
        """The attributes of each element of this name."""
        return [attributes for tag, attributes in self.tags if tag == name]

    @property
    def title(self):
        return self.soup.title.get_text() if self.soup.title else ""

    @property
    def inline_code(self):
        """What stands inside script and style elements."""
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
        """The links that a crawler may follow."""
        links = [attributes for attributes in self.all("a") if "nofollow" not in attributes.get("rel", "")]
        return [attributes.get("href", "") for attributes in links]
