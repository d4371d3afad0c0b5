"""Store the content that `content_folder` read. An import is one transaction: all or nothing."""

import contextlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _
from wagtail.blocks import StreamBlockValidationError
from wagtail.fields import StreamField
from wagtail.models import Collection, DraftStateMixin, RevisionMixin, Site
from wagtail.models import Page as AnyPage

from . import site_address
from .content_files import (
    DRAFT,
    FileRefused,
    Names,
    data_to_page,
    data_to_row,
    fields_without_pages,
    page_to_data,
    row_to_data,
)
from .content_folder import LIBRARIES, PAGES, as_edited, file_to_data
from .models import Center
from .publishing import PublishRefused

_MALFORMED = (KeyError, TypeError, AttributeError, ValueError, LookupError)


@dataclass
class Report:
    """The result of an import: how many rows of each kind were new, changed or the same."""

    new: dict = field(default_factory=dict)
    changed: dict = field(default_factory=dict)
    same: dict = field(default_factory=dict)

    def note(self, kind, outcome):
        counts = getattr(self, outcome)
        counts[kind] = counts.get(kind, 0) + 1

    @property
    def written(self):
        return {kind: self.new.get(kind, 0) + self.changed.get(kind, 0) for kind in self.new | self.changed}


def import_content(content, say=lambda sentence: None, log_action=True):
    """Store the content: create new rows, update the others, delete nothing. Return a `Report`.

    Publishes pages as the editor's button would. If any file is invalid, raises `FileRefused` and stores nothing.
    """
    written = []
    try:
        with transaction.atomic():
            return _take_in(content, say, log_action, written)
    except BaseException:
        for storage, name in written:
            storage.delete(name)
        raise


def _take_in(content, say, log_action, written):
    names, report = Names(), Report()
    for model, data in content.files:
        with _naming(data["file"]):
            report.note(*_take_in_file(model, data, names, written))
    # Rows come first, without the fields that name pages. Then come empty pages, so that each can link to the others.
    made = [_make_row(model, data, names) for model, data in content.rows]
    placed = [_make_place(data, names) for data in content.pages]
    for (model, data), is_new in zip(content.rows, made, strict=True):
        with _naming(model.content_file):
            outcome = _update_row(model, data, names)
        report.note(model.content_file, "new" if is_new else outcome)
    for number, (data, is_new) in enumerate(zip(content.pages, placed, strict=True), start=1):
        with _naming(data["path"]):
            report.note(PAGES, _take_in_page(data, is_new, names, log_action))
        if number % 50 == 0:
            say(_("%(done)d of %(all)d pages") % {"done": number, "all": len(placed)})
    _put_in_order(content.pages, names)
    return report


@contextlib.contextmanager
def _naming(name):
    """Turn errors that a bad file causes into a `FileRefused`. Its message begins with the name of the file or page."""
    try:
        yield
    except FileRefused as error:
        raise FileRefused(f"{name}: {' '.join(error.messages)}") from error
    except ValidationError as error:
        raise FileRefused(f"{name}: {_in_one_line(error)}") from error
    except PublishRefused as error:
        raise FileRefused(f"{name}: {error}") from error
    except DatabaseError as error:
        raise FileRefused(
            _("%(name)s: the database refused it (%(error)s).") % {"name": name, "error": error}
        ) from error
    except _MALFORMED as error:
        raise FileRefused(_("%(name)s is not valid (%(error)r).") % {"name": name, "error": error}) from error


def _in_one_line(error):
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return " ".join(f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items())


def _take_in_file(model, data, names, written):
    kind = next(name for name, library in LIBRARIES.items() if library is model)
    row = names.files.get((model, data["file"]))
    wanted = {name: value for name, value in data.items() if name != "path"}
    content = data["path"].read_bytes()
    if row and file_to_data(row) == wanted and Path(row.file.path).read_bytes() == content:
        return kind, "same"
    outcome = "changed" if row else "new"
    row = row or model()
    for name in set(row.admin_form_fields) - {"file", "tags", "collection"}:
        setattr(row, name, wanted.get(name, model._meta.get_field(name).get_default()))
    row.collection = _collection(wanted.get("collection", []))
    if outcome == "changed":
        old, storage = row.file.name, row.file.storage
        transaction.on_commit(lambda: storage.delete(old))
    row.file = ContentFile(content, data["file"])
    row.full_clean(exclude=["file"])
    row.save()
    written.append((row.file.storage, row.file.name))
    row.tags.set(wanted.get("tags", []))
    names.files[model, data["file"]] = row
    return kind, outcome


def _collection(path):
    found = Collection.get_first_root_node()
    for name in path:
        found = found.get_children().filter(name=name).first() or found.add_child(instance=Collection(name=name))
    return found


def _stored(row):
    """Return the stored row with the same natural key, or None."""
    if isinstance(row, Center):
        return Center.objects.first()
    if not hasattr(row, "natural_key"):
        return None
    try:
        return type(row)._default_manager.get_by_natural_key(*row.natural_key())
    except type(row).DoesNotExist:
        return None


