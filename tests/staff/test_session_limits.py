"""Sessions end when nobody uses them, and after some hours in any case. Only what a person does is use."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.admin.models import EditingSession

from intake import worker, workflow
from intake.models import AssessmentRequest
from staff.models import StaffSession
from staff.sessions import endings
from tests.html import forms_on, soup
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import LIST, change_page
from tests.intake.support.request_page import press, work_form
from tests.pages.cms_form import fields_of
from tests.pages.helpers import page, question
from tests.staff.session_helpers import PAGE_LOAD, PASSWORD, ended, key_of, opens, signed_in

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
OURS = {"origin": "http://testserver"}
NEW = "nine slow herons wade at dusk"
NOTE = "Asked us to call after five."


@pytest.fixture(autouse=True)
def real_limits(settings):
    settings.STAFF_IDLE_MINUTES, settings.STAFF_SESSION_HOURS = 15, 10


@pytest.fixture
def lena(make_staff):
    return make_staff("lead", "editor", username="lena")


@pytest.fixture
def tab(lena):
    return signed_in(lena)


def test_session_ends_after_fifteen_minutes_without_use(tab, clock):
    clock.shift(14 * MINUTE)
    assert tab.get(LIST).status_code == 200
    clock.shift(15 * MINUTE)
    response = tab.get(LIST)
    assert (response.status_code, response["Location"]) == (302, f"/admin/login/?next={LIST}")
    assert (ended(), StaffSession.objects.count()) == ([("idle", "lena", None)], 0)
    assert tab.get(LIST).status_code == 302
    assert ended() == [("idle", "lena", None)]


def test_session_ends_after_ten_hours_of_use(tab, clock):
    for _ in range(59):
        clock.shift(10 * MINUTE)
        assert tab.get(LIST).status_code == 200
    clock.shift(10 * MINUTE)
    assert tab.get(LIST).status_code == 302
    assert ended() == [("expired", "lena", None)]


def test_saving_the_session_does_not_make_it_last_longer(tab, clock):
    session = tab.session
    clock.shift(14 * MINUTE)
    session["a"] = 1
    session.save()
    clock.shift(1 * MINUTE)
    assert tab.get(LIST).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_worker_ends_sessions_that_nobody_comes_back_to(tab, make_staff, clock):
    sam = signed_in(make_staff("admissions", username="sam"))
    key = key_of(tab)
    clock.shift(10 * MINUTE)
    sam.get(LIST)
    clock.shift(5 * MINUTE)
    worker.work_once()
    assert (ended(), StaffSession.objects.get().user.username) == ([("idle", "lena", None)], "sam")
    assert not opens(key)


def test_worker_ends_all_sessions_of_nobody_in_one_statement(tab, clock, django_assert_num_queries):
    now = timezone.now()
    common = {"expire_date": now + dt.timedelta(days=1), "started_at": now, "last_used_at": now}
    StaffSession.objects.bulk_create(StaffSession(session_key=f"{number}", **common) for number in range(50))
    clock.shift(14 * MINUTE)
    tab.get(LIST)
    clock.shift(1 * MINUTE)
    with django_assert_num_queries(2):
        assert endings.end_overdue(timezone.now()) == 50
    assert StaffSession.objects.get().user.username == "lena"


def test_change_of_the_own_password_does_not_begin_the_ten_hours_again(lena, clock):
    office = Client(headers=PAGE_LOAD, REMOTE_ADDR="203.0.113.7")
    office.post("/admin/login/", {"username": "lena", "password": PASSWORD})
    before = StaffSession.objects.get()
    clock.shift(10 * MINUTE)
    new = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert office.post("/admin/password_change/", new).status_code == 302
    after = StaffSession.objects.get()
    assert after.pk != before.pk
    assert (after.started_at, after.network) == (before.started_at, before.network)
    assert before.network
    for _ in range(58):
        clock.shift(10 * MINUTE)
        assert office.get(LIST).status_code == 200
    clock.shift(10 * MINUTE)
    assert office.get(LIST).status_code == 302


def test_no_cache_keeps_an_answer_of_the_desk(tab):
    for address in ("", "password_change/", "password_change/done/", "account/", "made-up/", "login/"):
        assert "no-store" in tab.get(f"/admin/{address}")["Cache-Control"]
    assert "no-store" not in tab.get("/admin/jsi18n/").get("Cache-Control", "")


def test_page_after_signing_out_says_that_the_computer_can_be_left(tab):
    main = soup(tab.post("/admin/logout/")).find(id="content")
    assert "You are signed out. You can leave this computer." in main.get_text()
    assert main.h1.get_text() == "Signed out"
    assert main.find("a", string="Sign in")["href"] == "/admin/login/"


def test_front_page_of_an_account_without_a_role_says_whom_to_ask(make_staff):
    browser = Client()
    browser.force_login(make_staff(username="nora"))
    main = soup(browser.get("/admin/")).find(id="content").get_text()
    assert "Your account has no role yet. Ask a lead to give you one." in main
    assert "permission" not in main


def test_sign_in_after_signing_out_begins_anew(lena, clock):
    browser = signed_in(lena)
    clock.shift(10 * MINUTE)
    browser.post("/admin/logout/")
    browser.post("/admin/login/", {"username": "lena", "password": PASSWORD})
    assert timezone.now() - StaffSession.objects.get(user=lena).started_at < MINUTE


def test_ended_session_is_anonymous_everywhere(tab, clock):
    sleep = page()
    assert "Edit this page" in tab.get(sleep.url).content.decode()
    clock.shift(15 * MINUTE)
    assert "Edit this page" not in tab.get(sleep.url).content.decode()
    assert tab.get("/cms/").status_code == 302
    assert ended() == [("idle", "lena", None)]


def test_form_that_is_sent_too_late_comes_back_and_is_sent_after_signing_in(tab, lena, clock):
    request = make_request()
    fields = work_form(tab.get(change_page(request))).fields | {"action": "note", "note": NOTE}
    clock.shift(15 * MINUTE)
    kept = tab.post(change_page(request), fields, headers=OURS)
    assert (kept.status_code, kept["Cache-Control"], kept.context["words"]) == (403, "no-store", [NOTE])
    assert "You were signed out before this was sent." in kept.content.decode()
    assert ended() == [("idle", "lena", None)]
    again = signed_in(lena)
    (form,) = [form for form in forms_on(kept) if "note" in form.fields]
    assert again.post(kept.context["address"], form.fields, headers=OURS).status_code == 302
    assert [text.decrypt() for text in request.texts.filter(kind="note")] == [NOTE]


def test_sign_in_page_leads_back_to_the_same_page(tab, lena, clock):
    request = make_request()
    clock.shift(15 * MINUTE)
    sign_in = tab.get(f"{change_page(request)}?tab=mine", follow=True)
    (form,) = [form for form in forms_on(sign_in) if "username" in form.fields]
    typed = form.fields | {"username": "lena", "password": "a password for tests"}
    done = tab.post(sign_in.request["PATH_INFO"], typed)
    assert (done.status_code, done["Location"]) == (302, f"{change_page(request)}?tab=mine")


def test_claim_does_not_end_with_the_session(tab, lena, clock):
    request = make_request()
    press(tab, request, "claim")
    before = AssessmentRequest.objects.get().claimed_until
    clock.shift(15 * MINUTE)
    assert tab.get(change_page(request)).status_code == 302
    endings.end_overdue(timezone.now())
    workflow.release_expired_claims()
    claimed = AssessmentRequest.objects.get()
    assert ended() == [("idle", "lena", None)]
    assert (claimed.owner, claimed.claimed_until) == (lena, before)
    assert claimed.claimed_until > timezone.now()
    again = signed_in(lena)
    assert "release" in again.get(change_page(request)).content.decode()
    assert press(again, request, "note", note=NOTE).status_code == 302


def by_script(**more):
    """Headers of a request that a script sends, as `fetch` sends them."""
    return {"accept": "*/*", "sec-fetch-dest": "empty", "sec-fetch-mode": "cors"} | more


def sent_by_scripts(tab, user):
    """Return each kind of request that a page sends on its own, as (method, address, fields, headers)."""
    request, draft = make_request(), question()
    desk_page, edit = change_page(request), f"/cms/pages/{draft.pk}/edit/"
    shown = soup(tab.get(desk_page)).select_one("#updates")["data-shown"]
    draft_fields = fields_of(tab.get(edit))
    presence = EditingSession.objects.create(user=user, content_object=draft, last_seen_at=timezone.now())
    return {
        "poll of the list": ("get", f"{LIST}updates/", {}, by_script()),
        "poll of a request": ("post", f"{LIST}{request.pk}/updates/", {"shown": shown}, by_script()),
        "question how long is left": ("get", "/admin/account/left/", {}, by_script()),
        "autosave": ("post", edit, draft_fields, by_script(accept="application/json")),
        "preview is sent": ("post", f"{edit}preview/", draft_fields, by_script()),
        "preview is shown": ("get", f"{edit}preview/", {}, {"accept": "text/html", "sec-fetch-dest": "iframe"}),
        "presence": (
            "post",
            f"/cms/editing-sessions/ping/faq/questionpage/{draft.pk}/{presence.pk}/",
            {},
            by_script(),
        ),
        "something dismissed": ("patch", "/cms/dismissibles/", {}, by_script()),
        "search while typing": (
            "get",
            "/cms/pages/search/",
            {"q": "a"},
            by_script(**{"x-requested-with": "XMLHttpRequest"}),
        ),
        "page loaded in advance": ("get", LIST, {}, {"accept": "text/html", "sec-purpose": "prefetch;prerender"}),
        "picture": ("get", LIST, {}, {"accept": "image/webp,*/*", "sec-fetch-dest": "image"}),
    }


KINDS = [
    "poll of the list",
    "poll of a request",
    "question how long is left",
    "autosave",
    "preview is sent",
    "preview is shown",
    "presence",
    "something dismissed",
    "search while typing",
    "page loaded in advance",
    "picture",
]


@pytest.mark.parametrize("has_fetch_headers", [True, False], ids=["new browser", "old browser"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_scripts_do_is_no_use(tab, lena, clock, kind, has_fetch_headers):
    kinds = sent_by_scripts(tab, lena)
    assert list(kinds) == KINDS
    method, address, fields, headers = kinds[kind]
    if not has_fetch_headers:
        headers = {name: value for name, value in headers.items() if not name.startswith("sec-fetch")}
    silent = Client()
    silent.cookies = tab.cookies
    clock.shift(8 * MINUTE)
    with CaptureQueriesContext(connection) as queries:
        status = getattr(silent, method)(address, fields, headers=headers).status_code
    assert status not in (302, 404), "the address is wrong, or nobody is signed in"
    assert [query["sql"] for query in queries if query["sql"].startswith('UPDATE "staff_')] == []
    clock.shift(7 * MINUTE)
    assert tab.get(LIST).status_code == 302


@pytest.mark.parametrize(
    "headers",
    [
        {"accept": "text/html,*/*;q=0.8", "sec-fetch-dest": "document"},
        {"accept": "text/html,*/*;q=0.8"},  # a browser that sends no Sec-Fetch-Dest
    ],
)
@pytest.mark.parametrize("address", [LIST, "/admin/", "/cms/", f"{LIST}reports/"])
def test_loading_a_page_is_use(tab, clock, address, headers):
    person = Client(headers=headers)
    person.cookies = tab.cookies
    for _ in range(2):
        clock.shift(14 * MINUTE)
        assert person.get(address).status_code == 200


def test_typing_and_clicking_is_use_that_the_script_reports(tab, stopped_clock):
    clock = stopped_clock
    script = Client(headers=by_script())
    script.cookies = tab.cookies
    for _ in range(3):
        clock.shift(14 * MINUTE)
        answer = script.post("/admin/account/stay/").json()
        assert (answer["seconds"], answer["can_stay"]) == (900, True)
    clock.shift(15 * MINUTE)
    assert script.post("/admin/account/stay/").json() == {"seconds": 0, "can_stay": False, "user": "", "token": ""}


def test_script_learns_how_long_is_left_and_when_nothing_helps(tab, lena, clock):
    now = timezone.now()
    clock.move_to(now + 5 * MINUTE, tick=False)
    StaffSession.objects.update(started_at=now, last_used_at=now)
    answer = tab.get("/admin/account/left/", headers=by_script()).json()
    assert (answer["seconds"], answer["can_stay"], answer["user"]) == (600, True, str(lena.pk))
    StaffSession.objects.update(started_at=now - dt.timedelta(hours=9, minutes=53))
    answer = tab.get("/admin/account/left/", headers=by_script()).json()
    assert (answer["seconds"], answer["can_stay"]) == (120, False)


def test_another_site_can_not_report_use(tab, clock):
    strict = Client(enforce_csrf_checks=True, headers=by_script(origin="https://elsewhere.example"))
    strict.cookies = tab.cookies
    clock.shift(14 * MINUTE)
    assert strict.post("/admin/account/stay/").status_code == 403
    clock.shift(1 * MINUTE)
    assert tab.get(LIST).status_code == 302


def test_use_is_written_at_most_every_thirty_seconds(tab, clock):
    writes = []
    clock.shift(dt.timedelta(seconds=31))
    for _ in range(4):
        with CaptureQueriesContext(connection) as queries:
            tab.get("/admin/")
        writes.append(len([query for query in queries if query["sql"].startswith('UPDATE "staff_staffsession"')]))
        clock.shift(dt.timedelta(seconds=10))
    assert writes == [1, 0, 0, 1]
