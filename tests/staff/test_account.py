"""Everyone sees where they are signed in and signs out elsewhere; leads and administrators sign out colleagues."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from staff.keyed_hash import keyed_hash
from staff.models import SecurityEvent, StaffSession
from staff.sessions import endings
from tests.html import forms_on, soup
from tests.intake.support.helpers import LIST
from tests.staff.session_helpers import PASSWORD, ended, key_of, opens, signed_in

pytestmark = pytest.mark.django_db
ACCOUNT = "/admin/account/"
OFFICE, ELSEWHERE = "203.0.113.7", "198.51.100.7"


@pytest.fixture
def ben(make_staff):
    return make_staff("admissions", username="ben")


@pytest.fixture
def lena(make_staff):
    return make_staff("lead", username="lena")


def at(address, user):
    client = Client(REMOTE_ADDR=address)
    client.post("/admin/login/", {"username": user.username, "password": PASSWORD})
    return client


def lines(client, label="own-sessions"):
    items = soup(client.get(ACCOUNT)).select(f"ul[aria-labelledby={label}] li > p")
    return [[line.strip() for line in item.get_text().strip().splitlines() if line.strip()] for item in items]


def press(client, path, **fields):
    """Press the button of the form with this address on the account page."""
    (form,) = [
        form for form in forms_on(client.get(ACCOUNT)) if form.action == path and fields.items() <= form.fields.items()
    ]
    return client.post(path, form.fields)


def test_list_shows_each_session_with_its_times_and_whether_it_is_this_one(ben, clock):
    home = at(ELSEWHERE, ben)
    clock.shift(dt.timedelta(hours=1))
    office = at(OFFICE, ben)
    assert lines(office) == [
        ["Since Nov 24, 11:00 AM (this browser)", "Last used Nov 24, 11:00 AM", "The same network as now"],
        ["Since Nov 24, 10:00 AM", "Last used Nov 24, 10:00 AM", "Another network"],
    ]
    assert [line[2] for line in lines(home)] == ["Another network", "The same network as now"]


def test_header_of_every_page_links_to_the_account_and_to_the_password(ben):
    tools = soup(at(OFFICE, ben).get(LIST)).select("#user-tools a")
    assert {"/admin/account/", "/admin/password_change/"} <= {link["href"] for link in tools}


def test_one_session_is_signed_out_from_another(ben):
    home, office, phone = at(ELSEWHERE, ben), at(OFFICE, ben), at(ELSEWHERE, ben)
    lost = keyed_hash("session", key_of(phone))
    press(office, "/admin/account/end/", session=lost)
    assert [opens(key_of(client)) for client in (home, office, phone)] == [True, True, False]
    assert ended() == [("self", "ben", "ben")]


def test_stolen_cookie_opens_nothing_after_sign_out_everywhere_else(ben):
    thief, office = at(ELSEWHERE, ben), at(OFFICE, ben)
    stolen = key_of(thief)
    assert opens(stolen)
    done = press(office, "/admin/account/end-others/")
    assert (done.status_code, done["Location"]) == (302, ACCOUNT)
    assert "Signed out in 1 place." in office.get(ACCOUNT).content.decode()
    assert (opens(stolen), opens(key_of(office)), len(lines(office))) == (False, True, 1)
    assert ended() == [("self", "ben", "ben")]


def test_own_session_ends_like_a_sign_out(ben):
    office = at(OFFICE, ben)
    key = key_of(office)
    done = press(office, "/admin/account/end/")
    assert (done["Location"], done["Clear-Site-Data"]) == ("/admin/login/", '"cache", "storage"')
    assert (opens(key), StaffSession.objects.filter(user=ben).count()) == (False, 0)


def test_nobody_ends_a_session_of_someone_else_by_its_number(ben, lena):
    office, hers = at(OFFICE, ben), at(OFFICE, lena)
    row = StaffSession.objects.get(user=lena)
    done = office.post("/admin/account/end/", {"session": row.pk})
    assert (done.status_code, opens(key_of(hers)), ended()) == (302, True, [])


@pytest.mark.parametrize(
    ("role", "status"), [("lead", 302), ("administrator", 302), ("admissions", 403), ("auditor", 403), ("editor", 403)]
)
def test_only_leads_and_administrators_sign_out_a_colleague(make_staff, ben, role, status):
    key = key_of(at(OFFICE, ben))
    someone = at(OFFICE, make_staff(role, username="someone"))
    page = someone.get(ACCOUNT).content.decode()
    assert ("Colleagues who are signed in" in page) == (status == 302)
    done = someone.post(f"/admin/account/{ben.pk}/end/")
    assert (done.status_code, opens(key)) == (status, status == 403)
    assert ended() == ([("colleague", "ben", "someone")] if status == 302 else [])


def test_lead_sees_who_is_signed_in_and_signs_them_out_everywhere(ben, lena):
    at(ELSEWHERE, ben), at(OFFICE, ben)
    desk = at(OFFICE, lena)
    assert lines(desk, "colleagues") == [["ben", "In 2 places", "Last used Nov 24, 10:00 AM"]]
    press(desk, f"/admin/account/{ben.pk}/end/")
    page = desk.get(ACCOUNT).content.decode()
    assert ("Signed out in 2 places. (ben)" in page, "Nobody else is signed in now." in page) == (True, True)
    assert ended() == [("colleague", "ben", "lena")] * 2


def test_lead_who_ends_their_own_keeps_the_one_in_use(lena):
    at(ELSEWHERE, lena)
    desk = at(OFFICE, lena)
    desk.post(f"/admin/account/{lena.pk}/end/")
    assert (StaffSession.objects.count(), ended()) == (1, [("self", "lena", "lena")])


def test_session_that_two_requests_end_is_recorded_once(ben):
    signed_in(ben)
    row = StaffSession.objects.get()
    assert (endings.end(row, "idle"), endings.end(row, "idle")) == (True, False)
    assert ended() == [("idle", "ben", None)]


@pytest.mark.parametrize("path", ["", "end/", "end-others/", "1/end/"])
def test_account_page_needs_a_sign_in(client, path):
    method = client.post if path else client.get
    response = method(ACCOUNT + path)
    assert (response.status_code, response["Location"].split("?")[0]) == (302, "/admin/login/")


@pytest.mark.parametrize("path", ["end/", "end-others/", "1/end/", "stay/"])
def test_sessions_end_by_post_only(ben, path):
    assert at(OFFICE, ben).get(ACCOUNT + path).status_code == 405


def test_command_signs_out_one_colleague_or_everyone(make_staff, capsys):
    lena, ben = make_staff("lead", username="lena"), make_staff("admissions", username="ben")
    clients = {user.username: Client() for user in (lena, ben)}
    for user in (lena, ben):
        clients[user.username].force_login(user)
    call_command("end_sessions", "ben")
    assert [clients[name].get("/admin/").status_code for name in ("lena", "ben")] == [200, 302]
    call_command("end_sessions", "--all")
    assert clients["lena"].get("/admin/").status_code == 302
    assert capsys.readouterr().out.splitlines() == ["Sessions ended: 1", "Sessions ended: 1"]
    ended = SecurityEvent.objects.filter(kind="session_ended").order_by("pk")
    assert list(ended.values_list("account__username", "actor")) == [("ben", None), ("lena", None)]
    with pytest.raises(CommandError, match="No account has this username"):
        call_command("end_sessions", "nobody")
