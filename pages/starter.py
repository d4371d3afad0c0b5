"""Load the starter content from files under `starter/`, without overwriting anyone's changes.

A file creates its page once. When the file changes in a new release, the page is updated, unless an editor has changed
it. If an editor deleted a page, it stays deleted. Files that link to a deleted page are skipped, because an error would
stop the new release from starting. Existing rows stay as they are.
"""

import hashlib
import json
import re
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from . import content_folder, content_import
from .content_files import Names
from .models import LoadedFile

FOLDER = Path(__file__).parent / "starter"
_LINKED = re.compile(r'page=\\"([^"\\]*)\\"')  # as JSON writes it


def load(*more_folders):
    """Load the starter content of this app and of more folders. Return the number of rows written, by kind."""
    return _load(FOLDER, *more_folders)


def load_pages(*folders):
    """Load only these folders. Return the number of pages written."""
    return _load(*folders)["pages"]


@transaction.atomic
def _load(*folders):
    content = content_folder.read(*folders)
    kinds = {model.content_file for model, _data in content.rows} | {content_folder.PAGES}
    known = {row.name: row for row in LoadedFile.objects.all()}
    names = Names()
    content.rows = [(model, data) for model, data in content.rows if not content_import.row_exists(model, data, names)]
    gone = {name for name in known if tuple(name.split(":", 1)) not in names.pages}
    content.pages = [
        data
        for data in content.pages
        if _may_load(data, known.get(_name(data)), names.pages) and gone.isdisjoint(_names_of_pages(data))
    ]
    today = timezone.localdate().isoformat()
    for data in content.pages:
        if "checked_on" in data:  # the file's date may still be in the future in this time zone
            data["checked_on"] = min(data["checked_on"], today)
    report = content_import.import_content(content, log_action=False)
    for data in content.pages:
        LoadedFile.objects.update_or_create(
            name=_name(data), defaults={"digest": _digest(data), "revision_id": data["revision"].pk}
        )
    return {kind.removesuffix(".json"): report.written.get(kind, 0) for kind in kinds}


def read(path):
    """Return a starter file as a dictionary, with its `name` in `LoadedFile`."""
    data = json.loads(path.read_text())
    return data | {"name": _name(data)}


def _name(data):
    return f"{data['language']}:{data['path']}"


def _names_of_pages(data):
    """Return the names of a file's parent page and of all pages that the file links to."""
    above = data["path"].rstrip("/").rpartition("/")[0] + "/"
    return {f"{data['language']}:{path}" for path in [above, *_LINKED.findall(data["from"].read_text())]}


def _digest(data):
    return hashlib.sha256(data["from"].read_bytes()).hexdigest()


def _may_load(data, row, pages):
    page = pages.get((data["language"], data["path"]))
    if row is None:
        return page is None  # otherwise an editor has used the address
    is_newer = row.digest != _digest(data)
    return is_newer and page is not None and page.live and page.latest_revision_id == row.revision_id
