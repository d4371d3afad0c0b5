"""A form that has to be mended or confirmed has an address for ten minutes, for one browser session alone."""

import datetime as dt

import pytest
from django.db import connection

from intake import worker
from intake.models import AssessmentRequest, PendingForm
from intake.submission import circuit_breaker, pending, private_link, rate_limit
from tests.html import forms_on
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import ADDRESS, form_on, refuse_inserts
from tests.intake.support.visitor import OUR_ORIGIN, TYPED, Browser, CookielessClient, filled, main_of, send, typed_on

pytestmark = pytest.mark.django_db
GONE = "We no longer show what was typed here."


@pytest.fixture
def visitor():
    return Browser()


def address_of(page):
    return page.request["PATH_INFO"]


def refused(visitor, **changes):
    """The page of a form that was refused, at an address of its own."""
    page = send(visitor, **{"consent": None} | changes, headers=OUR_ORIGIN)
    assert address_of(page).startswith(f"{ADDRESS}check/")
    return page


def is_gone(visitor, page):
    """Whether an address shows nothing that was typed any more, but a fresh form."""
    shown = visitor.get(address_of(page))
    is_gone = shown.status_code == 200
    assert (GONE in main_of(shown), TYPED["name"] in shown.content.decode()) == (is_gone, not is_gone)
    return is_gone


def test_refused_form_is_shown_again_by_its_address(visitor):
    page = refused(visitor, phone="12")
    assert (page.status_code, PendingForm.objects.count()) == (422, 1)
    again = visitor.get(address_of(page))
    assert (again.status_code, typed_on(again)) == (422, typed_on(page))
    assert again.context["form"].errors == page.context["form"].errors != {}
    assert form_on(again)["token"].split(":")[0] == form_on(page)["token"].split(":")[0]
    assert "no-store" in again["Cache-Control"]
    assert again["X-Robots-Tag"] == "noindex"
    assert again["Referrer-Policy"] == "same-origin"  # from a page without referrer, a browser names no origin


def test_each_refusal_takes_the_place_of_the_one_before(visitor):
    first = refused(visitor)
    second = visitor.post(ADDRESS, form_on(first) | {"name": "Another name"})
    assert (second.status_code, typed_on(second)["name"]) == (422, "Another name")
    assert PendingForm.objects.count() == 1
    assert is_gone(visitor, first)


def test_refusal_of_the_same_form_without_its_address_takes_the_place_too(visitor):
    fields = filled(visitor.get(ADDRESS), consent=None)
    first, _second = visitor.post(ADDRESS, fields), visitor.post(ADDRESS, fields | {"name": "Another name"})
    assert PendingForm.objects.count() == 1
    assert is_gone(visitor, first)


@pytest.mark.parametrize("make", [Browser, CookielessClient], ids=["with cookies", "without cookies"])
def test_sending_the_mended_form_deletes_what_was_kept(make):
    visitor = make()
    page = refused(visitor)
    answer = visitor.post(ADDRESS, form_on(page) | {"consent": "on"}, headers=OUR_ORIGIN)
    assert (answer.status_code, PendingForm.objects.count()) == (303, 0)
    assert is_gone(visitor, page)


def test_under_18_deletes_what_was_kept_and_is_never_kept(visitor):
    page = refused(visitor)
    answer = visitor.post(ADDRESS, form_on(page) | {"adult": "no"})
    assert address_of(answer) == f"{ADDRESS}under-18/"
    assert PendingForm.objects.count() == 0
    send(visitor, adult="no", consent=None)
    assert PendingForm.objects.count() == 0


def test_another_form_that_was_sent_hides_what_was_kept(visitor):
    page = refused(visitor)
    assert send(visitor).status_code == 303
    assert is_gone(visitor, page)


@pytest.mark.parametrize("make", [Browser, CookielessClient], ids=["with cookies", "without cookies"])
def test_leaving_deletes_what_was_kept(make):
    visitor, other = make(), Browser()
    page, others = refused(visitor), refused(other)
    (leave,) = [link for link in links_of(page) if link.startswith(f"{ADDRESS}leave/")]
    assert visitor.get(leave).status_code == 303
    assert (PendingForm.objects.count(), is_gone(visitor, page), is_gone(other, others)) == (1, True, False)


