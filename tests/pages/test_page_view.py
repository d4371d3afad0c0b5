from datetime import timedelta

import pytest
from django.utils import timezone

from faq.models import Topic
from pages.models import OldPath, Page, Section
from tests.pages.helpers import at_its_time, page_version

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def live():
    return page_version(Page.objects.create(path="help/sleep"), begins=timezone.now() - DAY, title="Sleep and kratom")


def test_live_page_shows_its_words_and_sources(client, live):
    response = client.get("/help/sleep/")
    html = response.content.decode()
    assert response.status_code == 200
    assert "<h1>Sleep and kratom</h1>" in html
    assert '<meta name="description" content="A description">' in html
    assert '<p>Words about sleep <a class="source-mark" href="#source-1" aria-label="source 1">[1]</a>.</p>' in html
    assert '<li id="source-1">' in html


def test_every_kind_of_section_is_shown_in_its_order(client):
    version = page_version()
    for position, kind in enumerate(Section.Kind.values, start=2):
        Section.objects.create(version=version, position=position, kind=kind, heading=f"Kind {kind}", body="<p>x</p>")
    version.publish()
    html = client.get(version.page.get_absolute_url()).content.decode()
    places = [
        html.index(f">{heading}</h2>") for heading in ["First", *(f"Kind {kind}" for kind in Section.Kind.values)]
    ]
    assert places == sorted(places)


def test_text_that_is_not_rich_is_escaped(client):
    version = page_version(title="<b>Sleep</b>")
    Section.objects.create(version=version, heading="<i>Two</i>")
    version.publish()
    html = client.get(version.page.get_absolute_url()).content.decode()
    assert "<h1>&lt;b&gt;Sleep&lt;/b&gt;</h1>" in html
    assert "&lt;i&gt;Two&lt;/i&gt;" in html


@pytest.mark.parametrize("dated", [True, False])
def test_day_of_the_check_is_shown_only_where_there_is_one(client, dated):
    version = page_version()
    version.checked_on = timezone.datetime(2026, 5, 4).date() if dated else None
    version.save()
    version.publish()
    html = client.get(version.page.get_absolute_url()).content.decode()
    assert ("Sources checked on May 4, 2026." in html, "Sources checked on" in html) == (dated, dated)


@pytest.mark.parametrize(
    ("begins", "ends"),
    [(None, None), (DAY, None), (-2 * DAY, -DAY)],
    ids=["draft", "scheduled", "expired"],
)
def test_page_without_a_live_version_is_not_found(client, begins, ends):
    now = timezone.now()
    moment = lambda span: None if span is None else now + span  # noqa: E731
    version = page_version(title="Not for readers", begins=moment(begins), ends=moment(ends))
    response = client.get(version.page.get_absolute_url())
    assert response.status_code == 404
    assert b"Not for readers" not in response.content
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/nothing/", "/help/", "/help/sleep/more/", "/help//sleep/"])
def test_unknown_address_is_not_found(client, live, path):
    assert client.get(path).status_code == 404


def move(page, path):
    page.path = path
    page.save()


def test_old_address_leads_on_after_each_change(client, live):
    page = live.page
    move(page, "help/rest")
    move(page, "nights")
    for old in ("/help/sleep/", "/help/rest/"):
        response = client.get(old)
        assert (response.status_code, response["Location"]) == (301, "/nights/")
    assert client.get("/nights/").status_code == 200


def test_page_that_moved_back_answers_itself(client, live):
    move(live.page, "nights")
    move(live.page, "help/sleep")
    assert client.get("/help/sleep/").status_code == 200
    response = client.get("/nights/")
    assert (response.status_code, response["Location"]) == (301, "/help/sleep/")
    assert list(OldPath.objects.values_list("path", flat=True)) == ["nights"]


def test_new_page_at_an_old_address_is_shown(client, live):
    move(live.page, "nights")
    page_version(Page.objects.create(path="help/sleep"), title="A new page", begins=timezone.now() - DAY)
    response = client.get("/help/sleep/")
    assert (response.status_code, b"<h1>A new page</h1>" in response.content) == (200, True)


def test_home_page_can_move(client):
    home = Page.objects.get(path="")
    move(home, "welcome")
    response = client.get("/")
    assert (response.status_code, response["Location"]) == (301, "/welcome/")


def test_saving_a_page_without_a_move_keeps_no_old_address(live):
    live.page.save()
    assert OldPath.objects.count() == 0


def test_head_answers_like_get_without_a_body(client, live):
    got, head = client.get("/help/sleep/"), client.head("/help/sleep/")
    assert (head.status_code, head.content) == (200, b"")
    assert (head["Cache-Control"], head["Content-Type"]) == (got["Cache-Control"], got["Content-Type"])


@pytest.mark.parametrize("method", ["post", "delete", "options"])
@pytest.mark.parametrize("path", ["/help/sleep/", "/", "/faq/", "/faq/kratom-withdrawal/"])
def test_only_reading_is_allowed(client, live, method, path):
    response = getattr(client, method)(path)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/help/sleep/", "/", "/faq/", "/faq/kratom-withdrawal/"])
@pytest.mark.parametrize("signed_in", [False, True], ids=["a reader", "signed in"])
def test_any_cache_may_keep_a_page(client, make_staff, live, path, signed_in):
    if signed_in:
        client.force_login(make_staff("publisher"))
    response = client.get(path)
    assert response["Cache-Control"] == "public, max-age=60"
    assert "Cookie" not in response.headers.get("Vary", "")
    assert not response.cookies
    assert client.get(path, headers={"if-none-match": response["ETag"]}).status_code == 304


def test_unchanged_page_is_not_sent_twice_and_a_changed_one_is(client, live):
    etag = client.get("/help/sleep/")["ETag"]
    again = client.get("/help/sleep/", headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")
    page_version(live.page, title="Newer words").publish()
    changed = client.get("/help/sleep/", headers={"if-none-match": etag})
    assert (changed.status_code, b"Newer words" in changed.content) == (200, True)
    assert changed["ETag"] != etag


def test_page_shows_the_questions_of_its_topics_only(client):
    version = page_version()
    Section.objects.create(version=version, position=2, kind="questions", heading="Questions")
    version.publish()
    assert b'<details class="question"' not in client.get(version.page.get_absolute_url()).content
    Topic.objects.update(page=version.page)
    assert client.get(version.page.get_absolute_url()).content.count(b'<details class="question"') == 8


def test_offline_page_that_moved_is_not_found_at_either_address(client, live):
    move(live.page, "nights")
    at_its_time(live, timezone.now() - 2 * DAY, timezone.now() - DAY)
    assert client.get("/help/sleep/", follow=True).status_code == 404
    assert client.get("/nights/").status_code == 404
