"""The page of a request in a real browser: the work of a day, by click, by key and without a script."""

import datetime as dt

import pytest
from playwright.sync_api import expect

from intake import workflow
from intake.contact import details
from intake.models import AccessRecord, AssessmentRequest, Attempt
from tests.browser.looking import what_does_not_fit, what_hides_the_focus
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import LIST, change_page, local_time

TUESDAY = local_time("2026-11-24 10:00")


@pytest.fixture
def tuesday(clock, stays_signed_in):
    """The clock stands at ten on a Tuesday. To be asked for first. Who signs in then stays signed in for the week."""
    clock.move_to(TUESDAY, tick=False)
    return TUESDAY


@pytest.fixture
def request_here(address):
    return make_request(preferred_time="asap", text_ok="on")


@pytest.fixture
def colleague(address, make_staff):
    return make_staff("admissions", username="sam")


@pytest.fixture
def come_back(clock):
    """A function that moves the clock and loads a page again. It waits until the page is whole: Chromium refuses to
    reload one that is still on its way."""

    def come_back(page, at):
        clock.move_to(at, tick=False)
        page.wait_for_load_state()
        page.reload()

    return come_back


def test_an_attempt_is_logged_in_two_clicks_on_a_phone_without_a_script(sign_in, request_here, address):
    page = sign_in("admissions", path=LIST, javascript=False)
    page.get_by_role("link", name=request_here.reference).click()
    page.get_by_role("button", name="No answer").click()
    expect(page.get_by_text("Logged: No answer. Next:")).to_be_visible()
    expect(page.get_by_text("Attempt 2 of 4.")).to_be_visible()
    assert Attempt.objects.count() == 1


def test_leaving_with_half_a_note_is_asked_about_once_it_is_typed(sign_in, request_here):
    page = sign_in("admissions", path=change_page(request_here), width=1280)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_label("Note for the team").fill("Wants no")
    for name in ("Requests: Open", "Print sheet"):
        page.get_by_role("link", name=name).click()
    assert asked == ["beforeunload"] * 2
    expect(page.get_by_label("Note for the team")).to_have_value("Wants no")
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_text("The note is saved.")).to_be_visible()
    page.get_by_role("link", name="Requests: Open").click()
    page.wait_for_url(lambda url: "change" not in url)
    assert asked == ["beforeunload"] * 2


def test_two_who_edit_one_request_lose_nothing(sign_in, request_here):
    mine = sign_in("admissions", path=change_page(request_here), width=1280)
    theirs = sign_in("admissions", path=change_page(request_here))
    for page, phone in ((mine, "480 555 0199"), (theirs, "480 555 0111")):
        page.locator("summary", has_text="Correct contact details").click()
        page.get_by_label("Phone", exact=True).fill(phone)
    theirs.get_by_role("button", name="Save contact details").click()
    expect(theirs.get_by_text("The contact details are corrected.")).to_be_visible()

    mine.get_by_label("Language", exact=True).fill("Spanish")
    mine.get_by_label("Note for the team").fill("She has a new number")
    mine.get_by_role("button", name="Save contact details").click()
    row = mine.get_by_role("row", name="Phone")
    expect(row).to_contain_text("480 555 0111")
    expect(row).to_contain_text("480 555 0199")
    expect(mine.locator(".timeline .note", has_text="She has a new number")).to_be_visible()
    row.get_by_role("button", name="Use mine").click()
    expect(mine.get_by_text("Your value is saved.")).to_be_visible()
    known = details.plain(details.details_of(request_here))
    assert (known["phone"], known["language"]) == ("480 555 0199", "Spanish")

    theirs.get_by_label("Note for the team").fill("She is away")
    theirs.locator("summary", has_text="Change the stage").click()
    theirs.get_by_role("button", name="In conversation").click()
    alert = theirs.get_by_role("alert")
    expect(alert).to_contain_text("changed this request on")
    expect(alert).to_be_focused()
    expect(theirs.get_by_label("Note for the team")).to_have_value("She is away")


