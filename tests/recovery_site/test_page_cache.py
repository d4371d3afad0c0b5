"""Public pages from memory: the same answers as the site's own, never out of date, nothing about a visitor in them."""

import datetime as dt
import threading

import pytest
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection
from django.db.utils import OperationalError
from django.test import RequestFactory
from django.urls import reverse

from pages import content_generation, facts
from pages.content_generation import ContentGeneration
from pages.models import Center, ContentPage, HomePage, Notice, OpeningHours
from recovery_site import page_cache
from recovery_site.page_cache import OVERHEAD, PageCache
from tests.conftest import TUESDAY_MORNING

pytestmark = pytest.mark.django_db

KRATOM = "/addiction/kratom-addiction-treatment/"
PICTURES = ["/favicon.ico", "/share/faq/picture.png"]
PUBLIC = ["/", KRATOM, "/faq/", "/treatment/", "/robots.txt", "/sitemap.xml", "/site.webmanifest", *PICTURES]
# Each as a browser, another site or a proxy could send it
ABOUT_A_VISITOR = {
    "HTTP_COOKIE": "csrftoken=canary-csrf; visit=canary-visit.1; theme=canary-cookie",
    "HTTP_REFERER": "https://search.example/?q=canary-referrer",
    "HTTP_USER_AGENT": "canary-browser",
    "HTTP_ACCEPT_LANGUAGE": "es, canary;q=0.5",
    "HTTP_AUTHORIZATION": "Bearer canary-token",
    "HTTP_X_FORWARDED_FOR": "canary-forwarded",
    "REMOTE_ADDR": "192.0.2.77",
    "REMOTE_USER": "canary-user",
    "REQUEST_URI": "/?canary-uri",
}


class Site:
    """The site behind a page cache. `asked` counts how often the cache asked it."""

    def __init__(self, application=None, **options):
        self.application, self.asked = application or get_wsgi_application(), 0
        self.cache = PageCache(self._counted, **options)

    def _counted(self, environ, start_response):
        self.asked += 1
        return self.application(environ, start_response)

    def get(self, path, method="GET", **environ):
        return sent_by(self.cache, path, method, **environ)


def sent_by(application, path, method="GET", **given):
    """Return status, headers and body that an application sends."""
    environ = RequestFactory(headers={"host": "127.0.0.1"}).generic(method, path, **given).environ | given
    started = []
    chunks = application(environ, lambda status, headers, exc_info=None: started.append((status, headers)))
    body = b"".join(chunks)
    if hasattr(chunks, "close"):
        chunks.close()
    [(status, headers)] = started
    return status, headers, body


@pytest.fixture
def site_in_memory():
    return Site()


@pytest.fixture(autouse=True)
def connection_stays_open(monkeypatch):
    """Keep the database connection open, as Django's test client does."""
    monkeypatch.setattr(page_cache, "close_old_connections", lambda: None)
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


def answering(status="200 OK", body=b"A page.", **headers):
    """Return a WSGI application with one answer."""

    def application(environ, start_response):
        sent = {"Content_Type": "text/html", "Cache_Control": "public, max-age=60"} | headers
        start_response(status, [(name.replace("_", "-"), value) for name, value in sent.items()])
        return [body(environ) if callable(body) else body]

    return application


def retitle(title):
    page = ContentPage.objects.get(slug="kratom-addiction-treatment")
    page.title = title
    page.save_revision().publish()


# The same answers as the site's own


@pytest.mark.parametrize("encoding", ["br, gzip", "gzip", ""])
@pytest.mark.parametrize("path", PUBLIC)
def test_kept_answer_is_the_answer_of_the_site(stopped_clock, site_in_memory, path, encoding):
    site_in_memory.get(path, HTTP_ACCEPT_ENCODING=encoding)
    kept = site_in_memory.get(path, HTTP_ACCEPT_ENCODING=encoding)
    assert site_in_memory.asked == 1
    assert kept == sent_by(site_in_memory.application, path, HTTP_ACCEPT_ENCODING=encoding)
    assert kept[0] == "200 OK"


def test_head_is_answered_from_the_same_page(site_in_memory):
    page = site_in_memory.get(KRATOM)
    assert site_in_memory.get(KRATOM, "HEAD")[:2] == page[:2]
    assert site_in_memory.asked == 1


