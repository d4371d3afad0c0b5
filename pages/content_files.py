"""Content as files: one JSON file a page, with sources, pages, and topics named by what people call them.

A file names its page by `path` and every other row by its natural key, never by a number of one database. In rich
text, a mark is `<a source="dea-fact-sheet"></a>`, a link to a page `<a page="/treatment/levels-of-care/">`. Texts stand
in lists of lines, one a paragraph, so that a change is seen where it is.
"""

import json
import re

from django.apps import apps
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Locale, Page

from .citations import marks, replace_marks
from .models import SitePage, Source

# What Page itself has and a file carries.
PAGE_FIELDS = ["title", "seo_title", "search_description", "go_live_at", "expire_at"]

_PAGE = re.compile(r'<a\b(?=[^>]*\blinktype="page")(?=[^>]*\bid="(\d+)")[^>]*>')
_NAMED_SOURCE = re.compile(r'<a source="([^"]+)"></a>')
_NAMED_PAGE = re.compile(r'<a page="([^"]+)">')
_END_OF_LINE = re.compile(r"(?<=</p>)|(?<=</h3>)|(?<=</li>)|(?<=<ul>)|(?<=<ol>)|(?<=</ul>)|(?<=</ol>)")


class FileRefused(ValidationError):
    """A file can't be taken in; the message says why."""


# Out


def page_to_data(page):
    """A page as its file says it: a dictionary of plain values."""
    data = {"type": page._meta.label, "path": path_of(page), "language": page.locale.language_code}
    for name in [*PAGE_FIELDS, *own_fields(type(page))]:
        value = _out(page, type(page)._meta.get_field(name))
        if value not in (None, "", False, []):
            data[name] = value
    return data


def path_of(page):
    """The path of a page below the home page of its language: "/" is the home page."""
    return "/" + page.url_path.removeprefix("/").partition("/")[2]


def own_fields(model):
    """The names of the fields that a type of page has beside Wagtail's."""
    inherited = {field.name for field in Page._meta.get_fields()}
    return [field.name for field in model._meta.fields if field.name not in inherited and not field.primary_key]


def _out(page, field):
    value = field.value_from_object(page)
    if isinstance(field, StreamField):
        return _walk(value.get_prep_value(), _text_out)
    if isinstance(field, RichTextField):
        return _text_out(value)
    if field.is_relation:
        related = getattr(page, field.name)
        return list(related.natural_key()) if related else None
    return value.isoformat() if hasattr(value, "isoformat") else value


def _text_out(text):
    if not isinstance(text, str) or not text.startswith("<"):
        return text
    sources = Source.objects.in_bulk(marks(text))
    pages = Page.objects.in_bulk([int(pk) for pk in _PAGE.findall(text)])
    text = replace_marks(text, lambda pk: f'<a source="{sources[pk].key}"></a>')
    text = _PAGE.sub(lambda link: f'<a page="{path_of(pages[int(link.group(1))])}">', text)
    return [line for line in _END_OF_LINE.split(text) if line]


def _walk(value, change):
    if isinstance(value, dict):
        return {key: _walk(inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [_walk(inner, change) for inner in value]
    return change(value)


# In


def data_to_page(data, pages_by_path):
    """An unsaved page, or the stored one with new values, from what a file says.

    `pages_by_path` maps (language, path) to the pages that links may name. Raises `FileRefused`.
    """
    model = apps.get_model(data["type"])
    if not issubclass(model, SitePage):
        raise FileRefused(_("%s is no type of page.") % data["type"])
    language = data["language"]
    page = pages_by_path.get((language, data["path"]))
    page = page.specific if page else model(locale=Locale.objects.get(language_code=language))
    if type(page) is not model:
        raise FileRefused(_("%(path)s is a page of another type.") % data)
    page.slug = data["path"].strip("/").rpartition("/")[2] or page.slug or "home"
    for name in [*PAGE_FIELDS, *own_fields(model)]:
        field = model._meta.get_field(name)
        if name in data:
            setattr(page, field.name, _in(field, data[name], language, pages_by_path))
        else:
            setattr(page, field.name, field.get_default() if not field.is_relation else None)
    return page


def _in(field, value, language, pages_by_path):
    def text_in(lines):
        return _text_in("".join(lines), language, pages_by_path)

    if isinstance(field, StreamField):
        return field.to_python(json.dumps(_join_lines(value, text_in)))
    if isinstance(field, RichTextField):
        return text_in(value)
    if field.is_relation:
        return field.related_model._default_manager.get_by_natural_key(*value)
    return field.to_python(value)


def _join_lines(value, text_in):
    """Lists of lines become texts again; every other list stays one."""
    if isinstance(value, dict):
        return {key: _join_lines(inner, text_in) for key, inner in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(line, str) for line in value):
            return text_in(value)
        return [_join_lines(inner, text_in) for inner in value]
    return value


def _text_in(text, language, pages_by_path):
    sources = Source.objects.in_bulk(_NAMED_SOURCE.findall(text), field_name="key")

    def mark(match):
        if match.group(1) not in sources:
            raise FileRefused(_("There is no source “%s”.") % match.group(1))
        return sources[match.group(1)].as_mark()

    def link(match):
        page = pages_by_path.get((language, match.group(1)))
        if page is None:
            raise FileRefused(_("There is no page %s.") % match.group(1))
        return f'<a linktype="page" id="{page.pk}">'

    return _NAMED_PAGE.sub(link, _NAMED_SOURCE.sub(mark, text))


def all_pages():
    """Every page of the site by (language, path), as `data_to_page` wants them."""
    pages = Page.objects.type(SitePage).select_related("locale")
    return {(page.locale.language_code, path_of(page)): page for page in pages}
