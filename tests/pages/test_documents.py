"""The document library holds PDF alone, by content; readers get it as a file to save."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from pages.models import Download
from tests.pages import pictures

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

REFUSED = {
    "page named .pdf": lambda: ContentFile(b"<html><script>alert(1)</script></html>", "letter.pdf"),
    "picture named .pdf": lambda: pictures.named(pictures.picture(), "letter.pdf"),
    "Word": lambda: ContentFile(b"PK\x03\x04 word/document.xml", "letter.docx"),
    "half a PDF": lambda: ContentFile(pictures.WHITE_PDF[:30], "letter.pdf"),
    "PDF behind something else": lambda: ContentFile(b"<script>alert(1)</script>" + pictures.WHITE_PDF, "letter.pdf"),
    "nothing": lambda: ContentFile(b"", "letter.pdf"),
    "too large": lambda: ContentFile(b"%PDF-1.7" + b" " * 14_000_000 + pictures.WHITE_PDF, "letter.pdf"),
}


@pytest.fixture
def editor(client, make_staff):
    client.force_login(make_staff(is_superuser=True))
    return client


def by_form(editor, file):
    upload = SimpleUploadedFile(file.name, file.read(), "application/pdf")
    return editor.post(reverse("wagtaildocs:add"), {"title": "A letter", "file": upload})


def by_many(editor, file):
    upload = SimpleUploadedFile(file.name, file.read(), "application/pdf")
    headers = {"X-Requested-With": "XMLHttpRequest"}
    return editor.post(reverse("wagtaildocs:add_multiple"), {"title": "A letter", "files[]": upload}, headers=headers)


@pytest.mark.parametrize("way", [by_form, by_many])
@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_what_is_no_pdf_gets_a_sentence_and_is_not_stored(editor, media, make, way):
    response = way(editor, make())
    errors = [response.json()["error_message"]] if way is by_many else response.context["form"].errors["file"]
    assert {error.strip()[-1] for error in errors} == {"."}
    assert (Download.objects.count(), media.files()) == (0, [])


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_what_is_no_pdf_is_not_stored_by_a_shell(media, make):
    with pytest.raises(ValidationError):
        Download.objects.create(title="A letter", file=make())
    assert (Download.objects.count(), media.files()) == (0, [])


@pytest.mark.parametrize("name", ["letter.pdf", "letter.html", "LETTER.PDF", "letter"])
def test_pdf_is_stored_under_a_name_that_says_so_and_nobody_guesses(editor, media, name):
    by_form(editor, ContentFile(pictures.WHITE_PDF, name))
    row = Download.objects.get()
    assert re.fullmatch(r"documents/letter-[0-9a-f]{8}\.pdf", row.file.name.lower())
    assert row.file_size == len(pictures.WHITE_PDF)
    row.file_hash, given = "", row.file_hash
    assert row.get_file_hash() == given
    assert row.url == f"/media/{row.file.name}"
