"""Rich text: one list defines what the editor offers and what we store, wherever the text comes from.

Stored rich text uses Wagtail's format: a link to a page is `<a linktype="page" id="7">`, a citation mark is `<a
linktype="source" id="3">`. Numbers and addresses are added when it is rendered, see `pages/citations.py`.
"""

import re

import nh3
from wagtail import blocks
from wagtail.fields import RichTextField as WagtailRichTextField
from wagtail.rich_text import RichText

from . import fact_marks

FEATURES = ["h3", "bold", "italic", "superscript", "subscript", "ol", "ul", "link", "document-link", "source"]
IN_A_CELL = [name for name in FEATURES if name not in ("h3", "ol", "ul", "document-link")]  # in a table

_BLOCKS = {"p", "h3", "ol", "ul", "li"}
_cleaner = nh3.Cleaner(
    tags=_BLOCKS | {"b", "strong", "i", "em", "sup", "sub", "br", "a"},
    clean_content_tags={"script", "style", "del", "s", "strike"},
    # Wagtail's comments and comparisons use data-block-key to find a paragraph again.
    attributes={"a": {"href", "linktype", "id"}} | {name: {"data-block-key"} for name in _BLOCKS},
    url_schemes={"http", "https", "mailto", "tel", "sms"},
    link_rel=None,
)

_LINK = re.compile(r"<a ([^>]*)>")  # the sanitizer escapes each ">" in an attribute
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
_ID = re.compile(r"[1-9][0-9]{0,17}")  # a valid key in every database


def clean(markup):
    """Return only the allowed HTML. An empty paragraph becomes an empty text."""
    cleaned = _LINK.sub(_checked_link, _cleaner.clean(markup or ""))
    return "" if re.fullmatch(r"(<p[^>]*>\s*(<br>)?\s*</p>\s*)*", cleaned) else cleaned


def _checked_link(match):
    """Remove a link without a valid target, because the code that renders links would fail."""
    attributes = dict(_ATTRIBUTE.findall(match.group(1)))
    kind, row = attributes.pop("linktype", None), attributes.pop("id", "")
    if kind in ("page", "document", "source") and _ID.fullmatch(row):
        return match.group(0)
    return " ".join(["<a", *(f'{name}="{value}"' for name, value in attributes.items())]) + ">"


class RichTextBlock(blocks.RichTextBlock):
    """Rich text in a block. Sanitized when it is read from the form or the database, and when it is written."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("features", FEATURES)
        super().__init__(*args, **kwargs)

    def normalize(self, value):
        return _cleaned(super().normalize(value))

    def to_python(self, value):
        return _cleaned(super().to_python(value))

    def value_from_form(self, value):
        return _cleaned(super().value_from_form(value))

    def get_prep_value(self, value):
        return clean(super().get_prep_value(value))

    def clean(self, value):
        value = super().clean(value)
        fact_marks.validate(value.source)
        return value


class RichTextField(WagtailRichTextField):
    """Rich text in its own column. Sanitized when an instance is read or saved, and in every SQL statement that
    writes it. So no script, fixture, bulk update or shell can bypass the list."""

    default_validators = [fact_marks.validate]

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("features", FEATURES)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value, expression, connection):
        return value if value is None else clean(value)

    def pre_save(self, model_instance, add):
        cleaned = clean(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, cleaned)
        return cleaned

    def get_db_prep_save(self, value, connection):
        return super().get_db_prep_save(clean(value) if isinstance(value, str) else value, connection)


def _cleaned(rich_text):
    return RichText(clean(rich_text.source))
