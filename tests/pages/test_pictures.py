"""What the picture library stores: what is seen, and nothing else; or a sentence, and nothing at all."""

import io
import re
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from pages import content_checks
from pages.models import ContentPage, Download, Picture, Source
from tests.html import soup
from tests.pages import pictures

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def editor(client, make_staff):
    client.force_login(make_staff(is_superuser=True))
    return client


def upload(file):
    return SimpleUploadedFile(file.name, file.read(), "application/octet-stream")


def by_form(editor, file):
    return editor.post(reverse("wagtailimages:add"), {"title": "A room", "file": upload(file)})


def by_many(editor, file):
    data = {"title": "A room", "files[]": upload(file)}
    return editor.post(reverse("wagtailimages:add_multiple"), data, headers={"X-Requested-With": "XMLHttpRequest"})


def by_chooser(editor, file):
    data = {"image-chooser-upload-title": "A room", "image-chooser-upload-file": upload(file)}
    return editor.post(reverse("wagtailimages_chooser:create"), data)


def by_replacing(editor, file):
    stored = Picture.objects.create(title="Before", file=pictures.picture("PNG", color="red"))
    return editor.post(reverse("wagtailimages:edit", args=[stored.pk]), {"title": "A room", "file": upload(file)})


def by_shell(editor, file):
    Picture.objects.create(title="A room", file=file)


def by_saving_the_file(editor, file):
    row = Picture(title="A room")
    row.file.save(file.name, file)


WAYS = [by_form, by_many, by_chooser, by_replacing, by_shell, by_saving_the_file]


@pytest.mark.parametrize("way", WAYS)
def test_stored_picture_holds_no_metadata_whatever_way_it_came(editor, media, way):
    way(editor, pictures.from_a_phone())
    row = Picture.objects.get()
    assert row.title == "A room"
    [path] = media.files("original_images")
    content = path.read_bytes()
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size, dict(image.getexif())) == ("JPEG", (40, 60), {})  # upright
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}
    assert not [path for path in media.files() if pictures.PLACE in path.read_bytes()]
    assert (row.width, row.height, row.file_size) == (40, 60, len(content))
    row.file_hash, given = "", row.file_hash
    assert row.get_file_hash() == given


@pytest.mark.parametrize(
    ("file", "kind", "mode"),
    [
        (pictures.from_a_phone("PNG"), "PNG", "RGB"),
        (pictures.from_a_phone("WEBP"), "JPEG", "RGB"),
        (pictures.two_in_one_file(), "JPEG", "RGB"),
        (pictures.picture("PNG", mode="RGBA"), "PNG", "RGBA"),
        (pictures.picture("PNG", mode="P", color=1), "PNG", "RGB"),
        (pictures.picture("PNG", mode="L", color=9), "PNG", "L"),
        (pictures.picture("PNG", mode="I;16", color=9), "PNG", "RGB"),
        (pictures.picture("WEBP", mode="RGBA", color=(0, 128, 128, 100)), "PNG", "RGBA"),
        (pictures.picture("JPEG", mode="CMYK", color=0), "JPEG", "RGB"),
    ],
    ids=["PNG", "WebP", "two in one", "transparent", "palette", "gray", "16 bits", "transparent WebP", "print colors"],
)
def test_each_kind_of_picture_is_stored_plain(media, file, kind, mode):
    file.seek(0)
    Picture.objects.create(title="A room", file=file)
    [path] = media.files()
    with Image.open(path) as image:
        assert (image.format, image.mode, image.info.get("exif"), image.info.get("icc_profile")) == (
            kind,
            mode,
            None,
            None,
        )
    assert path.suffix == {"PNG": ".png", "JPEG": ".jpg"}[kind]
    assert pictures.PLACE not in path.read_bytes()


def test_large_picture_is_made_smaller(media):
    row = Picture.objects.create(title="A room", file=pictures.picture(size=(6000, 3000)))
    assert (row.width, row.height) == (2560, 1280)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_stored_picture_that_is_stored_again_stays_as_it_is(media, kind):
    first = Picture.objects.create(title="A room", file=pictures.from_a_phone(kind))
    content = Path(first.file.path).read_bytes()
    second = Picture.objects.create(title="Again", file=ContentFile(content, "again"))
    assert Path(second.file.path).read_bytes() == content


