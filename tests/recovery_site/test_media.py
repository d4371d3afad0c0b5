"""How pictures and documents are served: where Wagtail puts them, and nothing else."""

import pytest
from wagtail.documents.models import Document
from wagtail.images.models import Image, Rendition

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

PNG, PDF = b"\x89PNG\r\n\x1a\n", b"%PDF-1.4\n%%EOF\n"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """The folder of uploads, with a file of each kind where Wagtail puts it, and one that nobody may read."""
    settings.MEDIA_ROOT = tmp_path
    original = Image().get_upload_to("tree.png")
    shown = Rendition(image=Image()).get_upload_to("tree.width-20.png")
    document = Document._meta.get_field("file").generate_filename(None, "form.pdf")
    for path, content in {original: PNG, shown: PNG, document: PDF, "secret.txt": b"canary"}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)


def test_a_document_is_served_to_be_kept(client):
    response = client.get(Document(file="documents/form.pdf").url)
    assert (response.status_code, b"".join(response)) == (200, PDF)
    assert [response[name] for name in ("Content-Type", "Content-Disposition", "X-Content-Type-Options")] == [
        "application/pdf",
        "attachment",
        "nosniff",
    ]
    assert (response["Cache-Control"], list(response.cookies)) == ("public, max-age=3600", [])


def test_readers_get_a_picture_as_it_is_shown(client):
    response = client.get("/media/images/tree.width-20.png")
    assert (response.status_code, b"".join(response)) == (200, PNG)
    assert (response["Content-Type"], "attachment" in response["Content-Disposition"]) == ("image/png", False)


@pytest.mark.parametrize(
    "path",
    ["", "images/", "documents/none.pdf", "documents/../secret.txt", "secret.txt", "original_images/tree.png"],
)
def test_nothing_else_is_served(path, client):
    assert client.get(f"/media/{path}").status_code == 404
