import datetime as dt
import re

import pytest
from django.db import connection
from django.urls import reverse
from wagtail.models import Locale, Page, Site

from faq.models import Topic
from pages.models import ContentPage, Source
from tests.html import PageFacts, soup
from tests.pages.helpers import HOUR, OFF_LINE, edit, home, mark, page, section

pytestmark = pytest.mark.django_db

PATHS = ["/treatment/sleep/", "/", "/treatment/", "/faq/", "/faq/kratom-withdrawal/"]


@pytest.fixture
def live():
    return page(under="treatment", title="Sleep and kratom")


def html_of(client, page):
    response = client.get(page.url)
    assert response.status_code == 200
    return response.content.decode()


def test_live_page_shows_its_words_and_sources(client, live):
    html = html_of(client, live)
    assert "<h1>Sleep and kratom</h1>" in html
    assert '<meta name="description" content="A description">' in html
    mark = '<a id="m1" aria-label="source 1" href="#_1"> [1]</a>'
    assert f"<p>Words about sleep{mark}.</p>" in html
    assert '<li id="_1">' in html


def test_every_kind_of_section_is_shown_in_its_order(client):
    kinds = ["text", "advice", "soon", "steps", "self_check", "questions", "action"]
    html = html_of(client, page(sections=[section(f"Kind {kind}", "<p>x</p>", kind) for kind in kinds]))
    places = [html.index(f"Kind {kind}</h2>") for kind in kinds]
    assert places == sorted(places)


def test_bands_of_a_self_check_stand_in_their_order_and_cite_their_sources(client):
    bands = [(4, f"<p>b {mark('dea-fact-sheet')}</p>"), (0, f"<p>a {mark('who-2021')}</p>")]
    value = {"heading": "Check", "body": "<ul><li>x</li></ul>"}
    value["bands"] = [{"least": least, "text": text} for least, text in bands]
    shown = soup(html_of(client, page(sections=[("self_check", value)])))
    found = [(band["data-least"], band.p.get_text()) for band in shown.select(".bands li")]
    assert found == [("0", "a [2]"), ("4", "b [1]")]
    assert len(shown.select(".sources li")) == 2


@pytest.mark.parametrize("offers", [True, False])
def test_page_with_a_self_check_offers_to_leave_quickly_once(client, offers):
    checked = page(sections=[section(body="<ul><li>x</li></ul>", kind="self_check")], quick_exit=offers)
    assert html_of(client, checked).count('class="leave"') == 1


def test_an_emergency_on_top_stands_above_the_contents(client):
    sections = [section(f"Part {n}") for n in range(5)]
    html = html_of(client, page(sections=[section("Call 911", "<p>Now.</p>", "emergency"), *sections]))
    assert html.index("Call 911</h2>") < html.index(">On this page</h2>") < html.index(">Part 0</h2>")


def test_text_that_is_not_rich_is_escaped(client):
    quote = ("quote", {"text": "<u>Three</u>", "attribution": "<s>Four</s>"})
    html = html_of(client, page(title="<b>Sleep</b>", summary="<p>One", sections=[section("<i>Two</i>"), quote]))
    assert [text for text in ("<b>Sleep", "<p>One", "<i>Two", "<u>Three", "<s>Four") if text in html] == []
    assert "<h1>&lt;b&gt;Sleep&lt;/b&gt;</h1>" in html


def test_equal_headings_get_anchors_of_their_own(client):
    facts = PageFacts(html_of(client, page(sections=[section("Sleep well")] * 3 + [section("睡眠")] * 2)))
    anchors = ["section-sleep-well", "section-sleep-well-2", "section-sleep-well-3", "section-text", "section-text-2"]
    assert [anchor for anchor in facts.ids if anchor.startswith("section-")] == anchors
    assert [link for link in facts.links if link.startswith("#section-")] == [f"#{anchor}" for anchor in anchors]


@pytest.mark.parametrize("dated", [True, False])
def test_day_of_the_check_is_shown_only_where_there_is_one(client, dated):
    html = html_of(client, page(checked_on=dt.date(2026, 5, 4) if dated else None))
    assert ("Sources checked on May 4, 2026." in html, "Sources checked on" in html) == (dated, dated)


@pytest.mark.parametrize("state", OFF_LINE)
def test_page_that_is_off_line_is_not_found(client, state):
    hidden = page(title="Not for readers", state=state)
    response = client.get("/sleep/")
    assert (response.status_code, response["Cache-Control"]) == (404, "no-store")
    assert hidden.title not in response.content.decode()


