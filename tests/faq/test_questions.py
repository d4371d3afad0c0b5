"""A question is a page of its own; the FAQ and the page of its topic show the same answer, expandable."""

import json
import re

import pytest
from wagtail.models import Locale, Page

from faq.models import QuestionPage, Topic
from pages.models import Source
from tests.html import PageFacts, soup
from tests.pages.helpers import OFF_LINE, edit, mark, page, question, section

pytestmark = pytest.mark.django_db

KRATOM_PAGE = "/addiction/kratom-addiction-treatment/"
IN_ORDER = [
    ("how-addictive-is-kratom", "How addictive is kratom?"),
    ("physiological-effects-of-kratom", "What are the physiological effects of kratom?"),
    ("why-do-people-use-kratom", "Why do people use kratom?"),
    ("does-kratom-help-with-opiate-addiction", "Does kratom help with opiate addiction?"),
    ("side-effects-of-kratom", "What are the side effects of using kratom?"),
    ("kratom-withdrawal", "Do people experience kratom withdrawal?"),
    ("how-does-kratom-affect-the-body", "How does kratom affect the body?"),
    ("how-to-get-off-kratom", "How to get off of kratom?"),
]
SLUGS = [slug for slug, _ in IN_ORDER]
TITLES = [title for _, title in IN_ORDER]
every_list = pytest.mark.parametrize("path", ["/faq/", KRATOM_PAGE])


def details(client, path):
    """The questions of a page: attributes of `details` and `summary`, the wording, and the id and words of the body."""
    response = client.get(path)
    assert response.status_code == 200
    found = []
    for shown in soup(response).select("details.question"):
        summary = shown.summary.extract()
        found.append(
            {
                "attributes": shown.attrs,
                "summary": summary.attrs,
                "title": summary.get_text(),
                "body": shown.find(True).get("id"),
                "words": shown.get_text(),
            }
        )
    return found


def words(answer):
    """The words of an answer without the numbers of its source marks."""
    return re.sub(r"\[\d+\]", "", answer).split()


def titles(found):
    return [question["title"].strip() for question in found]


def kratom_question(slug):
    return QuestionPage.objects.get(slug=slug)


def new_topic(key="nights", title="Nights", position=2, page=None):
    return Topic.objects.create(key=key, title=title, position=position, page=page, locale=Locale.objects.get())


def graph_of(client, path):
    (data,) = PageFacts(client.get(path)).structured_data
    return json.loads(data)["@graph"]


# The page of a question


@pytest.mark.parametrize(("slug", "title"), IN_ORDER)
def test_page_of_a_question_is_about_that_question(client, slug, title):
    html = client.get(f"/faq/{slug}/").content.decode()
    facts = PageFacts(html)
    asked = kratom_question(slug)
    assert (html.count("<h1>"), f"<h1>{title}</h1>" in html) == (1, True)
    assert facts.title == f"{title} | Renaissance Recovery Center"
    assert facts.description == asked.search_description
    assert [link for link in facts.links if link in {source.url for source in asked.citations}] == [
        source.url for source in asked.citations
    ]
    assert len(asked.citations) > 2
    assert facts.soup.select("details.question") == []


def test_page_of_a_question_leads_to_every_other_question(client):
    html = client.get(f"/faq/{SLUGS[3]}/").content.decode()
    after = html[html.index(">More questions</h2>") :]
    links = [link for link in PageFacts(after).links if link.startswith("/faq/")]
    assert links[: len(SLUGS) - 1] == [f"/faq/{slug}/" for slug in SLUGS if slug != SLUGS[3]]


@pytest.mark.parametrize("path", ["no-such-question", "kratom-withdrawal2", "kratom-withdrawal/more", "a/b"])
def test_unknown_question_is_not_found(client, path):
    assert client.get(f"/faq/{path}/").status_code == 404


def test_question_in_capitals_leads_to_the_question(client):
    response = client.get("/faq/KRATOM-Withdrawal/")
    assert (response.status_code, response["Location"]) == (301, "/faq/kratom-withdrawal/")


def test_old_address_of_a_question_leads_to_the_new_one(client):
    edit(kratom_question(SLUGS[0]), slug="is-kratom-addictive")
    response = client.get(f"/faq/{SLUGS[0]}/")
    assert (response.status_code, response["Location"]) == (301, "/faq/is-kratom-addictive/")


# The same answers, expandable


@every_list
def test_lists_show_all_questions_closed_and_in_their_order(client, path):
    found = details(client, path)
    assert titles(found) == TITLES
    assert ["open" in question["attributes"] for question in found] == [False] * 8


@every_list
def test_id_is_on_the_first_element_after_the_summary(client, path):
    found = details(client, path)
    assert {question["title"].strip(): question["body"] for question in found} == {
        title: slug for slug, title in IN_ORDER
    }
    for found_question in found:
        assert (found_question["attributes"].keys() - {"class"}, found_question["summary"]) == (set(), {})


def test_kratom_page_shows_the_same_answers_as_the_faq(client):
    on_faq, on_page = details(client, "/faq/"), details(client, KRATOM_PAGE)
    answers = [
        [words(re.split("Sources (?:for|checked)", question["words"])[0]) for question in found]
        for found in (on_faq, on_page)
    ]
    assert answers[0] == answers[1]
    assert all(len(answer) > 50 for answer in answers[0])


def test_marks_of_an_answer_on_the_faq_lead_to_its_own_sources(client):
    html = client.get("/faq/").content.decode()
    for slug in SLUGS:
        prefix = f"q{kratom_question(slug).pk}-"
        assert html.count(f'id="_{prefix}1"') == 1
        assert f'href="#_{prefix}1"' in html