@pytest.mark.parametrize("weak", ["", "W/"])
def test_known_page_is_answered_with_304_and_the_headers_of_the_site(stopped_clock, site_in_memory, weak):
    page = site_in_memory.get(KRATOM)
    etag = weak + dict(page[1])["ETag"]
    status, headers, body = site_in_memory.get(KRATOM, HTTP_IF_NONE_MATCH=f'"another", {etag}')
    own = sent_by(site_in_memory.application, KRATOM, HTTP_IF_NONE_MATCH=f'"another", {etag}')
    assert (status, body, own[0]) == ("304 Not Modified", b"", "304 Not Modified")
    assert set(own[1]) <= set(headers) <= set(page[1])
    assert {"Content-Length", "Content-Type"} & dict(headers).keys() == set()


def test_304_never_comes_for_another_encoding(site_in_memory):
    etag = dict(site_in_memory.get(KRATOM, HTTP_ACCEPT_ENCODING="br")[1])["ETag"]
    assert site_in_memory.get(KRATOM, HTTP_ACCEPT_ENCODING="gzip", HTTP_IF_NONE_MATCH=etag)[0] == "200 OK"


def test_first_answer_may_be_a_304(site_in_memory):
    etag = dict(sent_by(site_in_memory.application, KRATOM)[1])["ETag"]
    statuses = [site_in_memory.get(KRATOM, HTTP_IF_NONE_MATCH=etag)[0], site_in_memory.get(KRATOM)[0]]
    assert (statuses, site_in_memory.asked) == (["304 Not Modified", "200 OK"], 1)


@pytest.mark.parametrize("query", ["utm_source=news&utm_medium=email", "gclid=a.b-c_d&utm_campaign=", "fbclid=%C3%A9"])
def test_marks_of_a_campaign_lead_to_the_kept_page(site_in_memory, query):
    assert site_in_memory.get(f"{KRATOM}?{query}") == site_in_memory.get(KRATOM)
    assert site_in_memory.asked == 1


# What passes by


def with_session(name="sessionid"):
    return {"HTTP_COOKIE": f"a=b; {name}=secret"}


PASSING = {
    "a POST": (KRATOM, "POST", {}),
    "a session": (KRATOM, "GET", with_session()),
    "a session with a space": (KRATOM, "GET", with_session("sessionid ")),
    "a query": (f"{KRATOM}?q=1", "GET", {}),
    "a campaign and more": (f"{KRATOM}?utm_source=a&q=1", "GET", {}),
    "a condition": (KRATOM, "GET", {"HTTP_IF_MATCH": '"a"'}),
    "a part of the page": (KRATOM, "GET", {"HTTP_RANGE": "bytes=0-5"}),
    "a body": (KRATOM, "GET", {"CONTENT_LENGTH": "5"}),
    "a body in chunks": (KRATOM, "GET", {"HTTP_TRANSFER_ENCODING": "chunked"}),
    "an application below": (KRATOM, "GET", {"SCRIPT_NAME": "/below"}),
}


@pytest.mark.parametrize(("path", "method", "environ"), PASSING.values(), ids=PASSING.keys())
def test_other_requests_pass_by_unchanged(path, method, environ):
    seen = []
    site = Site(answering(body=lambda environ: seen.append(environ) or b"A page."))
    site.get(KRATOM)
    for _ in range(2):
        site.get(path, method, **ABOUT_A_VISITOR | environ)
    assert site.asked == 3
    assert [environ["REMOTE_ADDR"] for environ in seen[1:]] == ["192.0.2.77"] * 2


NEVER_KEPT = ["/assessment/", "/assessment.", "/search/", "/admin/login/", "/cms/", "/healthz", "/readyz", "/status"]


@pytest.mark.parametrize("path", [*NEVER_KEPT, "/media/images/a.jpg", "/static/a.css"])
def test_other_addresses_pass_by(path):
    site = Site(answering())
    site.get(path)
    site.get(path)
    assert site.asked == 2


UNKEPT = {
    "not found": answering("404 Not Found"),
    "moved": answering("301 Moved Permanently"),
    "failed": answering("500 Internal Server Error"),
    "private": answering(Cache_Control="private"),
    "not to be stored": answering(Cache_Control="no-store"),
    "with a cookie": answering(Set_Cookie="a=b"),
    "for a cookie": answering(Vary="Accept-Encoding, Cookie"),
    "for everything": answering(Vary="*"),
}


@pytest.mark.parametrize("application", UNKEPT.values(), ids=UNKEPT.keys())
def test_only_public_pages_are_kept(application):
    site = Site(application)
    assert site.get(KRATOM) == site.get(KRATOM) == sent_by(application, KRATOM)
    assert site.asked == 2