def test_leaving_from_another_page_deletes_what_this_browser_kept(visitor):
    other = Browser()
    page, others = refused(visitor), refused(other)
    visitor.get(f"{ADDRESS}leave/")
    assert (PendingForm.objects.count(), is_gone(visitor, page), is_gone(other, others)) == (1, True, False)


def test_leaving_without_a_cookie_deletes_nothing_of_others():
    cookieless = CookielessClient()
    page = refused(cookieless)
    Browser().get(f"{ADDRESS}leave/")
    cookieless.get(f"{ADDRESS}leave/made-up/")
    assert not is_gone(cookieless, page)


def links_of(page):
    return [part.split('"')[0] for part in page.content.decode().split('href="')[1:]]


@pytest.mark.parametrize("make", [Browser, CookielessClient], ids=["another browser", "a browser without cookies"])
def test_address_opens_nothing_elsewhere(visitor, make):
    page = refused(visitor)
    other = make()
    other.get(ADDRESS)
    assert is_gone(other, page)
    assert not is_gone(visitor, page)


def test_address_opens_for_ten_minutes(visitor, clock):
    page = refused(visitor)
    clock.shift(dt.timedelta(minutes=9, seconds=50))
    assert not is_gone(visitor, page)
    clock.shift(dt.timedelta(seconds=20))
    assert is_gone(visitor, page)


@pytest.mark.django_db(transaction=True)  # a round of the worker begins with a connection of its own
def test_worker_deletes_after_ten_minutes(visitor, clock):
    refused(visitor)
    clock.shift(dt.timedelta(minutes=9, seconds=50))
    worker.work_once()
    assert PendingForm.objects.count() == 1
    clock.shift(dt.timedelta(seconds=20))
    worker.work_once()
    assert PendingForm.objects.count() == 0


@pytest.mark.parametrize("token", ["made-up", "x" * 500, "é.ü", "%00"])
def test_made_up_address_shows_a_fresh_form(visitor, token):
    page = visitor.get(f"{ADDRESS}check/{token}/")
    assert (page.status_code, GONE in main_of(page)) == (200, True)
    assert visitor.post(ADDRESS, filled(page)).status_code == 303


def test_form_whose_key_is_gone_shows_a_fresh_form(visitor, settings):
    page = refused(visitor)
    settings.ENCRYPTION_KEYS = "other:" + "b2xk" * 10 + "b2w"
    assert is_gone(visitor, page)


def cannot_insert(settings):
    refuse_inserts("intake_pendingform")


def breaker_is_open(settings):
    circuit_breaker.trip()


def table_is_full(settings):
    fill(1000, "of many")


def sender_has_too_many(settings):
    fill(40, rate_limit.sender_of(type("Request", (), {"META": {"REMOTE_ADDR": "127.0.0.1"}})))


def fill(number, sender):
    now = pending.timezone.now()
    PendingForm.objects.bulk_create(
        PendingForm(pk=str(row), sender=sender, envelope=b"", created_at=now) for row in range(number)
    )


@pytest.mark.parametrize("fails", [cannot_insert, breaker_is_open, table_is_full, sender_has_too_many])
def test_form_that_can_not_be_kept_is_shown_at_once(visitor, settings, fails):
    fails(settings)
    before = PendingForm.objects.count()
    page = send(visitor, consent=None)
    assert (address_of(page), page.status_code) == (ADDRESS, 422)
    assert typed_on(page) == {name: value for name, value in TYPED.items() if name != "consent"}
    assert PendingForm.objects.count() == before
    circuit_breaker.reset()
    assert visitor.post(ADDRESS, form_on(page) | {"consent": "on"}).status_code == 303


def test_form_that_is_too_long_to_keep_is_shown_at_once(visitor):
    long = "é" * 11_000  # 66,000 bytes as it is kept, under the 64 KB that a post may hold
    page = send(visitor, message=long)
    assert (address_of(page), page.status_code, typed_on(page)["message"]) == (ADDRESS, 422, long)
    assert PendingForm.objects.count() == 0