def row_exists(model, data, names):
    """Return whether the row that a file describes already exists."""
    return _stored(data_to_row(data, model(), names, only=fields_without_pages(model))) is not None


def _make_row(model, data, names):
    """Create the row that a file describes, unless it exists. Return whether it was created.

    The second pass sets its links to pages, see `_update_row`.
    """
    with _naming(model.content_file):
        if not hasattr(model, "natural_key") or row_exists(model, data, names):
            return False
        row = data_to_row(data, model(), names, only=fields_without_pages(model))
        row.full_clean()
        row.save()
    return True


def _update_row(model, data, names):
    """Store a row from its file, unless it is the same. Return "new", "changed" or "same"."""
    row = data_to_row(data, model(), names)
    stored = _stored(row)
    if stored is None and not hasattr(
        model, "natural_key"
    ):  # it has no key, so a row with the same values is the same row
        stored = next((known for known in model._default_manager.all() if row_to_data(as_edited(known)) == data), None)
    if stored and row_to_data(as_edited(stored)) == data:
        return "same"
    row = data_to_row(data, stored, names) if stored else row
    is_draft = data.get("state") == DRAFT
    if isinstance(row, DraftStateMixin) and not stored:
        row.live = not is_draft
    row.full_clean()
    row.save()
    if isinstance(row, RevisionMixin):
        revision = row.save_revision()
        if isinstance(row, DraftStateMixin) and not is_draft:
            row.publish(revision)
    return "changed" if stored else "new"


def _make_place(data, names):
    """Create the page of a file, empty and not live, unless it exists. Return whether it was created.

    So other pages can already link to it.
    """
    key = data["language"], data["path"]
    if key in names.pages:
        return False
    with _naming(data["path"]):
        needed = {name: data[name] for name in _required(data)}
        kept = ("type", "path", "language", "title", "translation_of")
        page = data_to_page({name: data[name] for name in kept if name in data} | needed, names)
        page.live = False
        if data["path"] == "/":
            names.pages[key] = _make_home(page)
        else:
            above = data["path"].rstrip("/").rpartition("/")[0] + "/"
            parent = names.pages.get((data["language"], above))
            if parent is None:
                raise FileRefused(_("The parent page %s does not exist.") % above)
            names.pages[key] = parent.specific.add_child(instance=page)
    return True


def _required(data):
    """Return the names of the relation fields in a page's file. The database may require them when the page is
    created."""
    model = apps.get_model(data["type"])
    return [field.name for field in model._meta.fields if field.is_relation and field.name in data]


def _make_home(page):
    """Replace Wagtail's welcome page with the first home page, and return the home page."""
    AnyPage.objects.filter(depth=2, content_type__model="page").delete()
    AnyPage.get_first_root_node().add_child(instance=page)
    Site.objects.get_or_create(is_default_site=True, defaults=site_address.values() | {"root_page": page})
    return page


def _take_in_page(data, is_new, names, log_action):
    wanted = {name: value for name, value in data.items() if name not in ("from", "position")}
    if not is_new:
        stored = names.pages[data["language"], data["path"]].specific
        if page_to_data(as_edited(stored)) == wanted:
            data["revision"] = stored.latest_revision
            return "same"
    page = data_to_page(data, names)
    page.full_clean()
    if data.get("state") != DRAFT:
        _check_blocks(page)
    revision = page.save_revision(log_action=log_action)
    if data.get("state") != DRAFT:
        page.publish(revision, log_action=log_action)
    data["revision"] = revision
    return "new" if is_new else "changed"


def _check_blocks(page):
    """Check each block of a page that will be live, as the editor would. Saving a page doesn't do this.

    Raises `FileRefused`.
    """
    for column in page._meta.concrete_fields:
        if isinstance(column, StreamField):
            try:
                stored = column.value_from_object(page).get_prep_value()
                column.stream_block.clean(column.stream_block.to_python(stored))  # a copy, because cleaning changes it
            except StreamBlockValidationError as error:
                raise FileRefused(f"{column.name}: {json.dumps(error.as_json_data(), ensure_ascii=False)}") from error


def _put_in_order(pages, names):
    """Sort pages with a position below their parent. Their siblings without a file come last."""
    families = {}
    for data in pages:
        if data["position"] and data["path"] != "/":
            above = data["path"].rstrip("/").rpartition("/")[0]
            key = data["language"], data["path"]
            families.setdefault((data["language"], above), []).append(names.pages[key].pk)
    for order in families.values():
        siblings = AnyPage.objects.get(pk=order[0]).get_siblings().values_list("pk", flat=True)
        if [pk for pk in siblings if pk in order] != order:
            for pk in order:
                page = AnyPage.objects.get(pk=pk)
                page.move(page.get_parent(), "last-child")
