import datetime as dt

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from intake import access, workflow
from intake.admin.request import updates as request_updates
from intake.models import AccessRecord, AssessmentRequest, EncryptedText, Event, SavedFilter, ShownRequest
from intake.submission import tokens
from staff.append_only import AppendOnlyViolation
from tests import staff_roles
from tests.html import soup
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import LIST, PERSON, accesses, change_page, personal_words_in, rows

pytestmark = pytest.mark.django_db

LOG = "/admin/intake/accessrecord/"
TABLE = rows("roles.csv")
CELLS = [(row["view"], who, row[who]) for row in TABLE for who in row if who != "view"]


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def client_of(who, make_staff):
    if who == "anonymous":
        return Client()
    return signed_in(make_staff(is_superuser=True) if who == "superuser" else make_staff(who))


def saved_filter():
    owner = get_user_model().objects.create_user("owner of a filter")
    return SavedFilter.objects.create(owner=owner, name="All new", is_shared=True, criteria={"stage": "new"})


def token():
    return tokens.to_token(tokens.draw())


def visit(client, view, request, line):
    match view:
        case "list of requests":
            return client.get(LIST)
        case "closed requests":
            return client.get(LIST, {"tab": "closed"})
        case "whether the list has changed":
            return client.get(f"{LIST}updates/")
        case "take the next":
            return client.post(f"{LIST}take/", follow=True)
        case "change several":
            posted = {"action": "spam", "chosen": f"{request.pk}:{request.version}"}
            return client.post(f"{LIST}bulk/", posted, follow=True)
        case "page of a request":
            return client.get(change_page(request))
        case "what is new on an open page of a request":
            user = get_user_model().objects.filter(pk=client.session.get("_auth_user_id")).first() or AnonymousUser()
            return client.post(f"{LIST}{request.pk}/updates/", {"shown": request_updates.shown(request, user)})
        case "printed sheet of a request":
            return client.get(f"{LIST}{request.pk}/print/")
        case "history of a request":
            return client.get(f"{LIST}{request.pk}/history/", follow=True)
        case "add a note":
            return client.post(change_page(request), {"action": "note", "note": "called"}, follow=True)
        case "set the stage":
            posted = {"action": "stage:talking", "version": str(request.version)}
            return client.post(change_page(request), posted, follow=True)
        case "page to find a request":
            return client.get(f"{LIST}find/")
        case "find a request":
            return client.post(f"{LIST}find/", {"words": "wilhelmina"}, follow=True)
        case "run a saved filter":
            return client.get(f"{LIST}find/", {"filter": saved_filter().pk})
        case "save a filter":
            return client.post(f"{LIST}find/", {"action": "save", "name": "New", "stage": "new"}, follow=True)
        case "look whether a number is known":
            return client.post(f"{LIST}add/", {"phone": "(602) 555-0142", "action": "look", "token": token()})
        case "enter a request by phone":
            return client.post(f"{LIST}add/", PERSON | {"token": token()}, follow=True)
        case "reports":
            return client.get(f"{LIST}reports/")
        case "reports as CSV":
            return client.get(f"{LIST}reports/csv/")
        case "form to add a request":
            return client.get(f"{LIST}add/")
        case "form to delete a request":
            return client.get(f"{LIST}{request.pk}/delete/")
        case "desk in the index":
            return client.get("/admin/intake/")
        case "access log":
            return client.get(LOG)
        case "line of the access log":
            return client.get(f"{LOG}{line.pk}/change/")
        case "form to delete a line of the access log":
            return client.get(f"{LOG}{line.pk}/delete/")


def released_claim(response):
    """What was posted and could not be taken, on the page that asks to sign in and send it again; "" on others."""
    is_given_back = response.status_code == 403 and "Sign in in a new tab" in response.content.decode()
    return str(response.context["fields"]) if is_given_back else ""


def shown_in(response):
    last = response.redirect_chain[-1] if getattr(response, "redirect_chain", None) else None
    address = last[0] if last else response.headers.get("Location", "")
    if address.startswith("/admin/login/") or released_claim(response):
        return "login"
    return {200: "yes", 403: "no", 404: "not there"}.get(response.status_code, response.status_code)


@pytest.mark.parametrize(("view", "who", "expected"), CELLS, ids=[f"{view}, {who}" for view, who, _ in CELLS])
def test_who_may_see_and_do_what_is_as_the_table_says(make_staff, view, who, expected):
    request, closed = make_request(), make_request()
    admissions = make_staff("admissions")
    workflow.close(request_id=closed.pk, outcome="spam", actor=admissions)
    access.record(admissions, "open", [closed.pk])
    before = [AccessRecord.objects.count(), EncryptedText.objects.count(), Event.objects.count()]
    response = visit(client_of(who, make_staff), view, request, AccessRecord.objects.get())
    assert shown_in(response) == expected
    if expected != "yes":
        page = response.content.decode()
        assert [one.reference for one in (request, closed) if one.reference in page] == []
        assert set(personal_words_in(page)) <= set(personal_words_in(released_claim(response)))
        assert [AccessRecord.objects.count(), EncryptedText.objects.count(), Event.objects.count()] == before


