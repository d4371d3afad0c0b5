"""The search: what it finds, in which order, what it mends, and what it must never show, keep or break on."""

import html
import logging
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from faq.models import Question, Topic
from pages.models import OldPath, Page, PageVersion, Section
from recovery_site.search import LONGEST_QUERY, SAME_THING, find
from tests.crawl import PageFacts
from tests.pages.helpers import answer_version, page_version, rows

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
WITHDRAWAL = "/treatment/withdrawal-and-detox/"


@pytest.fixture
def an_hour_ago():
    return timezone.now() - HOUR


@pytest.fixture
def zebra(an_hour_ago):
    """A page and an answer with words that no other text has."""
    page = page_version(
        Page.objects.create(path="zebra"),
        begins=an_hour_ago,
        title="Zebras at night",
        body="<p>The <strong>okapi</strong> is shy [12]. It eats leaves &amp; buds, x &lt; y [3][4].</p>",
    )
    question = Question.objects.create(slug="okapi", topic=Topic.objects.first())
    answer = answer_version(question, begins=an_hour_ago, title="Where is the okapi?", body="<p>In the quagga [1].</p>")
    return page, answer


def urls(query):
    return [result["url"] for result in find(query)[0]]


def ask(client, query):
    return client.get("/search/", {"q": query})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("zebras", ["/zebra/"]),  # a title
        ("okapi", ["/faq/okapi/", "/zebra/"]),  # a title and a text
        ("quagga", ["/faq/okapi/"]),  # an answer
        ("shy okapi", ["/zebra/"]),  # all words, where all can be had
        ("quagga zebra", ["/faq/okapi/", "/zebra/"]),  # else any
        ("QUAGGAS", ["/faq/okapi/"]),  # plural and capitals
        ("quag", ["/faq/okapi/"]),  # the beginning of a word
        ("okapi, shy!", ["/zebra/"]),
        ("where is the quagga?", ["/faq/okapi/"]),
        ("nothingofthekind", []),
    ],
)
def test_search_finds_pages_and_answers(zebra, query, expected):
    assert set(urls(query)) == set(expected)


def test_title_stands_before_text(zebra):
    assert urls("okapi") == ["/faq/okapi/", "/zebra/"]
    assert urls("zebra") == ["/zebra/"]


def test_search_reads_summary_and_headings(an_hour_ago):
    version = page_version(Page.objects.create(path="sleep"), title="Rest", body="<p>Nothing more.</p>")
    Section.objects.create(version=version, heading="Wombats", body="")
    PageVersion.objects.filter(pk=version.pk).update(summary="About numbats.", publish_at=an_hour_ago)
    assert (urls("wombats"), urls("numbats")) == (["/sleep/"], ["/sleep/"])


def test_search_shows_title_kind_and_snippet(client, zebra):
    page = ask(client, "okapi").content.decode()
    shown = re.findall(r'<h3><a href="(.+?)">(.+?)</a></h3>\s*<p class="result-kind">(.+?)</p>\s*<p>(.+?)</p>', page)
    assert shown == [
        ("/faq/okapi/", "Where is the okapi?", "Question", "In the quagga."),
        (
            "/zebra/",
            "Zebras at night",
            "Page",
            "In short. First. The <mark>okapi</mark> is shy. It eats leaves &amp; buds, x &lt; y.",
        ),
    ]


def test_search_shows_live_versions_only(zebra, an_hour_ago):
    page, answer = zebra
    for make, live, subject in ((page_version, page, page.page), (answer_version, answer, answer.question)):
        make(subject, title="Draft capybara")
        make(subject, begins=timezone.now() + HOUR, title="Scheduled capybara")
        make(subject, begins=an_hour_ago - HOUR, title="Replaced capybara")
        assert live.state() == "live"
    page_version(Page.objects.create(path="ended"), begins=an_hour_ago, ends=timezone.now(), title="Ended capybara")
    assert find("capybara") == ([], "")


def test_search_gives_the_new_version_once_it_is_live(zebra):
    page, _answer = zebra
    page_version(page.page, begins=timezone.now(), title="Capybara")
    assert (urls("zebras"), urls("capybara")) == ([], ["/zebra/"])


