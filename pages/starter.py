"""Starter content: files under `starter/`, loaded so that nothing that a person changed is ever overwritten.

A file makes its page once. A newer file replaces the words only while nobody has touched them, so that an update
reaches a site whose editors have not. What an editor deleted stays deleted.
"""

import hashlib
import json
from pathlib import Path

from django.apps import apps
from django.db import transaction
from django.utils import timezone
from wagtail.models import Page, Site

from . import site_address
from .content_files import all_pages, data_to_page
from .models import Center, LoadedFile, Source

FOLDER = Path(__file__).parent / "starter"


def load_center():
    """Makes the center's row where there is none. Returns how many rows were made."""
    if Center.objects.exists():
        return 0
    center = Center.objects.create(**json.loads((FOLDER / "center.json").read_text()))
    center.save_revision().publish()
    return 1


def load_sources():
    """Adds the sources that are missing. Returns how many rows were made."""
    wanted = json.loads((FOLDER / "sources.json").read_text())
    known = set(Source.objects.values_list("key", flat=True))
    made = [Source(**fields) for fields in wanted if fields["key"] not in known]
    Source.objects.bulk_create(made)
    return len(made)


@transaction.atomic
def load_pages(*folders):
    """Makes or renews the pages of the starter files. Returns how many were written.

    Pages may link to each other, so all are made before any has words.
    """
    files = [read(path) for folder in folders for path in folder.glob("pages/**/*.json")]
    files.sort(key=lambda data: (data["path"].count("/"), data["position"]))
    known = {row.name: row for row in LoadedFile.objects.all()}
    pages = all_pages()
    wanted = [data for data in files if _may_load(data, known.get(data["name"]), pages)]
    for data in wanted:
        if (data["language"], data["path"]) not in pages:
            pages[data["language"], data["path"]] = _make_place(data, pages)
    for data in wanted:
        page = data_to_page(data, pages)
        if page.checked_on:  # the day of the file may not have come yet where this machine is
            page.checked_on = min(page.checked_on, timezone.localdate())
        page.full_clean()
        revision = page.save_revision(log_action=False)
        page.publish(revision, log_action=False)
        LoadedFile.objects.update_or_create(
            name=data["name"], defaults={"digest": data["digest"], "revision_id": revision.pk}
        )
    return len(wanted)


def read(path):
    """A starter file as a dictionary, with `digest` (SHA-256 of the file), `name`, and `position` added."""
    content = path.read_bytes()
    data = {"position": 0} | json.loads(content)
    return data | {"name": f"{data['language']}:{data['path']}", "digest": hashlib.sha256(content).hexdigest()}


def _may_load(data, row, pages):
    page = pages.get((data["language"], data["path"]))
    if row is None:
        return page is None  # else an editor has taken the address
    is_newer = row.digest != data["digest"]
    return is_newer and page is not None and page.live and page.latest_revision_id == row.revision_id


def _make_place(data, pages):
    """An empty page, off-line, where the file wants one."""
    page = data_to_page({key: data[key] for key in ("type", "path", "language", "title")} | _required(data), pages)
    page.live = False
    if data["path"] == "/":
        return _make_home(page)
    above = data["path"].rstrip("/").rpartition("/")[0] + "/"
    return pages[data["language"], above].specific.add_child(instance=page)


def _make_home(page):
    """The first home page takes the place of the welcome page that Wagtail begins with."""
    Page.objects.filter(depth=2, content_type__model="page").delete()
    Page.get_first_root_node().add_child(instance=page)
    Site.objects.get_or_create(is_default_site=True, defaults=site_address.values() | {"root_page": page})
    return page


def _required(data):
    """Values without which the database takes no row of this type of page."""
    model = apps.get_model(data["type"])
    return {field.name: data[field.name] for field in model._meta.fields if field.is_relation and field.name in data}


def load(*more_folders):
    """Loads center, sources, and pages. Returns how many of each were written, by name."""
    return {"center": load_center(), "sources": load_sources(), "pages": load_pages(FOLDER, *more_folders)}
