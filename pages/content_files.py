"""Convert content to plain values for a JSON file, and back.

A file identifies its page by `path` and every other row by a stable name, never by a database id: a source by its key,
a picture or a document by its file. In rich text, a citation mark is `<a source="dea-fact-sheet"></a>`, a link to a
page `<a page="/treatment/levels-of-care/">`, and a link to a document `<a document="what-to-bring.pdf">`. A page in
another language than the text has the language as a prefix: `es:/about/`. Texts are lists of lines, one for each
paragraph, so that diffs stay small.
"""

import json
import re
from pathlib import PurePosixPath

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.utils.translation import gettext as _
from modelcluster.models import ClusterableModel, get_all_child_m2m_relations, get_all_child_relations
from wagtail import blocks
from wagtail.contrib.typed_table_block.blocks import TypedTableBlock
from wagtail.fields import RichTextField, StreamField
from wagtail.models import DraftStateMixin, Locale, LockableMixin, Page, RevisionMixin, TranslatableMixin

from .citations import marks, replace_marks
from .models import Download, Picture, SitePage, Source

# The fields of Page that files contain.
PAGE_FIELDS = ["title", "seo_title", "search_description", "go_live_at", "expire_at"]
# Wagtail's own fields of a row, which are not content.
_ABOUT_ROWS = {
    field.name
    for mixin in (DraftStateMixin, LockableMixin, RevisionMixin, TranslatableMixin)
    for field in mixin._meta.get_fields()
    if field.name != "locale"
}
DRAFT, SCHEDULED = "draft", "scheduled"  # the state of a page in its file; a live page has none

_LINK = re.compile(r'<a\b(?=[^>]*\blinktype="(page|document)")(?=[^>]*\bid="(\d+)")[^>]*>')
_NAMED_SOURCE = re.compile(r'<a source="([^"]+)"></a>')
_NAMED_LINK = re.compile(r'<a (page|document)="([^"]+)">')
_END_OF_LINE = re.compile(r"(?<=</p>)|(?<=</h3>)|(?<=</li>)|(?<=<ul>)|(?<=<ol>)|(?<=</ul>)|(?<=</ol>)")


class FileRefused(ValidationError):
    """Raised if a file can't be imported. The message says why."""


# Names


def path_of(page):
    """Return the path of a page, starting at the home page of its language. The home page is "/"."""
    return "/" + page.url_path.removeprefix("/").partition("/")[2]


def all_pages():
    """Return every page of the site: {(language, path): page}."""
    pages = Page.objects.type(SitePage).select_related("locale")
    return {(page.locale.language_code, path_of(page)): page for page in pages}


def file_name(row):
    """Return the name that files use for a picture or a document."""
    return PurePosixPath(row.file.name).name


def _name(row, language):
    if isinstance(row, Locale):
        return row.language_code
    if isinstance(row, Page):
        own = row.locale.language_code
        return path_of(row) if own == language else f"{own}:{path_of(row)}"
    if isinstance(row, Picture | Download):
        return file_name(row)
    return list(row.natural_key())


class Names:
    """Finds rows by the names that files use. `find` raises `FileRefused` if there is no such row."""

    def __init__(self):
        self.pages = all_pages()
        self.files = {}
        for model in (Picture, Download):
            self.files |= {(model, file_name(row)): row for row in model.objects.all()}

    def find(self, model, name, language):
        if issubclass(model, Page):
            other, colon, path = name.partition(":")
            found = self.pages.get((other, path) if colon else (language, name))
        elif issubclass(model, Picture | Download):
            found = self.files.get((model, name))
        else:
            names = [name] if issubclass(model, Locale) else name
            try:
                if issubclass(model, Locale):
                    found = Locale.objects.filter(language_code=name).first()
                else:
                    found = model._default_manager.get_by_natural_key(*names)
            except ObjectDoesNotExist:
                found = None
        if found is None:
            known = {"kind": model._meta.verbose_name, "name": name if isinstance(name, str) else ", ".join(name)}
            raise FileRefused(_("There is no %(kind)s “%(name)s”.") % known)
        return found


# Export


