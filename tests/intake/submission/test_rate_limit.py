import datetime as dt
import logging

import pytest
from django.utils import timezone

from intake import worker
from intake.models import AssessmentRequest, EncryptedText, OutboxMessage, RecentSender
from intake.submission import accept as submission
from intake.submission import rate_limit, sent_form, store, tokens
from tests.intake.support.factories import make_answers, make_request
from tests.intake.support.helpers import ADDRESS, form_on, personal_words_in
from tests.intake.support.visitor import OUR_ORIGIN, TYPED, Browser, CookielessClient, filled, main_of, send, typed_on

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture(autouse=True)
def low_limits(settings):
    settings.REQUEST_LIMIT_PER_NETWORK, settings.REQUEST_LIMIT_TOTAL = 3, 5


def visitor_at(address):
    return Browser(REMOTE_ADDR=address)


def statuses(count, address, **changes):
    """What that many people of one address see, each with their own browser and contact."""
    return [
        send(visitor_at(address), **{"phone": f"602-555-01{number:02}"} | changes).status_code
        for number in range(count)
    ]


def sender_of(rf, address, **headers):
    return rate_limit.sender_of(rf.get("/", REMOTE_ADDR=address, **headers))


# Who counts as one sender

ONE_SENDER = [
    ("192.0.2.1", "192.0.2.254"),
    ("192.0.2.1", "::ffff:192.0.2.77"),
    ("2001:db8:1:100::1", "2001:db8:1:1ff:ffff::2"),
    ("2001:db8:1:100::1", "2001:DB8:0001:0100:0:0:0:9"),
]
TWO_SENDERS = [
    ("192.0.2.1", "192.0.3.1"),
    ("2001:db8:1:100::1", "2001:db8:1:200::1"),
    ("192.0.2.1", "::192.0.2.1"),
    ("127.0.0.1", "::1"),
]


@pytest.mark.parametrize(("first", "second"), ONE_SENDER)
def test_neighbors_are_one_sender(rf, first, second):
    assert sender_of(rf, first) == sender_of(rf, second) != ""


@pytest.mark.parametrize(("first", "second"), TWO_SENDERS)
def test_strangers_are_two_senders(rf, first, second):
    assert sender_of(rf, first) != sender_of(rf, second)
    assert "" not in (sender_of(rf, first), sender_of(rf, second))


@pytest.mark.parametrize("address", ["", "unix:", "made-up", "192.0.2", "192.0.2.1:80", "\0"])
def test_what_is_no_address_is_no_sender(rf, address):
    assert sender_of(rf, address) == ""


@pytest.mark.parametrize(
    ("behind_proxy", "header", "as_if"),
    [
        (False, "198.51.100.9", "192.0.2.1"),
        (True, "198.51.100.9", "198.51.100.9"),
        (True, "203.0.113.5, 198.51.100.9", "198.51.100.9"),
        (True, " 198.51.100.9 ", "198.51.100.9"),
        (True, "2001:db8::1", "2001:db8::1"),
        (True, "", "192.0.2.1"),
    ],
    ids=["no proxy", "proxy", "made up before the proxy", "blanks", "IPv6", "proxy without the header"],
)
def test_the_header_is_believed_behind_our_proxy_alone(rf, settings, behind_proxy, header, as_if):
    settings.BEHIND_PROXY = False
    expected = sender_of(rf, as_if)
    settings.BEHIND_PROXY = behind_proxy
    assert sender_of(rf, "192.0.2.1", HTTP_X_FORWARDED_FOR=header) == expected


def test_a_visitor_can_not_dodge_the_limit_with_a_header(settings):
    settings.BEHIND_PROXY = False
    seen = [
        send(visitor_at("192.0.2.1"), phone=f"602-555-01{n:02}", headers={"X-Forwarded-For": f"198.51.{n}.1"})
        for n in range(4)
    ]
    assert [response.status_code for response in seen] == [303, 303, 303, 429]


