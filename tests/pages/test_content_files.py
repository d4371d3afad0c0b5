"""Content goes out as files and comes in again, exactly; a file that is wrong changes nothing."""

import io
import json
import shutil
from datetime import date, time, timedelta

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.utils import timezone
from wagtail.models import Collection, Locale, Page, Revision

from faq.models import QuestionPage, Topic
from pages.models import (
    Center,
    CenterTexts,
    ContentPage,
    Download,
    Holiday,
    HomePage,
    Notice,
    OpeningHours,
    Picture,
    Source,
)
from tests.pages import pictures

pytestmark = pytest.mark.django_db

BODY = (
    '<p data-block-key="a1">Words <b>here</b> {mark} and <a linktype="page" id="{page}">there</a>.</p>'
    '<ul><li data-block-key="b2">x<sup>2</sup></li></ul><p data-block-key="c3">'
    '<a linktype="document" id="{document}">to save</a> <a href="https://www.samhsa.gov/">SAMHSA</a></p>'
)


def rows():
    """Every row of content, to compare before and after."""
    models = [model for model in apps.get_models() if model._meta.app_label in ("pages", "faq", "wagtailcore")]
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in models}


def command(name, folder):
    said = io.StringIO()
    call_command(name, folder, stdout=said)
    return said.getvalue().splitlines()


def export(folder):
    command("export_content", folder)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def remove_all_content(media):
    for page in Page.objects.filter(depth=2):
        page.delete()
    for model in (Topic, Source, Picture, Download, Notice, Center):
        model.objects.all().delete()
    for collection in Collection.objects.filter(depth=2):
        collection.delete()
    shutil.rmtree(media.folder)


@pytest.fixture
def content(media):
    """Every kind of content beside the starter's: blocks, states, files, dates."""
    room = Collection.get_first_root_node().add_child(instance=Collection(name="Rooms"))
    photo = Picture.objects.create(
        title="A room", description="A chair", file=pictures.from_a_phone(), collection=room, focal_point_x=4
    )
    photo.tags.add("room", "chair")
    document = Download.objects.create(title="List", file=ContentFile(pictures.WHITE_PDF, "what-to-bring.pdf"))
    home = HomePage.objects.get()
    mark = Source.objects.get(key="dea-fact-sheet").as_mark()
    body = BODY.format(mark=mark, page=home.pk, document=document.pk)
    cells = [{"values": [body, ""]}, {"values": ["", ""]}]
    columns = [{"type": "text", "heading": "One"}, {"type": "text", "heading": "Two"}]
    sections = [
        ("text", {"heading": "<b>Not rich", "body": body}),
        ("quote", {"text": "<p>as typed</p>", "attribution": ""}),
        ("picture", {"picture": {"image": photo.pk, "decorative": False, "alt_text": "A chair"}, "caption": "<i>"}),
        ("download", {"title": "List", "document": document.pk}),
        ("table", {"table": {"columns": columns, "rows": cells, "caption": "C"}, "first_column_names_rows": False}),
    ]
    blocks = [{"type": kind, "value": value, "id": f"0000-{kind}"} for kind, value in sections]
    for slug, state in [("shown", "live"), ("only-a-draft", "draft"), ("later", "scheduled")]:
        page = ContentPage(title=slug.title(), slug=slug, summary="In short.", live=False)
        home.add_child(instance=page)
        page.sections = page.sections.stream_block.to_python(blocks)
        page.expire_at = timezone.now() + timedelta(days=30)
        if state == "scheduled":
            page.go_live_at = timezone.now() + timedelta(days=3)
        revision = page.save_revision()
        if state != "draft":
            page.publish(revision)
    center = Center.objects.get()
    center.opening_hours = [OpeningHours(weekday=day, opens=time(9), closes=time(17)) for day in (0, 1)]
    center.holidays = [Holiday(day=date(2026, 12, 25), name="Christmas Day")]
    center.texts = [CenterTexts(locale=home.locale, directions="Take bus 136.")]
    center.publish(center.save_revision())
    until = timezone.now() + timedelta(days=40)
    for words, is_live in [("<p>Closed on <b>Friday</b></p>", True), ("<p>Not yet</p>", False)]:
        notice = Notice(text=words, shows_from=timezone.now(), shows_until=until, pages=[home], live=is_live)
        notice.save()
        revision = notice.save_revision()
        if is_live:
            notice.publish(revision)
    return home


