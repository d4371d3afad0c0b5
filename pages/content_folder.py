"""The folder of content files: export all content to it, and read it.

Each file of `pages/**/*.json` contains one page. Files such as `sources.json` contain all rows of a model.
`pictures.json` and `documents.json` describe the files in `pictures/` and `documents/`. `content_import` stores what
`read` returns.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.utils.translation import gettext as _
from wagtail.models import DraftStateMixin
from wagtail.models import Page as AnyPage

from .content_files import (
    FileRefused,
    page_to_data,
    row_to_data,
)
from .models import Center, Download, Picture, SitePage

PAGES = "pages"
LIBRARIES = {"pictures": Picture, "documents": Download}
_PATH = re.compile(r"/(?:[\w-]+/)*")


def models_in_files():
    """Return the models whose rows share one file: {file name: model}. For example, "sources.json": Source."""
    return {model.content_file: model for model in apps.get_models() if hasattr(model, "content_file")}


@dataclass
class Content:
    """The content of one or more folders, not stored yet. Pages and rows are dictionaries, as in the files."""

    pages: list = field(default_factory=list)
    rows: list = field(default_factory=list)  # pairs of model and dictionary
    files: list = field(default_factory=list)  # pairs of model and dictionary, with `path` added


# Export


def write(folder, say):
    """Write all content to a folder, which must be empty or new. Calls `say` with a sentence for each file."""
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileRefused(_("%s is not empty. Choose a new folder.") % folder)
    for name, model in models_in_files().items():
        rows = [row_to_data(as_edited(row)) for row in model._default_manager.order_by("pk")]
        rows.sort(key=lambda data: json.dumps(data, sort_keys=True))
        _write_json(folder, name, rows[0] if model is Center and rows else rows)
        say(_("%(name)s: %(count)d") % {"name": name, "count": len(rows)})
    for name, model in LIBRARIES.items():
        rows = sorted(map(file_to_data, model.objects.all()), key=lambda data: data["file"])
        _write_json(folder, f"{name}.json", rows)
        for row in model.objects.all():
            target = _inside(folder, f"{name}/{Path(row.file.name).name}")
            target.parent.mkdir(exist_ok=True)
            with row.open_file() as file:
                target.write_bytes(file.read())
        say(_("%(name)s: %(count)d") % {"name": name, "count": len(rows)})
    pages = AnyPage.objects.type(SitePage).specific().order_by("path")
    positions = {}
    for page in pages:
        above = page.path[: -page.steplen]
        positions[above] = positions.get(above, 0) + 1
        data = page_to_data(as_edited(page)) | {"position": positions[above]}
        _write_json(folder, f"{PAGES}/{_file_of(data)}", data)
    say(_("%(name)s: %(count)d") % {"name": PAGES, "count": len(pages)})


def as_edited(row):
    """Return a row as readers see it. If it is not live, return its latest draft."""
    if isinstance(row, DraftStateMixin) and not row.live and row.latest_revision_id:
        return row.get_latest_revision_as_object()
    return row


def _file_of(data):
    language = "" if data["language"] == settings.LANGUAGE_CODE else f"{data['language']}/"
    return f"{language}{data['path'].strip('/') or 'home'}.json"


def file_to_data(row):
    data = {"file": Path(row.file.name).name}
    for name in row.admin_form_fields:
        if name == "collection":
            value = [collection.name for collection in row.collection.get_ancestors(inclusive=True)[1:]]
        elif name == "tags":
            value = sorted(row.tags.names())
        else:
            value = data.get(name) or getattr(row, name)
        if value not in (None, "", []):
            data[name] = value
    return data


def _write_json(folder, name, data):
    target = _inside(folder, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n")


# Read


def read(*folders):
    """Read folders and return their `Content`. Raises `FileRefused` if a file can't be read."""
    content = Content()
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise FileRefused(_("There is no folder %s.") % folder)
        for name, model in models_in_files().items():
            content.rows += [(model, data) for data in _rows(folder, name)]
        for name, model in LIBRARIES.items():
            for data in _rows(folder, f"{name}.json"):
                content.files.append((model, data | {"path": _file_in(folder, name, data)}))
        for path in sorted((folder / PAGES).rglob("*.json")):
            data = _read_json(folder, str(path.relative_to(folder)))
            if not _is_page(data):
                raise FileRefused(_("%s is not a valid page file.") % path.name)
            content.pages.append({"position": 0} | data | {"from": path})
    content.pages.sort(key=_place)
    return content


def _is_page(data):
    if not isinstance(data, dict) or not {"type", "path", "language", "title"} <= set(data):
        return False
    return all(isinstance(data[name], str) for name in ("type", "path", "language")) and _PATH.fullmatch(data["path"])


def _place(data):
    """Sort key for pages: parents before children, originals before translations, then by position."""
    path = data["path"]
    return path != "/", path.count("/"), data["language"] != settings.LANGUAGE_CODE, data["position"]


def _rows(folder, name):
    if not (folder / name).exists():
        return []
    data = _read_json(folder, name)
    rows = data if isinstance(data, list) else [data]
    if not all(isinstance(row, dict) for row in rows):
        raise FileRefused(_("%s is not a valid list of rows.") % name)
    return rows


def _file_in(folder, library, data):
    name = data.get("file")
    if not isinstance(name, str) or Path(name).name != name:
        raise FileRefused(_("%(library)s: “%(name)s” is not a file name.") % {"library": library, "name": name})
    path = _inside(folder, f"{library}/{name}")
    if not path.is_file():
        raise FileRefused(_("There is no file %s.") % f"{library}/{name}")
    return path


def _read_json(folder, name):
    try:
        data = json.loads(_inside(folder, name).read_text())
    except (OSError, ValueError) as error:
        raise FileRefused(_("Can't read %(name)s: %(error)s") % {"name": name, "error": error}) from error
    if not isinstance(data, dict | list):
        raise FileRefused(_("%s is not a valid content file.") % name)
    return data


def _inside(folder, name):
    """Return the path of a file in the folder. Raises `FileRefused` if a name or symbolic link leads outside."""
    path = Path(folder) / name
    if not path.resolve().is_relative_to(Path(folder).resolve()):
        raise FileRefused(_("%s is outside of the folder.") % name)
    return path
