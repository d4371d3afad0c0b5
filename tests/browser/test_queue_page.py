"""The desk's list in a real browser: cards on a phone, a list that keeps itself up to date, several rows at once."""

import functools

import pytest
from playwright.sync_api import expect

from intake import workflow
from intake.models import AccessRecord, AssessmentRequest
from tests.browser import looking
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import LIST

ASK = "document.dispatchEvent(new Event('visibilitychange'))"  # as when somebody comes back to the tab


@pytest.fixture
def open_list(sign_in):
    """A function that opens the list as someone from admissions."""
    return functools.partial(sign_in, "admissions", path=LIST)


def reference_links(page):
    return page.locator("#result_list .reference a")


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (390, "dark"), (1280, "light")])
def test_the_list_fits_passes_axe_and_is_reached_by_keyboard(open_list, axe_finds, width, scheme):
    make_request(language="A language with a very long name that goes on")
    suspected = make_request(spam_signals=("fast",))
    workflow.add_message(request_id=suspected.pk, text="More")
    page = open_list(width=width, scheme=scheme)
    expect(reference_links(page)).to_have_count(2)
    assert looking.what_does_not_fit(page) == []
    assert axe_finds(page) == []
    page.locator("#result_list tbody .select input").first.check()
    assert axe_finds(page) == []
    assert looking.what_hides_the_focus(page) == []


def test_what_is_new_is_told_and_shown_without_a_reload(open_list):
    first = make_request()
    page = open_list(width=1280)
    page.evaluate("window.isTheSamePage = true")
    page.get_by_label(f"Select {first.reference}").check()
    with page.expect_response(lambda response: "/updates/" in response.url) as polled:
        page.evaluate(ASK)
    assert polled.value.status == 200
    expect(page.get_by_role("status")).to_have_text("")
    with page.expect_response(lambda response: "/updates/" in response.url) as polled:
        page.evaluate(ASK)
    assert polled.value.status == 304
    records = AccessRecord.objects.count()

    second = make_request()
    page.evaluate(ASK)
    expect(page.get_by_role("status")).to_have_text("1 new request. Show")
    expect(page).to_have_title("(2) Requests | Renaissance Recovery Center")
    expect(page.locator("[data-count=open]")).to_have_text("2")
    expect(reference_links(page)).to_have_count(1)
    assert AccessRecord.objects.count() == records
    page.get_by_role("link", name="Show").click()
    expect(reference_links(page)).to_have_count(2)
    expect(page.get_by_role("status")).to_have_text("")
    expect(page.get_by_label(f"Select {first.reference}")).to_be_checked()
    assert AccessRecord.objects.latest("pk").request_ids == [first.pk, second.pk]
    assert page.evaluate("window.isTheSamePage") is True


def test_who_was_signed_out_meanwhile_is_told(open_list):
    make_request()
    page = open_list(width=390)
    expect(reference_links(page)).to_have_count(1)
    page.context.clear_cookies()
    page.evaluate(ASK)
    expect(page.locator(".news")).to_have_text("You are signed out. Sign in again to see what is new. Sign in")
    expect(page.get_by_role("alertdialog", name="You are signed out")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_several_are_closed_as_spam_with_and_without_script(open_list, javascript):
    requests = [make_request(spam_signals=("fast",)) for _ in range(3)]
    page = open_list(width=390, javascript=javascript)
    page.get_by_role("link", name="Quarantine 3").click()
    if javascript:
        page.get_by_label("Select all on this page").check()
        page.get_by_label(f"Select {requests[2].reference}").uncheck()
    else:
        for request in requests[:2]:
            page.get_by_label(f"Select {request.reference}").check()
    page.get_by_role("button", name="Close as spam").click()
    expect(page.locator(".messagelist")).to_contain_text("2 requests were closed as spam.")
    expect(reference_links(page)).to_have_text([requests[2].reference])
    assert AssessmentRequest.objects.filter(outcome="spam").count() == 2