# From one place


def test_above_the_limit_nothing_is_stored_and_the_words_are_kept(caplog):
    caplog.set_level(logging.DEBUG)
    assert statuses(3, "192.0.2.1") == [303, 303, 303]
    before = [model.objects.count() for model in (AssessmentRequest, EncryptedText, OutboxMessage, RecentSender)]
    page = send(visitor_at("192.0.2.9"))
    assert (page.status_code, page["Retry-After"]) == (429, "600")
    assert typed_on(page) == TYPED
    assert "Many requests came from your network just now, so this one was not stored." in main_of(page)
    assert 'href="tel:+1' in main_of(page)
    assert "no-store" in page["Cache-Control"]
    assert [
        model.objects.count() for model in (AssessmentRequest, EncryptedText, OutboxMessage, RecentSender)
    ] == before
    assert before == [3, 3, 3, 3]
    assert personal_words_in(caplog.text) == []


def test_another_place_is_not_limited_by_it():
    assert statuses(4, "192.0.2.1") == [303, 303, 303, 429]
    assert statuses(1, "198.51.100.1") == [303]


def test_after_ten_minutes_the_same_page_is_accepted():
    statuses(3, "192.0.2.1")
    visitor = visitor_at("192.0.2.1")
    page = send(visitor)
    assert (page.status_code, rate_limit.WINDOW) == (429, dt.timedelta(minutes=10))
    RecentSender.objects.update(received_at=timezone.now() - rate_limit.WINDOW)
    assert visitor.post(ADDRESS, form_on(page)).status_code == 303


def test_a_form_that_is_known_already_gets_its_confirmation_above_the_limit():
    visitor = visitor_at("192.0.2.1")
    fields = filled(visitor.get(ADDRESS))
    first = visitor.post(ADDRESS, fields)
    statuses(3, "192.0.2.1")
    assert statuses(1, "192.0.2.1", phone="602-555-0177") == [429]
    again = visitor.post(ADDRESS, fields)
    new_page = send(visitor)
    assert [again.status_code, new_page.status_code] == [303, 303]
    assert first["Location"] == again["Location"] == new_page["Location"]
    assert AssessmentRequest.objects.count() == 3


def test_amendments_repeats_and_mistakes_do_not_count():
    visitor = visitor_at("192.0.2.1")
    fields = filled(visitor.get(ADDRESS))
    for message in ("one", "one", "two", "three"):
        visitor.post(ADDRESS, fields | {"message": message})
    send(visitor, consent=None)
    assert RecentSender.objects.count() == 1


def test_the_limit_holds_without_cookies_too():
    seen = []
    for number in range(4):
        visitor = CookielessClient()
        page = send(visitor, phone=f"602-555-01{number:02}", headers=OUR_ORIGIN)
        seen.append(visitor.post(ADDRESS, form_on(page), headers=OUR_ORIGIN))
    assert [response.status_code for response in seen] == [303, 303, 303, 429]
    assert typed_on(seen[-1]) == TYPED | {"phone": "602-555-0103"}


def test_whose_address_is_not_known_is_never_turned_away():
    assert statuses(5, "") == [303] * 5


# From everywhere


def test_a_flood_from_everywhere_is_stored_in_quarantine():
    seen = [statuses(1, f"192.0.{number}.1") for number in range(7)]
    assert seen == [[303]] * 7
    quarantined = AssessmentRequest.objects.order_by("received_at").values_list("spam_signals", flat=True)
    assert list(quarantined) == [""] * 5 + ["flood"] * 2
    assert OutboxMessage.objects.filter(kind="new_request").count() == 7


def test_when_the_flood_is_over_requests_are_as_before():
    for number in range(6):
        statuses(1, f"192.0.{number}.1")
    RecentSender.objects.update(received_at=timezone.now() - rate_limit.WINDOW)
    AssessmentRequest.objects.all().update(form_key=None)
    statuses(1, "192.0.9.1")
    assert AssessmentRequest.objects.order_by("received_at").last().spam_signals == ""