def test_search_leads_to_the_new_address_of_a_page(zebra):
    page = zebra[0].page
    page.path = "stripes"
    page.save()
    assert OldPath.objects.filter(path="zebra").exists()
    assert urls("zebras") == ["/stripes/"]


def test_search_finds_a_page_without_sections(an_hour_ago):
    version = PageVersion.objects.create(
        page=Page.objects.create(path="bare"), title="Numbats", description="A description", summary="In short."
    )
    PageVersion.objects.filter(pk=version.pk).update(publish_at=an_hour_ago)
    assert find("numbats")[0] == [{"title": "Numbats", "url": "/bare/", "kind": "Page", "snippet": "In short."}]


def test_search_shows_at_most_twenty(an_hour_ago):
    for number in range(25):
        page_version(Page.objects.create(path=f"n-{number}"), begins=an_hour_ago, title=f"Capybara {number}")
    assert len(urls("capybara")) == 20


@pytest.mark.parametrize(("row", "form"), [(row, form) for row in SAME_THING for form in row])
def test_each_word_for_the_same_thing_finds_the_same(row, form):
    assert urls(form) == urls(row[0])
    assert urls(form) != []


def test_table_holds_what_people_say():
    said = {form for row in SAME_THING for form in row}
    wanted = (
        "detox,withdrawal,withdrawal management,7-OH,7-hydroxymitragynine,7oh,seven oh,ketum,krathom,thang,biak,kratom,"
        "rehab,treatment,quit,stop,get off,suboxone,buprenorphine,narcan,naloxone,cost,price,insurance,paying,baby,"
        "pregnant,pregnancy"
    )
    assert set(wanted.split(",")) - said == set()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("detox", WITHDRAWAL),
        ("7 oh", "/addiction/kratom-addiction-treatment/"),
        ("quitting ketum", "/faq/how-to-get-off-kratom/"),
        ("how do I get off kratom", "/faq/how-to-get-off-kratom/"),
        ("rehab", "/addiction/kratom-addiction-treatment/"),
        ("narcan", "/addiction/kratom-addiction-treatment/"),
        ("babies", "/faq/kratom-withdrawal/"),
        ("my son", "/family-support/"),
        ("is kratom legal", "/addiction/kratom-addiction-treatment/"),
        ("addict", "/addiction/kratom-addiction/"),
        ("addicted to kratom", "/faq/how-addictive-is-kratom/"),
        ("side effects", "/faq/side-effects-of-kratom/"),
    ],
)
def test_search_finds_what_people_ask(query, found):
    assert found in urls(query)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("withdrawal and detox", WITHDRAWAL),
        ("levels of care", "/treatment/levels-of-care/"),
        ("side effects", "/faq/side-effects-of-kratom/"),
        ("family support", "/family-support/"),
    ],
)
def test_page_whose_title_says_it_comes_first(query, first):
    assert urls(query)[0] == first


def test_phrase_for_the_same_thing_is_not_taken_apart(zebra):
    assert "/zebra/" not in urls("get off")
    page_version(Page.objects.create(path="get"), begins=timezone.now(), title="Get", body="<p>Get numbats.</p>")
    assert "/get/" not in urls("quit")


@pytest.mark.parametrize(
    ("query", "corrected"),
    [
        ("witdrawal", "withdrawal"),  # one missing
        ("withhdrawal", "withdrawal"),  # one too many
        ("withdrewal", "withdrawal"),  # one wrong
        ("withdarwal", "withdrawal"),  # two swapped
        ("Kratum side effects", "kratom side effects"),
        ("suboxne", "suboxone"),
        ("Kratom", ""),
        ("withdraw", ""),
        ("krtm", ""),  # under five letters
        ("wtidarwal", ""),  # more than one letter
    ],
)
def test_one_wrong_letter_is_mended(query, corrected):
    results, mended = find(query)
    assert mended == corrected
    if corrected:
        assert results == find(corrected)[0]


def test_page_says_what_it_searched_for_instead(client):
    page = ask(client, "witdrawal").content.decode()
    assert "Results for “withdrawal”" in page
    assert 'value="witdrawal"' in page
    assert "Results for" not in ask(client, "withdrawal").content.decode()


