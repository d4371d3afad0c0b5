"""Sources: the mark in the editor, the chooser, the list that readers see, and what a cited source is kept from."""

import datetime as dt
import json

import pytest
from django.db import transaction
from django.db.models import ProtectedError
from django.urls import reverse
from django.utils import timezone
from wagtail.admin.rich_text.converters.contentstate import ContentstateConverter
from wagtail.models import Revision

from pages.citing import cited, texts_citing
from pages.models import ContentPage, HomePage, Source
from pages.rich_text import FEATURES

pytestmark = pytest.mark.django_db


@pytest.fixture
def source():
    return Source.objects.create(
        key="sleep-2026", publisher="Sleep Journal", title="Sleep", year=2026, url="https://example.org/sleep"
    )


@pytest.fixture
def boss(admin_client):
    return admin_client


def said(response):
    """The sentences that the answer tells the editor."""
    return [str(message).strip() for message in response.context["messages"]]


def page_with(*bodies, title="Sleep", live=True):
    """A page below the home page with one section for each text."""
    page = ContentPage(title=title, summary="In short.", search_description="About sleep.", live=False)
    page.sections = [("text", {"heading": f"Part {n}", "body": body}) for n, body in enumerate(bodies, start=1)]
    HomePage.objects.get().add_child(instance=page)
    revision = page.save_revision()
    if live:
        page.publish(revision)
    return page


def test_mark_comes_out_of_the_editor_as_it_went_in(source):
    stored = f'<p data-block-key="abcde">People sleep {source.as_mark()} at night.</p>'
    converter = ContentstateConverter(FEATURES)
    assert converter.to_database_format(converter.from_database_format(stored)) == stored


def test_mark_says_in_the_editor_what_its_source_is_called_today(source):
    stored = f"<p>People sleep {source.as_mark()} at night.</p>"
    Source.objects.filter(pk=source.pk).update(key="sleep-again")
    content = json.loads(ContentstateConverter(FEATURES).from_database_format(stored))
    entity = content["entityMap"]["0"]
    assert content["blocks"][0]["text"] == "People sleep [sleep-again] at night."
    assert (entity["type"], entity["mutability"]) == ("SOURCE", "IMMUTABLE")
    assert entity["data"] == {
        "id": str(source.pk),
        "key": "sleep-again",
        "label": "Sleep Journal: Sleep (2026)",
        "url": "https://example.org/sleep",
    }


def test_mark_whose_source_is_gone_says_so_in_the_editor():
    content = json.loads(
        ContentstateConverter(FEATURES).from_database_format('<p>Sleep <a linktype="source" id="999">[old]</a></p>')
    )
    assert content["blocks"][0]["text"] == "Sleep [old]"
    assert content["entityMap"]["0"]["data"]["label"] == "This source was deleted. Choose another one."


def test_readers_see_numbers_in_the_order_of_the_text(client, source):
    other = Source.objects.get(key="dea-fact-sheet")
    page = page_with(f"<p>One {source.as_mark()} two {other.as_mark()}</p>", f"<p>Three {source.as_mark()}</p>")
    html = client.get(page.url).content.decode()
    assert html.count('href="#_1"') == 2
    assert html.count('href="#_2"') == 1
    assert '<li id="_1">Sleep Journal.' in html
    assert "sleep-2026" not in html


def test_readers_see_archived_copy_and_day_of_the_check_where_told(client, source):
    Source.objects.filter(pk=source.pk).update(checked_on="2026-11-01", archived_url="https://web.archive.org/sleep")
    html = client.get(page_with(f"<p>One {source.as_mark()}</p>").url).content.decode()
    assert "Checked on November 1, 2026." in html
    assert '<a rel="noreferrer" href="https://web.archive.org/sleep">Archived copy' in html
    plain = client.get(page_with(f"<p>{Source.objects.get(key='dea-fact-sheet').as_mark()}</p>").url).content.decode()
    assert "Archived copy" not in plain


def test_chooser_finds_sources_by_key_agency_and_title(boss, source):
    url = reverse(Source.snippet_viewset.chooser_viewset.get_url_name("choose_results"))
    for words in ("sleep-2026", "journal", "Sleep Jour", "sleep JOURNAL"):
        html = boss.get(url, {"q": words}).content.decode()
        assert "Sleep Journal: Sleep (2026)" in html
        assert "Drug Fact Sheet" not in html


def test_chosen_source_comes_with_what_a_mark_needs(boss, source):
    url = reverse(Source.snippet_viewset.chooser_viewset.get_url_name("chosen"), args=[source.pk])
    answer = boss.get(url).json()
    assert answer["step"] == "chosen"
    assert answer["result"]["key"] == "sleep-2026"
    assert answer["result"]["label"] == "Sleep Journal: Sleep (2026)"


