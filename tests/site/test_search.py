"""The site's search: what it finds in the pages, and what it must never show, keep or break on."""

import logging
import re
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import OperationalError, connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from faq.models import FaqPage, QuestionPage, Topic
from pages import content_generation, facts
from pages.models import Center, ContentPage, HomePage, SectionIndexPage, Source
from recovery_site.search import index
from recovery_site.search.query import LONGEST_QUERY
from recovery_site.search.synonyms import SAME_THING
from recovery_site.search.views import find
from tests.html import PageFacts

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
WITHDRAWAL = "/treatment/withdrawal-and-detox/"
GET_OFF = "/faq/how-to-get-off-kratom/"
FAMILY = "/family-support/"
NALOXONE = "/addiction/naloxone/"
PAYING = "/treatment/paying-for-care/"
PROFESSIONALS = "/for-professionals/"
TEENS = "/addiction/kratom-and-teens/"


def content_page(title, body="<p>x</p>", *, heading="First", summary="In short.", **fields):
    """A page with one section, live unless told otherwise."""
    page = ContentPage(title=title, summary=summary, **fields)
    page.sections = [("text", {"heading": heading, "body": body})]
    return HomePage.objects.get().add_child(instance=page)


def question_page(title, answer, **fields):
    question = QuestionPage(title=title, answer=answer, topic=Topic.objects.first(), **fields)
    return FaqPage.objects.get().add_child(instance=question)


def rows():
    """Every row of every table, to compare before and after."""
    return {model._meta.label: list(model.objects.order_by("pk").values()) for model in apps.get_models()}


@pytest.fixture
def zebra():
    """A page and a question with words that no other text has."""
    mark = Source.objects.first().as_mark()
    body = f"<p>The <b>okapi</b> is shy {mark}. It eats leaves &amp; buds, x &lt; y {mark}{mark}.</p>"
    page = content_page("Zebras at night", body, slug="zebra")
    question = question_page("Where is the okapi?", f"<p>In the quagga {mark}.</p>", slug="okapi")
    return page, question


def urls(query):
    return [result["url"] for result in find(query)[0]]


def search_for(client, query):
    return client.get("/search/", {"q": query})


def test_search_shows_title_kind_and_snippet(client, zebra):
    page = search_for(client, "okapi").content.decode()
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


def test_search_reads_summary_and_headings():
    content_page("Rest", heading="Wombats", summary="About numbats.", slug="sleep")
    assert (urls("wombats"), urls("numbats")) == (["/sleep/"], ["/sleep/"])


def test_search_finds_a_page_without_sections():
    HomePage.objects.get().add_child(instance=ContentPage(title="Numbats", summary="In short.", slug="bare"))
    assert find("numbats")[0] == [{"title": "Numbats", "url": "/bare/", "kind": "Page", "snippet": "In short."}]


def test_search_leads_to_the_new_address_of_a_page(zebra):
    page = zebra[0]
    before = urls("zebras")
    page.slug = "stripes"
    page.save()
    content_generation.forget()
    renamed = urls("zebras")
    page.move(SectionIndexPage.objects.get(slug="treatment"), "last-child")
    assert (before, renamed, urls("zebras")) == (["/zebra/"], ["/stripes/"], ["/treatment/stripes/"])


def test_search_shows_at_most_twenty():
    for number in range(25):
        content_page(f"Capybara {number}")
    assert len(urls("capybara")) == 20


# What readers may not read


def test_draft_is_not_found(zebra):
    for page in zebra:
        page.title = "Draft capybara"
        page.save_revision()
    content_page("Never published capybara", "<p>capybara</p>", summary="capybara", live=False)
    assert find("capybara") == ([], "")
    assert find("capybera") == ([], "")  # nor does a correction tell
    assert set(urls("zebra")) == {"/zebra/"}


def test_new_text_is_found_once_it_is_published(zebra):
    page = zebra[0]
    page.title = "Capybara"
    revision = page.save_revision()
    before = urls("zebras"), urls("capybara")
    revision.publish()
    assert (before, urls("zebras"), urls("capybara")) == ((["/zebra/"], []), [], ["/zebra/"])


def test_scheduled_text_is_not_found(zebra):
    page = zebra[0]
    page.title, page.go_live_at = "Scheduled capybara", timezone.now() + HOUR
    page.save_revision().publish()
    content_page("Scheduled capybara", live=False, go_live_at=timezone.now() + HOUR)
    assert urls("capybara") == []


def test_unpublished_and_deleted_pages_are_not_found(zebra):
    page, question = zebra
    assert len(urls("okapi")) == 2
    page.unpublish()
    assert urls("okapi") == ["/faq/okapi/"]
    question.delete()
    assert urls("okapi") == []