def test_snippet_marks_words_and_leaves_out_marks_and_tags(zebra):
    (result,) = find("shy leaves")[0]
    assert result["snippet"] == (
        "In short. First. The okapi is <mark>shy</mark>. It eats <mark>leaves</mark> &amp; buds, x &lt; y."
    )


def test_snippet_of_a_long_text_shows_where_the_words_stand(an_hour_ago):
    body = f"<p>{'Before it. ' * 80}The numbat met a wombat. {'After it. ' * 80}</p>"
    page_version(Page.objects.create(path="long"), begins=an_hour_ago, body=body)
    snippet = find("numbat wombat")[0][0]["snippet"]
    assert "The <mark>numbat</mark> met a <mark>wombat</mark>. After it." in snippet
    assert (snippet[:2], snippet[-2:]) == ("… ", " …")
    assert len(html.unescape(re.sub("</?mark>", "", snippet))) <= 224


def test_snippet_marks_words_of_the_same_row():
    (page,) = [result for result in find("detox")[0] if result["url"] == WITHDRAWAL]
    assert "<mark>" in page["snippet"]


def test_source_mark_is_not_a_word(zebra):
    assert "/zebra/" not in urls("12")


def test_script_in_texts_and_query_is_shown_and_never_runs(client, an_hour_ago):
    version = page_version(Page.objects.create(path="wombat"), title="<b>Wombat</b>", body="<p>x</p>")
    Section.objects.create(version=version, heading="<img src=x> wombat <script>", body="")
    PageVersion.objects.filter(pk=version.pk).update(summary='Wombat <script>"1"</script>', publish_at=an_hour_ago)
    page = ask(client, 'wombat"><script>alert(1)</script>').content.decode()
    facts = PageFacts(page)
    assert (facts.all("script"), facts.all("img"), facts.all("b")) == ([], [], [])
    assert 'value="wombat&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in page
    assert "&lt;b&gt;Wombat&lt;/b&gt;" in page


INPUTS = {
    "ten thousand letters": "a" * 10_000,
    "ten thousand words": "kratom " * 10_000,
    "many short words": "ab " * 200,
    "NUL": "kratom\0withdrawal",
    "only NUL": "\0",
    "control characters": "\x01\x1b[31m\r\nkratom\x7f",
    "quote": "'",
    "quotes": '"kratom" \'withdrawal\' """',
    "SQL": "'; DROP TABLE pages_page; --",
    "percent": "% %s %(x)s %%",
    "backslashes": "\\ \\' kratom\\",
    "operators": "kratom & | ! ( ) <-> :* -withdrawal OR or AND",
    "unbalanced": '(((kratom "withdrawal',
    "negation": "-kratom !kratom",
    "braces": "{{ center }} {% now %}",
    "emoji": "😀👩‍👩‍👧",
    "lone surrogate": "%ED%A0%80",
    "only stop words": "what is the",
    "only stop words of PostgreSQL": "very own just",
    "right to left": "\u202eמהו kratom قرطوم",
    "Thai": "กระท่อม",
    "combining": "k\u0301\u0301\u0301ratom",
    "underscores": "___ kratom_x",
    "dashes": "--- - – —",
    "number": "911",
    "longest number": "9" * 100,
    "ligatures": "ﷺ" * 99,
}


@pytest.mark.parametrize("query", INPUTS.values(), ids=INPUTS.keys())
def test_any_input_gets_the_search_page(client, query):
    response = ask(client, query)
    facts = PageFacts(response.content.decode())
    assert (response.status_code, len(facts.all("h1")), facts.title.strip()[:6]) == (200, 1, "Search")
    assert {"tel:911", "tel:988", "sms:988"} <= set(facts.links)
    (field,) = [field for field in facts.all("input") if field.get("name") == "q"]
    assert len(field["value"]) <= LONGEST_QUERY


@pytest.mark.parametrize("raw", ["q=%00", "q=%ff%fe", "q=%ED%A0%80", "q", "q=", "q=+++", "Q=kratom", "q[]=1", "%00=1"])
def test_any_query_string_gets_the_search_page(client, raw):
    assert client.get(f"/search/?{raw}").status_code == 200