def states_and_topics():
    return (
        {page.url_path: (page.live, page.title) for page in Page.objects.all()},
        {page.slug: page.topic.key for page in QuestionPage.objects.all()},
    )


def test_content_comes_back_as_it_went(content, media, tmp_path):
    first = export(tmp_path / "first")
    before = states_and_topics()
    remove_all_content(media)
    command("import_content", tmp_path / "first")
    second = export(tmp_path / "second")
    assert sorted(second) == sorted(first)
    assert [name for name in first if first[name] != second[name]] == []
    assert states_and_topics() == before
    assert Topic.objects.get(key="kratom").page.url == "/addiction/kratom-addiction-treatment/"
    assert {"pictures/picture.jpg", "documents/what-to-bring.pdf", "pages/only-a-draft.json"} <= set(first)


def test_file_says_the_state_of_its_page(content, tmp_path):
    files = export(tmp_path / "out")
    states = {name: json.loads(files[f"pages/{name}.json"]).get("state") for name in ("shown", "only-a-draft", "later")}
    assert states == {"shown": None, "only-a-draft": "draft", "later": "scheduled"}


def test_same_content_again_changes_nothing(content, tmp_path):
    export(tmp_path / "out")
    before = rows()
    said = command("import_content", tmp_path / "out")
    assert rows() == before
    pages = Page.objects.filter(depth__gt=1).count()
    assert f"pages: 0 new, 0 changed, {pages} unchanged" in said


def test_changed_file_makes_a_published_revision(content, tmp_path):
    export(tmp_path / "out")
    page = ContentPage.objects.get(slug="shown")
    path = tmp_path / "out/pages/shown.json"
    path.write_text(path.read_text().replace("In short.", "In other words."))
    revisions = Revision.objects.for_instance(page).count()
    command("import_content", tmp_path / "out")
    page.refresh_from_db()
    assert (page.summary, page.live_revision_id) == ("In other words.", page.latest_revision_id)
    assert Revision.objects.for_instance(page).count() == revisions + 1


def test_hostile_rich_text_in_a_file_is_cleaned(content, client, tmp_path):
    export(tmp_path / "out")
    path = tmp_path / "out/pages/shown.json"
    data = json.loads(path.read_text())
    data["sections"][0]["value"]["body"] = [
        '<p onclick="alert(1)">Safe <script>alert(1)</script><a href="javascript:alert(1)">x</a></p>'
    ]
    path.write_text(json.dumps(data))
    command("import_content", tmp_path / "out")
    page = ContentPage.objects.get(slug="shown")
    assert page.sections[0].value["body"].source == "<p>Safe <a>x</a></p>"
    assert "alert(1)" not in client.get("/shown/").content.decode()


def test_pages_stand_in_the_order_of_the_files(content, tmp_path):
    export(tmp_path / "out")
    first, last = Page.objects.child_of(content).first(), Page.objects.child_of(content).last()
    last.move(first, "left")
    command("import_content", tmp_path / "out")
    assert Page.objects.child_of(content).first().pk == first.pk
    assert Page.objects.child_of(content).last().pk == last.pk


def change(folder, name, **values):
    path = folder / name
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def change_row(folder, name, **values):
    path = folder / name
    data = json.loads(path.read_text())
    path.write_text(json.dumps([data[0] | values, *data[1:]]))


def lead_out(folder, name):
    outside = folder.parent / "outside.json"
    shutil.copy(folder / name, outside)
    (folder / name).unlink()
    (folder / name).symlink_to(outside)


