"""The admin in a real browser, under the strict policy, with nothing on the console."""

import csv

import pytest
from playwright.sync_api import expect

from intake.models import AssessmentRequest
from intake.submission import tokens
from tests.browser import looking
from tests.intake.support.factories import accept

ANSWERS = {
    "for_whom": "self",
    "relation": "",
    "adult": "yes",
    "name": "Ana",
    "phone": "(928) 555-0111",
    "email": "",
    "do_not_call": False,
    "voicemail_ok": True,
    "text_ok": False,
    "email_ok": False,
    "introduction": "first_name",
    "preferred_time": "asap",
    "time_zone": "America/Phoenix",
    "language": "",
    "message": "Hello",
    "consent": True,
}


def test_every_kind_of_staff_page_passes_axe_and_the_policy(sign_in, address, axe_finds):
    request = accept(tokens.draw(), ANSWERS)
    page = sign_in("admissions", "lead", "editor", "publisher", "auditor", width=1280)
    for path in (
        "/admin/",
        "/admin/intake/assessmentrequest/",
        f"/admin/intake/assessmentrequest/{request.pk}/change/",
        "/admin/intake/assessmentrequest/find/",
        "/admin/intake/assessmentrequest/add/",
        "/admin/intake/assessmentrequest/reports/",
        "/admin/intake/accessrecord/",
        "/admin/staff/securityevent/",
        "/admin/password_change/",
        "/admin/account/",
    ):
        response = page.goto(address + path)
        assert (path, response.status) == (path, 200)
        assert (path, axe_finds(page)) == (path, [])


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (390, "dark"), (1280, "light")])
def test_pages_with_forms_fit_and_are_reached_by_keyboard(sign_in, address, axe_finds, width, scheme):
    for number in range(12):
        accept(tokens.draw(referrer_path="/addiction/kratom-addiction-treatment/"), ANSWERS | {"name": f"Ana {number}"})
    page = sign_in("lead", width=width, scheme=scheme)
    desk = "intake/assessmentrequest"
    for part in (f"{desk}/reports", f"{desk}/find", f"{desk}/add", "staff/securityevent", "account"):
        page.goto(f"{address}/admin/{part}/")
        looking.open_all(page)
        # A date box is several stops of Tab in one element; the walk takes each element for one.
        page.evaluate("document.querySelectorAll('[type=date]').forEach((box) => { box.type = 'text'; })")
        assert (part, looking.what_does_not_fit(page)) == (part, [])
        assert (part, axe_finds(page)) == (part, [])
        assert (part, looking.what_hides_the_focus(page, contrast=False)) == (part, [])


def test_login_page_passes_axe_on_a_phone_in_the_dark(open_page, axe_finds):
    page = open_page("/admin/login/", width=320, scheme="dark")
    assert axe_finds(page) == []


def test_request_is_worked_on_from_its_page(sign_in, address):
    request = accept(tokens.draw(), ANSWERS)
    page = sign_in("admissions", path=f"/admin/intake/assessmentrequest/{request.pk}/change/", width=390)
    page.get_by_label("Note for the team").fill("Call back <b>Tuesday</b> ☎")
    page.get_by_role("button", name="Save note").click()
    expect(page.locator(".timeline .note")).to_have_text("Call back <b>Tuesday</b> ☎")
    page.locator("summary", has_text="Owner").click()
    page.get_by_label("Owner", exact=True).select_option(index=1)
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_text("The owner was changed.")).to_be_visible()
    page.locator("summary", has_text="Close").click()
    page.get_by_label("Outcome", exact=True).select_option("referred")
    page.get_by_label("Referred to", exact=True).fill("The clinic in Mesa")
    page.get_by_label("The person knows about the referral.").check()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text("The request is closed.")).to_be_visible()
    request.refresh_from_db()
    assert (request.stage, request.outcome, request.owner.username) == ("closed", "referred", "admissions-0")
    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_text("The request is open again.")).to_be_visible()
    assert AssessmentRequest.objects.get().stage == "new"


def test_a_caller_is_found_and_their_request_taken_down_on_a_phone_in_the_dark(sign_in, axe_finds):
    accept(tokens.draw(), ANSWERS)
    page = sign_in("admissions", path="/admin/intake/assessmentrequest/find/", width=390, scheme="dark")
    expect(page.get_by_label("Reference, phone, email, or name")).to_be_focused()
    page.keyboard.type("928.555.0111")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="1 request")).to_be_focused()
    assert axe_finds(page) == []
    page.goto(page.url.replace("find", "add"))
    page.get_by_label("Phone number").fill("+1 928 555 0111")
    page.keyboard.press("Enter")  # looks, and stores nothing
    expect(page.get_by_text("Earlier requests with this phone or email:")).to_be_visible()
    assert axe_finds(page) == []
    page.get_by_role("group", name="Are you 18 or older?").get_by_label("Yes").check()
    page.get_by_label("I agree that").check()
    page.get_by_role("button", name="Save request").click()
    expect(page.get_by_text("Tell the caller their reference")).to_be_visible()
    assert axe_finds(page) == []
    assert AssessmentRequest.objects.count() == 2


def test_a_lead_opens_the_reports_and_downloads_them_as_csv(sign_in):
    request = accept(tokens.draw(), ANSWERS)
    page = sign_in("lead", path="/admin/intake/assessmentrequest/", width=1280)
    page.get_by_role("link", name="Reports").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    with open(download.value.path(), newline="", encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    assert [len(row) for row in rows] == [len(rows[0])] * 2
    assert rows[1][0] == request.reference
    assert "Ana" not in str(rows)
