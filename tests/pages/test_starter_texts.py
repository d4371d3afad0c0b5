"""The words of the starter files themselves."""

import json
import re

import pytest
from django.core.validators import URLValidator
from django.utils import timezone

import faq.starter
import pages.starter
from pages import plain_language, rich_text
from pages.models import ContentPage

HIGHEST_GRADE = 8.0
FILES = sorted(path for folder in (pages.starter.FOLDER, faq.starter.FOLDER) for path in folder.glob("pages/**/*.json"))
TEXTS = [pages.starter.read(path) for path in FILES]
SOURCES = {fields["key"]: fields for fields in json.loads((pages.starter.FOLDER / "sources.json").read_text())}
every_text = pytest.mark.parametrize("data", TEXTS, ids=lambda data: data["path"])

# What may stand without a mark: telephone numbers, names, dates of a statement, and counts that are not facts.
NO_FACT = re.compile(
    r'<a href="(?:tel|sms)[^>]*>.*?</a>|<[^>]*>|7-OH|7-hydroxy|MGM-1\d|12[- ]steps?|[Aa]s of November (?:29, )?2026'
    r"|past 12 months|911 operator"
)
# The pages about the website and the center, where numbers tell what the site does.
OWN_WORDS = {"/about/", "/accessibility/", "/privacy/"}
BRITISH = r"(?i)\b(?:ill|e-mail|tick(?:s|ed)?|whilst|programme|behaviour|centre|colour|diarrhoea|seldom)\b"
LEGAL = re.compile(r"(?i)\blaws?\b|\blawful\b|schedule I\b|may not (?:sell|say|tell)")


def bodies(data):
    """Pairs (heading, HTML) of every part of a starter file."""
    parts = [("Summary", data.get("summary", "")), ("Answer", "".join(data.get("answer", [])))]
    for section in [section["value"] for section in data.get("sections", [])]:
        if "body" in section:
            parts.append((section["heading"], "".join(section["body"] + _bands(section))))
        elif "table" in section:
            table = section["table"]
            parts.append((table["caption"], "".join("".join(cell) for row in table["rows"] for cell in row["values"])))
    return parts


def _bands(section):
    return [line for band in section.get("bands", []) for line in band["value"]["text"]]


def markup_of(data):
    return "".join(markup for _, markup in bodies(data))


def keys_in(markup):
    return re.findall(r'<a source="([^"]+)"></a>', markup)


@every_text
def test_every_part_reads_at_grade_8_or_below(data):
    grades = {heading: plain_language.grade(plain_language.as_text(markup)) for heading, markup in bodies(data)}
    assert {heading: grade for heading, grade in grades.items() if grade > HIGHEST_GRADE} == {}


@every_text
def test_no_word_to_avoid_is_used(data):
    texts = [data["title"], data["search_description"], data.get("menu_label", "")]
    for heading, markup in bodies(data):
        texts += [heading, plain_language.as_text(markup)]
    found = [found for text in texts for found in plain_language.words_to_avoid(text)]
    assert found + [match for text in texts for match in re.findall(BRITISH, text)] == []


@every_text
def test_every_mark_has_a_source(data):
    assert [key for key in keys_in(markup_of(data)) if key not in SOURCES] == []


def test_every_source_is_cited():
    assert {key for data in TEXTS for key in keys_in(markup_of(data))} == set(SOURCES)


@pytest.mark.parametrize(
    "data", [data for data in TEXTS if data["path"] not in OWN_WORDS], ids=lambda data: data["path"]
)
def test_every_number_has_a_mark(data):
    paragraphs = re.findall(r"<(?:p|li)\b[^>]*>(.*?)</(?:p|li)>", markup_of(data))
    assert [text for text in paragraphs if re.search(r"\d", NO_FACT.sub("", text)) and not keys_in(text)] == []


@every_text
def test_every_statement_of_law_has_a_date(data):
    for heading, markup in bodies(data):
        if keys_in(markup) and LEGAL.search(plain_language.as_text(markup)):
            assert re.search(r"[Aa]s of (?:November|that alert)", markup), heading


@every_text
def test_every_link_leads_to_a_page_that_exists_or_calls(data):
    paths = {text["path"] for text in TEXTS}
    pages_named, links = (re.findall(rf'<a {name}="([^"]*)"', markup_of(data)) for name in ("page", "href"))
    known = re.compile(
        r"tel:(911|988|\+1\d{10})|sms:\d{3,6}|/assessment/(under-18/)?|https://(findtreatment\.gov|www\.dea\.gov)/"
    )
    assert [path for path in pages_named if path not in paths] == []
    assert [link for link in links if not known.fullmatch(link)] == []


@every_text
def test_description_has_the_length_of_a_search_result(data):
    assert 50 <= len(data["search_description"]) <= 155, len(data["search_description"])


@every_text
def test_text_is_stored_as_it_was_written(data):
    for heading, markup in bodies(data):
        stored = re.sub(r'<a (source|page)="[^"]*">', '<a linktype="page" id="1">', markup)
        assert (heading, rich_text.clean(stored)) == (heading, stored)


@every_text
def test_check_of_the_sources_is_dated_where_there_are_sources(data):
    assert data.get("checked_on") or not keys_in(markup_of(data))


@pytest.mark.parametrize("path", ["/treatment/paying-for-care/", "/treatment/levels-of-care/", "/contact/"])
def test_a_page_about_choosing_names_care_that_is_not_ours(path):
    (data,) = [data for data in TEXTS if data["path"] == path]
    assert {"findtreatment", "samhsa-helpline"} <= set(keys_in(markup_of(data)))
    assert "tel:+18006624357" in markup_of(data)


def test_titles_and_descriptions_are_unique():
    for field in ("title", "search_description"):
        values = [data[field] for data in TEXTS]
        assert sorted(values) == sorted(set(values))


def test_the_eight_questions_stand_in_their_order():
    questions = [data for data in TEXTS if data["type"] == "faq.QuestionPage"]
    assert [question["title"] for question in sorted(questions, key=lambda question: question["position"])] == [
        "How addictive is kratom?",
        "What are the physiological effects of kratom?",
        "Why do people use kratom?",
        "Does kratom help with opiate addiction?",
        "What are the side effects of using kratom?",
        "Do people experience kratom withdrawal?",
        "How does kratom affect the body?",
        "How to get off of kratom?",
    ]


@pytest.mark.parametrize("key", SOURCES)
def test_every_source_has_an_https_address_of_its_own(key):
    url = SOURCES[key]["url"]
    URLValidator(schemes=["https"])(url)
    assert [other for other, fields in SOURCES.items() if fields["url"] == url] == [key]


@pytest.mark.django_db
def test_a_file_whose_day_has_not_come_yet_is_loaded_as_checked_on_that_day():
    (data,) = [data for data in TEXTS if data["path"] == "/addiction/what-is-7-oh/"]
    page = ContentPage.objects.get(slug="what-is-7-oh")
    assert data["checked_on"] == "2026-11-29"
    assert page.checked_on == timezone.localdate(page.first_published_at)