def test_all_attempts_of_the_plan_are_made_and_someone_decides(tuesday, come_back, sign_in, request_here):
    page = sign_in("admissions", path=change_page(request_here))
    for hours, number in ((0, 2), (3, 3), (24, 4)):
        come_back(page, tuesday + dt.timedelta(hours=hours))
        page.get_by_role("button", name="No answer").click()
        expect(page.get_by_text(f"Attempt {number} of 4.")).to_be_visible()
    expect(page.get_by_text("This is the last attempt.")).to_be_visible()
    come_back(page, tuesday + dt.timedelta(hours=50))
    page.get_by_role("button", name="No answer").click()
    expect(page.get_by_text("That was the last attempt: decide now.")).to_be_visible()
    expect(page.get_by_role("heading", name="Decision needed")).to_be_visible()
    expect(page.get_by_role("button", name="No answer", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Keep trying", exact=True).click()
    expect(page.get_by_text("Attempt 5 of 6.")).to_be_visible()
    come_back(page, tuesday + dt.timedelta(hours=72))
    page.get_by_role("button", name="No answer").click()
    expect(page.get_by_text("Attempt 6 of 6.")).to_be_visible()
    come_back(page, tuesday + dt.timedelta(hours=99))
    page.get_by_role("button", name="No answer").click()
    page.get_by_role("button", name="Close as not reached").click()
    expect(page.get_by_text("The request is closed.")).to_be_visible()
    expect(page.get_by_text("Closed: Not reached")).to_be_visible()


def test_a_request_is_snoozed_and_comes_back_in_its_own_group(tuesday, come_back, sign_in, request_here):
    page = sign_in("admissions", path=change_page(request_here))
    page.locator("summary", has_text="Snooze").click()
    page.get_by_label("Until").fill("2026-11-25T10:00")
    page.get_by_label("Reason", exact=True).select_option("away")
    page.get_by_role("button", name="Snooze", exact=True).click()
    expect(page.locator(".what-now")).to_contain_text("Leave it until then.")
    in_list = page.locator("#result_list").get_by_role("link", name=request_here.reference)
    open_list = page.get_by_role("link", name="Assessment requests: Open")
    open_list.click()
    expect(page.get_by_role("link", name="Snoozed 1")).to_be_visible()
    expect(in_list).to_have_count(0)

    come_back(page, tuesday + dt.timedelta(days=1, minutes=1))
    expect(in_list).to_be_visible()
    page.get_by_role("link", name="Snooze ended 1").click()
    in_list.click()
    expect(page.locator(".what-now")).to_contain_text("Take it and call.")
    page.get_by_role("button", name="We spoke", exact=True).click()
    page.get_by_role("link", name="Assessment requests: Snooze ended").click()
    expect(page.get_by_role("link", name="Snooze ended 0")).to_be_visible()


def test_a_snoozed_request_is_unsnoozed_by_hand(tuesday, sign_in, request_here, colleague):
    until = tuesday + dt.timedelta(days=1)
    workflow.snooze(request_id=request_here.pk, until=until, reason="away", actor=colleague)
    page = sign_in("admissions", path=change_page(request_here))
    page.get_by_role("button", name="Unsnooze").click()
    expect(page.get_by_text("The request is back in the queue.")).to_be_visible()
    expect(page.locator(".what-now")).to_contain_text("Take it and call.")


def test_a_note_survives_being_signed_out_and_a_sign_in_elsewhere(sign_in, request_here, axe_finds, open_page):
    page = sign_in("admissions", path=change_page(request_here))
    page.get_by_label("Note for the team").fill("She is back on Monday.")
    page.context.clear_cookies()
    open_page.refusals.add(403)
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_role("heading", name="Not sent yet")).to_be_visible()
    expect(page.locator(".note")).to_have_text("She is back on Monday.")
    assert axe_finds(page) == []
    assert what_does_not_fit(page) == []
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in in a new tab").click()
    elsewhere = opened.value
    elsewhere.get_by_label("Username").fill("admissions-0")
    elsewhere.get_by_label("Password").fill("a password for tests")
    elsewhere.get_by_role("button", name="Sign in", exact=True).click()
    expect(
        elsewhere.get_by_role("link", name="Log out").or_(elsewhere.get_by_role("button", name="Sign out", exact=True))
    ).to_be_visible()
    for _press in range(2):  # signing in made the token of the page an old one
        page.get_by_role("button", name="Send again").click()
    expect(page.locator(".timeline .note")).to_have_text("She is back on Monday.")
    assert request_here.texts.filter(kind="note").count() == 1


def test_a_duplicate_is_linked_and_unlinked(sign_in, request_here):
    newer = make_request()
    page = sign_in("admissions", path=change_page(newer))
    page.get_by_role("button", name=f"Close this one as a duplicate of {request_here.reference}").click()
    expect(page.get_by_text("The request is linked as a duplicate, and closed.")).to_be_visible()
    page.get_by_role("link", name=request_here.reference).first.click()
    expect(page.get_by_text("Linked requests: duplicates of this one")).to_be_visible()
    page.get_by_role("link", name=newer.reference).first.click()
    page.get_by_role("button", name="Unlink").click()
    expect(page.get_by_text("Unlinked. This request is open again.")).to_be_visible()
    newer.refresh_from_db()
    assert (newer.stage, newer.duplicate_of) == ("new", None)


@pytest.mark.parametrize("width", [320, 1280])
def test_whether_it_is_the_same_person_is_asked_and_answered(
    tuesday, sign_in, request_here, colleague, axe_finds, width
):
    others = [make_request(email="", preferred_time=time) for time in ("evening", "asap")]
    for other in others:
        workflow.link_duplicate(request_id=other.pk, of_reference=request_here.reference, actor=colleague)
    workflow.change_preferred_time(request_id=others[0].pk, preferred_time="morning", time_zone="")
    workflow.withdraw(request_id=others[1].pk)
    page = sign_in("admissions", path=change_page(request_here), width=width, javascript=width > 320)
    expect(page.get_by_role("heading", name="Is this the same person?")).to_be_visible()
    expect(page.locator("a[href^='tel:']")).to_have_count(0)
    assert what_does_not_fit(page) == []
    if width > 320:
        assert axe_finds(page) == []
    page.get_by_role("button", name="Another person: keep contacting them").click()
    expect(page.get_by_text("Saved: another person. Contact continues as before.")).to_be_visible()
    expect(page.locator("a[href^='tel:']").first).to_be_attached()


def test_a_request_in_quarantine_is_released(sign_in, request_here, colleague):
    workflow.quarantine(request_id=request_here.pk, actor=colleague)
    page = sign_in("admissions", path=change_page(request_here))
    page.get_by_role("button", name="Release from quarantine").click()
    expect(page.get_by_text("The request is out of quarantine.")).to_be_visible()
    expect(page.get_by_role("heading", name="Possible spam")).to_have_count(0)


def test_keyboard_shortcuts_work_until_they_are_turned_off(sign_in, request_here):
    make_request(phone="480 555 0100")
    page = sign_in("admissions", path=change_page(request_here), width=1280)
    note = page.get_by_label("Note for the team")
    expect(page.get_by_label("Use keyboard shortcuts on this device")).to_be_checked()
    page.keyboard.press("1")
    expect(page.get_by_role("button", name="No answer")).to_be_focused()
    page.keyboard.press("n")
    expect(note).to_be_focused()
    page.keyboard.type("1 call, njk?")
    expect(note).to_have_value("1 call, njk?")
    page.keyboard.press("Tab")
    page.keyboard.press("?")
    expect(page.get_by_label("Use keyboard shortcuts on this device")).to_be_focused()
    page.keyboard.press("j")
    expect(page.get_by_role("heading", level=1)).not_to_have_text(f"Request {request_here.reference}")
    expect(page.get_by_label("Use keyboard shortcuts on this device")).to_be_checked()
    page.keyboard.press("?")
    page.keyboard.press("Space")
    page.keyboard.press("k")
    page.reload()
    expect(page.get_by_label("Use keyboard shortcuts on this device")).not_to_be_checked()
    page.keyboard.press("n")
    expect(note).not_to_be_focused()
    assert Attempt.objects.count() == 0


def test_a_refusal_leads_to_what_it_is_about(sign_in, request_here, axe_finds):
    page = sign_in("admissions", path=change_page(request_here))
    page.locator("summary", has_text="Book the assessment").click()
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a time in the future for the assessment")
    assert axe_finds(page) == []
    assert what_does_not_fit(page) == []
    page.get_by_role("link", name="Go to that section").click()
    expect(page.get_by_label("Day and time of the assessment")).to_be_in_viewport()


def test_the_enter_key_in_a_field_logs_nothing(sign_in, request_here):
    page = sign_in("admissions", path=change_page(request_here))
    page.locator("summary", has_text="Correct contact details").click()
    page.get_by_label("Phone", exact=True).fill("480 555 0199")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Press one of the buttons.")
    expect(page.get_by_label("Phone", exact=True)).to_have_value("480 555 0199")
    assert (Attempt.objects.count(), AssessmentRequest.objects.get().version) == (0, 0)


def test_the_page_in_every_state_passes_axe_fits_a_phone_and_shows_the_focus(
    sign_in, request_here, colleague, address, axe_in_looks
):
    newer = make_request(for_whom="other", relation="parent")
    workflow.quarantine(request_id=newer.pk, actor=colleague)
    workflow.log_attempt(request_id=request_here.pk, channel="call", result="bad_number", actor=colleague)
    workflow.add_note(request_id=request_here.pk, text="A long note " * 20, actor=colleague)
    page = sign_in("lead")
    for path in (change_page(request_here), change_page(newer), f"{LIST}{newer.pk}/print/"):
        page.goto(address + path)
        page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        for look in ((390, "light"), (320, "dark"), (1280, "dark")):
            assert (path, axe_in_looks(page, [look])) == (path, {})
            assert (path, look, what_does_not_fit(page)) == (path, look, [])
    page = sign_in("lead", path=change_page(request_here), width=390)
    # A date box is several stops of Tab in one element; the walk takes each element for one.
    page.evaluate("document.querySelectorAll('[type=datetime-local]').forEach((box) => { box.type = 'text'; })")
    assert what_hides_the_focus(page, contrast=False) == []


def test_a_conflict_on_a_phone_passes_axe_and_fits(sign_in, request_here, colleague, axe_finds):
    page = sign_in("admissions", path=change_page(request_here))
    known = details.plain(details.details_of(request_here))
    changed = known | {"phone": "480 555 0111"}
    workflow.correct(request_id=request_here.pk, before=known, after=changed, actor=colleague)
    page.locator("summary", has_text="Correct contact details").click()
    page.get_by_label("Phone", exact=True).fill("480 555 0199")
    page.get_by_role("button", name="Save contact details").click()
    expect(page.get_by_role("heading", name="Conflicting changes")).to_be_visible()
    assert axe_finds(page) == []
    assert what_does_not_fit(page) == []


def test_the_sheet_for_printing_is_black_on_white_and_recorded(sign_in, request_here):
    page = sign_in("admissions", path=change_page(request_here), scheme="dark", width=1280)
    page.get_by_role("link", name="Print sheet").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Request {request_here.reference}")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_text("Back to the request")).to_be_hidden()
    colors = page.evaluate("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]")
    assert colors == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    assert AccessRecord.objects.filter(action="print").count() == 1


@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])
def test_a_wrong_button_is_undone_on_the_page_and_in_the_list(sign_in, request_here, address, axe_finds, javascript):
    page = sign_in("lead", path=change_page(request_here), javascript=javascript, width=390)
    page.get_by_role("button", name="We spoke", exact=True).click()
    bar = page.get_by_role("region", name="Undo")
    expect(bar).to_contain_text("Call, we spoke")
    if javascript:
        page.locator("h1").click()
        page.keyboard.press("z")
        expect(bar.get_by_role("button", name="Undo")).to_be_focused()
        assert axe_finds(page) == []
        assert what_does_not_fit(page) == []
        page.keyboard.press("Enter")
    else:
        bar.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone. The request is as it was before.")).to_be_visible()
    expect(page.get_by_text("Undone by")).to_be_visible()
    expect(bar).to_have_count(0)
    assert AssessmentRequest.objects.get().stage == "new"
    page.get_by_role("button", name="No answer").click()
    page.goto(address + LIST)
    offer = page.get_by_role("list", name="Actions you can undo")
    expect(offer).to_contain_text(request_here.reference)
    if javascript:
        assert axe_finds(page) == []
        assert what_does_not_fit(page) == []
    offer.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone. 1 request is as it was before:")).to_be_visible()
    expect(offer).to_have_count(0)
    assert AssessmentRequest.objects.get().stage == "new"