def test_each_host_and_scheme_has_its_own_answer(settings):
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    site = Site()
    statuses = [site.get(KRATOM, HTTP_HOST=host)[0] for host in ("127.0.0.1", "localhost", "evil.example", "localhost")]
    site.get(KRATOM, HTTP_HOST="localhost", HTTP_X_FORWARDED_PROTO="https")
    assert (statuses, site.asked) == (["200 OK", "200 OK", "400 Bad Request", "200 OK"], 4)


def test_port_and_spelling_of_the_host_make_no_more_copies(settings):
    settings.ALLOWED_HOSTS = ["www.example.org"]
    site = Site()
    for host in ("www.example.org", "www.example.org:8000", "WWW.example.org", "www.example.org."):
        assert site.get(KRATOM, HTTP_HOST=host)[0] == "200 OK"
    assert site.asked == 1


# Nothing about a visitor, a session or a draft


@pytest.mark.parametrize("path", [KRATOM, "/assessment/", "/no/such/page/"])
def test_prefix_that_a_visitor_names_changes_no_address(site_in_memory, path):
    facts.forget()  # their addresses are read by the request with the prefix
    site_in_memory.get(path, SCRIPT_NAME="/about")
    html = site_in_memory.get(path)[2].decode()
    assert ('href="/faq/"' in html, 'href="/assessment/"' in html, "/about/" in html.replace('"/about/"', "")) == (
        True,
        True,
        False,
    )


def test_site_learns_nothing_about_the_visitor():
    site = Site(answering(body=lambda environ: repr(sorted(environ.items())).encode()))
    site.get(KRATOM, HTTP_ACCEPT_ENCODING="gzip, canary", **ABOUT_A_VISITOR)
    _status, _headers, body = site.get(KRATOM, HTTP_ACCEPT_ENCODING="gzip")
    assert site.asked == 1
    assert [word for word in (b"canary", b"192.0.2.77") if word in body] == []


@pytest.mark.parametrize("path", PUBLIC)
def test_kept_page_holds_no_word_of_the_visitor(site_in_memory, path):
    first = site_in_memory.get(path, **ABOUT_A_VISITOR)
    assert first == sent_by(site_in_memory.application, path)
    assert "canary" not in str(first)


def test_editor_and_reader_never_meet_in_the_cache(site_in_memory, make_staff, client):
    client.force_login(make_staff("editor"))
    session = {"HTTP_COOKIE": client.cookies.output(header="", attrs=[]).strip()}
    answers = [site_in_memory.get(KRATOM, **cookies)[2] for cookies in (session, {}, session, {})]
    assert [b"Edit this page" in body for body in answers] == [True, False, True, False]


def test_draft_is_never_kept(site_in_memory, make_staff, client):
    page = ContentPage.objects.get(slug="kratom-addiction-treatment")
    page.title = "Draft about zebras"
    page.save_revision()
    client.force_login(make_staff("editor"))
    preview = client.get(reverse("wagtailadmin_pages:view_draft", args=[page.pk]))
    assert b"Draft about zebras" in preview.content
    assert all(b"Draft about zebras" not in site_in_memory.get(path)[2] for path in PUBLIC for _ in range(2))


# Never out of date


def test_publish_shows_with_the_next_answer(site):
    kept = Site()
    before = kept.get(KRATOM)[2]
    retitle("Zebras")
    after = [kept.get(KRATOM)[2] for _ in range(2)]
    assert (b"Zebras" in before, [b"Zebras" in body for body in after], kept.asked) == (False, [True, True], 2)


def test_page_that_was_published_while_it_was_rendered_is_not_kept(site):
    own = get_wsgi_application()

    def slow(environ, start_response):
        answer = own(environ, start_response)  # the old page, whose bytes arrive only after the publish
        if kept.asked == 1:
            retitle("Zebras")
        return answer

    kept = Site(slow)
    answers = [kept.get(KRATOM)[2] for _ in range(3)]
    assert ([b"Zebras" in body for body in answers], kept.asked) == ([False, True, True], 2)


