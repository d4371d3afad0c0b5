import datetime as dt
import json

import pytest
from django.utils import timezone
from wagtail.models import Page

import faq.starter
import pages.starter
from faq.models import FaqPage, QuestionPage, Topic
from pages.content_files import FileRefused, page_to_data
from pages.models import Center, ContentPage, LoadedFile, Source
from tests.pages.helpers import content_rows, edit, page, question

pytestmark = pytest.mark.django_db

PAGE = {
    "type": "pages.ContentPage",
    "path": "/treatment/rest/",
    "language": "en-us",
    "menu": "header",
    "menu_label": "Rest",
    "menu_position": 9,
    "search_description": "About rest.",
    "summary": "In short.",
}
QUESTION = {
    "type": "faq.QuestionPage",
    "path": "/faq/can-i-rest/",
    "language": "en-us",
    "position": 20,
    "topic": ["kratom", "en-us"],
    "search_description": "About rest.",
}


@pytest.fixture(params=["page", "question"])
def kind(request):
    return request.param


@pytest.fixture
def load(tmp_path, kind):
    """A function that loads one starter file in some words, and says how many pages it wrote."""

    def load_(words, source="who-2021"):
        text = [f'<p>{words} <a source="{source}"></a>. <script>alert(1)</script></p>']
        if kind == "page":
            data = PAGE | {"sections": [{"type": "advice", "value": {"heading": "First", "body": text}, "id": "1"}]}
        else:
            data = QUESTION | {"answer": text}
        folder = tmp_path / "pages"
        folder.mkdir(exist_ok=True)
        (folder / "rest.json").write_text(json.dumps(data | {"title": words}))
        return pages.starter.load_pages(tmp_path)

    return load_


def loaded():
    return Page.objects.get(slug__in=["rest", "can-i-rest"]).specific


def shipped():
    folders = [pages.starter.FOLDER, faq.starter.FOLDER]
    return {pages.starter.read(path)["name"] for folder in folders for path in folder.glob("pages/**/*.json")}


def test_everything_is_loaded():
    live = {f"en-us:{page.url}" for page in Page.objects.filter(depth__gte=2, live=True)}
    assert live == shipped() == set(LoadedFile.objects.values_list("name", flat=True))
    assert len(live) > 25
    assert QuestionPage.objects.count() == 8
    assert Center.objects.get().phone == "(480) 526-7738"


def test_second_load_writes_nothing():
    before = content_rows()
    assert faq.starter.load() == {"topics": 0, "center": 0, "sources": 0, "pages": 0}
    assert content_rows() == before


def test_load_into_an_empty_site_counts_what_it_made():
    for home in Page.objects.filter(depth=2):
        home.delete()
    for model in (LoadedFile, Topic, Source, Center):
        model.objects.all().delete()
    assert faq.starter.load() == {
        "topics": 1,
        "center": 1,
        "sources": Source.objects.count(),
        "pages": len(shipped()),
    }
    assert Topic.objects.get().page.url == "/addiction/kratom-addiction-treatment/"


def test_file_makes_its_page_clean_and_cited(client, load):
    assert load("Rest") == 1
    html = client.get(loaded().url).content.decode()
    assert ("<h1>Rest</h1>" in html, "alert(1)" in html) == (True, False)
    assert [source.key for source in loaded().citations] == ["who-2021"]


def test_newer_file_renews_untouched_words(load):
    load("First words")
    assert load("Newer words") == 1
    assert (loaded().title, loaded().live) == ("Newer words", True)


def test_same_file_is_not_loaded_twice(load):
    load("First words")
    before = content_rows()
    assert load("First words") == 0
    assert content_rows() == before


def test_newer_file_with_the_same_words_writes_nothing(load, tmp_path):
    load("First words")
    revision = loaded().latest_revision
    (file,) = tmp_path.glob("pages/*.json")
    file.write_text(json.dumps(page_to_data(loaded()) | {"position": 1}))
    assert pages.starter.load_pages(tmp_path) == 0
    assert loaded().latest_revision == revision
    assert load("Newer words") == 1


@pytest.mark.parametrize("way", ["draft", "scheduled", "published"])
def test_newer_file_never_overwrites_an_editors_words(load, way):
    load("First words")
    touched = loaded()
    touched.title = "Words of an editor"
    if way == "scheduled":
        touched.go_live_at = timezone.now() + dt.timedelta(days=1)
    revision = touched.save_revision()
    if way != "draft":
        revision.publish()
    before = content_rows()
    assert load("Newer words") == 0
    assert content_rows() == before


def test_newer_file_does_not_bring_back_what_was_taken_offline(load):
    load("First words")
    loaded().unpublish()
    before = content_rows()
    assert load("Newer words") == 0
    assert content_rows() == before


def test_newer_file_does_not_bring_back_what_was_deleted(load):
    load("First words")
    loaded().delete()
    before = content_rows()
    assert [load("First words"), load("Newer words")] == [0, 0]
    assert content_rows() == before


@pytest.mark.parametrize("take_away", [lambda page: page.delete(), lambda page: edit(page, slug="costs")])
def test_newer_file_that_links_to_what_an_editor_took_away_is_not_loaded(load, take_away):
    load("First words")
    take_away(ContentPage.objects.get(slug="paying-for-care"))
    assert load('See <a page="/treatment/paying-for-care/">costs</a>') == 0
    assert loaded().title == "First words"
    assert load("Newer words") == 1


def test_address_that_an_editor_took_is_left_alone(load, kind):
    if kind == "page":
        page("rest", under="treatment", title="Words of an editor")
    else:
        question("can-i-rest", title="Words of an editor")
    before = content_rows()
    assert load("Words of the starter") == 0
    assert content_rows() == before


def test_file_with_an_unknown_source_writes_nothing(load):
    before = content_rows()
    with pytest.raises(FileRefused, match="no-such-source"):
        load("Words", source="no-such-source")
    assert content_rows() == before


def test_what_the_owner_and_editors_told_stays():
    Center.objects.update(phone="(928) 555-0100", street="1 Example Way")
    Source.objects.filter(key="who-2021").update(url="https://example.org/moved")
    Topic.objects.update(title="Questions people ask", page=None)
    edit(ContentPage.objects.get(slug="about"), slug="who-we-are")
    edit(FaqPage.objects.get(), title="What people ask")
    before = content_rows()
    faq.starter.load()
    assert content_rows() == before
