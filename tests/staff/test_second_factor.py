"""The second factor: a password alone opens nothing, and a code works once."""

import datetime as dt

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from intake import access
from intake.models import AssessmentRequest
from intake.submission import tokens
from staff import checks, roles, throttle
from staff.models import SecurityEvent, TotpDevice
from staff.second_factor import factors
from tests.html import soup
from tests.intake.support.factories import accept
from tests.staff.support import PASSWORD, code_of, enroll, give_code, give_password, sign_in_fully

Kind = SecurityEvent.Kind
CODE_PAGE, SET_UP_PAGE, SIGN_IN_PAGE = "/admin/second-factor/", "/admin/second-factor/set-up/", "/admin/login/"
RECOVERY_PAGE = "/admin/second-factor/recovery-code/"
OF_THE_SIGN_IN = (CODE_PAGE, SET_UP_PAGE, RECOVERY_PAGE)


@pytest.fixture
def required(settings):
    settings.STAFF_SECOND_FACTOR = "required"


@pytest.fixture
def lena(make_staff):
    return make_staff("lead", "admissions", "publisher", "auditor", username="lena")


@pytest.fixture
def device(lena):
    return enroll(lena)


def events():
    return list(SecurityEvent.objects.order_by("pk").values_list("kind", "account__username", "detail"))


def is_signed_in(client):
    return client.get("/admin/").status_code == 200


# What a password alone opens


def test_password_alone_signs_nobody_in(client, lena, device, required):
    response = give_password(client, lena)
    assert (response.status_code, response["Location"]) == (302, CODE_PAGE)
    assert "_auth_user_id" not in client.session
    assert not is_signed_in(client)
    assert events() == []


def test_old_session_is_asked_again_when_the_setting_changes(lena, device, client, settings):
    client.force_login(lena)
    assert is_signed_in(client)
    settings.STAFF_SECOND_FACTOR = "required"
    assert not is_signed_in(client)
    response = client.get("/cms/", follow=True)
    assert response.redirect_chain[-1][0] == "/admin/login/?next=/cms/"
    sign_in_fully(client, lena)
    assert is_signed_in(client)