def test_source_can_be_added_while_writing(boss):
    url = reverse(Source.snippet_viewset.chooser_viewset.get_url_name("create"))
    fields = {
        "archived_url": "",
        "checked_on": "",
        "publisher": "CDC",
        "title": "Rest",
        "year": "2025",
        "url": "https://www.cdc.gov/rest",
        "key": "cdc-rest",
    }
    answer = boss.post(url, fields).json()
    made = Source.objects.get(key="cdc-rest")
    assert answer["result"]["id"] == str(made.pk)
    assert Revision.objects.for_instance(made).count() == 1


def test_each_change_of_a_source_is_kept_and_names_the_pages(boss, source):
    page_with(f"<p>One {source.as_mark()}</p>", title="How to sleep")
    url = reverse(Source.snippet_viewset.get_url_name("edit"), args=[source.pk])
    fields = {"publisher": "Sleep Journal", "title": "Better sleep", "year": "2026", "url": source.url}
    response = boss.post(url, fields | {"key": source.key, "checked_on": "", "archived_url": ""}, follow=True)
    assert Source.objects.get(pk=source.pk).title == "Better sleep"
    assert Revision.objects.for_instance(source).get().content["title"] == "Better sleep"
    assert "This change shows in “How to sleep”." in said(response)


def cite_live(source):
    return page_with(f"<p>One {source.as_mark()}</p>")


def cite_in_a_draft(source):
    page = page_with("<p>One.</p>")
    page.sections = [("text", {"heading": "New", "body": f"<p>One {source.as_mark()}</p>"})]
    page.save_revision()
    return page


def cite_in_a_page_never_published(source):
    return page_with(f"<p>One {source.as_mark()}</p>", live=False)


def cite_in_a_scheduled_text_under_a_newer_draft(source):
    page = page_with("<p>One.</p>")
    before = page.sections
    page.sections = [("text", {"heading": "New", "body": f"<p>One {source.as_mark()}</p>"})]
    page.go_live_at = timezone.now() + dt.timedelta(days=3)
    page.publish(page.save_revision())
    page.sections, page.go_live_at = before, None
    page.save_revision()
    return page


WAYS_TO_CITE = [
    cite_live,
    cite_in_a_draft,
    cite_in_a_page_never_published,
    cite_in_a_scheduled_text_under_a_newer_draft,
]


@pytest.mark.parametrize("cite", WAYS_TO_CITE)
def test_source_that_a_text_cites_is_kept(boss, source, cite):
    page = cite(source)
    assert [row.pk for row in texts_citing(source)] == [page.pk]
    assert source.pk in cited()
    with transaction.atomic(), pytest.raises(ProtectedError):
        Source.objects.filter(pk=source.pk).delete()
    response = boss.post(reverse(Source.snippet_viewset.get_url_name("delete"), args=[source.pk]), follow=True)
    assert Source.objects.filter(pk=source.pk).exists()
    assert said(response) == [
        "“sleep-2026” was not deleted, because these texts cite it: “Sleep”. Remove the citations first."
    ]


def test_bulk_action_keeps_a_source_that_a_text_cites(boss, source):
    page_with(f"<p>One {source.as_mark()}</p>")
    unused = Source.objects.create(key="unused", publisher="A", title="B", year=2020, url="https://example.org/b")
    url = reverse("wagtail_bulk_action", args=["pages", "source", "delete"])
    boss.post(f"{url}?id={source.pk}&id={unused.pk}")
    assert set(Source.objects.filter(pk__in=[source.pk, unused.pk])) == {source, unused}


def test_source_that_no_text_cites_any_more_can_go(boss, source):
    page = page_with(f"<p>One {source.as_mark()}</p>")
    page.sections = [("text", {"heading": "New", "body": "<p>One.</p>"})]
    page.publish(page.save_revision())
    assert source.pk not in cited()
    boss.post(reverse(Source.snippet_viewset.get_url_name("delete"), args=[source.pk]))
    assert not Source.objects.filter(pk=source.pk).exists()


def test_list_of_sources_shows_those_that_no_text_cites(boss, source):
    url = reverse(Source.snippet_viewset.get_url_name("list"))
    uncited = boss.get(url, {"cited": "no"}).content.decode()
    assert "sleep-2026" in uncited
    assert "dea-fact-sheet" not in uncited
    page_with(f"<p>One {source.as_mark()}</p>")
    assert "sleep-2026" not in boss.get(url, {"cited": "no"}).content.decode()


def test_usage_of_a_source_names_its_pages(boss, source):
    page_with(f"<p>One {source.as_mark()}</p>", title="How to sleep")
    html = boss.get(reverse(Source.snippet_viewset.get_url_name("usage"), args=[source.pk])).content.decode()
    assert "How to sleep" in html