def test_full_width_letters_and_typographic_hyphens_find(client):
    links = PageFacts(ask(client, "７‑ＯＨ").content.decode()).links
    assert set(urls("7-OH")) <= set(links)
    assert "/addiction/kratom-addiction-treatment/" in urls("7-OH")


def test_words_around_operators_still_find(zebra):
    for query in ("quagga & | !", '"quagga', "quagga\0", "quagga:*", "(quagga)", "'quagga'", "quagga <-> ", "% quagga"):
        assert (query, urls(query.replace("\0", " "))) == (query, ["/faq/okapi/"])


def test_last_of_repeated_queries_counts(client, zebra):
    page = client.get("/search/?q=kratom&q=quagga").content.decode()
    assert 'value="quagga"' in page
    assert "1 result" in page


def test_long_query_is_cut_and_the_page_says_so(client, zebra):
    page = ask(client, "quagga " + "x" * 200).content.decode()
    assert "we used the first 100 characters" in page
    assert "/faq/okapi/" in PageFacts(page).links
    assert "we used the first" not in ask(client, "x" * 100).content.decode()


def test_empty_search_shows_the_form_and_links(client):
    response = client.get("/search/")
    facts = PageFacts(response.content.decode())
    assert {"/faq/", "/assessment/", "/addiction/kratom-addiction-treatment/"} <= set(facts.links)
    assert "found nothing" not in response.content.decode()
    assert [form for form in facts.all("form") if form.get("role") == "search"] == [
        {"class": "search-form", "role": "search", "action": "/search/", "method": "get"}
    ]


def test_search_without_result_shows_form_ways_on_and_crisis_lines(client):
    response = ask(client, "nothingofthekind")
    facts = PageFacts(response.content.decode())
    assert "We found nothing for these words" in response.content.decode()
    assert {"/faq/", "/assessment/", "tel:911", "tel:988", "tel:+14805267738"} <= set(facts.links)
    assert 'value="nothingofthekind"' in response.content.decode()


def test_form_stands_on_any_page():
    form = render_to_string("includes/search_form.html", {"query": ""})
    facts = PageFacts(form)
    (field,) = facts.all("input")
    assert field == {"type": "search", "name": "q", "value": "", "autocomplete": "off", "enterkeyhint": "search"}
    assert len(facts.all("label")) == 1
    assert facts.ids == []


@pytest.mark.parametrize("query", ["", "kratom withdrawal", "nothingofthekind"])
def test_search_page_is_kept_by_no_one(client, query):
    response = ask(client, query)
    facts = PageFacts(response.content.decode())
    kept = {part.strip() for part in response["Cache-Control"].split(",")}
    assert {"private", "no-store"} <= kept
    assert (response["Referrer-Policy"], response.cookies) == ("no-referrer", {})
    assert [meta["content"] for meta in facts.all("meta") if meta.get("name") == "robots"] == ["noindex"]
    assert "withdrawal" not in facts.title


def test_nothing_searched_for_is_stored_or_logged(client, caplog):
    before = rows()
    with caplog.at_level(logging.DEBUG), CaptureQueriesContext(connection) as queries:
        ask(client, "unheardof witdrawal")
    assert rows() == before
    assert [query["sql"][:40] for query in queries if query["sql"].lstrip("(")[:6] != "SELECT"] == []
    own_log = [record.getMessage() for record in caplog.records if record.name != "django.db.backends"]
    assert [line for line in own_log if "unheardof" in line or "drawal" in line] == []


def test_search_is_asked_for_by_get_only(client):
    assert client.post("/search/", {"q": "kratom"}).status_code == 405
    assert client.head("/search/?q=kratom").status_code == 200


def test_no_page_can_take_the_address_of_the_search():
    with pytest.raises(Exception, match="Another part of the site has this address"):
        Page(path="search").full_clean()


@pytest.mark.parametrize("query", ["can i die", "xyzzyxyzzy"])
def test_empty_search_shows_crisis_help_before_other_advice(client, query):
    main = ask(client, query).content.decode().split("<main")[1]
    assert main.index("We found nothing") < main.index('href="sms:988"') < main.index("Try one or two other words")