def test_the_window_is_ten_minutes_to_the_second():
    for age in (rate_limit.WINDOW, rate_limit.WINDOW - SECOND, dt.timedelta(0), -SECOND):
        rate_limit.traffic_row("here", NOW - age).save()
    rate_limit.traffic_row("elsewhere", NOW).save()
    assert rate_limit.recent_traffic("here", NOW) == rate_limit.Traffic(sender_is_over_limit=False, is_flood=False)
    rate_limit.traffic_row("here", NOW).save()
    assert rate_limit.recent_traffic("here", NOW) == rate_limit.Traffic(sender_is_over_limit=True, is_flood=False)
    rate_limit.traffic_row("elsewhere", NOW).save()
    assert rate_limit.recent_traffic("elsewhere", NOW) == rate_limit.Traffic(sender_is_over_limit=False, is_flood=True)


# Who is not counted


def test_what_we_send_ourselves_and_what_comes_from_the_spool_is_not_limited(settings):
    settings.REQUEST_LIMIT_PER_NETWORK = 1
    make_request(sender="here")
    with pytest.raises(rate_limit.RateLimited):
        make_request(sender="here")
    assert make_request(sender="here", is_synthetic=True).is_synthetic
    form = sent_form.SentForm(tokens.draw(), make_answers(), sender="here", confirmed_as=tokens.draw())
    store.store(form, submission.promise_to(form.at, submission.preferences_from(form.answers)))
    assert (AssessmentRequest.objects.count(), RecentSender.objects.count()) == (3, 1)


# What is kept


def test_a_row_holds_no_address_and_is_forgotten_after_an_hour():
    statuses(1, "192.0.2.1")
    row = RecentSender.objects.get()
    assert len(row.sender) == 64
    assert "192.0.2" not in str(RecentSender.objects.values())
    an_hour = dt.timedelta(hours=1)
    assert rate_limit.forget_old(row.received_at + an_hour - SECOND) == 0
    assert rate_limit.forget_old(row.received_at + an_hour) == 1
    assert RecentSender.objects.count() == 0


def test_the_worker_forgets_what_is_older_than_an_hour(site):
    rate_limit.traffic_row("old", timezone.now() - rate_limit.KEPT_FOR).save()
    rate_limit.traffic_row("new", timezone.now() - rate_limit.KEPT_FOR + dt.timedelta(minutes=1)).save()
    worker.work_once()
    assert list(RecentSender.objects.values_list("sender", flat=True)) == ["new"]


def test_a_sender_is_another_one_under_another_key(rf, settings):
    first = sender_of(rf, "192.0.2.1")
    settings.INDEX_KEYS = "other:" + "b3Ro" * 10 + "b3Q"
    assert sender_of(rf, "192.0.2.1") != first


# While the database is away


def test_while_the_database_is_away_a_sender_is_held_to_the_limit_by_each_process(settings):
    settings.REQUEST_LIMIT_PER_NETWORK = 3
    for sender in ("a" * 64, "b" * 64):
        for _ in range(3):
            rate_limit.count_while_away(sender)
        with pytest.raises(rate_limit.RateLimited):
            rate_limit.count_while_away(sender)


def test_while_the_database_is_away_an_old_request_no_longer_counts(settings, monkeypatch):
    settings.REQUEST_LIMIT_PER_NETWORK = 1
    rate_limit.count_while_away("c" * 64)
    later = rate_limit.time.monotonic() + rate_limit.WINDOW.total_seconds() + 1
    monkeypatch.setattr(rate_limit.time, "monotonic", lambda: later)
    rate_limit.count_while_away("c" * 64)


def test_while_the_database_is_away_who_has_no_address_is_not_counted(settings):
    settings.REQUEST_LIMIT_PER_NETWORK = 1
    for _ in range(3):
        rate_limit.count_while_away("")
