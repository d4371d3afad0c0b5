"""Query ceilings, in one table. The center's facts and the search index are warm, as they are for
nearly every reader."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pages import facts
from recovery_site.search import index as search_index

CEILINGS = [
    ("/", 3),
    ("/treatment/levels-of-care/", 3),
    ("/addiction/kratom-addiction-treatment/", 5),
    ("/faq/", 4),
    ("/faq/kratom-withdrawal/", 4),
    ("/assessment/", 0),
    ("/search/", 0),
    ("/search/?q=withdrawal", 1),  # none, but for the content's generation once a second
    ("/search/?q=witdrawal+xyzzy", 1),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "ceiling"), CEILINGS)
def test_page_stays_under_its_query_ceiling(client, path, ceiling):
    facts.current()
    search_index.current()
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    assert len(queries) <= ceiling, [query["sql"] for query in queries]
