"""The part of the day that a person asked for: said beside it, asked about once, and never given away for another."""

import datetime as dt
import json
from zoneinfo import ZoneInfo

import pytest

from intake import workflow
from intake.contact import preferred_time
from intake.contact.schedule import PARTS_OF_DAY
from intake.models import AssessmentRequest
from intake.submission import private_link
from intake.workflow.attempt_plan import attempt_plan_of
from pages import facts
from pages.models import Center, OpeningHours
from tests.html import forms_on, soup
from tests.intake.support.factories import bound_form, make_request
from tests.intake.support.helpers import ADDRESS, LIST, change_page, form_on, local_time
from tests.intake.support.helpers import PERSON as SOMEONE
from tests.intake.support.visitor import Browser, main_of, send

pytestmark = pytest.mark.django_db

PHOENIX, NEW_YORK, HAWAII = "America/Phoenix", "America/New_York", "Pacific/Honolulu"
BY_PHONE = {"email": "", "email_ok": "", "text_ok": ""}


def tell_hours(opens, closes, days=range(7)):
    Center.objects.update(contact_target_hours=2)
    OpeningHours.objects.all().delete()
    for weekday in days:
        OpeningHours.objects.create(
            center=Center.objects.get(), weekday=weekday, opens=dt.time(opens), closes=dt.time(closes)
        )
    facts.forget()


# Hours of the center in Arizona, a time zone, and the parts of the day in which nobody calls there (in November)
CLOSED = [
    (9, 17, PHOENIX, ["evening"]),
    (9, 17, NEW_YORK, []),  # 11 to 19
    (9, 17, HAWAII, ["evening"]),  # 6 to 14
    (13, 17, NEW_YORK, ["morning"]),  # 15 to 19
    (13, 15, NEW_YORK, ["morning", "evening"]),  # 15 to 17
    (17, 21, PHOENIX, ["morning", "afternoon"]),
    (17, 21, HAWAII, ["morning"]),  # 14 to 18
    (8, 21, PHOENIX, []),
    (None, None, PHOENIX, []),
    (None, None, NEW_YORK, []),
]
TABLE = [
    (opens, closes, zone, part, part in closed)
    for opens, closes, zone, closed in CLOSED
    for part in preferred_time.PARTS
]


def tell(opens, closes):
    if opens is None:
        facts.forget()
    else:
        tell_hours(opens, closes)


@pytest.mark.parametrize(("opens", "closes", "zone", "closed"), CLOSED)
def test_the_form_says_beside_each_part_of_the_day_whether_we_are_closed(opens, closes, zone, closed):
    tell(opens, closes)
    page = Browser().post(ADDRESS, {"token": "stale", "adult": "yes", "time_zone": zone})
    assert notes_on(page) == closed
    in_each_zone = json.loads(page.context["form"].closed_in_each_zone())
    assert in_each_zone[zone] == closed
    assert len(in_each_zone) == 7


@pytest.mark.parametrize(("opens", "closes", "closed"), [(9, 17, ["evening"]), (13, 21, ["morning"]), (None, None, [])])
def test_a_fresh_form_says_it_for_the_zone_of_the_center(opens, closes, closed):
    tell(opens, closes)
    assert notes_on(Browser().get(ADDRESS)) == closed


@pytest.mark.parametrize(("opens", "closes", "zone", "part", "is_closed"), TABLE)
def test_a_time_that_can_not_be_kept_is_asked_about_once_and_promised_at_no_other(opens, closes, zone, part, is_closed):
    tell(opens, closes)
    visitor = Browser()
    answer = send(visitor, preferred_time=part, time_zone=zone, **BY_PHONE)
    if is_closed:
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["preferred_time"])
        assert form_on(answer)["preferred_time"] == part
        answer = visitor.post(ADDRESS, form_on(answer))
    assert answer.status_code == 303
    request = AssessmentRequest.objects.get()
    if opens is None:
        assert (request.promise, request.due_uses_default_hours) == ("", True)
    elif is_closed:
        assert request.promise.startswith(f"We are closed in the {part} in your time zone, so we can't promise a time.")
        assert "We will call" not in request.promise
    else:
        due = request.due_at.astimezone(ZoneInfo(zone)).time()
        begins, ends = PARTS_OF_DAY[part]
        assert (request.promise[:12], begins < due <= ends) == ("We will call", True)


