"""Rich text: one list drives what the editor offers and what the database accepts."""

import re

import nh3
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django_prose_editor.config import allowlist_from_extensions, expand_extensions
from django_prose_editor.fields import ProseEditorField

EXTENSIONS = {
    "Bold": True,
    "Italic": True,
    "Heading": {"levels": [3]},
    "BulletList": True,
    "OrderedList": {"enableListAttributes": False},
    "ListItem": True,
    "Link": {"enableTarget": False, "protocols": ["http", "https", "mailto", "tel", "sms"]},
}

_allowed = allowlist_from_extensions(expand_extensions(EXTENSIONS))
_allowed["attributes"] = {"a": {"href"}}
_allowed["link_rel"] = "noreferrer"  # no other site learns which page a reader came from
_cleaner = nh3.Cleaner(**_allowed)

# A mark, or what a mark must not be looked for in: a tag, whose address may hold brackets. Sanitised HTML quotes every
# attribute with ".
_MARK_OR_TAG = re.compile(r"""\[(\d{1,2})\]|<(?:"[^"]*"|[^">])*>""")


def clean(markup):
    """Allowed HTML only; an empty paragraph becomes an empty text."""
    cleaned = _cleaner.clean(markup or "")
    return "" if re.fullmatch(r"(<p>\s*</p>\s*)*", cleaned) else cleaned


def marks(markup):
    """The numbers of the source marks, such as [3], in the order of the text."""
    return [int(number) for number in _MARK_OR_TAG.findall(markup) if number]


def with_marks_linked(markup, prefix=""):
    """Safe HTML in which each source mark is a link to its source.

    `markup` must come from a `RichTextField`, which holds sanitised HTML only. `prefix` tells the source lists of one
    page apart.
    """

    def link(match):
        number = match.group(1)
        if not number:
            return match.group(0)
        return format_html(
            '<a class="source-mark" href="#{}source-{}" aria-label="source {}">[{}]</a>',
            prefix,
            number,
            number,
            number,
        )

    return mark_safe(_MARK_OR_TAG.sub(link, markup))  # noqa: S308 (sanitised when it was stored)


class RichTextField(ProseEditorField):
    """A text field with an editor. Sanitises in the form, when an instance is saved, and in every statement that
    writes, so that no script, fixture, bulk update or shell gets past the allow-list."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("extensions", EXTENSIONS)
        kwargs.setdefault("sanitize", clean)
        super().__init__(*args, **kwargs)

    def pre_save(self, model_instance, add):
        cleaned = clean(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, cleaned)
        return cleaned

    def get_db_prep_save(self, value, connection):
        return super().get_db_prep_save(clean(value) if isinstance(value, str) else value, connection)
