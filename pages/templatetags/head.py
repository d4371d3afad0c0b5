import json

from django import template
from django.urls import reverse
from django.utils.safestring import mark_safe

from .. import facts, share_pictures
from ..structured_data import address

register = template.Library()

# Inside a script element, a "<" could end the element or begin a comment.
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}


@register.inclusion_tag("includes/head_meta.html")
def page_meta(page):
    """Render `head_meta` for a page of the CMS."""
    known = facts.current()
    in_languages = page.in_languages if known.has_translations else []
    tags = head_meta(page.title, page.search_description, page.url, page.structured_data(known), in_languages)
    return tags | {"type": page.open_graph_type}


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
        "type": "website",
        "site_name": center.name if center else "",
        "picture": address(reverse("share_picture", args=[path])),
        "picture_size": share_pictures.SIZE,
        "structured_data": mark_safe(data.translate(_ESCAPES)) if graph else "",  # noqa: S308 (escaped right here)
    }