@pytest.mark.parametrize(
    "instead",
    [
        {"preferred_time": "morning"},
        {"time_zone": NEW_YORK},
        {"preferred_time": "confirmed"},
        {"do_not_call": "on"},
    ],
    ids=["another part", "another zone", "to confirm first", "no calls"],
)
def test_whatever_is_chosen_instead_is_not_asked_about(instead):
    tell_hours(9, 17)
    visitor = Browser()
    page = send(visitor, preferred_time="evening", time_zone=PHOENIX)
    assert page.status_code == 422
    assert visitor.post(ADDRESS, form_on(page) | instead).status_code == 303


def test_who_wants_no_calls_is_not_asked_when_to_call():
    tell_hours(9, 17)
    assert bound_form(**SOMEONE | {"time_zone": PHOENIX, "do_not_call": "on"}).errors == {}
    assert bound_form(**SOMEONE | {"time_zone": PHOENIX, "phone": ""}).errors == {}
    assert list(bound_form(**SOMEONE | {"time_zone": PHOENIX}).errors) == ["preferred_time"]


def test_an_odd_number_and_a_closed_time_are_asked_about_together_and_once():
    tell_hours(9, 17)
    first = bound_form(**SOMEONE | {"time_zone": PHOENIX, "phone": "12"})
    assert sorted(first.errors) == ["phone", "preferred_time"]
    again = bound_form(**SOMEONE | {"time_zone": PHOENIX, "phone": "12", "asked_about": first.data["asked_about"]})
    assert again.errors == {}
    another = {"time_zone": HAWAII, "phone": "12", "asked_about": first.data["asked_about"]}
    assert list(bound_form(**SOMEONE | another).errors) == ["preferred_time"]


@pytest.mark.parametrize(
    ("ways", "is_possible"),
    [
        ({"email": "ann@nightingale.example"}, True),
        ({"email": "", "text_ok": "on"}, True),
        ({"email": "", "text_ok": ""}, False),
    ],
)
def test_to_confirm_a_time_takes_a_way_to_write(ways, is_possible):
    form = bound_form(**SOMEONE | {"preferred_time": "confirmed"} | ways)
    assert list(form.errors) == ([] if is_possible else ["preferred_time"])


# The desk


def sentence_on(desk, request):
    return desk.get(change_page(request)).context["what_now"]


def links_on(desk, request):
    reach = desk.get(change_page(request)).context["reach"]
    return [name for name in ("tel", "sms", "mailto") if getattr(reach, name)]


def test_person_who_chose_a_closed_time_is_never_called_at_another(desk, clock):
    tell_hours(9, 17)
    clock.move_to(local_time("2026-11-24 10:00"), tick=False)
    request = make_request(preferred_time="evening", time_zone=PHOENIX, asked_about=f"evening {PHOENIX}", **BY_PHONE)
    assert links_on(desk, request) == []
    assert sentence_on(desk, request).startswith("Do not call now: we are closed at the time of day they prefer.")
    assert "Call after 5:00 PM." in sentence_on(desk, request)
    page = desk.get(LIST).content.decode()
    assert ("Call only in the evening, their time" in page, "Call now" in page) == (True, False)
    clock.move_to(local_time("2026-11-24 17:30"), tick=False)
    assert links_on(desk, request) == ["tel"]
    assert sentence_on(desk, request) == "Take it and call."
    clock.move_to(local_time("2026-11-24 21:00"), tick=False)
    assert links_on(desk, request) == []


def test_who_may_be_written_to_is_written_to_first_and_asked_for_a_time(desk, clock):
    tell_hours(9, 17)
    clock.move_to(local_time("2026-11-24 10:00"), tick=False)
    request = make_request(
        preferred_time="evening", time_zone=PHOENIX, asked_about=f"evening {PHOENIX}", email_ok="on", text_ok="on"
    )
    assert "We will text you first and ask when a call is safe." in request.promise
    assert links_on(desk, request) == ["sms", "mailto"]
    assert sentence_on(desk, request) == (
        "Take it and send a text message. Ask when a call is safe. Do not call before that."
    )
    assert "Do not call now. You may write to them." in desk.get(change_page(request)).content.decode()
    assert attempt_plan_of(request).next_channel == "text"