def test_expired_page_is_gone_at_its_second_without_job_or_query(stopped_clock):
    end = timezone.now() + HOUR
    content_page("Okapi", slug="okapi", expire_at=end)
    seen = urls("okapi")
    stopped_clock.move_to(end - timedelta(seconds=1), tick=False)
    just_before = urls("okapi")
    stopped_clock.move_to(end, tick=False)
    with CaptureQueriesContext(connection) as queries:
        assert (seen, just_before, urls("okapi")) == (["/okapi/"], ["/okapi/"], [])
    assert [query["sql"] for query in queries if "generation" not in query["sql"]] == []


def test_source_mark_is_not_a_word(zebra):
    key = Source.objects.first().key
    assert {"/zebra/", "/faq/okapi/"} & {*urls("1"), *urls(key)} == set()


# What it costs


def test_search_asks_nothing_while_the_content_stays(client, zebra):
    search_for(client, "okapi")
    with CaptureQueriesContext(connection) as queries:
        search_for(client, "quagga")
        search_for(client, "zebra shy okapi")
    assert [query["sql"] for query in queries if "generation" not in query["sql"]] == []
    assert len(queries) <= 2  # a second may have passed


@pytest.mark.parametrize("count", [2, 30])
def test_reading_the_content_anew_takes_as_many_queries_for_many_pages(client, count):
    for number in range(count):
        content_page(f"Capybara {number}")
        question_page(f"Capybara {number}?", "<p>Yes.</p>")
    facts.current()
    content_generation.forget()
    with CaptureQueriesContext(connection) as queries:
        assert len(urls("capybara")) == min(20, 2 * count)
    assert len(queries) <= 9, [query["sql"][:120] for query in queries]


def test_index_is_kept_when_no_text_changed(zebra):
    before = index.current()
    content_generation.begin()
    unchanged = index.current()
    zebra[0].delete()
    assert (unchanged is before, index.current() is before) == (True, False)


@contextmanager
def database_away():
    """Take the database away. Yields the queries for pages that were tried."""
    asked = []

    def away(execute, sql, params, many, context):
        if "wagtailcore_page" in sql:
            asked.append(sql)
        raise OperationalError("the server is gone")

    with connection.execute_wrapper(away):
        yield asked


@pytest.fixture
def later(monkeypatch):
    """Return a function that lets the seconds pass after which the database is asked again."""
    now = time.monotonic
    return lambda: monkeypatch.setattr(index.time, "monotonic", lambda: now() + index.PATIENCE)


def test_search_goes_on_while_the_database_is_away(client, zebra):
    before = urls("okapi")
    content_generation.forget()
    with database_away():
        assert (urls("okapi"), search_for(client, "okapi").status_code) == (before, 200)


def test_old_texts_are_found_until_the_database_is_back(zebra, later):
    before = urls("okapi")
    zebra[0].delete()
    content_generation.current()
    with database_away() as asked:
        found = [urls("okapi")]
        at_first = len(asked)
        found += [urls("okapi") for _ in range(2)]
    found.append(urls("okapi"))
    later()
    assert (found, urls("okapi"), len(asked)) == ([before] * 4, ["/faq/okapi/"], at_first)
    assert at_first > 0


def test_texts_that_name_an_old_fact_are_read_again(later):
    content_page("Okapis", "<p>Okapis call {phone}.</p>")
    center = Center.objects.get()
    center.phone = "(202) 555-0123"
    center.save()

    def without_facts(execute, sql, params, many, context):
        if "pages_center" in sql:
            raise OperationalError("the server is gone")
        return execute(sql, params, many, context)

    def snippet():
        [result] = find("okapis")[0]
        return result["snippet"]

    with connection.execute_wrapper(without_facts):
        before = snippet()
    later()
    assert (center.phone in before, center.phone in snippet()) == (False, True)


def test_search_that_never_read_a_text_says_what_to_do(client, later):
    facts.current()
    with database_away() as asked:
        answers = [search_for(client, "quagga") for _ in range(3)]
    assert ([answer.status_code for answer in answers], len(asked)) == ([503] * 3, 1)
    assert facts.current().center.phone in answers[0].content.decode()
    assert "quagga" not in answers[0].content.decode()
    assert (answers[0]["Referrer-Policy"], "no-store" in answers[0]["Cache-Control"]) == ("no-referrer", True)
    later()
    assert search_for(client, "withdrawal").status_code == 200


# What people ask


@pytest.mark.parametrize(("row", "form"), [(row, form) for row in SAME_THING for form in row])
def test_each_word_for_the_same_thing_finds_the_same(row, form):
    assert urls(form) != []
    assert urls(form) == urls(row[0])


