"""Query ceilings, in one table, and what must not add a query. The center's facts are warm, as
they are for nearly every reader."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import Page

from pages import facts
from tests.pages.helpers import edit, mark, page, question, section

CEILINGS = [
    ("/", 4),
    ("/treatment/", 5),
    ("/treatment/levels-of-care/", 5),
    ("/addiction/kratom-addiction-treatment/", 8),
    ("/faq/", 5),
    ("/faq/kratom-withdrawal/", 6),
    ("/assessment/", 0),
    ("/search/", 1),
    ("/search/?q=withdrawal", 1),  # the content's generation; none in a web process, where a thread asks for it
    ("/search/?q=witdrawal+xyzzy", 1),
]

pytestmark = pytest.mark.django_db


def queries_of(client, path, status=200):
    client.get(path)  # what Django and Wagtail remember for good is remembered now
    facts.current()
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == status
    return [query["sql"] for query in queries]


@pytest.mark.parametrize(("path", "ceiling"), CEILINGS)
def test_page_stays_under_its_query_ceiling(client, path, ceiling):
    queries = queries_of(client, path)
    assert len(queries) <= ceiling, "\n".join(queries)


@pytest.mark.parametrize("path", ["/nothing/", "/treatment/nothing/at/all/?page=2", "/nothing.php", "/caf%C3%A9/"])
def test_unknown_address_costs_one_query_for_its_redirect(client, path):
    queries = queries_of(client, path, status=404)
    assert len([sql for sql in queries if "wagtailredirects_redirect" in sql]) == 1
    assert len([sql for sql in queries if "wagtailcore_" in sql]) == 0


@pytest.mark.parametrize(
    "path",
    ["/faq/", "/faq/kratom-withdrawal/", "/addiction/kratom-addiction-treatment/", "/treatment/", "/search/?q=rest"],
)
def test_more_questions_and_pages_cost_no_query_more(client, path):
    before = len(queries_of(client, path))
    for number in range(12):
        question(f"q{number}", title=f"Rest {number}?")
    for number in range(6):
        page(f"p{number}", under="treatment", title=f"Rest {number}")
    assert len(queries_of(client, path)) == before


def test_more_blocks_links_and_marks_cost_no_query_more(client):
    targets = list(Page.objects.filter(depth=4)[:10])
    short = page(sections=[section(body=f'<p>{mark()} <a linktype="page" id="{targets[0].pk}">a</a></p>')])
    before = len(queries_of(client, short.url))
    keys = ["who-2021", "uic-2023", "fda-7oh-2025", "smith-2022", "rogers-2024"]
    body = "".join(
        f'<p>{mark(key)} <a linktype="page" id="{target.pk}">a</a></p>' for key in keys for target in targets
    )
    edit(short, sections=[section(f"Part {number}", body) for number in range(20)])
    assert len(queries_of(client, short.url)) == before