REFUSED = {
    "200 megapixels": lambda: pictures.claiming(20_000, 10_000),
    "60 megapixels": lambda: pictures.claiming(10_000, 6_000),
    "far beyond": lambda: pictures.claiming(2_000_000_000, 2_000_000_000),
    "drawing with a script": pictures.drawing_with_script,
    "drawing named .png": lambda: pictures.named(pictures.drawing_with_script(), "drawing.png"),
    "PDF named .png": lambda: ContentFile(pictures.WHITE_PDF, "letter.png"),
    "GIF": lambda: pictures.moving("GIF"),
    "GIF named .png": lambda: pictures.named(pictures.moving("GIF"), "moving.png"),
    "moving PNG": lambda: pictures.moving("PNG"),
    "moving WebP": lambda: pictures.moving("WEBP"),
    "half a JPEG": pictures.truncated,
    "half a PNG": lambda: pictures.truncated("PNG"),
    "half a WebP": lambda: pictures.truncated("WEBP"),
    "nothing": lambda: ContentFile(b"", "nothing.png"),
    "too many bytes": lambda: ContentFile(pictures.picture().read() + b"x" * 14_000_000, "large.jpeg"),
}


@pytest.mark.parametrize("way", [by_form, by_many, by_chooser])
@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_refused_upload_gets_a_sentence_and_stores_nothing(editor, media, make, way):
    response = way(editor, make())
    if way is by_many:
        sentence = response.json()["error_message"]
    elif way is by_form:
        [sentence] = response.context["form"].errors["file"]
    else:
        sentence = response.content.decode()
    assert ". " in f"{sentence} "
    assert (response.status_code, Picture.objects.count(), media.files()) == (200, 0, [])


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_refused_file_in_a_shell_stores_nothing(media, make):
    with pytest.raises(ValidationError):
        Picture.objects.create(title="A room", file=make())
    assert (Picture.objects.count(), media.files()) == (0, [])


def test_refused_replacement_leaves_the_old_picture(editor, media):
    response = by_replacing(editor, pictures.claiming(20_000, 10_000))
    row = Picture.objects.get()
    stored = [str(path) for path in media.files("original_images")]
    assert (response.status_code, row.title, stored) == (200, "Before", [row.file.path])


def test_words_of_a_picture_of_many_are_saved_without_its_file(editor, media):
    by_many(editor, pictures.picture("PNG"))
    stored = Picture.objects.get()
    address = reverse("wagtailimages:edit_multiple", args=[stored.pk])
    words = {f"image-{stored.pk}-title": "Our front door"}
    response = editor.post(address, words, headers={"X-Requested-With": "XMLHttpRequest"})
    stored.refresh_from_db()
    assert (response.json()["success"], stored.title) == (True, "Our front door")


def test_picture_under_a_wrong_name_gets_its_right_one(editor, media):
    by_form(editor, pictures.named(pictures.picture(), "room.png"))
    assert re.fullmatch(r"original_images/room-[0-9a-f]{8}\.jpg", Picture.objects.get().file.name)


@pytest.fixture
def levels():
    return ContentPage.objects.get(slug="levels-of-care")


def show(page, *blocks):
    page.sections = page.sections.stream_block.to_python(list(blocks))
    page.save_revision().publish()
    return page


def picture_block(**fields):
    stored = Picture.objects.create(title="Our front door", file=pictures.picture(size=(1600, 900)))
    words = {"decorative": False, "alt_text": "A yellow door with a bell"} | fields
    return {"type": "picture", "value": {"picture": {"image": stored.pk} | words, "caption": "The door on Elliot Road"}}


