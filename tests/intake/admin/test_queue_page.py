"""The desk's front page: its tabs, rows, pages, buttons, and how it stays up to date."""

import datetime as dt
import html
import json
import re
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from intake import workflow
from intake.admin.assessment_requests import AssessmentRequestAdmin
from intake.admin.queue import tabs
from intake.models import AccessRecord, AssessmentRequest, Event
from intake.submission import tokens
from pages import facts
from pages.models import Center, OpeningHours
from tests.html import forms_on
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import LIST, browser_of, change_page, personal_words_in, title_of

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 24, 10, 0, tzinfo=ZoneInfo("America/Phoenix"))  # a Tuesday
TAKE, BULK, FIND = f"{LIST}take/", f"{LIST}bulk/", f"{LIST}find/"
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def open_all_day():
    """The center is open on Tuesdays from 8 to 18, and has told so."""
    center = Center.objects.first()
    center.contact_target_hours = 2
    center.save()
    OpeningHours.objects.all().delete()
    OpeningHours.objects.create(center=center, weekday=1, opens=dt.time(8), closes=dt.time(18))
    facts.forget()


def make_request_due(due=None, **changes):
    """A request that was sent in, by someone who may be called at any time, without an email."""
    quiet = {"email": "", "voicemail_ok": "", "preferred_time": "asap", "time_zone": "America/Phoenix", "language": ""}
    request = make_request(**quiet | changes, at=timezone.now())
    if due is not None:
        set_columns(request, due_at=NOW + due)
    return request


def set_columns(request, **fields):
    AssessmentRequest.objects.filter(pk=request.pk).update(**fields)
    request.refresh_from_db()


def listed(desk, **query):
    return [row.request.reference for row in desk.get(LIST, query).context["rows"]]


def row_of(desk, request, **query):
    (row,) = [row for row in desk.get(LIST, query).context["rows"] if row.request.pk == request.pk]
    return row


