from datetime import timedelta

import pytest
from django.utils import timezone

import faq.starter
import pages.starter
from faq.models import AnswerVersion, Question, Topic
from pages.models import Center, Page, PageVersion, Source
from pages.starter import load_page, read
from tests.pages.helpers import answer_version, content_rows, page_version, rows

pytestmark = pytest.mark.django_db

PAGE = """
path = "sleep"
menu_label = "Sleep"
menu_position = 9
title = "{words}"
description = "About sleep."
summary = "In short."
sources = ["dea-fact-sheet", "who-2021"]

[[sections]]
kind = "advice"
heading = "First"
body = "<p>{words} [1]. <script>alert(1)</script></p>"

[[sections]]
kind = "text"
heading = "Second"
figure = "levels_of_care"
body = "<p>More [2].</p>"
"""
QUESTION = """
slug = "can-i-sleep"
topic = "kratom"
position = 20
title = "{words}"
description = "About sleep."
sources = ["who-2021"]
body = "<p>{words} [1].</p>"
"""


def starter(folder, template, words, key="sleep"):
    """A starter file as `load()` would read it."""
    path = folder / f"{key}.toml"
    path.write_text(template.format(words=words))
    return read(path)


@pytest.fixture(params=["page", "question"])
def kind(request):
    """A kind of starter content: its template, how it is loaded, what it makes."""
    if request.param == "page":
        return PAGE, load_page, Page, PageVersion, page_version
    return QUESTION, faq.starter.load_question, Question, AnswerVersion, answer_version


@pytest.fixture
def loaded(kind, tmp_path):
    """Starter content in its first state, and a function that loads it in other words."""
    template, load, subject_model, _version_model, _make = kind
    assert load(starter(tmp_path, template, "First words")) is True
    return subject_model.objects.get(starter_key="sleep"), lambda words: load(starter(tmp_path, template, words))


def live_titles(subject):
    return [version.title for version in subject.versions.live()]


def test_everything_is_loaded():
    shipped_pages = {data["key"] for data in pages.starter.files(pages.starter.FOLDER, without=pages.starter.SHARED)}
    shipped_questions = {data["key"] for data in pages.starter.files(faq.starter.FOLDER, without={"topics"})}
    assert len(shipped_questions) == 8
    assert set(Page.objects.values_list("starter_key", flat=True)) == shipped_pages
    assert set(Question.objects.values_list("starter_key", flat=True)) == shipped_questions
    assert PageVersion.objects.live().count() == len(shipped_pages)
    assert AnswerVersion.objects.live().count() == 8
    assert Center.objects.get().phone == "(480) 526-7738"


def test_second_load_writes_nothing():
    before = content_rows()
    assert pages.starter.load() == {"center": 0, "sources": 0, "pages": 0}
    assert faq.starter.load() == {"topics": 0, "questions": 0}
    assert content_rows() == before


def test_load_into_an_empty_site_counts_what_it_made():
    for model in (AnswerVersion, Question, Topic, PageVersion, Page, Source, Center):
        model.objects.all().delete()
    assert pages.starter.load() == {
        "center": 1,
        "sources": Source.objects.count(),
        "pages": Page.objects.count(),
    }
    assert faq.starter.load() == {"topics": 1, "questions": 8}


def test_page_is_made_with_its_sections_sources_and_menu(tmp_path):
    load_page(starter(tmp_path, PAGE, "Rest"))
    page = Page.objects.get(path="sleep")
    version = page.versions.live().get()
    assert (page.menu_label, page.menu_position) == ("Sleep", 9)
    assert list(version.sections.values_list("position", "kind", "heading", "body", "figure")) == [
        (1, "advice", "First", "<p>Rest [1]. </p>", ""),
        (2, "text", "Second", "<p>More [2].</p>", "levels_of_care"),
    ]
    assert list(version.citations.values_list("position", "source__key")) == [(1, "dea-fact-sheet"), (2, "who-2021")]


def test_newer_file_renews_untouched_words(loaded):
    subject, load = loaded
    assert load("Newer words") is True
    assert live_titles(subject) == ["Newer words"]
    assert subject.versions.count() == 2


def test_same_file_is_not_loaded_twice(loaded):
    _subject, load = loaded
    before = content_rows()
    assert load("First words") is False
    assert content_rows() == before


def test_older_file_does_not_come_back(loaded):
    subject, load = loaded
    load("Newer words")
    assert load("First words") is False
    assert live_titles(subject) == ["Newer words"]


@pytest.mark.parametrize("begins", [None, timedelta(days=1), timedelta()], ids=["draft", "scheduled", "published"])
def test_newer_file_never_overwrites_an_editors_words(kind, loaded, begins):
    subject, load = loaded
    make = kind[-1]
    make(subject, title="Words of an editor", begins=None if begins is None else timezone.now() + begins)
    before = content_rows()
    assert load("Newer words") is False
    assert content_rows() == before


def test_newer_file_does_not_bring_back_what_was_taken_offline(loaded):
    subject, load = loaded
    assert subject.versions.live().get().take_offline() is True
    before = content_rows()
    assert load("Newer words") is False
    assert content_rows() == before


def test_newer_file_keeps_a_changed_address_and_menu(tmp_path):
    load_page(starter(tmp_path, PAGE, "First words"))
    page = Page.objects.get(path="sleep")
    page.path, page.menu_label, page.menu_position = "rest", "Rest", 3
    page.save()
    before = rows(Page)
    assert load_page(starter(tmp_path, PAGE, "First words")) is False
    assert load_page(starter(tmp_path, PAGE, "Newer words")) is True
    assert live_titles(page) == ["Newer words"]
    assert rows(Page) == before


def test_newer_file_keeps_a_changed_place_of_a_question(tmp_path):
    faq.starter.load_question(starter(tmp_path, QUESTION, "First words"))
    topic = Topic.objects.create(key="nights", title="Nights")
    Question.objects.filter(starter_key="sleep").update(slug="sleeping", position=1, topic=topic)
    before = rows(Question)
    assert faq.starter.load_question(starter(tmp_path, QUESTION, "Newer words")) is True
    assert rows(Question) == before


def test_address_that_an_editor_took_is_left_alone(tmp_path, kind):
    template, load, model, _version_model, make = kind
    if model is Page:
        make(Page.objects.create(path="sleep"), title="Words of an editor")
    else:
        make(Question.objects.create(slug="can-i-sleep", topic=Topic.objects.get()), title="Words of an editor")
    before = content_rows()
    assert load(starter(tmp_path, template, "Words of the starter")) is False
    assert content_rows() == before


def test_what_the_owner_and_editors_told_stays():
    Center.objects.update(phone="(928) 555-0100", street="1 Example Way")
    Source.objects.filter(key="who-2021").update(url="https://example.org/moved")
    Topic.objects.update(title="Questions people ask", page=None)
    Page.objects.filter(path="about").update(path="who-we-are")
    before = content_rows()
    pages.starter.load()
    faq.starter.load()
    assert content_rows() == before


def test_file_with_an_unknown_source_writes_nothing(tmp_path, kind):
    template, load, *_ = kind
    before = content_rows()
    with pytest.raises(KeyError, match="no-such-source"):
        load(starter(tmp_path, template.replace("who-2021", "no-such-source"), "Words"))
    assert content_rows() == before