def test_reader_gets_a_picture_in_the_size_of_the_screen(client, media, levels):
    show(levels, picture_block())
    html = client.get(levels.url).content.decode()
    [image] = soup(html).select("main figure img")
    assert image.attrs == {
        "src": "/media/images/picture.width-1280.format-webp.webp",
        "srcset": ", ".join(
            f"/media/images/picture.width-{width}.format-webp.webp {width}w" for width in (1280, 800, 400)
        ),
        "sizes": "(min-width: 41rem) 39rem, 100vw",
        "width": "1280",
        "height": "720",
        "alt": "A yellow door with a bell",
        "loading": "lazy",
        "decoding": "async",
    }
    assert "The door on Elliot Road</figcaption>" in html
    for width in (1280, 800, 400):
        with Image.open(media.folder / f"images/picture.width-{width}.format-webp.webp") as shown:
            assert (shown.format, shown.size[0], shown.info.get("exif")) == ("WEBP", width, None)


def test_decorative_picture_is_silent(client, media, levels):
    show(levels, picture_block(decorative=True, alt_text=""))
    [image] = soup(client.get(levels.url)).select("main figure img")
    assert image["alt"] == ""


def test_picture_needs_words_or_to_be_decorative(media, levels):
    block = levels.sections.stream_block
    for fields, is_taken in [({}, True), ({"alt_text": ""}, False), ({"alt_text": "", "decorative": True}, True)]:
        value = block.to_python([picture_block(**fields)])
        if is_taken:
            assert block.clean(value) == value
        else:
            with pytest.raises(ValidationError) as refused:
                block.clean(value)
            assert "alt text" in str(refused.value.as_json_data())


def cell(words):
    return f"<p>{words}</p>"


def table_block(caption="What each level asks of you", heading="Hours a week", rows=True):
    mark = Source.objects.get(key="dea-fact-sheet").as_mark()
    values = [
        [cell("Outpatient"), cell(f"1 to 8 {mark}")],
        [cell("<b>Intensive</b>"), cell("<script>x</script>9 or more")],
    ]
    columns = [{"type": "text", "heading": "Level"}, {"type": "text", "heading": heading}]
    data = {"columns": columns, "rows": [{"values": row} for row in values if rows], "caption": caption}
    return {"type": "table", "value": {"table": data, "first_column_names_rows": True}}


def test_table_has_names_for_rows_and_columns_and_cites(client, levels):
    show(levels, table_block())
    tree = soup(client.get(levels.url))
    [region] = tree.select("main [role=group][tabindex='0']")
    assert (region["aria-label"], region.caption.text) == ("What each level asks of you",) * 2
    assert [head.text for head in region.select("thead th[scope=col]")] == ["Level", "Hours a week"]
    rows = [[part.get_text() for part in row.select("th[scope=row], td")] for row in region.select("tbody tr")]
    assert rows == [["Outpatient", "1 to 8 [1]"], ["Intensive", "9 or more"]]
    assert region.script is None
    assert len(tree.select("#_1")) == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"caption": " "}, "Write a caption that says what the table shows."),
        ({"heading": ""}, "Write a heading for each column."),
        ({"rows": False}, "Add at least one column and one row."),
    ],
)
def test_table_without_what_it_needs_is_refused(levels, fields, sentence):
    block = levels.sections.stream_block
    with pytest.raises(ValidationError) as refused:
        block.clean(block.to_python([table_block(**fields)]))
    assert sentence in str(refused.value.as_json_data())


def test_download_says_kind_and_size(client, media, levels):
    stored = Download.objects.create(
        title="x", file=ContentFile(pictures.WHITE_PDF + b"%" * 2048 + b"%%EOF", "list.pdf")
    )
    show(levels, {"type": "download", "value": {"title": "What to bring", "document": stored.pk}})
    [line] = soup(client.get(levels.url)).select("main .download")
    assert (line.a["href"], line.get_text()) == ("/media/documents/list.pdf", "What to bring (PDF, 2.1\xa0KB)")


def test_words_of_tables_and_pictures_are_checked(media, levels):
    levels.sections = levels.sections.stream_block.to_python(
        [picture_block(alt_text="A guaranteed cure"), table_block(caption="A miracle cure for all")]
    )
    claims = [finding.words.lower() for finding in content_checks.findings(levels) if finding.kind == "claim"]
    assert any("guarantee" in words for words in claims)
    assert any("miracle" in words or "cure" in words for words in claims)