def test_table_holds_what_people_say():
    said = {form for row in SAME_THING for form in row}
    wanted = (
        "detox,withdrawal,withdrawal management,7-OH,7-hydroxymitragynine,7oh,seven oh,ketum,krathom,thang,biak,kratom,"
        "rehab,treatment,quit,stop,get off,suboxone,buprenorphine,narcan,naloxone,cost,price,insurance,paying,baby,"
        "pregnant,pregnancy"
    )
    assert set(wanted.split(",")) - said == set()


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("taper", {GET_OFF, WITHDRAWAL}),
        ("tapering off kratom", {GET_OFF, WITHDRAWAL}),
        ("cold turkey", {GET_OFF, WITHDRAWAL}),
        ("can i quit cold turkey", {GET_OFF, WITHDRAWAL}),
        ("suboxone", {"/treatment/levels-of-care/", "/faq/does-kratom-help-with-opiate-addiction/"}),
        ("how long", {WITHDRAWAL, "/faq/kratom-withdrawal/"}),
        ("how long does withdrawal last", {WITHDRAWAL, "/faq/kratom-withdrawal/"}),
        ("hours", {"/contact/"}),
        ("when are you open", {"/contact/"}),
        ("phone number", {"/contact/"}),
        ("cost", {PAYING}),
        ("how much does it cost", {PAYING}),
        ("insurance", {PAYING}),
        ("teen", {TEENS}),
        ("teenager", {TEENS}),
        ("my teen uses kratom", {TEENS}),
        ("my son", {FAMILY}),
        ("family support", {FAMILY}),
        ("overdose", {NALOXONE}),
        ("naloxone", {NALOXONE}),
        ("where can i get narcan", {NALOXONE}),
        ("i am a nurse", {PROFESSIONALS}),
        ("referral", {PROFESSIONALS}),
        ("what is in my product", {"/addiction/what-is-in-my-product/"}),
        ("what changed", {"/addiction/what-changed/"}),
        ("withdrawal and detox", {WITHDRAWAL}),
        ("levels of care", {"/treatment/levels-of-care/"}),
        ("side effects", {"/faq/side-effects-of-kratom/"}),
        ("7 oh", {"/addiction/what-is-7-oh/"}),
        ("babies", {"/addiction/kratom-and-pregnancy/"}),
        ("depression", {"/treatment/dual-diagnosis/"}),
        ("is kratom withdrawal dangerous", {WITHDRAWAL}),
        ("can i die from kratom withdrawal", {WITHDRAWAL}),
        ("i want to die", {"/treatment/dual-diagnosis/"}),
        ("suicidal", {"/treatment/dual-diagnosis/"}),
        ("subs", {"/treatment/levels-of-care/", "/faq/does-kratom-help-with-opiate-addiction/"}),
        ("anonymous", {"/privacy/"}),
        ("will my parents find out", {"/privacy/", PAYING}),
        ("under 18", {"/contact/"}),
        ("how long until i feel better", {WITHDRAWAL, "/faq/kratom-withdrawal/"}),
        ("are you open on sunday", {"/contact/"}),
        ("español", {"/language-help/"}),
        ("ayuda", {"/language-help/"}),
        ("is kratom legal", {"/addiction/kratom-addiction-treatment/", "/addiction/what-is-7-oh/"}),
    ],
)
def test_first_result_is_the_page_about_it(query, first):
    assert urls(query)[0] in first


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("quitting ketum", GET_OFF),
        ("how do I get off kratom", GET_OFF),
        ("rehab", "/addiction/kratom-addiction-treatment/"),
        ("narcan", "/addiction/kratom-addiction-treatment/"),
        ("teen", FAMILY),
        ("nurse", PROFESSIONALS),
        ("addict", "/addiction/kratom-addiction/"),
        ("addicted to kratom", "/faq/how-addictive-is-kratom/"),
        ("witdrawal", WITHDRAWAL),
        ("i relapsed", GET_OFF),
        ("relapse", FAMILY),
        ("vomiting", WITHDRAWAL),
    ],
)
def test_search_finds_what_people_ask(query, found):
    assert found in urls(query)


def test_word_that_ends_as_a_verb_is_not_cut_to_another():
    assert urls("weed") == []  # "we" stands on each page


def test_page_says_what_it_searched_for_instead(client):
    page = search_for(client, "witdrawal").content.decode()
    assert "Results for “withdrawal”" in page
    assert 'value="witdrawal"' in page
    assert "Results for" not in search_for(client, "withdrawal").content.decode()


def test_page_that_found_nothing_leads_to_help_in_other_languages(client):
    main = search_for(client, "desintoxicación").content.decode().split("<main")[1].split("</main>")[0]
    assert "We found nothing" in main
    assert 'href="/language-help/"' in main


# What may be typed