def test_requests_stay_shut_even_if_the_middleware_is_gone(lena, required, settings):
    """Where requests are opened, the role counts only with a proved factor."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "SecondFactorMiddleware" not in name]
    request = accept(tokens.draw(), CALLER)
    client = Client()
    client.force_login(lena)
    assert client.get(f"/admin/intake/assessmentrequest/{request.pk}/change/").status_code == 403
    assert AssessmentRequest.objects.count() == 1
    assert access.may_read_requests(get_user_model().objects.get(pk=lena.pk))  # as in a list of colleagues


CALLER = {
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


# Codes


def test_password_and_code_sign_in_and_lead_on(client, lena, device, required):
    give_password(client, lena, "/admin/intake/assessmentrequest/")
    response = give_code(client, code_of(device))
    assert (response.status_code, response["Location"]) == (302, "/admin/intake/assessmentrequest/")
    assert is_signed_in(client)
    assert events() == [(Kind.SIGNED_IN, "lena", "totp")]


def test_code_may_be_typed_in_two_groups(client, lena, device, required):
    give_password(client, lena)
    code = code_of(device)
    assert give_code(client, f" {code[:3]} {code[3:]} ").status_code == 302


def test_wrong_code_is_refused_beside_its_field_and_recorded(client, lena, device, required):
    give_password(client, lena)
    page = soup(give_code(client, wrong_code(device)))
    field = page.find(id="id_code")
    assert (field["aria-invalid"], field["aria-describedby"]) == ("true", "id_code_error")
    assert "That code is not right" in page.find(id="id_code_error").get_text()
    assert not is_signed_in(client)
    assert events() == [(Kind.SIGN_IN_FAILED, "lena", "code")]


def wrong_code(device):
    return f"{(int(code_of(device)) + 1) % 1_000_000:06d}"


def test_used_code_is_refused(lena, device, required, stopped_clock):
    code = code_of(device)
    first, second = Client(), Client()
    give_password(first, lena)
    assert give_code(first, code).status_code == 302
    give_password(second, lena)
    assert give_code(second, code).status_code == 200
    assert not is_signed_in(second)


def test_guessed_codes_are_delayed_and_the_right_password_does_not_help(lena, device, required, stopped_clock):
    client = Client()
    statuses = []
    for number in range(60):
        if number % 5 == 0:
            give_password(client, lena)
        statuses.append(give_code(client, wrong_code(device)).status_code)
    assert statuses == [200] * 5 + [429] * 55
    response = give_code(client, code_of(device))
    assert (response.status_code, response["Retry-After"]) == (429, "2")
    assert "Too many attempts. Wait 2 seconds, then try again." in soup(response).get_text()


def test_guessed_codes_from_elsewhere_do_not_delay_the_office(lena, device, required, clock, stopped_clock):
    office, thief = Client(REMOTE_ADDR="203.0.113.7"), Client(REMOTE_ADDR="198.51.100.7")
    sign_in_fully(office, lena)
    give_password(thief, lena)
    assert [give_code(thief, wrong_code(device)).status_code for _number in range(6)][-1] == 429
    clock.shift(dt.timedelta(minutes=1))
    assert give_password(office, lena).status_code == 302
    assert give_code(office, code_of(device)).status_code == 302


def test_a_day_of_guessing_tries_few_codes(lena, device, rf, clock, stopped_clock):
    request, tried = rf.post(CODE_PAGE), 0
    end = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    request.session = Client().session
    while dt.datetime.now(dt.UTC) < end:
        try:
            with throttle.attempt("code", "lena", request):
                tried += 1
                raise ValueError
        except throttle.Delayed as delay:
            clock.shift(dt.timedelta(seconds=delay.seconds))
        except ValueError:
            pass
    assert tried < 120


# A pending sign-in


def test_pending_sign_in_ends_after_ten_minutes(client, lena, device, required, clock):
    give_password(client, lena, "/cms/")
    clock.shift(dt.timedelta(minutes=10, seconds=1))
    response = give_code(client, code_of(device))
    assert (response.status_code, response["Location"]) == (302, "/admin/login/?next=%2Fcms%2F")
    assert not is_signed_in(client)
    assert "Type your password again" in soup(client.get(response["Location"])).get_text()


@pytest.mark.parametrize("address", OF_THE_SIGN_IN)
def test_pages_without_a_password_lead_to_the_sign_in(client, lena, device, required, address):
    for response in (client.get(address), client.post(address, {"code": code_of(device), "sign_in": ""})):
        assert (response.status_code, response["Location"]) == (302, SIGN_IN_PAGE)
    assert not is_signed_in(client)


def test_code_of_one_account_does_not_finish_the_sign_in_of_another(client, lena, device, required, make_staff):
    """In two tabs of a browser, two people begin. The form of the first can't finish for the second."""
    amal = make_staff("admissions", username="amal")
    enroll(amal)
    give_password(client, lena)
    of_lena = client.session["pending_sign_in"]["id"]
    give_password(client, amal)
    response = client.post(CODE_PAGE, {"code": code_of(device), "sign_in": of_lena})
    assert (response.status_code, response["Location"]) == (302, CODE_PAGE)
    assert give_code(client, code_of(device)).status_code == 200
    assert not is_signed_in(client)


def test_pending_sign_in_ends_when_the_password_or_the_account_changes(client, lena, device, required):
    give_password(client, lena)
    lena.set_password("another password for tests")
    lena.save()
    assert give_code(client, code_of(device))["Location"] == f"{SIGN_IN_PAGE}?next=%2Fadmin%2F"
    lena.set_password(PASSWORD)
    lena.save()
    give_password(client, lena)
    get_user_model().objects.filter(pk=lena.pk).update(is_active=False)
    assert give_code(client, code_of(device))["Location"] == f"{SIGN_IN_PAGE}?next=%2Fadmin%2F"


def test_session_gets_a_new_key_at_both_steps(client, lena, device, required):
    client.get(SIGN_IN_PAGE)
    keys = {planted := client.session.session_key or "planted"}
    client.cookies["sessionid"] = planted
    give_password(client, lena)
    keys.add(client.session.session_key)
    give_code(client, code_of(device))
    keys.add(client.session.session_key)
    assert len(keys) == 3


def test_next_to_another_site_leads_to_the_front_page(client, lena, device, required):
    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        TotpDevice.objects.update(last_t=-1)
        give_password(client, lena, target)
        assert (target, give_code(client, code_of(device))["Location"]) == (target, "/admin/")


def test_starting_to_sign_in_signs_out_whoever_was_signed_in(client, lena, device, make_staff):
    client.force_login(make_staff("admissions", username="amal"))
    give_password(client, lena)
    assert not is_signed_in(client)


def test_refused_sign_ins_look_alike(client, lena, device, required):
    """An unknown name, a wrong password, and the right one of someone who is no staff."""
    get_user_model().objects.create_user("visitor", password=PASSWORD)
    answers = set()
    for name, password in (("nobody", PASSWORD), ("lena", "wrong"), ("visitor", PASSWORD)):
        response = client.post(SIGN_IN_PAGE, {"username": name, "password": password})
        answers.add((response.status_code, soup(response).get_text().replace(name, "")))
    assert len(answers) == 1