WRONG = {
    "no JSON": (lambda at: (at / "pages/shown.json").write_text("{"), "Can't read"),
    "a list": (lambda at: (at / "pages/shown.json").write_text("[]"), "is not a valid page file"),
    "type": (lambda at: change(at, "pages/shown.json", type="auth.User"), "auth.User is not a page type."),
    "other type": (lambda at: change(at, "pages/shown.json", type="faq.FaqPage"), "/shown/ is a page of another type."),
    "path": (lambda at: change(at, "pages/shown.json", path="/../shown/"), "is not a valid page file"),
    "claim": (lambda at: change(at, "pages/shown.json", summary="Our guaranteed cure."), "/shown/: “Shown” was not"),
    "no parent": (lambda at: change(at, "pages/shown.json", path="/no/such/"), "The parent page /no/ does not exist."),
    "language": (lambda at: change(at, "pages/shown.json", language="xx"), "There is no locale “xx”."),
    "title": (lambda at: change(at, "pages/shown.json", title=""), "title"),
    "sections": (lambda at: change(at, "pages/shown.json", sections={"a": 1}), "/shown/ is not valid"),
    "block": (
        lambda at: change(at, "pages/shown.json", sections=[{"type": "x", "value": 1}]),
        "/shown/ is not valid",
    ),
    "figure": (
        lambda at: change(at, "pages/shown.json", sections=[{"type": "figure", "value": {"figure": "x"}}]),
        "/shown/: sections: {",
    ),
    "source": (
        lambda at: change(at, "pages/shown.json", sections=[text('<p><a source="none"></a></p>')]),
        "/shown/: There is no source “none”.",
    ),
    "link": (
        lambda at: change(at, "pages/shown.json", sections=[text('<p><a page="/none/">x</a></p>')]),
        "/shown/: There is no page “/none/”.",
    ),
    "picture": (
        lambda at: (at / "pictures/picture.jpg").write_bytes(b"<svg/>"),
        "picture.jpg: This file is not a picture",
    ),
    "no picture": (lambda at: (at / "pictures/picture.jpg").unlink(), "There is no file pictures/picture.jpg."),
    "document": (lambda at: (at / "documents/what-to-bring.pdf").write_bytes(b"PK"), "This file is not a complete"),
    "name of a picture": (lambda at: change_row(at, "pictures.json", file="../center.json"), "is not a file name."),
    "picture from outside": (lambda at: lead_out(at, "pictures/picture.jpg"), "is outside of the folder."),
    "page from outside": (lambda at: lead_out(at, "pages/shown.json"), "is outside of the folder."),
    "year of a source": (lambda at: change_row(at, "sources.json", year=1), "sources.json: year"),
    "hours": (
        lambda at: change(at, "center.json", opening_hours=[{"weekday": 1, "opens": "17:00:00", "closes": "09:00:00"}]),
        "center.json: ",
    ),
    "overlap": (
        lambda at: change(
            at, "center.json", opening_hours=[hours("09:00:00", "17:00:00"), hours("16:00:00", "18:00:00")]
        ),
        "center.json: ",
    ),
    "phone": (lambda at: change(at, "center.json", phone="911911"), "center.json: phone"),
}


def hours(opens, closes):
    return {"weekday": 1, "opens": opens, "closes": closes}


def text(*lines):
    return {"type": "text", "value": {"heading": "H", "body": list(lines)}}


@pytest.mark.parametrize(("spoil", "sentence"), WRONG.values(), ids=WRONG)
def test_wrong_file_is_refused_and_changes_nothing(content, media, tmp_path, spoil, sentence):
    export(tmp_path / "out")
    change(tmp_path / "out", "pages/about.json", title="Changed before")
    (tmp_path / "out/pictures/picture.jpg").write_bytes(pictures.picture(color="red").read())
    spoil(tmp_path / "out")
    before, files = rows(), media.files()
    with pytest.raises(CommandError) as refused:
        command("import_content", tmp_path / "out")
    assert str(refused.value).startswith("Nothing was changed. ")
    assert sentence in str(refused.value)
    assert (rows(), media.files()) == (before, files)


def test_export_does_not_write_over_anything(tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(CommandError, match="is not empty"):
        command("export_content", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_translations_stay_together(content, tmp_path, media):
    spanish, _created = Locale.objects.get_or_create(language_code="es")
    home = content.copy_for_translation(spanish)
    home.publish(home.save_revision())
    about = ContentPage.objects.get(slug="shown").copy_for_translation(spanish)
    about.publish(about.save_revision())
    first = export(tmp_path / "first")
    remove_all_content(media)
    command("import_content", tmp_path / "first")
    assert export(tmp_path / "second") == first
    page = ContentPage.objects.get(slug="shown", locale__language_code="en-us")
    assert [other.url for other in page.get_translations()] == ["/es/shown/"]
