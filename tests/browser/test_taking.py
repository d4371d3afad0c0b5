"""Two colleagues at one queue, in real browsers: different requests for both, and a claim that ends."""

import datetime as dt

from playwright.sync_api import expect

from intake.models import AssessmentRequest
from intake.worker import work_once
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import LIST, local_time

TAKE = "Take next request"


def test_two_people_at_once_get_different_requests_and_ended_claims_are_free(site, sign_in, clock):
    clock.move_to(local_time("2026-11-24 10:00"), tick=False)  # a Tuesday morning
    for number in range(2):
        contact = {"phone": f"602-555-010{number}", "email": ""}
        make_request(**contact, preferred_time="asap", time_zone="America/Phoenix")
    pages = [sign_in("admissions", path=LIST, width=width) for width in (1280, 390)]
    # Both posts leave before either is answered: nothing between the two lines waits for a server.
    for page in pages:
        page.get_by_role("button", name=TAKE).click(no_wait_after=True)
    for page in pages:
        page.wait_for_url("**/change/?tab=open")
    assert len({page.url for page in pages}) == 2
    assert AssessmentRequest.objects.filter(claimed_until__isnull=False).count() == 2

    third = sign_in("lead", path=LIST, width=1280)
    third.get_by_role("button", name=TAKE).click()
    expect(third.get_by_text("There is nothing to take now")).to_be_visible()

    left = AssessmentRequest.objects.order_by("pk").first()
    clock.move_to(left.claimed_until + dt.timedelta(seconds=1), tick=False)
    work_once()
    third.get_by_role("button", name=TAKE).click()
    third.wait_for_url(f"**/{left.pk}/change/?tab=open")
    expect(third.get_by_text("Released: nothing was done in time")).to_be_visible()
