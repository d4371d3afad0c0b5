"""Rich text: one list of features defines what the editor offers and what we store.

Stored rich text uses Wagtail's format: a link to a page is `<a linktype="page" id="7">`, a citation mark is `<a
linktype="source" id="3">`. Rendering adds the numbers and addresses, see `pages/citations.py`.
"""

import re
from functools import lru_cache

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


@lru_cache(maxsize=2000)  # a page cleans each text when it is read and when it is shown; the text is the key
def clean(markup):
    """Return HTML with only what the list allows. A text of empty paragraphs becomes ""."""
    cleaned = _LINK.sub(_checked_link, _cleaner.clean(markup or ""))
    return "" if re.fullmatch(r"(<p[^>]*>\s*(<br>)?\s*</p>\s*)*", cleaned) else cleaned


def _checked_link(match):
    """Return a link without its target if the target is invalid. The code that renders links would fail on it."""
    attributes = dict(_ATTRIBUTE.findall(match.group(1)))
    kind, row = attributes.pop("linktype", None), attributes.pop("id", "")
    if kind in ("page", "document", "source") and _ID.fullmatch(row):
        return match.group(0)
    return " ".join(["<a", *(f'{name}="{value}"' for name, value in attributes.items())]) + ">"


class RichTextBlock(blocks.RichTextBlock):
    """Rich text in a block. It is sanitized when it comes from the form or the database, and when it is stored."""

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
    """Rich text in its own column. It is sanitized when an instance is read or saved.

    It is also sanitized in every SQL statement that writes the column. So no script, fixture, bulk update or shell can
    store anything that the list does not allow.
    """

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
