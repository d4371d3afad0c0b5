import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake.submission import tokens
from tests.intake.support.helpers import LIST, accept, answers_of, receive

pytestmark = pytest.mark.django_db


def listed(desk, **query):
    return [row.request.reference for row in desk.get(LIST, query).context["rows"]]


def queries_of(desk, address):
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(address).status_code == 200
    return len(queries)


# Quarantine


def suspected(*suspicions, **changes):
    return accept(tokens.draw(), answers_of(**changes), suspicions=suspicions)


def test_a_suspected_request_stands_in_the_open_list_in_its_order_and_in_a_tab_of_its_own(desk):
    first, second, third = suspected("fast"), receive(), suspected("links", "markup")
    assert listed(desk) == [first.reference, second.reference, third.reference]
    assert listed(desk, work="quarantine") == [first.reference, third.reference]
    steps = [row.step.partition(",")[0] for row in desk.get(LIST).context["rows"]]
    assert steps == ["Check", "Call", "Check"]
