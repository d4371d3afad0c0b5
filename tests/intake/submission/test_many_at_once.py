"""Many people, and one impatient person, over real HTTP at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection

from intake import workflow
from intake.models import AssessmentRequest, ContactPreferences, EncryptedText, OutboxMessage
from intake.submission import accept as submission
from intake.submission import sent_form, tokens
from tests.intake.support.factories import make_answers, make_request
from tests.intake.support.helpers import ADDRESS
from tests.intake.support.http_visitor import HttpVisitor

AT_ONCE = 20


@pytest.fixture(autouse=True)
def no_limit(settings):
    settings.REQUEST_LIMIT_PER_NETWORK = settings.REQUEST_LIMIT_TOTAL = 10_000


@pytest.fixture
def origin(site, live_server):
    return live_server.url


def all_at_once(things_to_do):
    """Runs functions in threads that wait for each other before they begin. Returns what they returned."""
    together = threading.Barrier(AT_ONCE)

    def run(do):
        together.wait(30)
        return do()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, things_to_do))


def test_one_form_posted_twenty_times_at_once_is_one_request(origin):
    visitor = HttpVisitor(origin)
    fields = visitor.filled_form()
    addresses = all_at_once([lambda: visitor.post(ADDRESS, fields)] * AT_ONCE)
    assert len(addresses) == AT_ONCE
    assert len({confirmation for _address, confirmation in addresses}) == 1
    assert len({address for address, _confirmation in addresses}) == 1
    request = AssessmentRequest.objects.get()
    assert request.reference in addresses[0][1]
    assert (EncryptedText.objects.count(), ContactPreferences.objects.count()) == (1, 1)
    assert OutboxMessage.objects.filter(kind=OutboxMessage.Kind.NEW_REQUEST).count() == 1
    assert request.texts.get().decrypt()["name"] == make_answers()["name"]


def test_two_hundred_different_forms_at_once_are_two_hundred_requests(origin):
    def ask(number):
        visitor = HttpVisitor(origin)
        return visitor.post(ADDRESS, visitor.filled_form(name=f"Number {number}", phone=f"602 555 {number:04}"))

    asked = all_at_once([lambda number=number: ask(number) for number in range(AT_ONCE)])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked += list(pool.map(ask, range(AT_ONCE, 200)))
    assert len({address for address, _confirmation in asked}) == 200
    assert AssessmentRequest.objects.count() == 200
    names = {text.decrypt()["name"] for text in EncryptedText.objects.all()}
    assert names == {f"Number {number}" for number in range(200)}
    assert OutboxMessage.objects.filter(kind=OutboxMessage.Kind.NEW_REQUEST).count() == 200


def test_a_withdrawal_and_a_post_of_the_old_form_at_once_leave_no_word(site):
    def run(do):
        together.wait(30)
        try:
            do()
        except sent_form.RequestWithdrawn:
            return "withdrawn"
        finally:
            connection.close()
        return "done"

    for _ in range(10):
        draft, together = tokens.draw(), threading.Barrier(2)
        request = make_request(draft)
        again = sent_form.SentForm(draft, make_answers(message="Please call later."))
        both = [partial(workflow.withdraw, request_id=request.pk), partial(submission.accept, again)]
        with ThreadPoolExecutor(2) as pool:
            withdrew, posted = pool.map(run, both)
        request.refresh_from_db()
        assert (withdrew, posted in ("done", "withdrawn"), request.stage) == ("done", True, "closed")
        left = (request.texts, request.blind_indexes, request.contact_preferences)
        assert [rows.count() for rows in left] == [0, 0, 0]