def test_the_page_of_a_request_shows_the_words_that_others_must_not_see(make_staff):
    page = signed_in(make_staff("admissions")).get(change_page(make_request()))
    assert personal_words_in(page.content.decode()) != []


def test_a_superuser_without_a_role_is_told_no_and_leaves_no_record(make_staff):
    request, client = make_request(), signed_in(make_staff(is_superuser=True))
    for address in (LIST, change_page(request), LOG):
        assert client.get(address).status_code == 403
    assert AccessRecord.objects.count() == 0


@pytest.mark.parametrize(
    ("roles", "fields", "requests", "log"),
    [
        (["admissions"], {}, True, False),
        (["lead"], {}, True, True),
        (["auditor"], {}, False, True),
        (["admissions", "auditor"], {}, True, True),
        (["editor", "publisher", "reviewer"], {}, False, False),
        ([], {"is_superuser": True}, False, False),
        (["lead"], {"is_active": False}, False, False),
    ],
)
def test_the_role_alone_decides(make_staff, roles, fields, requests, log):
    user = make_staff(*roles, **fields)
    assert [access.may_read_requests(user), access.may_read_access_log(user)] == [requests, log]


def test_who_is_not_staff_any_more_reads_nothing_whatever_the_role(make_staff):
    user = make_staff("lead")
    user.is_staff = False
    assert [access.may_read_requests(user), access.may_read_access_log(user)] == [False, False]


def test_a_visitor_reads_nothing():
    assert [access.may_read_requests(AnonymousUser()), access.may_read_access_log(AnonymousUser())] == [False, False]


def test_a_role_that_was_taken_away_closes_the_desk_at_once(make_staff):
    user, request = make_staff("admissions"), make_request()
    client = signed_in(user)
    assert client.get(change_page(request)).status_code == 200
    staff_roles.end_all(user)
    assert client.get(change_page(request)).status_code == 403


def test_a_list_writes_one_record_with_the_ids_that_were_shown(make_staff):
    user = make_staff("admissions")
    opened, other, closed = make_request(), make_request(), make_request()
    workflow.close(request_id=closed.pk, outcome="spam", actor=make_staff("lead"))  # who closes it is offered Undo
    signed_in(user).get(LIST)
    record = AccessRecord.objects.get()
    assert (record.actor, record.action) == (user, "list")
    assert sorted(record.request_ids) == sorted([opened.pk, other.pk])


def test_a_list_of_several_pages_records_the_page_that_was_shown(make_staff):
    user = make_staff("admissions")
    for _ in range(30):
        make_request()
    client = signed_in(user)
    page = client.get(LIST).context["page"]
    client.get(LIST, {"after": page.after})
    first, second = AccessRecord.objects.order_by("pk")
    assert [len(first.request_ids), len(second.request_ids)] == [25, 5]
    assert {*first.request_ids, *second.request_ids} == set(AssessmentRequest.objects.values_list("pk", flat=True))


def test_an_empty_list_is_a_reading_too(make_staff):
    signed_in(make_staff("admissions")).get(LIST)
    assert accesses() == [("list", [])]


def test_opening_a_request_writes_one_record_with_its_id(make_staff):
    user, request = make_staff("lead"), make_request()
    make_request(phone="480 555 0100", email="")  # of someone else: the same contact would be a reading of its own
    signed_in(user).get(change_page(request))
    record = AccessRecord.objects.get()
    assert (record.actor, record.action, record.request_ids) == (user, "open", [request.pk])
    assert record.occurred_at > request.received_at


def test_a_refused_action_shows_the_request_and_so_is_recorded(make_staff):
    request = make_request()
    signed_in(make_staff("lead")).post(change_page(request), {"action": "note", "note": " "})
    assert accesses() == [("open", [request.pk])]


def test_an_action_that_is_done_shows_nothing_until_the_page_is_opened_again(make_staff):
    client, request = signed_in(make_staff("lead")), make_request()
    client.post(change_page(request), {"action": "note", "note": "called"})
    assert AccessRecord.objects.count() == 0
    client.get(change_page(request))
    assert AccessRecord.objects.count() == 1


def test_what_does_not_exist_is_no_reading(make_staff):
    make_request()
    response = signed_in(make_staff("lead")).get(f"{LIST}00000000-0000-4000-8000-000000000000/change/")
    assert response.status_code == 404
    assert AccessRecord.objects.count() == 0