def test_publish_of_another_machine_while_a_page_is_rendered_shows_within_a_second(site, monkeypatch, clock):
    own, seconds = get_wsgi_application(), 0
    monkeypatch.setattr(content_generation, "LIFETIME", 1)  # as outside the tests
    monkeypatch.setattr(content_generation.time, "monotonic", lambda: seconds)
    monkeypatch.setattr(content_generation, "_ask_again_at", 0)

    def slow(environ, start_response):
        answer = own(environ, start_response)
        if kept.asked == 1:
            known = content_generation.current()
            ContentPage.objects.filter(slug="kratom-addiction-treatment").update(title="Zebras")
            ContentGeneration.objects.update(number=1)
            monkeypatch.setattr(content_generation, "_known", known)  # nothing tells this machine
        return answer

    kept = Site(slow)
    answers = [kept.get(KRATOM)[2] for _ in range(2)]
    seconds = 1.1
    answers.append(kept.get(KRATOM)[2])
    assert ([b"Zebras" in body for body in answers], kept.asked) == ([False, False, True], 2)


@pytest.mark.parametrize("path", [KRATOM, "/faq/", "/site.webmanifest"])
def test_fact_about_the_center_shows_on_every_page_at_once(site, path):
    kept = Site()
    kept.get(path)
    center = Center.objects.get()
    center.name = "Zebra Center"
    center.save()
    assert b"Zebra Center" in kept.get(path)[2]


def at(hour, minute=0, second=0, days=0):
    return TUESDAY_MORNING.replace(hour=hour, minute=minute, second=second) + dt.timedelta(days=days)


@pytest.fixture
def weekdays_from_nine_to_five():
    for weekday in range(5):
        OpeningHours.objects.create(center=Center.objects.get(), weekday=weekday, opens=dt.time(9), closes=dt.time(17))


def test_opening_hours_change_by_the_clock(clock, site_in_memory, weekdays_from_nine_to_five):
    answers = []
    for moment in (at(10), at(16, 59, 59), at(17), at(17, 0, 1)):
        clock.move_to(moment, tick=False)
        answers.append(b"Open now" in site_in_memory.get(KRATOM)[2])
    assert (answers, site_in_memory.asked) == ([True, True, False, False], 2)


def test_no_other_cache_keeps_a_page_beyond_the_next_change(clock, site_in_memory, weekdays_from_nine_to_five):
    ages = []
    for moment in (at(10), at(16, 58, 59), at(16, 59, 1), at(16, 59, 59), at(17)):
        clock.move_to(moment, tick=False)
        ages.append(dict(site_in_memory.get(KRATOM)[1])["Cache-Control"])
        assert ages[-1] == dict(sent_by(site_in_memory.application, KRATOM)[1])["Cache-Control"]
    assert ages == [f"public, max-age={seconds}" for seconds in (60, 60, 59, 1, 60)]


def test_notice_begins_and_ends_by_the_clock(clock, site_in_memory):
    begins, ends = at(11, 30), at(11, 45)
    Notice.objects.create(text="<p>Zebras today.</p>", shows_from=begins, shows_until=ends)
    second, shown = dt.timedelta(seconds=1), []
    for moment in (begins - second, begins, ends - second, ends):
        clock.move_to(moment, tick=False)
        shown.append(b"Zebras today" in site_in_memory.get("/faq/")[2])
    assert (shown, site_in_memory.asked) == ([False, True, True, False], 3)


def test_expired_page_is_gone_by_the_clock(clock, site_in_memory):
    ContentPage.objects.filter(slug="kratom-addiction-treatment").update(expire_at=at(11, 30))
    facts.forget()
    statuses = []
    for moment in (at(11), at(11, 29, 59), at(11, 30)):
        clock.move_to(moment, tick=False)
        statuses.append(site_in_memory.get(KRATOM)[0])
    assert (statuses, site_in_memory.asked) == (["200 OK", "200 OK", "404 Not Found"], 2)


def test_no_answer_is_kept_longer_than_a_day(clock, site_in_memory):
    clock.move_to(at(10), tick=False)
    site_in_memory.get("/robots.txt")
    for days, asked in ((0.99, 1), (1, 2)):
        clock.move_to(at(10) + dt.timedelta(days=days), tick=False)
        site_in_memory.get("/robots.txt")
        assert site_in_memory.asked == asked


def test_no_other_cache_keeps_a_page_beyond_a_scheduled_publish(clock, site_in_memory):
    site_in_memory.get("/faq/")
    page = ContentPage(title="Zebras", slug="zebras", summary="In short.", live=False)
    HomePage.objects.get().add_child(instance=page)
    page.go_live_at = at(11, 30)
    page.save_revision().publish()
    live = ContentPage.objects.get(slug="kratom-addiction-treatment")
    live.go_live_at = at(11, 15)
    live.save_revision().publish()
    ages = []
    for moment in (at(11, 14, 50), at(11, 15), at(11, 29, 50)):
        clock.move_to(moment, tick=False)
        ages.append(dict(site_in_memory.get("/faq/")[1])["Cache-Control"])
    assert ages == [f"public, max-age={seconds}" for seconds in (10, 60, 10)]


