"""Starter content: TOML files under `starter/`, loaded so that nothing that a person changed is ever overwritten.

A file is loaded where its page or question is missing. A newer file replaces the words only while every version came
from starter files, so that an update reaches a site whose editors have not touched the text.
"""

import hashlib
import tomllib
from pathlib import Path

from django.db import transaction

from .models import Center, Page, PageCitation, PageVersion, Section, Source

FOLDER = Path(__file__).parent / "starter"
SHARED = {"center", "sources"}  # files that are not a page


def read(path):
    """A starter file as a dictionary, with `digest` (SHA-256 of the file) and `key` (its name) added."""
    content = path.read_bytes()
    return tomllib.loads(content.decode()) | {"key": path.stem, "digest": hashlib.sha256(content).hexdigest()}


def files(folder, without=frozenset()):
    """The starter files of a folder in the order of their names."""
    return [read(path) for path in sorted(folder.glob("*.toml")) if path.stem not in without]


def load_center():
    """Makes the center's row where there is none. Returns how many rows were made."""
    if Center.objects.exists():
        return 0
    Center.objects.create(**tomllib.loads((FOLDER / "center.toml").read_text()))
    return 1


def load_sources():
    """Adds the sources that are missing. Returns how many rows were made."""
    wanted = tomllib.loads((FOLDER / "sources.toml").read_text())
    known = set(Source.objects.values_list("key", flat=True))
    made = [Source(key=key, **fields) for key, fields in wanted.items() if key not in known]
    Source.objects.bulk_create(made)
    return len(made)


@transaction.atomic
def load_page(data):
    """Makes or renews one page from a starter file. Returns whether anything was written."""
    page = Page.objects.filter(starter_key=data["key"]).first()
    if page is None:
        if Page.objects.filter(path=data["path"]).exists():
            return False  # an editor has taken the address
        page = Page.objects.create(
            path=data["path"],
            menu_label=data.get("menu_label", ""),
            menu_position=data.get("menu_position"),
            quick_exit=data.get("quick_exit", False),
            starter_key=data["key"],
        )
    elif not may_renew(page.versions, data["digest"]):
        return False
    version = PageVersion.objects.create(page=page, summary=data["summary"], **version_fields(data))
    for position, section in enumerate(data["sections"], start=1):
        Section.objects.create(version=version, position=position, **section)
    cite(PageCitation, version, data.get("sources", []))
    version.publish()
    return True


def may_renew(versions, digest):
    """Whether a newer starter file may add a version: all versions came from starter files, none from this one, and
    nobody took one off-line."""
    known = dict(versions.values_list("starter_digest", "expire_at"))
    return "" not in known and digest not in known and not any(known.values())


def version_fields(data):
    """The fields that every kind of version has, from a starter file."""
    return {
        "title": data["title"],
        "description": data["description"],
        "checked_on": data.get("checked_on"),
        "starter_digest": data["digest"],
    }


def cite(citation_model, version, keys):
    """Gives a version its sources in the order of `keys`; an unknown key is an error of the starter file."""
    sources = Source.objects.in_bulk(keys, field_name="key")
    for position, key in enumerate(keys, start=1):
        citation_model.objects.create(version=version, position=position, source=sources[key])


def load():
    """Loads the center, the sources and the pages. Returns how many of each were written, by name."""
    return {
        "center": load_center(),
        "sources": load_sources(),
        "pages": sum(load_page(data) for data in files(FOLDER, without=SHARED)),
    }