def test_marks_of_an_answer_on_another_page_lead_to_the_sources_of_that_page(client):
    """The page's own numbers stay as they are. A source that only an answer cites follows them."""
    Topic.objects.update(page=page(sections=[section(body=f"<p>a {mark('who-2021')}</p>"), section(kind="questions")]))
    edit(kratom_question(SLUGS[0]), answer=f"<p>b {mark('who-2021')} c {mark('dea-fact-sheet')}</p>")
    shown = soup(client.get("/sleep/"))
    assert len(shown.select("ol.sources")) == 1
    numbers = [mark["href"] for mark in shown.select('a[href^="#_"]')[:3]]
    assert numbers == ["#_1", "#_1", "#_2"]
    addresses = [Source.objects.get(key=key).url for key in ("who-2021", "dea-fact-sheet")]
    assert [source.a["href"] for source in shown.select("ol.sources li")[:2]] == addresses


@pytest.mark.parametrize("path", ["/faq/", f"/faq/{SLUGS[3]}/", KRATOM_PAGE])
def test_each_source_leads_back_to_the_first_mark_that_cites_it(client, path):
    shown = soup(client.get(path))
    sources = shown.select("ol.sources li")
    assert len(sources) > 2
    for source in sources:
        first = shown.select_one(f'a[href="#{source["id"]}"]')
        assert source.find("a", string="Back to text")["href"] == f"#{first['id']}"


@pytest.mark.parametrize("path", ["/faq/", f"/faq/{SLUGS[3]}/", KRATOM_PAGE])
def test_newer_answer_shows_everywhere_at_once(client, path):
    edit(kratom_question(SLUGS[3]), title="In new words?", answer=f"<p>Newly said {mark()}.</p>")
    html = client.get(path).content.decode()
    assert ("In new words?" in html, "Newly said" in html, TITLES[3] in html) == (True, True, False)


@pytest.mark.parametrize("state", OFF_LINE)
@every_list
def test_answer_that_is_off_line_is_hidden(client, path, state):
    question(title="Not for readers", answer="<p>Hidden words</p>", state=state)
    html = client.get(path).content.decode()
    assert ("Not for readers" in html, "Hidden words" in html) == (False, False)
    assert client.get("/faq/can-i-sleep/").status_code == 404


# Topics


def test_topic_without_a_page_is_shown_on_the_faq_only(client):
    question(topic=new_topic())
    html = client.get("/faq/").content.decode()
    assert html.index("Kratom: what people ask</h2>") < html.index("Nights</h2>")
    assert titles(details(client, "/faq/")) == [*TITLES, "Can I sleep?"]
    assert titles(details(client, KRATOM_PAGE)) == TITLES


def test_topic_shows_on_the_page_it_names_and_on_no_other(client):
    named = page(sections=[section("Questions", "", "questions")])
    Topic.objects.update(page=named)
    assert titles(details(client, named.url)) == TITLES
    assert details(client, KRATOM_PAGE) == []


def test_topic_without_shown_answers_has_no_heading(client):
    question(topic=new_topic(), state="draft")
    assert b"Nights" not in client.get("/faq/").content


def test_order_is_by_topic_then_as_in_the_tree(client):
    first = new_topic("first", "First of all", 0)
    for slug in ("a", "b"):
        question(slug, title=f"Question {slug}?", topic=first)
    QuestionPage.objects.get(slug="b").move(QuestionPage.objects.get(slug="a"), pos="left")
    assert titles(details(client, "/faq/")) == ["Question b?", "Question a?", *TITLES]


def test_faq_without_any_answer_says_so(client):
    for asked in QuestionPage.objects.all():
        asked.unpublish()
    html = client.get("/faq/").content.decode()
    assert "We have no questions here yet, so please call us." in html
    assert details(client, KRATOM_PAGE) == []


def test_wording_and_topic_are_escaped(client):
    Topic.objects.update(title="<i>Topic</i>")
    edit(kratom_question(SLUGS[0]), title="<b>How?</b>")
    for path in ("/faq/", f"/faq/{SLUGS[0]}/", f"/faq/{SLUGS[1]}/", KRATOM_PAGE):
        html = client.get(path).content.decode()
        assert ("<b>How?" in html, "&lt;b&gt;How?" in html) == (False, True)
    assert b"<i>Topic" not in client.get("/faq/").content


def test_topic_outlives_its_page(client):
    named = page()
    Topic.objects.update(page=named)
    Page.objects.get(pk=named.pk).delete()
    assert Topic.objects.get().page is None
    assert titles(details(client, "/faq/")) == TITLES


# What machines read


def test_questions_are_told_to_machines_on_the_faq_alone(client):
    (faq, _way) = graph_of(client, "/faq/")
    assert (faq["@type"], [asked["name"] for asked in faq["mainEntity"]]) == ("FAQPage", TITLES)
    assert [asked["url"] for asked in faq["mainEntity"]] == [f"http://127.0.0.1:8000/faq/{slug}/" for slug in SLUGS]
    for path in (KRATOM_PAGE, f"/faq/{SLUGS[0]}/"):
        assert {"FAQPage", "Question"} & {thing["@type"] for thing in graph_of(client, path)} == set()


def test_what_machines_read_of_an_answer_has_no_mark(client):
    question(answer=f"<p>Yes {mark()}. <b>In time</b></p>", title="Can I sleep?")
    (faq, _way) = graph_of(client, "/faq/")
    assert faq["mainEntity"][-1]["acceptedAnswer"] == {"@type": "Answer", "text": "Yes. In time."}
