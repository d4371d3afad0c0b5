"""The words of the starter files themselves."""

import re
import tomllib

import pytest
from django.core.validators import URLValidator
from pages.version_admin import HIGHEST_GRADE

import faq.starter
import pages.starter
from pages import plain_language, rich_text

PAGES = pages.starter.files(pages.starter.FOLDER, without=pages.starter.SHARED)
QUESTIONS = faq.starter.files(faq.starter.FOLDER, without={"topics"})
SOURCES = tomllib.loads((pages.starter.FOLDER / "sources.toml").read_text())
every_text = pytest.mark.parametrize("data", PAGES + QUESTIONS, ids=lambda data: data["key"])


def bodies(data):
    """Pairs (heading, HTML) of every part of a starter file."""
    if "body" in data:
        return [("Answer", data["body"])]
    return [("Summary", data["summary"]), *((section["heading"], section["body"]) for section in data["sections"])]


def markup_of(data):
    return "".join(markup for _, markup in bodies(data))


@every_text
def test_every_part_reads_at_grade_8_or_below(data):
    grades = {heading: plain_language.grade(plain_language.as_text(markup)) for heading, markup in bodies(data)}
    assert {heading: grade for heading, grade in grades.items() if grade > HIGHEST_GRADE} == {}


@every_text
def test_no_word_to_avoid_is_used(data):
    texts = [data["title"], data["description"], data.get("menu_label", "")]
    for heading, markup in bodies(data):
        texts += [heading, plain_language.as_text(markup)]
    assert [found for text in texts for found in plain_language.words_to_avoid(text)] == []


@every_text
def test_every_mark_has_a_source_and_every_source_a_mark(data):
    assert set(rich_text.marks(markup_of(data))) == set(range(1, len(data.get("sources", [])) + 1))


@every_text
def test_every_source_is_listed_and_cited_once(data):
    cited = data.get("sources", [])
    assert [key for key in cited if key not in SOURCES] == []
    assert len(set(cited)) == len(cited)


@every_text
def test_every_link_leads_to_a_page_that_exists_or_calls(data):
    addresses = {f"/{page['path']}/" if page["path"] else "/" for page in PAGES}
    addresses |= {f"/faq/{question['slug']}/" for question in QUESTIONS} | {"/faq/", "/assessment/"}
    links = re.findall(r'href="([^"]*)"', markup_of(data))
    calls = re.compile(r"(tel:(911|988|\+1\d{10})|sms:\d{3,6})")
    assert [link for link in links if link not in addresses and not calls.fullmatch(link)] == []


@every_text
def test_description_has_the_length_of_a_search_result(data):
    assert 50 <= len(data["description"]) <= 155, len(data["description"])


@every_text
def test_text_is_stored_as_it_was_written(data):
    for heading, markup in bodies(data):
        written = re.sub(r' rel="noreferrer"', "", rich_text.clean(markup))
        assert (heading, written) == (heading, markup)


@every_text
def test_check_of_the_sources_is_dated_where_there_are_sources(data):
    assert data.get("checked_on") or not data.get("sources")


def test_titles_and_descriptions_are_unique():
    for field in ("title", "description"):
        values = [data[field] for data in PAGES + QUESTIONS]
        assert sorted(values) == sorted(set(values))


def test_the_eight_questions_stand_in_their_order():
    assert [question["title"] for question in sorted(QUESTIONS, key=lambda question: question["position"])] == [
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