def test_others_can_keep_forms_while_one_network_has_too_many(visitor):
    fill(40, "one network")
    assert refused(visitor).status_code == 422


def test_while_the_database_is_away_the_address_asks_to_load_it_again(visitor):
    page = refused(visitor)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE intake_pendingform RENAME TO away")
    shown = visitor.get(address_of(page))
    assert (shown.status_code, "load this page again in a minute" in main_of(shown)) == (503, True)
    assert visitor.get(f"{ADDRESS}leave/").status_code == 303


# The private page

WORDS = {"action": "message", "message": TYPED["message"]}


def private_page_of(request):
    return f"{ADDRESS}manage/{private_link.secret_of(request.pk)}/"


@pytest.mark.parametrize("posted", [WORDS, WORDS | {"message": "x" * 1001}], ids=["asked back", "to be mended"])
def test_private_post_leads_to_an_address_that_shows_it_again(visitor, posted):
    page = visitor.post(private_page_of(make_request()), posted)
    again = visitor.get(address_of(page))
    assert (again.status_code, main_of(again)) == (page.status_code, main_of(page))
    assert posted["message"] in main_of(again).replace("&#x27;", "'")
    assert (again["Referrer-Policy"], again["X-Robots-Tag"]) == ("no-referrer", "noindex")


def test_carrying_out_deletes_what_was_kept_and_has_an_address_too(visitor):
    address = private_page_of(make_request())
    asked_back = visitor.post(address, WORDS)
    done = visitor.post(address, WORDS | {"confirm": "yes"})
    assert "We added your message." in main_of(visitor.get(address_of(done)))
    assert address_of(visitor.get(address_of(asked_back), follow=True)) == address
    assert PendingForm.objects.count() == 1


def test_withdrawal_is_said_at_an_address_that_ends(visitor, clock):
    done = visitor.post(private_page_of(make_request()), {"action": "withdraw", "confirm": "yes"})
    assert "Your request is withdrawn." in main_of(visitor.get(address_of(done)))
    clock.shift(dt.timedelta(minutes=10))
    assert visitor.get(address_of(done), follow=True).status_code == 404


def test_address_of_one_private_page_shows_nothing_on_another(visitor):
    one, other = private_page_of(make_request()), private_page_of(make_request())
    token = address_of(visitor.post(one, WORDS)).split("/")[-2]
    shown = visitor.get(f"{other}check/{token}/", follow=True)
    assert (address_of(shown), TYPED["message"] in shown.content.decode()) == (other, False)


@pytest.mark.parametrize("posted", [WORDS, WORDS | {"confirm": "yes"}], ids=["asked back", "done"])
def test_what_one_page_kept_is_nothing_to_the_other(visitor, posted):
    address = private_page_of(make_request())
    token = address_of(visitor.post(address, posted)).split("/")[-2]
    shown = visitor.get(f"{ADDRESS}check/{token}/")
    assert (shown.status_code, GONE in main_of(shown), posted["message"] in shown.content.decode()) == (
        200,
        True,
        False,
    )
    token = address_of(refused(visitor)).split("/")[-2]
    shown = visitor.get(f"{address}check/{token}/", follow=True)
    assert (shown.status_code, address_of(shown), TYPED["name"] in shown.content.decode()) == (200, address, False)


def test_kept_words_of_a_request_that_ended_are_not_shown(visitor):
    request = make_request()
    asked_back = visitor.post(private_page_of(request), WORDS)
    visitor.post(private_page_of(request), {"action": "withdraw", "confirm": "yes"})
    assert visitor.get(address_of(asked_back), follow=True).status_code == 404
    assert AssessmentRequest.objects.get().stage == "closed"


def test_private_post_that_can_not_be_kept_is_answered_at_once(visitor):
    address = private_page_of(make_request())
    refuse_inserts("intake_pendingform")
    page = visitor.post(address, WORDS)
    assert (address_of(page), page.status_code) == (address, 200)
    (form,) = [form for form in forms_on(page) if ("confirm", "yes") in form.buttons]
    done = visitor.post(address, form.fields | {"confirm": "yes"})
    assert "We added your message." in main_of(done)
