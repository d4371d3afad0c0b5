"""Links: typed ones are completed or refused, moved pages keep theirs, broken ones are found."""

import io
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from wagtail.contrib.redirects.models import Redirect

from pages import links
from pages.models import ContentPage, HomePage, LinkCheck, Source

COMPLETED = [
    ("www.samhsa.gov/find-help", "https://www.samhsa.gov/find-help"),
    ("samhsa.gov", "https://samhsa.gov"),
    ("example.org:8443/x?y=1#z", "https://example.org:8443/x?y=1#z"),
    ("//www.fda.gov/", "https://www.fda.gov/"),
    (" https://www.fda.gov/a ", "https://www.fda.gov/a"),
    ("http://old.example.org/", "http://old.example.org/"),
    ("/treatment/", "/treatment/"),
    ("#section-signs", "#section-signs"),
    ("tel:988", "tel:988"),
    ("tel:+1 (480) 526-7738", "tel:+14805267738"),
    ("sms:741741", "sms:741741"),
    ("mailto:help@example.org", "mailto:help@example.org"),
]
REFUSED = [
    "javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd",
    "treatment/levels-of-care/", "levels of care", "https://www.samhsa.gov/find help", "about.html",
    "https://", "https://no-dot/ x", "http:/one.example.org",
    "tel:", "tel:abc", "mailto:nobody", "https:\\\\evil.example.org", "", "x",
]  # fmt: skip


@pytest.mark.parametrize(("typed", "stored"), COMPLETED)
def test_address_is_completed(typed, stored):
    assert (links.complete(typed), links.complete(stored)) == (stored, stored)


@pytest.mark.parametrize("typed", REFUSED)
def test_address_that_leads_nowhere_is_refused(typed):
    with pytest.raises(ValidationError) as refused:
        links.complete(typed)
    assert refused.value.messages[0].endswith(".")


@pytest.fixture
def editor(client, make_staff):
    client.force_login(make_staff(is_superuser=True))
    return client


def choose(editor, address):
    data = {"external-link-chooser-url": address, "external-link-chooser-link_text": "x"}
    return editor.post(reverse("wagtailadmin_choose_page_external_link"), data).json()


@pytest.mark.django_db
def test_chooser_completes_refuses_and_names_pages(editor):
    outer, wrong, inner = (choose(editor, typed) for typed in ("www.samhsa.gov/x", "about us", "/about/"))
    assert (outer["step"], outer["result"]["url"]) == ("external_link_chosen", "https://www.samhsa.gov/x")
    assert (wrong["step"], "An address can&#x27;t contain spaces" in wrong["html"]) == ("external_link", True)
    assert inner["result"]["id"] == ContentPage.objects.get(slug="about").pk


def page_with(*bodies, slug="with-links"):
    """A page that readers can open, with a section for each body."""
    page = ContentPage(title="With links", slug=slug, summary="In short.")
    HomePage.objects.get().add_child(instance=page)
    page.sections = page.sections.stream_block.to_python(
        [{"type": "text", "value": {"heading": f"Part {n}", "body": body}} for n, body in enumerate(bodies)]
    )
    page.save_revision().publish()
    return page


def to_page(page):
    return f'<p><a linktype="page" id="{page.pk}">x</a></p>'


@pytest.mark.django_db
def test_moved_page_keeps_the_links_to_it(client):
    target = ContentPage.objects.get(slug="levels-of-care")
    page = page_with(to_page(target))
    target.move(HomePage.objects.get(), "last-child")
    assert '<a href="/levels-of-care/">x</a>' in client.get(page.url).content.decode()
    assert links.broken_inside(*_found()) == []


def _found():
    pages = links.readable_pages()
    return links.by_link(pages.values()), pages


@pytest.mark.django_db
def test_links_of_the_starter_content_lead_somewhere():
    assert links.all_broken() == []


@pytest.mark.django_db
def test_broken_links_inside_the_site_are_named_with_their_page(settings):
    hidden = page_with("<p>x</p>", slug="hidden")
    ended = page_with("<p>x</p>", slug="ended")
    deleted = page_with("<p>x</p>", slug="deleted")
    Redirect.objects.create(old_path="/old", redirect_link="/about/")
    addresses = [
        "/about/", "/about/#no-such-place", "/faq/#x", "#section-part-0", "#sources", "/no/such/page/",
        "/old/", "/assessment/", "/search/?q=help", "treatment/", "www.samhsa.gov",
        f"{settings.PUBLIC_ORIGIN}/nowhere/", "tel:988", "sms:988",
    ]  # fmt: skip
    body = "<p>" + "".join(f'<a href="{address}">x</a>' for address in addresses) + "</p>"
    page = page_with(
        body + to_page(hidden) + to_page(ended) + to_page(deleted) + '<p><a linktype="document" id="999">x</a></p>'
    )
    hidden.unpublish()
    ContentPage.objects.filter(pk=ended.pk).update(expire_at=timezone.now() - timedelta(seconds=1))
    deleted.delete()
    found = [(broken.page.pk, broken.target) for broken in links.broken_inside(*_found())]
    assert found == [
        (page.pk, target)
        for target in (
            "/about/#no-such-place",
            "/faq/#x",
            "#sources",
            "/no/such/page/",
            "treatment/",
            "www.samhsa.gov",
            f"{settings.PUBLIC_ORIGIN}/nowhere/",
            "the page “With links”",
            "the page “With links”",
            "a page that was deleted",
            "a document that was deleted",
        )
    ]


