"""How pictures and documents are served."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image as Pixels
from wagtail.documents.models import Document
from wagtail.images.models import Image

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """An empty folder for what a test stores."""
    settings.MEDIA_ROOT = tmp_path


def picture():
    file = io.BytesIO()
    Pixels.new("RGB", (40, 30), "green").save(file, "PNG")
    return SimpleUploadedFile("tree.png", file.getvalue(), content_type="image/png")


def test_a_document_is_served_to_be_kept(client):
    url = Document.objects.create(title="Form", file=SimpleUploadedFile("form.pdf", PDF)).url
    response = client.get(url)
    assert (url, b"".join(response)) == ("/media/documents/form.pdf", PDF)
    assert [response[name] for name in ("Content-Type", "Content-Disposition", "X-Content-Type-Options")] == [
        "application/pdf",
        "attachment",
        "nosniff",
    ]
    assert (response["Cache-Control"], list(response.cookies)) == ("public, max-age=3600", [])


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