# Setting up


def test_without_a_factor_only_the_set_up_page_opens(client, lena, required):
    assert give_password(client, lena)["Location"] == CODE_PAGE
    assert client.get(CODE_PAGE)["Location"] == SET_UP_PAGE
    page = soup(client.get(SET_UP_PAGE))
    assert [heading.get_text() for heading in page.find_all("h1")] == ["Set up your second factor"]
    assert page.find("img", class_="qr")["src"].startswith("data:image/svg+xml")
    assert "QR code" in page.find("img", class_="qr")["alt"]
    assert not is_signed_in(client)


def test_set_up_stores_signs_in_and_shows_recovery_codes_once(client, lena, required):
    give_password(client, lena, "/admin/intake/assessmentrequest/")
    response = set_up(client, lena)
    codes = [item.get_text() for item in soup(response).select(".codes li")]
    assert len(set(codes)) == 10
    assert soup(response).find("a", class_="button")["href"] == "/admin/intake/assessmentrequest/"
    assert response["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert is_signed_in(client)
    assert events() == [(Kind.FACTOR_ADDED, "lena", "totp"), (Kind.SIGNED_IN, "lena", "totp")]
    assert set_up_again(client).status_code == 302


def set_up(client, user):
    key = soup(client.get(SET_UP_PAGE)).find(class_="key").get_text()
    seed = client.session["second_factor_seed"]["seed"]
    app = factors.app_to_set_up(user, seed)
    assert key.replace(" ", "") in app.config_url
    return give_code(client, code_of(app), SET_UP_PAGE)


def set_up_again(client):
    return client.post(SET_UP_PAGE, {"code": "123456", "sign_in": "old"})


def test_key_stays_the_same_until_the_code_is_right(client, lena, required):
    give_password(client, lena)
    key = soup(client.get(SET_UP_PAGE)).find(class_="key").get_text()
    response = give_code(client, "12 34", SET_UP_PAGE)
    assert "Enter the 6 digits" in soup(response).find(id="id_code_error").get_text()
    assert soup(response).find(class_="key").get_text() == key
    assert not factors.is_enrolled(lena)


def test_password_alone_never_adds_a_factor_beside_another(client, lena, required):
    """Someone with a stolen password opens the set-up page before the owner has a factor, and sends it after."""
    give_password(client, lena)
    client.get(SET_UP_PAGE)
    thief_app = factors.app_to_set_up(lena, client.session["second_factor_seed"]["seed"])
    enroll(lena)
    assert give_code(client, code_of(thief_app), SET_UP_PAGE)["Location"] == CODE_PAGE
    assert not factors.set_up_app(None, thief_app, code_of(thief_app), may_replace=False)
    assert factors.apps_of(lena).count() == 1


# In development


def test_optional_factor_is_asked_once_it_is_set_up(client, lena):
    give_password(client, lena)
    assert is_signed_in(client)
    assert events() == [(Kind.SIGNED_IN, "lena", "password")]
    device, second = enroll(lena), Client()
    assert give_password(second, lena)["Location"] == CODE_PAGE
    assert not is_signed_in(second)
    assert give_code(second, code_of(device)).status_code == 302
    assert is_signed_in(second)


def test_roles_need_a_proved_factor(lena, required):
    lena.is_verified = lambda: False
    assert roles.roles_of(lena) == frozenset()
    lena.is_verified = lambda: True
    assert roles.LEAD in roles.roles_of(lena)


# What says whether it is on


def test_pages_say_that_the_second_factor_is_off(client, lena, settings):
    client.force_login(lena)
    for place in ("/admin/", "/cms/"):
        assert "The second factor is off" in soup(client.get(place)).find("aside").get_text()
    assert "The second factor is off" not in soup(Client().get(SIGN_IN_PAGE)).get_text()
    settings.STAFF_SECOND_FACTOR = "required"
    sign_in_fully(client, lena)
    for place in ("/admin/", "/cms/"):
        page = client.get(place)
        assert (page.status_code, "The second factor is off" in page.content.decode()) == (200, False)


def test_check_names_a_site_that_asks_nobody_for_it(settings):
    settings.STAFF_SECOND_FACTOR = "required"
    assert checks.second_factor_is_asked(None) == []
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "SecondFactorMiddleware" not in name]
    assert [found.id for found in checks.second_factor_is_asked(None)] == ["staff.E002"]