def words_on(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def queries_of(desk, address, query=None):
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(address, query or {}).status_code == 200
    return len(queries)


def form_with(page, button):
    (form,) = [form for form in forms_on(page) if ("action", button) in form.buttons]
    return form


def tick(desk, button, *requests, page=None, **typed):
    """Ticks these requests on the list that is open in a browser, presses a button, and gives the page that comes."""
    form = form_with(page or desk.get(LIST), "assign")  # the others stand in the same form, not in each tab
    chosen = [f"{request.pk}:{request.version}" for request in requests]
    return desk.post(BULK, form.fields | typed | {"action": button, "chosen": chosen}, follow=True)


def ticked_on(page):
    """The references of the requests that stand ticked in the list."""
    boxes = re.findall(r'value="([^":]+):\d+" checked>', page.content.decode())
    return [AssessmentRequest.objects.get(pk=pk).reference for pk in boxes]


def said_on(response):
    return [html.unescape(strip_tags(str(message))) for message in response.context["messages"]]


# Tabs


def test_each_tab_shows_its_requests_in_their_order(desk, me, sam, clock):
    requests = {
        "later": make_request_due(5 * HOUR),
        "soon": make_request_due(HOUR),
        "late": make_request_due(-HOUR),
        "mine": make_request_due(3 * HOUR),
        "sams": make_request_due(-30 * MINUTE),
        "asleep longer": make_request_due(),
        "snoozed": make_request_due(),
        "back": make_request_due(),
        "suspected": make_request(spam_signals=("fast",)),
        "closed first": make_request_due(),
        "closed last": make_request_due(),
        "called back": make_request_due(6 * HOUR),
    }
    names = {request.reference: name for name, request in requests.items()}
    set_columns(requests["suspected"], due_at=NOW + 7 * HOUR)
    set_columns(requests["called back"], awaiting_reply_since=NOW)
    for name, owner in (("mine", me), ("sams", sam)):
        workflow.assign(request_id=requests[name].pk, owner=owner, actor=me)
    for name, until in (("asleep longer", 2 * DAY), ("snoozed", DAY), ("back", HOUR)):
        workflow.snooze(request_id=requests[name].pk, until=NOW + until, reason="away", actor=me)
    set_columns(requests["back"], snoozed_until=NOW - MINUTE, due_at=NOW - MINUTE)
    for name in ("closed first", "closed last"):
        workflow.close(request_id=requests[name].pk, outcome="spam", actor=me)
        clock.shift(MINUTE)
    clock.move_to(NOW)
    shown = {tab: [names[reference] for reference in listed(desk, tab=tab)] for tab in tabs.TABS}
    assert shown == {
        "open": ["called back", "late", "sams", "back", "soon", "mine", "later", "suspected"],
        "mine": ["mine"],
        "overdue": ["late", "sams", "back"],
        "soon": ["soon"],
        "unassigned": ["called back", "late", "back", "soon", "later", "suspected"],
        "back": ["back"],
        "quarantine": ["suspected"],
        "snoozed": ["snoozed", "asleep longer"],
        "closed": ["closed last", "closed first"],
    }
    page = desk.get(LIST)
    counts = {key: count for key, _label, count in page.context["tabs"]}
    assert counts == {tab: str(len(shown[tab])) for tab in tabs.TABS}
    assert page.context["attention"] == "7"  # all of "unassigned" and "overdue", each once


def test_of_two_that_are_due_at_once_the_one_who_waits_longer_is_first(desk):
    first, second = make_request_due(HOUR), make_request_due(HOUR)
    set_columns(second, received_at=NOW - HOUR)
    assert listed(desk) == [second.reference, first.reference]


def test_those_we_have_spoken_with_come_after_those_who_wait(desk, me):
    spoken, waiting = make_request_due(), make_request_due(3 * HOUR)
    workflow.set_stage(request_id=spoken.pk, stage="talking", actor=me)
    set_columns(spoken, due_at=NOW - DAY)
    assert listed(desk) == [waiting.reference, spoken.reference]


def test_the_tab_that_is_open_is_marked_and_an_unknown_one_is_the_first(desk):
    for query, current in (({}, "open"), ({"tab": "closed"}, "closed"), ({"tab": "made-up"}, "open")):
        page = desk.get(LIST, query).content.decode()
        assert re.findall(r'<a href="\?tab=(\w+)" aria-current="page">', page) == [current]


def test_counts_are_exact_while_small_and_end_above_that(desk, monkeypatch):
    monkeypatch.setattr(tabs, "MOST_COUNTED", 2)
    counts = []
    for _ in range(3):
        make_request_due(HOUR)
        counts += [count for key, _label, count in desk.get(LIST).context["tabs"] if key == "open"]
    assert counts == ["1", "2", "2+"]


def test_an_empty_tab_says_so(desk):
    said = {tab: desk.get(LIST, {"tab": tab}).context["nothing"] for tab in tabs.TABS}
    for tab, sentence in said.items():
        assert str(sentence) in words_on(desk.get(LIST, {"tab": tab})).replace("&#x27;", "'")
    assert len(set(map(str, said.values()))) == len(tabs.TABS)


def test_the_title_says_how_many_need_someone_and_nothing_else(desk, me):
    assert title_of(desk.get(LIST)).startswith("Requests | ")
    owned, _overdue, _unassigned = make_request_due(HOUR), make_request_due(-HOUR), make_request_due(HOUR)
    workflow.assign(request_id=owned.pk, owner=me, actor=me)
    assert title_of(desk.get(LIST)).startswith("(2) Requests | ")


@pytest.mark.parametrize(
    "query",
    [
        {"stage__regex": "("},
        {"reference": "\0"},
        {"owner__username": "amal"},
        {"texts__kind": "note"},
        {"id": "x"},
        {"q": "Wilhelmina"},
        {"p": "2"},
        {"o": "1"},
        {"all": ""},
    ],
)
def test_no_question_about_requests_is_asked_through_an_address(desk, query):
    make_request()
    assert desk.get(LIST, query).status_code == 400
    assert AccessRecord.objects.count() == 0


# Rows


def test_list_says_as_the_page_does_that_a_colleague_has_the_request(stopped_clock, desk, sam):
    claimed, shares = make_request_due(15 * MINUTE), make_request_due(15 * MINUTE)
    owned = make_request_due(15 * MINUTE, phone="480 555 0111")
    workflow.claim(request_id=claimed.pk, actor=sam)
    workflow.assign(request_id=owned.pk, owner=sam, actor=sam)
    requests = (claimed, shares, owned)
    steps = [row_of(desk, request).step for request in requests]
    assert steps == ["Leave it to sam", "Ask sam first", "Ask sam first"]
    assert [desk.get(change_page(request)).context["what_now"] for request in requests] == [
        "sam is working on this until Tue, Nov 24, 10:30 AM. Leave it to them until then.",
        f"sam is working on {claimed} until Tue, Nov 24, 10:30 AM, with the same phone or email. Ask sam first.",
        "sam owns this request. Ask sam first, or assign it to yourself.",
    ]


def test_a_row_says_what_to_do_when_it_is_due_and_whose_it_is(stopped_clock, desk, me, sam):
    request = make_request_due(15 * MINUTE, language="Spanish")
    workflow.claim(request_id=request.pk, actor=me)
    page = desk.get(LIST, {"tab": "soon"})
    assert f"{change_page(request)}?tab=soon" in page.content.decode()
    assert (
        f"Select {request.reference} {request.reference} Call, leave no message, Spanish, by 10:15 AM "
        "In 15 min 10:15 AM default hours New You working on it until 10:30 AM"
    ) in words_on(page)


def test_an_overdue_request_says_so_in_words_until_it_is_closed(desk, me):
    request = make_request_due(-2 * HOUR)
    make_request_due(2 * HOUR)
    assert words_on(desk.get(LIST)).count("Overdue by") == 1
    assert "Overdue by 2 h 0 min 8:00 AM" in words_on(desk.get(LIST))
    workflow.close(request_id=request.pk, outcome="declined", actor=me)
    closed = words_on(desk.get(LIST, {"tab": "closed"}))
    assert f"{request.reference} 10:00 AM Declined for now No one" in closed
    assert "Overdue by" not in closed


def test_assumed_hours_are_marked_while_the_first_contact_is_due(desk, me, open_all_day):
    given = make_request_due()
    assumed = make_request_due()
    set_columns(assumed, due_uses_default_hours=True)
    assert [row_of(desk, given).due_uses_default_hours, row_of(desk, assumed).due_uses_default_hours] == [False, True]
    workflow.log_attempt(request_id=assumed.pk, channel="call", result="no_answer", actor=me)
    assert row_of(desk, assumed).due_uses_default_hours is False


def test_every_page_tells_and_takes_times_by_the_centers_clock(desk, open_all_day):
    Center.objects.update(time_zone="America/New_York")
    facts.forget()
    request = make_request_due()
    set_columns(
        request, due_at=NOW.replace(hour=21), received_at=NOW.replace(hour=22, minute=30)
    )  # in New York: 23:00, 0:30
    assert row_of(desk, request).at == "11:00 PM"
    assert "Tue, Nov 24, 11:00 PM" in words_on(desk.get(change_page(request)))
    (form,) = [form for form in forms_on(desk.get(FIND)) if "words" in form.fields]
    found = desk.post(FIND, form.fields | {"action": "find", "received_from": "2026-11-25"}, follow=True)
    assert [row.pk for row in found.context["results"].rows] == [request.pk]


def test_a_row_says_from_when_the_person_may_be_contacted(desk):
    request = make_request_due(preferred_time="afternoon", time_zone="America/Phoenix")
    assert (row_of(desk, request).not_before, row_of(desk, make_request_due()).not_before) == (
        "Not before 12:00 PM",
        "",
    )
    assert words_on(desk.get(LIST)).count("Not before") == 1


def test_what_nobody_may_do_before_a_time_is_not_called_overdue(desk):
    request = make_request_due(preferred_time="afternoon", time_zone="America/Phoenix")
    set_columns(request, due_at=NOW - HOUR)
    row = row_of(desk, request)
    assert (row.is_overdue, row.distance, row.not_before) == (False, "", "Not before 12:00 PM")


def test_why_a_request_is_snoozed_stands_in_its_row(desk, me):
    request = make_request_due()
    workflow.snooze(request_id=request.pk, until=NOW + DAY, reason="thinking", actor=me)
    assert "Wait until Wed 10:00 AM The person wants time to think" in words_on(desk.get(LIST, {"tab": "snoozed"}))


def test_the_language_of_a_row_is_the_newest_one_said(desk, me, clock):
    request = make_request_due(language="Spanish")
    assert ", Spanish, " in row_of(desk, request).step
    clock.shift(MINUTE)
    workflow.correct(request_id=request.pk, before={"language": "Spanish"}, after={"language": "Navajo"}, actor=me)
    assert ", Navajo, " in row_of(desk, request).step


def test_words_that_can_not_be_opened_leave_the_row_without_a_language(desk):
    request = make_request_due(language="Spanish")
    request.texts.update(envelope=b"broken")
    assert row_of(desk, request).step == f"Call, leave no message, by {row_of(desk, request).at}"


@pytest.mark.parametrize("event", ["words", "form", "time"])
def test_what_the_person_said_is_new_in_the_list_until_someone_marks_it(desk, me, event):
    draft = tokens.draw()
    request = make_request(draft)
    assert row_of(desk, request).has_unread_additions is False
    if event == "words":
        workflow.add_message(request_id=request.pk, text="One more thing")
    elif event == "form":
        make_request(draft, message="Something else")
    else:
        workflow.change_preferred_time(request_id=request.pk, preferred_time="morning", time_zone="")
    assert "New from them" in words_on(desk.get(LIST))
    workflow.claim(request_id=request.pk, actor=me)
    workflow.add_note(request_id=request.pk, text="Called", actor=me)
    assert row_of(desk, request).has_unread_additions is True  # a note may come from an older page
    said = request.events.filter(code__in=["added", "amended", "time_set"]).last()
    workflow.mark_additions_read(request_id=request.pk, up_to=said.pk, actor=me)
    assert row_of(desk, request).has_unread_additions is False


def test_the_list_shows_no_personal_word_but_the_language(desk):
    make_request()
    page = desk.get(LIST)
    assert personal_words_in(page.content.decode()) == ["whistling"]
    assert "Canarian whistling" in row_of(desk, AssessmentRequest.objects.get()).step


@pytest.mark.parametrize("tab", tabs.TABS)
def test_a_list_of_ten_costs_as_many_queries_as_a_list_of_one(desk, me, make_staff, tab):
    owners = [make_staff("admissions") for _ in range(5)]

    def worked_on(number):
        request = make_request()
        workflow.assign(request_id=request.pk, owner=owners[number % 5], actor=me)
        workflow.add_message(request_id=request.pk, text="More")
        workflow.log_attempt(request_id=request.pk, channel="call", result="no_answer", actor=owners[number % 5])
        match tab:
            case "mine":
                workflow.assign(request_id=request.pk, owner=me, actor=me)
            case "unassigned":
                workflow.release(request_id=request.pk, actor=me)
            case "quarantine":
                workflow.quarantine(request_id=request.pk, actor=me)
            case "snoozed" | "back":
                workflow.snooze(request_id=request.pk, until=NOW + HOUR, reason="thinking", actor=me)
            case "closed":
                workflow.close(request_id=request.pk, outcome="declined", actor=me)
        if tab in ("overdue", "soon", "back"):
            due_at = NOW + HOUR if tab == "soon" else NOW - HOUR
            snooze = {"snoozed_until": due_at} if tab == "back" else {}
            AssessmentRequest.objects.filter(pk=request.pk).update(due_at=due_at, **snooze)

    worked_on(0)
    desk.get(LIST, {"tab": tab})
    one = queries_of(desk, LIST, {"tab": tab})
    for number in range(1, 10):
        worked_on(number)
    assert len(listed(desk, tab=tab)) == 10
    assert queries_of(desk, LIST, {"tab": tab}) == one


# Pages


@pytest.fixture
def three_a_page(monkeypatch):
    monkeypatch.setattr(AssessmentRequestAdmin, "list_per_page", 3)


def turn(desk, tab, name, page):
    """The next page ("after") or the one before it; None where the list offers none."""
    cursor = getattr(page.context["page"], name)
    if not cursor:
        return None
    query = {"tab": tab, name: cursor}
    assert f"?tab={tab}&amp;{name}={cursor}" in page.content.decode()
    return desk.get(LIST, query)


def pages_of(desk, tab, name, page):
    shown = []
    while page is not None:
        shown.append([row.request.reference for row in page.context["rows"]])
        last, page = page, turn(desk, tab, name, page)
    return shown, last


@pytest.mark.parametrize("tab", ["open", "snoozed", "closed"])
def test_pages_lead_to_the_end_and_back_without_loss_or_doubling(desk, me, three_a_page, tab):
    for number in range(8):
        request = make_request_due((number % 3) * HOUR)  # several are due at the same moment
        if tab == "snoozed":
            workflow.snooze(request_id=request.pk, until=NOW + DAY, reason="away", actor=me)
        if tab == "closed":
            workflow.close(request_id=request.pk, outcome="spam", actor=me)
    everyone = [row.reference for row in tabs.rows_of(tab, me, NOW)]
    forth, last = pages_of(desk, tab, "after", desk.get(LIST, {"tab": tab}))
    back, first = pages_of(desk, tab, "before", last)
    assert forth == [everyone[:3], everyone[3:6], everyone[6:]]
    assert back == [everyone[6:], everyone[3:6], everyone[:3]]
    assert first.context["page"].before == ""


def test_pages_show_what_did_not_change_once_while_others_come_and_go(desk, me, three_a_page):
    requests = [make_request_due(number * HOUR) for number in range(1, 9)]
    page = desk.get(LIST)
    workflow.close(request_id=requests[0].pk, outcome="spam", actor=me)  # of this page
    workflow.close(request_id=requests[2].pk, outcome="spam", actor=me)  # the one that the next page begins behind
    make_request_due(-HOUR)  # before it
    inserted = make_request_due(4 * HOUR + MINUTE)  # behind it
    shown, _last = pages_of(desk, "open", "after", turn(desk, "open", "after", page))
    expected = [requests[3], inserted, *requests[4:]]
    assert [reference for page in shown for reference in page] == [request.reference for request in expected]


def test_a_page_that_is_gone_and_a_cursor_of_someones_own_making_lead_to_the_first(desk, me, three_a_page):
    requests = [make_request_due(number * HOUR) for number in range(4)]
    cursor = desk.get(LIST).context["page"].after
    workflow.close(request_id=requests[3].pk, outcome="spam", actor=me)
    first = [request.reference for request in requests[:3]]
    assert listed(desk, after=cursor) == first
    for query in ({"after": "made-up"}, {"before": cursor[:-3]}, {"after": ""}):
        assert listed(desk, **query) == first
    assert listed(desk, tab="closed", after=cursor) == [requests[3].reference]  # a cursor of another order


def test_a_deep_page_counts_nothing_and_skips_nothing(desk, three_a_page):
    for number in range(7):
        make_request_due(number * HOUR)
    page = desk.get(LIST)
    with CaptureQueriesContext(connection) as queries:
        turn(desk, "open", "after", turn(desk, "open", "after", page))
    asked_for_rows = [query["sql"] for query in queries if "intake_assessmentrequest" in query["sql"]]
    assert [sql for sql in asked_for_rows if "OFFSET" in sql] == []
    counting = [(sql.count("COUNT("), sql.count("LIMIT 501")) for sql in asked_for_rows if "COUNT(" in sql]
    assert counting == [(len(tabs.TABS) + 1, len(tabs.TABS) + 1)] * 2  # one query a page, of which each part ends early


# Taking the next


def press_take(desk, page=None):
    (form,) = [form for form in forms_on(page or desk.get(LIST)) if form.css_class == "take-next"]
    return desk.post(TAKE, form.fields)


def test_taking_the_next_leads_to_the_most_urgent_request_and_says_so_on_the_list(
    stopped_clock, desk, me, open_all_day
):
    make_request_due(2 * HOUR)
    first = make_request_due(HOUR)
    assert press_take(desk)["Location"] == f"{change_page(first)}?tab=open"
    first.refresh_from_db()
    assert (first.owner, first.claimed_until) == (me, NOW + 30 * MINUTE)
    assert f"You are working on {first.reference} until 10:30 AM." in words_on(
        desk.get(LIST, {"tab": "closed"})
    ).replace(" .", ".")
    assert AccessRecord.objects.latest("pk").request_ids == [first.pk]  # the reference was shown
    assert press_take(desk)["Location"] == f"{change_page(first)}?tab=open"


def test_two_colleagues_take_different_requests(desk, sam, open_all_day):
    first, second = make_request_due(HOUR), make_request_due(2 * HOUR, phone="602-555-0177")
    taken = [press_take(browser)["Location"] for browser in (desk, browser_of(sam))]
    assert taken == [f"{change_page(request)}?tab=open" for request in (first, second)]


def test_nothing_is_taken_while_closed_and_the_screen_says_when_it_can_be(desk, clock, open_all_day):
    request = make_request_due(HOUR)
    clock.move_to(NOW.replace(hour=19))
    response = press_take(desk, desk.get(LIST, {"tab": "unassigned"}))
    assert response["Location"] == f"{LIST}?tab=unassigned"
    sentence = "There is nothing to take now. Next possible contact: Dec 1, 8:00 AM."
    assert said_on(desk.get(response["Location"])) == [sentence]
    request.refresh_from_db()
    assert request.owner is None


def test_where_nobody_waits_there_is_nothing_to_take(desk, sam, open_all_day):
    response = press_take(desk)
    assert said_on(desk.get(response["Location"])) == ["There is nothing to take now: nobody is waiting."]


def test_what_a_colleague_is_at_can_be_taken_when_they_give_it_back(desk, sam, open_all_day):
    request = make_request_due(HOUR)
    workflow.claim(request_id=request.pk, actor=sam)
    response = press_take(desk)
    assert said_on(desk.get(response["Location"])) == ["There is nothing to take now. Next possible contact: 10:30 AM."]


def test_the_only_request_that_a_colleague_takes_at_the_same_moment_is_nobody_elses(
    stopped_clock, desk, open_all_day, monkeypatch
):
    make_request_due(HOUR)
    monkeypatch.setattr(workflow, "take_next", lambda actor: None)  # its row is locked: not theirs yet, and skipped
    response = press_take(desk)
    assert said_on(desk.get(response["Location"])) == ["There is nothing to take now: nobody is waiting."]


def test_opening_the_address_of_a_button_changes_nothing(desk, open_all_day):
    request = make_request_due(-HOUR)
    for address in (TAKE, BULK):
        assert desk.get(address, {"action": "spam", "chosen": f"{request.pk}:0"})["Location"] == LIST
    assert desk.post(TAKE).status_code == 403  # without the token of the form
    assert desk.post(BULK, {"action": "spam", "chosen": f"{request.pk}:0"}).status_code == 403
    request.refresh_from_db()
    assert (request.owner, request.stage, request.version) == (None, "new", 0)


@pytest.mark.parametrize("is_claimed", [False, True])
def test_requests_of_who_left_are_nobodys(desk, make_staff, is_claimed):
    nora, request = make_staff("admissions", username="nora"), make_request_due(HOUR)
    if is_claimed:
        workflow.claim(request_id=request.pk, actor=nora)
    else:
        workflow.assign(request_id=request.pk, owner=nora, actor=nora)
    assert listed(desk, tab="unassigned") == []
    assert "nora" in words_on(desk.get(LIST))
    nora.is_active = False
    nora.save()
    page = desk.get(LIST, {"tab": "unassigned"})
    assert [row.request.reference for row in page.context["rows"]] == [request.reference]
    assert page.context["attention"] == "1"
    assert "No one" in words_on(page)
    assert "nora" not in words_on(page)
    page = desk.get(change_page(request))
    assert page.context["what_now"] == "Take it and call. Leave no message."
    assert "nora no longer works here. Anyone can take this." in words_on(page)
    form = form_with(page, "claim")
    assert desk.post(change_page(request), form.fields | {"action": "claim"}).status_code == 302
    request.refresh_from_db()
    assert request.owner.username == "amal"


def test_colleague_without_the_role_owns_nothing_open_anymore(desk, make_staff):
    nora, request = make_staff("editor", username="nora"), make_request_due(HOUR)
    set_columns(request, owner=nora)
    assert listed(desk, tab="unassigned") == [request.reference]
    assert "nora no longer works on requests. Anyone can take this." in words_on(desk.get(change_page(request)))


# Several at once


def test_several_are_assigned_and_the_one_that_changed_meanwhile_is_named(desk, me, sam):
    first, second, changed = make_request_due(HOUR), make_request_due(2 * HOUR), make_request_due(3 * HOUR)
    page = desk.get(LIST, {"tab": "unassigned"})
    seen = [first, second, AssessmentRequest.objects.get(pk=changed.pk)]
    workflow.assign(request_id=changed.pk, owner=sam, actor=sam)
    answer = tick(desk, "assign", *seen, page=page, owner=str(me.pk))
    assert said_on(answer) == [
        f"{changed.reference} was not changed. sam changed this request on Nov 24, 10:00 AM: assigned. Your change "
        "was not saved. Check the request as it is now, then press the button again.",
        f"2 requests were assigned. {first.reference}, {second.reference}",
    ]
    assert answer.redirect_chain == [(f"{LIST}?tab=unassigned", 302)]
    owners = dict(AssessmentRequest.objects.values_list("pk", "owner__username"))
    assert owners == {first.pk: "amal", second.pk: "amal", changed.pk: "sam"}


def test_selected_request_that_a_colleague_took_is_named_by_the_refusal(desk, me, sam):
    first, second, taken = make_request_due(HOUR), make_request_due(2 * HOUR), make_request_due(3 * HOUR)
    page = desk.get(LIST, {"tab": "unassigned"})
    seen = [first, second, AssessmentRequest.objects.get(pk=taken.pk)]
    workflow.claim(request_id=taken.pk, actor=sam)
    answer = tick(desk, "assign", *seen, page=page, owner="")
    assert said_on(answer) == [
        "Choose an owner, then press Assign.",
        f"Changed meanwhile, so no longer selected: {taken.reference}. Look at it before you select it again.",
    ]
    assert ticked_on(answer) == [first.reference, second.reference]


def test_each_button_does_what_it_says(desk, me):
    requests = {name: make_request_due(HOUR) for name in ("assign", "release_claim", "release", "spam")}
    workflow.assign(request_id=requests["release_claim"].pk, owner=me, actor=me)
    for name in ("release", "spam"):
        workflow.quarantine(request_id=requests[name].pk, actor=me)
    said = []
    for button, request in requests.items():
        request.refresh_from_db()
        said += said_on(tick(desk, button, request, owner=str(me.pk)))
        request.refresh_from_db()
    assert said == [
        f"1 request was assigned. {requests['assign'].reference}",
        f"1 request was released. {requests['release_claim'].reference}",
        f"1 request is out of quarantine. {requests['release'].reference}",
        f"1 request was closed as spam. {requests['spam'].reference}",
    ]
    assert requests["assign"].owner == me
    assert requests["release_claim"].owner is None
    assert requests["release"].quarantined_at is None
    assert (requests["spam"].stage, requests["spam"].outcome) == ("closed", "spam")
    assert set(Event.objects.exclude(actor=None).values_list("actor__username", flat=True)) == {"amal"}


def test_the_page_has_no_button_that_these_tests_do_not_press(desk, me):
    workflow.quarantine(request_id=make_request_due(HOUR).pk, actor=me)
    buttons = {tab: form_with(desk.get(LIST, {"tab": tab}), "assign").buttons for tab in ("open", "quarantine")}
    assert buttons["open"] == [("action", name) for name in ("assign", "release_claim")]
    assert buttons["quarantine"] == [("action", name) for name in ("assign", "release_claim", "release", "spam")]


def test_one_press_closes_nobody_as_spam_who_does_not_wait_to_be_checked(desk, me):
    honest, spoken_with = make_request_due(HOUR), make_request_due(HOUR)
    workflow.quarantine(request_id=spoken_with.pk, actor=me)
    workflow.log_attempt(request_id=spoken_with.pk, channel="they_called", result="reached", actor=me)
    spoken_with.refresh_from_db()
    why = "It is not waiting for a spam check. To close it as spam, open its page."
    answer = tick(desk, "spam", honest, spoken_with)
    assert sorted(said_on(answer)) == sorted(f"{one} was not changed. {why}" for one in (honest, spoken_with))
    assert AssessmentRequest.objects.filter(stage="closed").count() == 0


@pytest.mark.parametrize(
    ("button", "typed", "sentence"),
    [
        ("assign", {"owner": ""}, "Choose an owner, then press Assign."),
        ("assign", {"owner": "999999"}, "Only admissions staff and their lead can own a request."),
        ("spam", {"chosen": []}, "No request is selected. Nothing was changed."),
        ("spam", {"chosen": ["x", ":", "1:1", "made-up:0"]}, "No request is selected. Nothing was changed."),
        ("made-up", {}, "That button is not known. Nothing was changed."),
        (None, {}, "That button is not known. Nothing was changed."),
    ],
)
def test_what_can_not_be_done_is_said_and_changes_nothing(desk, button, typed, sentence):
    request = make_request_due(HOUR)
    form = form_with(desk.get(LIST), "assign")
    posted = form.fields | {"chosen": [f"{request.pk}:0"]} | typed | ({"action": button} if button else {})
    answer = desk.post(BULK, posted, follow=True)
    assert said_on(answer) == [sentence]
    assert ticked_on(answer) == ([] if "chosen" in typed else [request.reference])
    request.refresh_from_db()
    assert (request.version, request.events.count()) == (0, 1)


def test_what_the_rules_forbid_for_one_is_done_for_the_others(desk):
    suspected, honest = make_request(spam_signals=("fast",)), make_request_due(HOUR)
    synthetic = make_request(is_synthetic=True)
    answer = tick(desk, "release", suspected, honest, synthetic)
    assert sorted(said_on(answer)) == sorted(
        [
            f"{honest.reference} was not changed. This request is not in quarantine. Nothing was changed.",
            f"1 request is out of quarantine. {suspected.reference}",
        ]
    )
    assert synthetic.events.count() == 1
    assert ticked_on(answer) == [honest.reference]
    assert ticked_on(desk.get(LIST)) == []


# Staying up to date


def updates_of(page):
    return page.context["updates_address"]


def test_a_list_that_is_up_to_date_hears_that_nothing_changed_and_leaves_no_record(desk):
    make_request_due(HOUR)
    address = updates_of(desk.get(LIST))
    records = AccessRecord.objects.count()
    first = desk.get(address)
    again = desk.get(address, headers={"If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert first.json()["news"] == ""
    assert "no-store" in first["Cache-Control"]
    assert AccessRecord.objects.count() == records


def test_a_new_request_is_told_by_number_and_the_counts_follow(desk, clock):
    make_request_due(HOUR)
    address = updates_of(desk.get(LIST))
    etag = desk.get(address)["ETag"]
    clock.shift(MINUTE)
    make_request_due(-HOUR)
    answer = desk.get(address, headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert answer.json() == {
        "counts": {"open": "2", "mine": "0", "overdue": "1", "soon": "1", "unassigned": "2"}
        | {"back": "0", "quarantine": "0", "snoozed": "0", "closed": "0"},
        "attention": "2",
        "news": "1 new request.",
    }
    make_request_due(3 * HOUR)
    assert desk.get(address).json()["news"] == "2 new requests."


@pytest.mark.parametrize("change", ["taken", "closed", "more words", "sent again", "overdue"])
def test_a_row_that_would_say_something_else_is_told(desk, me, sam, clock, change):
    draft = tokens.draw()
    request = make_request(draft)
    set_columns(request, due_at=NOW + HOUR)
    address = updates_of(desk.get(LIST))
    assert desk.get(address).json()["news"] == ""
    clock.shift(MINUTE)
    match change:
        case "taken":
            workflow.claim(request_id=request.pk, actor=sam)
        case "closed":
            workflow.close(request_id=request.pk, outcome="spam", actor=sam)
        case "more words":
            workflow.add_message(request_id=request.pk, text="One more thing")
        case "sent again":
            make_request(draft, message="Something else", at=timezone.now())
        case "overdue":
            clock.move_to(NOW + HOUR)
    assert desk.get(address).json()["news"] == "This list has changed."


def test_what_happens_behind_the_page_that_is_shown_is_no_news(desk, sam, three_a_page):
    requests = [make_request_due(number * HOUR) for number in range(1, 9)]
    address = updates_of(turn(desk, "open", "after", desk.get(LIST)))
    workflow.claim(request_id=requests[7].pk, actor=sam)
    assert desk.get(address).json()["news"] == ""
    workflow.claim(request_id=requests[4].pk, actor=sam)
    assert desk.get(address).json()["news"] == "This list has changed."


def test_the_updates_holds_no_word_about_any_request(desk):
    request = make_request()
    answer = desk.get(updates_of(desk.get(LIST)))
    assert personal_words_in(str(answer.request) + answer.content.decode()) == []
    assert request.reference not in answer.content.decode()
    assert str(request.pk) not in answer.content.decode()
    assert set(json.loads(answer.content)) == {"counts", "attention", "news"}


@pytest.mark.parametrize("seen", ["", "made-up", "a:b:c"])
def test_an_update_that_brings_nothing_of_ours_along_hears_the_counts_alone(desk, seen):
    make_request()
    answer = desk.get(f"{LIST}updates/", {"seen": seen, "tab": "made-up"}).json()
    assert (answer["news"], answer["counts"]["open"]) == ("", "1")


def test_an_update_costs_as_many_queries_for_ten_as_for_one(desk):
    make_request()
    address = updates_of(desk.get(LIST))
    one = queries_of(desk, address)
    for _ in range(9):
        make_request()
    assert queries_of(desk, updates_of(desk.get(LIST))) == one


# Quarantine


def test_suspected_request_is_in_the_open_list_and_in_quarantine(desk):
    first, second, third = (
        make_request(spam_signals=spam_signals) for spam_signals in (["fast"], [], ["links", "markup"])
    )
    assert listed(desk) == [first.reference, second.reference, third.reference]
    assert listed(desk, tab="quarantine") == [first.reference, third.reference]
    steps = [row.step.partition(",")[0] for row in desk.get(LIST).context["rows"]]
    assert steps == ["Check", "Call", "Check"]