# Load and trouble


def test_burst_on_a_cold_page_renders_once():
    rendering, everyone_came, asked_by = threading.Event(), threading.Event(), []

    def slow(environ):
        asked_by.append(environ)
        rendering.set()
        everyone_came.wait(20)
        return b"A page."

    site = Site(answering(body=slow))
    content_generation.current()
    coming, answers = threading.Semaphore(0), []

    def read():
        coming.release()
        answers.append(site.get(KRATOM)[2])

    readers = [threading.Thread(target=read) for _ in range(50)]
    for reader in readers:
        reader.start()
    assert rendering.wait(20)
    for _ in readers:
        assert coming.acquire(timeout=20)
    everyone_came.set()
    for reader in readers:
        reader.join(20)
    assert (len(asked_by), answers) == (1, [b"A page."] * 50)


def test_failed_rendering_leaves_the_others_free():
    class Broken(Exception):
        pass

    def broken(environ, start_response):
        raise Broken

    site = Site(broken)
    for _ in range(2):
        with pytest.raises(Broken):
            site.get(KRATOM)
    site.application = answering()
    assert site.get(KRATOM)[0] == "200 OK"


def test_memory_is_bounded_and_what_is_read_stays():
    page = b"x" * 1000
    site = Site(answering(body=page), most_bytes=3 * (OVERHEAD + len(page)))
    for path in ("/a/", "/b/", "/c/", "/a/", "/d/"):  # the fourth page pushes out the one not read for the longest
        site.get(path)
    asked = site.asked
    for path in ("/a/", "/c/", "/d/"):
        site.get(path)
    assert (asked, site.asked) == (4, 4)
    site.get("/b/")
    assert site.asked == 5


def test_new_version_of_a_page_takes_the_room_of_the_old_one(transactional_db):
    page = b"x" * 1000
    site = Site(answering(body=page), most_bytes=2 * (OVERHEAD + len(page)))
    site.get("/a/")
    for _ in range(3):
        content_generation.begin()
        site.get("/b/")
    assert site.asked == 4
    content_generation.begin()
    site.get("/a/")
    site.get("/b/")
    asked = site.asked
    site.get("/a/")
    site.get("/b/")
    assert site.asked == asked


def test_kept_pages_go_on_while_the_database_is_away(site_in_memory, monkeypatch):
    before = site_in_memory.get(KRATOM)
    monkeypatch.setattr(content_generation, "_is_watched", True)
    monkeypatch.setattr(content_generation, "LIFETIME", 0)

    def away(execute, sql, params, many, context):
        raise OperationalError("the server is gone")

    with connection.execute_wrapper(away):
        content_generation._ask()  # as the background thread does, in vain
        assert site_in_memory.get(KRATOM) == before


def test_page_with_facts_that_could_not_be_read_is_not_kept(site, monkeypatch):
    kept = Site()
    center = Center.objects.get()
    center.phone = "(928) 555-0100"
    center.save()

    def broken(execute, sql, params, many, context):
        if "pages_center" in sql:
            raise OperationalError("a timeout")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(broken):
        first = kept.get(KRATOM)
    monkeypatch.setattr(facts, "PATIENCE", 0)
    monkeypatch.setattr(facts, "_retry_at", 0)
    second = kept.get(KRATOM)
    assert (first[0], b"555-0100" in first[2], b"555-0100" in second[2]) == ("200 OK", False, True)


def test_failure_of_the_cache_leaves_the_page_to_the_site(site_in_memory, monkeypatch, caplog):
    def broken():
        raise RuntimeError

    monkeypatch.setattr(content_generation, "current", broken)
    own = Site(answering())
    assert own.get(KRATOM)[0] == "200 OK"
    assert "A page could not be kept: RuntimeError" in caplog.text


def test_clock_that_is_set_back_shows_no_text_of_later(clock, site_in_memory, weekdays_from_nine_to_five):
    shown = []
    for moment in (at(20), at(10)):
        clock.move_to(moment, tick=False)
        shown.append(b"Open now" in site_in_memory.get(KRATOM)[2])
    assert shown == [False, True]
