import json

from django import template
from django.templatetags.static import static
from django.utils.safestring import mark_safe

from .. import facts
from ..structured_data import address

register = template.Library()

# Inside a script element, a "<" could end the element or begin a comment.
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}


@register.inclusion_tag("includes/head_meta.html")
def page_meta(page):
    """Render `head_meta` for a page of the CMS."""
    graph = page.structured_data(facts.current())
    return head_meta(page.title, page.search_description, page.url, graph, page.in_languages)


@register.inclusion_tag("includes/head_meta.html")
def head_meta(title, description, path, graph=None, in_languages=()):
    """Render the tags for search engines and link previews: description, canonical address, picture and translations.

    `graph`: a list of schema.org dictionaries. `in_languages`: pairs of language code and path.
    """
    data = json.dumps({"@context": "https://schema.org", "@graph": graph}, ensure_ascii=False, separators=(",", ":"))
    center = facts.current().center
    return {
        "title": title,
        "description": description,
        "address": address(path),
        "in_languages": [(code, address(other)) for code, other in in_languages],
        "is_home": path == "/",
        "site_name": center.name if center else "",
        "image": address(static("pages/share.png")),
        "structured_data": mark_safe(data.translate(_ESCAPES)) if graph else "",  # noqa: S308 (escaped right here)
    }