def test_script_in_texts_and_query_is_shown_and_never_runs(client):
    content_page(
        "<b>Wombat</b>", heading="<img src=x> wombat <script>", summary='Wombat <script>"1"</script>', slug="wombat"
    )
    page = search_for(client, 'wombat"><script>alert(1)</script>').content.decode()
    facts = PageFacts(page)
    foreign = [image["src"] for image in facts.all("img") if not image["src"].startswith("/static/pages/")]
    assert (facts.all("script"), foreign, facts.all("b")) == ([], [], [])
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
    response = search_for(client, query)
    facts = PageFacts(response)
    assert (response.status_code, len(facts.all("h1")), facts.title.strip()[:6]) == (200, 1, "Search")
    assert {"tel:911", "tel:988", "sms:988"} <= set(facts.links)
    (field,) = [field for field in facts.all("input") if field.get("name") == "q"]
    assert len(field["value"]) <= LONGEST_QUERY


@pytest.mark.parametrize("raw", ["q=%00", "q=%ff%fe", "q=%ED%A0%80", "q", "q=", "q=+++", "Q=kratom", "q[]=1", "%00=1"])
def test_any_query_string_gets_the_search_page(client, raw):
    assert client.get(f"/search/?{raw}").status_code == 200


def test_full_width_letters_and_typographic_hyphens_find(client):
    links = PageFacts(search_for(client, "７‑ＯＨ")).links
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
    page = search_for(client, "quagga " + "x" * 200).content.decode()
    assert "we used the first 100 characters" in page
    assert "/faq/okapi/" in PageFacts(page).links
    assert "we used the first" not in search_for(client, "x" * 100).content.decode()


def test_address_is_read_up_to_a_length(client):
    read, unread = (client.get(f"/search/?x={'a' * length}&q=kratom").content.decode() for length in (4_900, 5_000))
    assert ('value="kratom"' in read, 'value=""' in unread) == (True, True)


def test_letters_that_no_browser_would_send_unencoded_find(client):
    response = client.get("/search/", QUERY_STRING="q=español".encode().decode("latin-1"))
    assert "/language-help/" in re.findall(r'<h3><a href="(.+?)"', response.content.decode())


def test_empty_search_shows_the_form_and_links(client):
    response = client.get("/search/")
    facts = PageFacts(response)
    assert {"/faq/", "/assessment/", "/addiction/kratom-addiction-treatment/"} <= set(facts.links)
    assert "found nothing" not in response.content.decode()
    assert [form for form in facts.all("form") if form.get("role") == "search"] == [
        {"class": "search-form", "role": "search", "action": "/search/", "method": "get"}
    ]


def test_search_without_result_shows_form_ways_on_and_crisis_lines(client):
    response = search_for(client, "nothingofthekind")
    facts = PageFacts(response)
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
    response = search_for(client, query)
    facts = PageFacts(response)
    kept = {part.strip() for part in response["Cache-Control"].split(",")}
    assert {"private", "no-store"} <= kept
    assert (response["Referrer-Policy"], response.cookies) == ("no-referrer", {})
    assert [meta["content"] for meta in facts.all("meta") if meta.get("name") == "robots"] == ["noindex"]
    assert "withdrawal" not in facts.title


def test_nothing_searched_for_is_stored_or_logged(client, caplog):
    before = rows()
    with caplog.at_level(logging.DEBUG), CaptureQueriesContext(connection) as queries:
        search_for(client, "unheardof witdrawal")
    assert rows() == before
    assert [query["sql"][:40] for query in queries if query["sql"].lstrip("(")[:6] != "SELECT"] == []
    own_log = [record.getMessage() for record in caplog.records if record.name != "django.db.backends"]
    assert [line for line in own_log if "unheardof" in line or "drawal" in line] == []


def test_search_is_asked_for_by_get_only(client):
    assert client.post("/search/", {"q": "kratom"}).status_code == 405
    assert client.head("/search/?q=kratom").status_code == 200


@pytest.mark.parametrize("query", ["suicide", "I want to die", "suicied", "he overdosed on kratom", "not breathing"])
def test_search_by_someone_in_danger_shows_crisis_help_before_its_results(client, query):
    main = search_for(client, query).content.decode().split("<main")[1]
    assert main.index('href="sms:988"') < main.index('class="search-results"')


def test_other_results_stand_alone(client):
    main = search_for(client, "withdrawal").content.decode().split("<main")[1].split("</main>")[0]
    assert 'class="search-results"' in main
    assert 'href="sms:988"' not in main


def test_places_to_start_are_named_once(client):
    main = client.get("/search/").content.decode().split("<main")[1].split("</main>")[0]
    assert main.count('href="/faq/"') == 1


@pytest.mark.parametrize("query", ["tianeptine", "xyzzyxyzzy"])
def test_empty_search_shows_crisis_help_before_other_advice(client, query):
    main = search_for(client, query).content.decode().split("<main")[1]
    assert main.index("We found nothing") < main.index('href="sms:988"') < main.index("Try one or two other words")