@pytest.mark.parametrize("hours", [(9, 17), (None, None)], ids=["hours told", "no hours told"])
def test_no_call_link_for_a_time_to_confirm_until_staff_set_another(desk, me, clock, hours):
    tell(*hours)
    clock.move_to(local_time("2026-11-24 10:00"), tick=False)
    request = make_request(preferred_time="confirmed", time_zone=PHOENIX, text_ok="")
    page = desk.get(change_page(request))
    assert page.context["contact_rules"][0].startswith("Do not call until they confirm a time")
    assert page.context["contact_rules"][1] == "When you call then, voicemail is allowed."
    assert links_on(desk, request) == ["mailto"]
    assert sentence_on(desk, request).startswith("Take it and send a neutral email.")
    assert workflow.take_next(actor=me) == request
    with pytest.raises(workflow.TransitionRefused, match="confirm a time"):
        workflow.log_attempt(request_id=request.pk, channel="call", result="no_answer", actor=me)
    workflow.log_attempt(request_id=request.pk, channel="email", result="sent", actor=me)
    assert links_on(desk, request) == []
    clock.move_to(local_time("2026-11-24 11:00"), tick=False)
    workflow.correct(
        request_id=request.pk, before={"preferred_time": "confirmed"}, after={"preferred_time": "asap"}, actor=me
    )
    assert links_on(desk, request) == ["tel"]


def test_an_attempt_by_phone_is_planned_within_the_time_they_asked_for(me, clock):
    tell_hours(9, 17)
    clock.move_to(local_time("2026-11-24 17:30"), tick=False)
    request = make_request(preferred_time="evening", time_zone=PHOENIX, asked_about=f"evening {PHOENIX}", **BY_PHONE)
    workflow.log_attempt(request_id=request.pk, channel="call", result="no_answer", actor=me)
    request.refresh_from_db()
    assert 17 <= request.due_at.astimezone(ZoneInfo(PHOENIX)).hour < 21


def test_staff_may_not_leave_who_wants_to_confirm_without_a_way_to_write(me):
    request = make_request(preferred_time="asap", **BY_PHONE)
    with pytest.raises(workflow.TransitionRefused, match="must allow email or text"):
        workflow.correct(
            request_id=request.pk, before={"preferred_time": "asap"}, after={"preferred_time": "confirmed"}, actor=me
        )


# The private page


def private_page(request, **posted):
    return Browser().post(f"/assessment/manage/{private_link.secret_of(request.pk)}/", {"action": "time"} | posted)


def test_the_private_page_says_before_it_changes_the_time_that_we_are_closed_then():
    tell_hours(9, 17)
    request = make_request(preferred_time="asap", time_zone=PHOENIX)
    closed = "We are closed in the evening in your time zone"
    assert closed in main_of(private_page(request, preferred_time="evening"))
    assert closed not in main_of(private_page(request, preferred_time="evening", time_zone=NEW_YORK))
    assert closed not in main_of(private_page(request, preferred_time="morning"))
    page = private_page(request, preferred_time="evening", confirm="yes")
    assert "We are closed in the evening in your time zone, so we can&#x27;t promise a time." in main_of(page)


def test_the_private_page_counts_in_the_persons_own_zone_whatever_is_linked(me):
    tell_hours(9, 17)
    request, other = (
        make_request(preferred_time=time, time_zone=zone) for time, zone in [("asap", PHOENIX), ("morning", NEW_YORK)]
    )
    workflow.link_duplicate(request_id=other.pk, of_reference=request.reference, actor=me)
    assert AssessmentRequest.objects.get(pk=request.pk).time_zone == NEW_YORK
    assert "We are closed in the evening in your time zone" in main_of(private_page(request, preferred_time="evening"))


@pytest.mark.parametrize(("ways", "status"), [({}, 200), (BY_PHONE, 409)], ids=["with an email", "by phone alone"])
def test_a_time_to_be_confirmed_can_be_chosen_later_where_we_may_write(ways, status):
    request = make_request(preferred_time="asap", **{"email_ok": "on"} | ways)
    assert private_page(request, preferred_time="confirmed", confirm="yes").status_code == status


def notes_on(page):
    """The parts of the day of which the page says that we are closed."""
    return [note["data-part"] for note in soup(page).select(".closed-note:not([hidden])")]


def test_staff_who_take_down_a_call_are_asked_once_too(desk):
    tell_hours(9, 17)
    fields = next(form.fields for form in _forms(desk.get(f"{LIST}add/")))
    page = desk.post(f"{LIST}add/", fields | SOMEONE | {"time_zone": PHOENIX})
    assert (page.status_code, list(page.context["form"].errors)) == (422, ["preferred_time"])
    fields = next(form.fields for form in _forms(page))
    assert desk.post(f"{LIST}add/", fields).status_code == 302


def _forms(page):
    return [form for form in forms_on(page) if "token" in form.fields]