def test_page_ends_at_its_second_though_no_job_has_run(client, clock):
    page(expire_at=dt.datetime(2026, 11, 24, 18, tzinfo=dt.UTC))  # 11 AM in Phoenix
    clock.move_to(dt.datetime(2026, 11, 24, 17, 59, 59, tzinfo=dt.UTC), tick=False)
    assert client.get("/sleep/").status_code == 200
    clock.move_to(dt.datetime(2026, 11, 24, 18, tzinfo=dt.UTC), tick=False)
    assert client.get("/sleep/").status_code == 404


def test_draft_of_a_live_page_is_not_shown(client, live):
    live.title, live.summary = "Words of a draft", "More words of a draft"
    live.save_revision()
    assert "ords of a draft" not in html_of(client, live)


@pytest.mark.parametrize("path", ["/nothing/", "/treatment/sleep/more/", "/treatment//sleep/", "/home/", "/root/"])
def test_unknown_address_is_not_found(client, live, path):
    assert client.get(path).status_code == 404


@pytest.fixture
def spanish_home():
    spanish, _created = Locale.objects.get_or_create(language_code="es")
    translated = home().copy_for_translation(spanish)
    Site.clear_site_root_paths_cache()  # which Wagtail keeps for an hour
    translated.publish(translated.save_revision())
    return translated


def test_translation_has_its_own_address_and_both_name_each_other(client, spanish_home):
    for path in ("/", "/es/"):
        links = PageFacts(client.get(path)).all("link")
        named = {link["hreflang"]: link["href"].partition(":8000")[2] for link in links if "hreflang" in link}
        assert named == {"en-us": "/", "es": "/es/"}
    assert client.get(f"/{spanish_home.slug}/").status_code == 404


@pytest.mark.parametrize("typed", ["/es/Dormir/", "/es/DORMIR/"])
def test_capital_letters_lead_to_the_page_of_the_same_language(client, spanish_home, typed):
    page("dormir", title="Sleep")
    translated = ContentPage(title="Dormir", slug="dormir", summary="En breve.", locale=spanish_home.locale)
    spanish_home.add_child(instance=translated)
    assert leads_to(client, typed) == (301, "/es/dormir/")
    assert "<h1>Dormir</h1>" in html_of(client, translated)


# Old addresses


def leads_to(client, path):
    response = client.get(path)
    return response.status_code, response.headers.get("Location")


def test_old_address_leads_on_after_each_change(client, live):
    edit(live, slug="rest")
    live.refresh_from_db()
    live.move(home(), pos="last-child")
    edit(live, slug="nights")
    assert [leads_to(client, old) for old in ("/treatment/sleep/", "/treatment/rest/", "/rest/")] == [
        (301, "/nights/")
    ] * 3
    assert client.get("/nights/").status_code == 200


def test_page_that_moved_back_answers_itself(client, live):
    edit(live, slug="nights")
    edit(live, slug="sleep")
    assert client.get("/treatment/sleep/").status_code == 200
    assert leads_to(client, "/treatment/nights/") == (301, "/treatment/sleep/")


def test_new_page_at_an_old_address_is_shown(client, live):
    edit(live, slug="nights")
    page(under="treatment", title="A new page")
    assert "<h1>A new page</h1>" in client.get("/treatment/sleep/").content.decode()


@pytest.mark.parametrize("state", ["draft", "scheduled"])
def test_planned_address_of_a_page_that_was_never_live_is_told_to_nobody(client, state):
    planned = page(state=state)
    edited = Page.objects.get(pk=planned.pk).specific
    edited.slug = "planned"
    edited.save_revision()
    planned.move(Page.objects.get(slug="treatment"), pos="last-child")
    for path in ("/sleep/", "/planned/", "/treatment/sleep/", "/treatment/planned/"):
        assert leads_to(client, path) == (404, None)


def test_new_address_of_a_page_that_went_off_line_is_told_to_nobody(client, live):
    edit(live, slug="nights")
    assert leads_to(client, "/treatment/sleep/") == (301, "/treatment/nights/")
    Page.objects.get(pk=live.pk).specific.unpublish()
    assert leads_to(client, "/treatment/sleep/") == (404, None)
    assert leads_to(client, "/treatment/nights/") == (404, None)


# How it is sent


def test_head_answers_like_get_without_a_body(client, live):
    got, head = client.get(live.url), client.head(live.url)
    assert (head.status_code, head.content) == (200, b"")
    assert (head["Cache-Control"], head["Content-Type"]) == (got["Cache-Control"], got["Content-Type"])


@pytest.mark.parametrize("method", ["post", "delete", "options"])
@pytest.mark.parametrize("path", PATHS)
def test_only_reading_is_allowed(client, live, method, path):
    response = getattr(client, method)(path)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", PATHS)
