from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.utils import timezone

from faq.models import AnswerVersion, Question, Topic
from pages.models import Page, Section
from tests.pages.helpers import answer_version, page_version

pytestmark = pytest.mark.django_db

KRATOM_PAGE = "/addiction/kratom-addiction-treatment/"
HOUR = timedelta(hours=1)
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
every_view = pytest.mark.parametrize("path", ["/faq/", f"/faq/{SLUGS[3]}/", KRATOM_PAGE])


class Details(HTMLParser):
    """The questions of a page: attributes of `details` and `summary`, the wording, and the id of the body."""

    def __init__(self, html):
        super().__init__()
        self.all, self._path = [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if tag in ("meta", "link", "input", "br", "img"):
            return
        if tag == "details":
            self.all.append({"attributes": dict(attributes), "summary": None, "title": "", "body": None, "words": ""})
        elif tag == "summary":
            self.all[-1]["summary"] = dict(attributes)
        elif self._path and self._path[-1] == "details" and self.all[-1]["body"] is None:
            self.all[-1]["body"] = dict(attributes).get("id")
        self._path.append(tag)

    def handle_endtag(self, tag):
        if tag in self._path:
            while self._path.pop() != tag:
                pass

    def handle_data(self, data):
        if "summary" in self._path:
            self.all[-1]["title"] += data
        elif "details" in self._path:
            self.all[-1]["words"] += data


def details(client, path):
    response = client.get(path)
    assert response.status_code == 200
    found = Details(response.content.decode()).all
    return [question for question in found if question["attributes"].get("class") == "question"]


def titles(found):
    return [question["title"].strip() for question in found]


def test_faq_shows_all_questions_closed_and_in_their_order(client):
    found = details(client, "/faq/")
    assert titles(found) == TITLES
    assert ["open" in question["attributes"] for question in found] == [False] * 8


@pytest.mark.parametrize(("slug", "title"), IN_ORDER)
def test_address_of_a_question_shows_it_open_and_first(client, slug, title):
    found = details(client, f"/faq/{slug}/")
    assert titles(found) == [title, *(other for other in TITLES if other != title)]
    assert ["open" in question["attributes"] for question in found] == [True] + [False] * 7


def test_page_of_a_question_bears_its_title_and_description(client):
    version = AnswerVersion.objects.live().get(question__slug=SLUGS[0])
    html = client.get(f"/faq/{SLUGS[0]}/").content.decode()
    assert f"<title>{version.title} | Renaissance Recovery Center</title>" in html
    assert f'<meta name="description" content="{version.description}">' in html


@every_view
def test_id_is_on_the_first_element_after_the_summary(client, path):
    found = details(client, path)
    assert {question["title"].strip(): question["body"] for question in found} == {
        title: slug for slug, title in IN_ORDER
    }
    for question in found:
        assert (question["attributes"].keys() - {"class", "open"}, question["summary"]) == (set(), {})


def test_kratom_page_shows_the_same_answers_closed(client):
    on_faq, on_page = details(client, "/faq/"), details(client, KRATOM_PAGE)
    assert titles(on_page) == TITLES
    without_link = [question["words"].split("Link to this question")[0].split() for question in on_faq]
    assert [question["words"].split() for question in on_page] == without_link
    assert ["open" in question["attributes"] for question in on_page] == [False] * 8
    assert all(len(question["words"]) > 200 for question in on_faq)


@pytest.mark.parametrize("path", ["no-such-question", "kratom-withdrawal2", "KRATOM-WITHDRAWAL", "a/b"])
def test_unknown_question_is_not_found(client, path):
    assert client.get(f"/faq/{path}/").status_code == 404


@every_view
@pytest.mark.parametrize("condition", ["draft", "scheduled", "expired"])
def test_answer_that_is_not_live_is_hidden_everywhere(client, path, condition):
    now = timezone.now()
    begins = {"draft": None, "scheduled": now + HOUR, "expired": now - 2 * HOUR}[condition]
    ends = now - HOUR if condition == "expired" else None
    hidden = answer_version(begins=begins, ends=ends, title="Not for readers", body="<p>Hidden words</p>")
    response = client.get(path)
    assert response.status_code == 200
    assert (b"Not for readers" in response.content, b"Hidden words" in response.content) == (False, False)
    assert client.get(f"/faq/{hidden.question.slug}/").status_code == 404


def test_answer_that_expired_leaves_every_page_though_an_older_one_exists(client):
    question = Question.objects.get(slug=SLUGS[0])
    now = timezone.now()
    answer_version(question, begins=now, ends=now, title="Newest")
    assert titles(details(client, "/faq/")) == TITLES[1:]
    assert titles(details(client, KRATOM_PAGE)) == TITLES[1:]
    assert titles(details(client, f"/faq/{SLUGS[1]}/")) == [TITLES[1], *TITLES[2:]]
    assert client.get(f"/faq/{SLUGS[0]}/").status_code == 404


@every_view
def test_newer_answer_shows_everywhere_at_once(client, path):
    answer_version(Question.objects.get(slug=SLUGS[3]), title="In new words", body="<p>Newly said [1].</p>").publish()
    found = {question["title"].strip(): question["words"] for question in details(client, path)}
    assert "Newly said [1]." in found["In new words"]
    assert TITLES[3] not in found
    assert len(found) == 8


@every_view
def test_marks_of_an_answer_lead_to_its_own_sources(client, path):
    html = client.get(path).content.decode()
    for slug in SLUGS:
        prefix = f"q{Question.objects.get(slug=slug).pk}-"
        assert html.count(f'id="{prefix}source-1"') == 1
        assert f'href="#{prefix}source-1"' in html


def test_topic_without_a_page_is_shown_on_the_faq_only(client):
    topic = Topic.objects.create(key="nights", title="Nights", position=2)
    answer_version(Question.objects.create(slug="can-i-sleep", topic=topic), title="Can I sleep?").publish()
    html = client.get("/faq/").content.decode()
    assert html.index("Kratom: what people ask</h2>") < html.index("Nights</h2>")
    assert titles(details(client, "/faq/")) == [*TITLES, "Can I sleep?"]
    assert titles(details(client, KRATOM_PAGE)) == TITLES
    assert titles(details(client, "/faq/can-i-sleep/"))[0] == "Can I sleep?"


def test_topic_shows_on_the_page_it_names_and_on_no_other(client):
    version = page_version()
    Section.objects.create(version=version, position=2, kind="questions", heading="Questions")
    version.publish()
    Topic.objects.update(page=version.page)
    assert titles(details(client, version.page.get_absolute_url())) == TITLES
    assert details(client, KRATOM_PAGE) == []


def test_topic_without_live_answers_has_no_heading(client):
    topic = Topic.objects.create(key="nights", title="Nights", position=2)
    answer_version(Question.objects.create(slug="can-i-sleep", topic=topic))
    assert b"Nights" not in client.get("/faq/").content


def test_order_is_by_topic_then_position(client):
    first = Topic.objects.create(key="first", title="First of all", position=0)
    for position, slug in [(2, "b"), (1, "a")]:
        question = Question.objects.create(slug=slug, topic=first, position=position)
        answer_version(question, title=f"Question {slug}?").publish()
    Question.objects.filter(slug=SLUGS[0]).update(position=99)
    assert titles(details(client, "/faq/")) == ["Question a?", "Question b?", *TITLES[1:], TITLES[0]]


def test_faq_without_any_answer_says_so(client):
    AnswerVersion.objects.update(expire_at=timezone.now())
    html = client.get("/faq/").content.decode()
    assert "There are no questions here yet. Please call us." in html
    assert details(client, KRATOM_PAGE) == []


def test_wording_and_topic_are_escaped(client):
    Topic.objects.update(title="<i>Topic</i>")
    answer_version(Question.objects.get(slug=SLUGS[0]), title="<b>How?</b>").publish()
    for path in ("/faq/", f"/faq/{SLUGS[0]}/"):
        html = client.get(path).content.decode()
        assert ("<b>How?" in html, "&lt;b&gt;How?" in html) == (False, True)
    assert b"<i>Topic" not in client.get("/faq/").content


def test_topic_outlives_its_page(client):
    version = page_version(Page.objects.create(path="empty"))
    Topic.objects.update(page=version.page)
    version.delete()
    version.page.delete()
    assert Topic.objects.get().page is None
    assert titles(details(client, "/faq/")) == TITLES