def page_to_data(page):
    """Return a page as a dictionary of plain values."""
    language = page.locale.language_code
    data = {"type": page._meta.label, "path": path_of(page), "language": language}
    if not page.live:
        data["state"] = SCHEDULED if page.approved_schedule else DRAFT
    original = page.get_translations().filter(locale__language_code=settings.LANGUAGE_CODE).first()
    if original and language != settings.LANGUAGE_CODE:
        data["translation_of"] = path_of(original)
    fields = [type(page)._meta.get_field(name) for name in [*PAGE_FIELDS, *own_fields(type(page))]]
    return data | _fields_out(page, fields, language)


def own_fields(model):
    """Return the names of the fields that a page type adds to Wagtail's."""
    inherited = {field.name for field in Page._meta.get_fields()}
    return [field.name for field in model._meta.fields if field.name not in inherited and not field.primary_key]


def row_to_data(row, without=()):
    """Return a row that is not a page, with its child rows, as a dictionary of plain values. `without`: fields to leave
    out."""
    language = row.locale.language_code if hasattr(row, "locale_id") else settings.LANGUAGE_CODE
    data = _fields_out(row, _row_fields(type(row), without), language)
    for accessor, field in _children(type(row)).items():
        rows = [row_to_data(child, without=(field,)) for child in getattr(row, accessor).all()]
        data |= {accessor: rows} if rows else {}
    for name in _many(type(row)):
        names = sorted(_name(other, language) for other in getattr(row, name).all())
        data |= {name: names} if names else {}
    if isinstance(row, DraftStateMixin) and not row.live:
        data["state"] = DRAFT
    return data


def _row_fields(model, without=()):
    skipped = _ABOUT_ROWS | set(without)
    return [field for field in model._meta.concrete_fields if not field.primary_key and field.name not in skipped]


def _children(model):
    """Return the lists of child rows: {name of the list: name of the child's field that points to the row}."""
    if not issubclass(model, ClusterableModel):
        return {}
    return {relation.get_accessor_name(): relation.field.name for relation in get_all_child_relations(model)}


def _many(model):
    if not issubclass(model, ClusterableModel):
        return []
    return [field.name for field in get_all_child_m2m_relations(model)]


def _key(field):
    return "language" if field.related_model is Locale else field.name


def _fields_out(row, fields, language):
    values = {field: _out(row, field, language) for field in fields}
    return {_key(field): value for field, value in values.items() if not _is_default(field, value)}


def _is_default(field, value):
    """Return whether a value is blank or the field's default. Files leave such values out."""
    return value is None or value in ("", []) or (field.has_default() and value == field.get_default())


def _out(row, field, language):
    value = field.value_from_object(row)
    if isinstance(field, StreamField):
        return _convert(field.stream_block, value.get_prep_value(), _Exporter(language))
    if isinstance(field, RichTextField):
        return _Exporter(language).text(value)
    if field.is_relation:
        related = getattr(row, field.name)
        return _name(related, language) if related else None
    return value.isoformat() if hasattr(value, "isoformat") else value


class _Exporter:
    """Converts rich text and chosen objects from storage to the file format."""

    def __init__(self, language):
        self.language = language

    def text(self, text):
        """Return rich text as a list of lines. A link without a target becomes plain text."""
        sources = Source.objects.in_bulk(marks(text))
        found = _LINK.findall(text)
        rows = {
            kind: model.objects.in_bulk([int(pk) for named, pk in found if named == kind])
            for kind, model in (("page", Page), ("document", Download))
        }

        def link(match):
            row = rows[match.group(1)].get(int(match.group(2)))
            return f'<a {match.group(1)}="{_name(row, self.language)}">' if row else "<a>"

        text = replace_marks(text, lambda pk: f'<a source="{sources[pk].key}"></a>' if pk in sources else "")
        return [line for line in _END_OF_LINE.split(_LINK.sub(link, text)) if line]

    def row(self, model, pk):
        row = model._default_manager.filter(pk=pk).first() if pk else None
        return _name(row, self.language) if row else None


