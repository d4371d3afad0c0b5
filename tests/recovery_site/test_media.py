"""Pictures and documents: what is taken in, and how it is served."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image as Pixels
from wagtail.documents.models import Document
from wagtail.images.models import Image

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """An empty folder for what a test stores."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def editor(make_staff):
    client = Client()
    client.force_login(make_staff("editor"))
    return client


def picture():
    file = io.BytesIO()
    Pixels.new("RGB", (40, 30), "green").save(file, "PNG")
    return SimpleUploadedFile("tree.png", file.getvalue(), content_type="image/png")


def upload(client, name, content):
    fields = {"title": "Insurance form", "collection": 1, "tags": "", "file": SimpleUploadedFile(name, content)}
    return client.post("/cms/documents/add/", fields)


def test_a_document_is_served_to_be_kept(editor, client):
    assert upload(editor, "form.pdf", PDF).status_code == 302
    url = Document.objects.get().url
    response = client.get(url)
    assert (url, b"".join(response)) == ("/media/documents/form.pdf", PDF)
    assert [response[name] for name in ("Content-Type", "Content-Disposition", "X-Content-Type-Options")] == [
        "application/pdf",
        "attachment",
        "nosniff",
    ]
    assert (response["Cache-Control"], response.cookies) == ("max-age=3600, public", {})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("form.pdf", b"<html><script>alert(1)</script>", "This file is not a PDF, whatever its name says."),
        ("form.html", b"<p>Words</p>", "File extension"),
        ("form.docx", PDF, "File extension"),
    ],
)
def test_what_is_no_pdf_is_refused_and_not_stored(name, content, said, editor, settings):
    response = upload(editor, name, content)
    assert (response.status_code, said in response.content.decode()) == (200, True)
    assert (Document.objects.count(), list(settings.MEDIA_ROOT.rglob("*.*"))) == (0, [])


def test_readers_get_a_picture_as_it_is_shown_and_not_its_original(client):
    image = Image.objects.create(title="A tree", file=picture())
    shown, original = image.get_rendition("width-20").url, image.file.url
    response = client.get(shown)
    assert (response.status_code, response["Content-Type"]) == (200, "image/png")
    assert not response.has_header("Content-Disposition")
    assert (original.startswith("/media/original_images/"), client.get(original).status_code) == (True, 404)


@pytest.mark.parametrize("path", ["", "images/", "documents/none.pdf", "documents/../secret.txt", "secret.txt"])
def test_nothing_else_is_served(path, client, settings):
    settings.MEDIA_ROOT.joinpath("secret.txt").write_text("canary")
    settings.MEDIA_ROOT.joinpath("images").mkdir()
    assert client.get(f"/media/{path}").status_code == 404
