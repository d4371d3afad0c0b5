"""What the sessions of staff cost in queries."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.intake.support.factories import make_request
from tests.intake.support.helpers import LIST, change_page
from tests.staff.session_helpers import signed_in

pytestmark = pytest.mark.django_db


def statements(browser, address, **headers):
    """Return the first words of the SQL about the session that a GET needs."""
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address, headers=headers).status_code == 200
    return [query["sql"].split()[0] for query in queries if "staff_staffsession" in query["sql"]]


def test_page_writes_its_use_once_and_a_poll_writes_nothing(make_staff, clock):
    request = make_request()
    lena = signed_in(make_staff("lead", username="lena"))
    for address in (change_page(request), LIST):
        clock.shift(dt.timedelta(minutes=1))
        assert statements(lena, address) == ["SELECT", "UPDATE"]
        assert statements(lena, address) == ["SELECT"]
    clock.shift(dt.timedelta(minutes=1))
    assert statements(lena, f"{LIST}updates/", **{"sec-fetch-dest": "empty"}) == ["SELECT"]