def _convert(block, value, parts):
    """Convert a block value recursively, to or from the file format. `parts.text` converts rich text, `parts.row`
    chosen objects."""
    if isinstance(block, blocks.StreamBlock):
        return [item | {"value": _convert(block.child_blocks[item["type"]], item["value"], parts)} for item in value]
    if isinstance(block, blocks.StructBlock):
        return {name: _convert(block.child_blocks[name], inner, parts) for name, inner in value.items()}
    if isinstance(block, blocks.ListBlock):
        return [item | {"value": _convert(block.child_block, item["value"], parts)} for item in value]
    if isinstance(block, TypedTableBlock):
        columns = [block.child_blocks[column["type"]] for column in value["columns"]]
        rows = [
            {"values": [_convert(column, cell, parts) for column, cell in zip(columns, row["values"], strict=True)]}
            for row in value["rows"]
        ]
        return value | {"rows": rows}
    if isinstance(block, blocks.RichTextBlock):
        return parts.text(value)
    if isinstance(block, blocks.ChooserBlock):
        return parts.row(block.model_class, value)
    return value


# Import


class _Importer:
    """Converts rich text and chosen objects from the file format to storage."""

    def __init__(self, language, names):
        self.language, self.names = language, names

    def text(self, lines):
        text = "".join(lines)
        sources = Source.objects.in_bulk(_NAMED_SOURCE.findall(text), field_name="key")

        def mark(match):
            if match.group(1) not in sources:
                raise FileRefused(_("There is no source “%s”.") % match.group(1))
            return sources[match.group(1)].as_mark()

        def link(match):
            kind, name = match.groups()
            row = self.names.find(Page if kind == "page" else Download, name, self.language)
            return f'<a linktype="{kind}" id="{row.pk}">'

        return _NAMED_LINK.sub(link, _NAMED_SOURCE.sub(mark, text))

    def row(self, model, name):
        return self.names.find(model, name, self.language).pk if name else None


def data_to_page(data, names):
    """Set the values of a file on its page, and return the page unsaved. Creates the page if it does not exist.

    Raises `FileRefused`.
    """
    model = _page_model(data["type"])
    language = data["language"]
    page = names.pages.get((language, data["path"]))
    page = page.specific if page else model(locale=names.find(Locale, language, language))
    if type(page) is not model:
        raise FileRefused(_("%(path)s is a page of another type.") % data)
    home = "home" if language == settings.LANGUAGE_CODE else f"home-{language}"
    page.slug = data["path"].strip("/").rpartition("/")[2] or page.slug or home
    if not page.pk and "translation_of" in data:
        original = names.find(Page, f"{settings.LANGUAGE_CODE}:{data['translation_of']}", language)
        page.translation_key = original.translation_key
    _fields_in(page, [model._meta.get_field(name) for name in [*PAGE_FIELDS, *own_fields(model)]], data, names)
    return page


def _page_model(label):
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        model = None
    if model is None or not issubclass(model, SitePage):
        raise FileRefused(_("%s is not a page type.") % label)
    return model


def data_to_row(data, row, names, only=None):
    """Set the values of a file on a row, and return the row unsaved. `only`: set just these fields."""
    model = type(row)
    fields = [field for field in _row_fields(model) if only is None or field.name in only]
    _fields_in(row, fields, data, names)
    if only is None:
        for accessor, field in _children(model).items():
            child = model._meta.get_field(accessor).related_model
            rows = [data_to_row(inner, child(), names, only=_names(child, field)) for inner in data.get(accessor, [])]
            setattr(row, accessor, rows)
        for name in _many(model):
            other = model._meta.get_field(name).related_model
            setattr(row, name, [names.find(other, inner, _language(data)) for inner in data.get(name, [])])
    return row


def fields_without_pages(model):
    """Return the names of a model's fields that don't refer to a page. They can be set before any page exists."""
    return [
        field.name for field in _row_fields(model) if not (field.is_relation and issubclass(field.related_model, Page))
    ]


def _names(model, without):
    return [field.name for field in _row_fields(model, (without,))]


def _language(data):
    return data.get("language", settings.LANGUAGE_CODE)


def _fields_in(row, fields, data, names):
    for field in fields:
        if _key(field) in data:
            setattr(row, field.name, _in(field, data[_key(field)], _language(data), names))
        elif not field.is_relation:
            setattr(row, field.name, field.get_default())
        elif field.null:
            setattr(row, field.name, None)


def _in(field, value, language, names):
    parts = _Importer(language, names)
    if isinstance(field, StreamField):
        return field.to_python(json.dumps(_convert(field.stream_block, value, parts)))
    if isinstance(field, RichTextField):
        return parts.text(value)
    if field.is_relation:
        return names.find(field.related_model, value, language)
    return field.to_python(value)