def test_any_cache_may_keep_a_page(client, live, path):
    response = client.get(path)
    assert response["Cache-Control"] == "public, max-age=60"
    assert "Cookie" not in response.headers.get("Vary", "")
    assert not response.cookies
    assert client.get(path, headers={"if-none-match": response["ETag"]}).status_code == 304


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("role", "is_led"), [("editor", True), ("admissions", False)])
def test_only_staff_who_may_edit_a_page_get_an_uncached_link_to_its_editor(
    client, make_staff, live, path, role, is_led
):
    assert b"/cms/" not in client.get(path).content
    client.force_login(make_staff(role))
    response = client.get(path)
    assert response["Cache-Control"] == "private, no-store"
    links = [link for link in PageFacts(response).links if link.startswith("/cms/")]
    edited = [reverse("wagtailadmin_pages:edit", args=[Page.objects.get(slug=path.split("/")[-2] or "home").pk])]
    assert links == (edited if is_led else [])


def test_unchanged_page_is_not_sent_twice_and_a_changed_one_is(client, live):
    etag = client.get(live.url)["ETag"]
    again = client.get(live.url, headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")
    edit(live, title="Newer words")
    changed = client.get(live.url, headers={"if-none-match": etag})
    assert (changed.status_code, b"Newer words" in changed.content) == (200, True)
    assert changed["ETag"] != etag


def test_page_shows_the_questions_of_its_topics_only(client):
    asked = page(sections=[section("Questions", "", "questions")])
    assert '<details class="question"' not in html_of(client, asked)
    Topic.objects.update(page=asked)
    assert html_of(client, asked).count('<details class="question"') == 8


def test_section_page_lists_the_pages_below_it_in_the_order_of_the_tree(client, live):
    live.move(Page.objects.get(slug="treatment"), pos="first-child")
    children = ContentPage.objects.child_of(Page.objects.get(slug="treatment")).order_by("path")
    urls = [child.url for child in children]
    html = client.get("/treatment/").content.decode()
    links = PageFacts(html[html.index('<ul class="page-list">') :]).links
    assert [link for link in links if link in urls][: len(urls)] == urls
    assert urls[0] == "/treatment/sleep/"


# Citations


def numbers(html):
    return [link[2:] for link in PageFacts(html).links if re.fullmatch(r"#_\d+", link)]


def test_sources_are_numbered_by_their_first_mention(client):
    first, second = mark("who-2021"), mark("dea-fact-sheet")
    html = html_of(
        client, page(sections=[section("One", f"<p>a {first} b {second}</p>"), section("Two", f"<p>{first}</p>")])
    )
    assert numbers(html) == ["1", "2", "1"]
    addresses = [Source.objects.get(key=key).url for key in ("who-2021", "dea-fact-sheet")]
    assert [link for link in PageFacts(html).links if link in addresses] == addresses


def test_mark_that_is_moved_takes_its_number_with_it(client):
    first, second = mark("who-2021"), mark("dea-fact-sheet")
    cited = page(sections=[section("One", f"<p>a {first} b {second}</p>")])
    before = html_of(client, cited)
    edit(cited, sections=[section("One", f"<p>b {second} a {first}</p>")])
    after = html_of(client, cited)
    assert before.index("World Health") < before.index("Drug Enforcement")
    assert after.index("Drug Enforcement") < after.index("World Health")
    assert (numbers(before), numbers(after)) == (["1", "2"], ["1", "2"])


def test_mark_whose_source_is_gone_leaves_no_broken_link(client):
    gone = Source.objects.create(key="gone", publisher="G", title="T", year=2020, url="https://example.org/gone")
    cited = page(sections=[section("One", f"<p>a {gone.as_mark()} b {mark()}</p>")])
    with connection.cursor() as cursor:  # past all that guards a source
        cursor.execute("DELETE FROM pages_source WHERE id = %s", [gone.pk])
    html = html_of(client, cited)
    assert (numbers(html), "[gone]" in html, 'linktype="source"' in html) == (["1"], False, False)
    assert "<p>a b<a" in html


def test_link_to_a_page_follows_it_and_goes_with_it(client):
    target = page("target", title="Target")
    linked = page(sections=[section("One", f'<p><a linktype="page" id="{target.pk}">there</a></p>')])
    assert '<a href="/target/">there</a>' in html_of(client, linked)
    edit(target, slug="elsewhere")
    assert '<a href="/elsewhere/">there</a>' in html_of(client, linked)
    Page.objects.get(pk=target.pk).specific.unpublish()
    html = html_of(client, linked)
    assert ("there" in html, "elsewhere" in html) == (True, False)


def test_end_of_an_hour_that_has_not_come_hides_nothing(client, live):
    edit(live, expire_at=live.last_published_at + HOUR)
    assert client.get(live.url).status_code == 200