def test_access_records_and_their_page_hold_no_value_of_a_request(make_staff):
    user, request = make_staff("lead"), make_request()
    client = signed_in(user)
    opened = client.get(change_page(request)).content.decode()
    client.get(LIST)
    assert personal_words_in(opened) != []
    shown = client.get(LOG).content.decode()
    assert "Opened" in shown
    line = client.get(f"{LOG}{AccessRecord.objects.first().pk}/change/").content.decode()
    stored = str(list(AccessRecord.objects.values()))
    assert personal_words_in(shown + line + stored) == []
    assert [page for page in (shown, line, stored) if request.reference in page] == []


@pytest.mark.parametrize("view", ["change", "delete"])
@pytest.mark.parametrize("model", ["accessrecord", "assessmentrequest"])
def test_an_address_of_someones_own_making_breaks_no_page(make_staff, model, view):
    request = make_request()
    client = signed_in(make_staff("lead", "auditor"))
    access.record(make_staff("lead"), AccessRecord.Action.OPEN, [request.pk])
    key = request.pk if model == "assessmentrequest" else AccessRecord.objects.first().pk
    assert client.get(f"/admin/intake/{model}/{key}/{view}/", {"_to_field": ""}).status_code in (200, 403)


def test_a_record_is_neither_changed_nor_deleted(make_staff):
    access.record(make_staff("lead"), "open", [make_request().pk])
    record = AccessRecord.objects.get()
    for row in (record, record.shown.get()):
        with pytest.raises(AppendOnlyViolation):
            row.save()
        with pytest.raises(AppendOnlyViolation):
            row.delete()
    for table in (AccessRecord, ShownRequest):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            table.objects.update(id=F("id"))
    assert len(AccessRecord.objects.get().request_ids) == 1


def lines(client, **filters):
    """The lines of the log's page: (who, how, number of requests)."""
    table = soup(client.get(LOG, filters)).find("table")
    rows = table.tbody.find_all("tr") if table else []
    return [tuple(cell.get_text(strip=True) for cell in row.find_all("td")) for row in rows]


def test_log_is_filtered_by_person_way_request_and_day(make_staff, clock):
    maria, lee, auditor = (make_staff(role, username=role) for role in ("admissions", "lead", "auditor"))
    first, second = make_request(), make_request(phone="480 555 0100", email="")
    access.record(maria, AccessRecord.Action.LIST, [first.pk, second.pk])
    clock.shift(dt.timedelta(days=1))
    access.record(lee, AccessRecord.Action.OPEN, [second.pk])
    access.record(lee, AccessRecord.Action.SEARCH, [])
    listed = ("admissions", "Saw in a list", "2")
    opened, empty = ("lead", "Opened", "1"), ("lead", "Found by a search", "0")
    page = signed_in(auditor)
    assert lines(page) == [empty, opened, listed]
    assert lines(page, person=maria.pk) == [listed]
    assert lines(page, action="open") == [opened]
    assert lines(page, reference=second.reference.lower()) == [opened, listed]
    assert lines(page, reference=first.reference) == [listed]
    assert lines(page, last="2026-11-24") == [listed]
    assert lines(page, first="2026-11-25", person=lee.pk) == [empty, opened]


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"reference": "ABCD-EFGH"}, "No request has this reference."),
        ({"first": "yesterday"}, "Type this day as year, month, day"),
        ({"person": "nobody"}, "Select a valid choice"),
    ],
)
def test_filter_that_cannot_be_read_shows_no_line_and_says_why(make_staff, filters, words):
    access.record(make_staff("lead"), AccessRecord.Action.OPEN, [make_request().pk])
    response = signed_in(make_staff("auditor")).get(LOG, filters)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert soup(response).find("table") is None


def test_log_leads_to_older_lines_with_the_same_filter(make_staff):
    maria, auditor = make_staff("admissions", username="maria"), make_staff("auditor")
    for _number in range(60):
        access.record(maria, AccessRecord.Action.LIST, [])
    access.record(auditor, AccessRecord.Action.LIST, [])
    page = signed_in(auditor)
    older = soup(page.get(LOG, {"person": maria.pk})).find("a", string="Older accesses")["href"]
    assert len(lines(page, person=maria.pk)) == 50
    assert len(soup(page.get(LOG + older)).tbody.find_all("tr")) == 10


def test_line_of_the_log_names_each_request_that_was_shown(make_staff):
    first, second = make_request(), make_request()
    access.record(make_staff("lead"), AccessRecord.Action.LIST, [first.pk, second.pk])
    line = signed_in(make_staff("auditor")).get(f"{LOG}{AccessRecord.objects.get().pk}/change/").content.decode()
    assert line.index(str(first.pk)) < line.index(str(second.pk))


def test_log_costs_the_same_queries_for_one_line_as_for_fifty(make_staff):
    maria, page = make_staff("admissions"), signed_in(make_staff("auditor"))
    counts = []
    for number in (1, 49):
        for _number in range(number):
            access.record(maria, AccessRecord.Action.LIST, [make_request().pk])
        with CaptureQueriesContext(connection) as queries:
            page.get(LOG)
        counts.append(len(queries))
    assert counts[0] == counts[1]