class _Site(BaseHTTPRequestHandler):
    """Another site, with what can go wrong there."""

    asked = []

    def do_HEAD(self):
        _Site.asked.append((self.command, self.path))
        status, location = {
            "/fine": (200, None),
            "/gone": (404, None),
            "/no-head": (405 if self.command == "HEAD" else 200, None),
            "/moved": (301, "/fine"),
            "/for-now": (302, "/fine"),
            "/slash": (301, "/slash/"),
            "/slash/": (200, None),
            "/elsewhere": (302, "http://elsewhere.example.org/login"),
            "/circle": (302, "/circle"),
            "/odd": (302, None),
        }[self.path]
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD

    def log_message(self, *arguments):
        pass


@pytest.fixture
def elsewhere(settings):
    settings.LINK_CHECK_INSIDE = ["127.0.0.1"]
    _Site.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


ANSWERS = {
    "/fine": "",
    "/gone": "The site answered with status 404.",
    "/no-head": "",
    "/moved": "It moved permanently to {site}/fine",
    "/for-now": "",
    "/slash": "",
    "/elsewhere": "It redirects to another site: http://elsewhere.example.org/login",
    "/circle": "It redirects in a loop.",
    "/odd": "The site answered with status 302.",
}


def check(*arguments):
    said = io.StringIO()
    call_command("check_links", *arguments, stdout=said)
    return said.getvalue().splitlines()


@pytest.fixture
def nothing_else(db):
    """No address of a real site: no test asks one."""
    for page in ContentPage.objects.all():
        page.unpublish()
    for page in links.readable_pages().values():
        if any(link.is_outer for link in links.by_link([page])):
            page.unpublish()


def test_other_sites_are_asked_and_the_answers_kept(nothing_else, elsewhere, editor):
    page = page_with("<p>" + "".join(f'<a href="{elsewhere}{path}">x</a>' for path in ANSWERS) + "</p>")
    check()
    kept = dict(LinkCheck.objects.values_list("address", "problem"))
    assert kept == {elsewhere + path: answer.format(site=elsewhere) for path, answer in ANSWERS.items()}
    assert ("GET", "/fine") not in _Site.asked
    html = editor.get(reverse("broken_links")).content.decode()
    assert html.count(f'<a href="/cms/pages/{page.pk}/edit/">With links</a>') == 5
    assert f">{elsewhere}/gone</td><td>The site answered with status 404.</td>" in html


def test_stopped_check_goes_on_where_it_was(nothing_else, elsewhere, clock):
    page_with(f'<p><a href="{elsewhere}/fine">x</a><a href="{elsewhere}/gone">x</a></p>')
    check("--minutes", "0")
    assert _Site.asked == []
    LinkCheck.objects.create(address=f"{elsewhere}/fine", checked_at=timezone.now())
    LinkCheck.objects.create(address="https://linked.no.more.example.org/", checked_at=timezone.now())
    check()
    assert {path for _method, path in _Site.asked} == {"/gone"}
    assert LinkCheck.objects.count() == 2
    clock.shift(timedelta(hours=25))
    check()
    assert ("HEAD", "/fine") in _Site.asked


def test_inner_check_asks_nobody(nothing_else, elsewhere):
    page_with(f'<p><a href="{elsewhere}/fine">x</a><a href="/nowhere/">x</a></p>')
    assert check("--inner") == ["/with-links/: /nowhere/: There is no such page."]
    assert _Site.asked == []


def test_address_inside_of_the_network_is_not_asked(nothing_else, elsewhere, settings):
    settings.LINK_CHECK_INSIDE = []
    page_with(f'<p><a href="{elsewhere}/fine">x</a></p>')
    check()
    assert (LinkCheck.objects.get().problem, _Site.asked) == ("The address is not on the public internet.", [])


@pytest.mark.django_db
def test_addresses_of_cited_sources_are_links_of_the_page():
    source = Source.objects.get(key="dea-fact-sheet")
    page = page_with(f"<p>x {source.as_mark()}</p>")
    assert page in links.by_link([page])[links.Link("href", source.url)]
