"""Who makes and changes accounts, what they can't do, and what is left behind."""

import datetime as dt

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db.models import ProtectedError
from django.test import Client

from staff import assignments, roles
from staff.models import EventMail, RoleEnding, SecurityEvent, SetUpLink
from tests.html import forms_on, soup

User = get_user_model()
ACCOUNTS = "/admin/auth/user/"
NEW = {"username": "maria", "first_name": "Maria", "last_name": "Ruiz", "email": "maria@example.org"}
PASSWORD = "a password for tests"

pytestmark = pytest.mark.django_db


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def manager(make_staff):
    return signed_in(make_staff("administrator", username="amal", email="amal@example.org"))


@pytest.fixture
def lena(make_staff):
    return make_staff("lead", username="lena", email="lena@example.org")


def page(account, name="change"):
    return f"{ACCOUNTS}{account.pk}/{name}/"


def recorded(*fields):
    return list(SecurityEvent.objects.exclude(kind="signed_in").order_by("pk").values_list(*fields))


def everything_about(account):
    row = User.objects.filter(pk=account.pk).values().get()
    return row | {"groups": sorted(account.groups.values_list("name", flat=True))}


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        (["lead"], 200),
        (["administrator"], 200),
        (["admissions", "editor", "publisher", "reviewer", "auditor"], 403),
        ([], 403),
    ],
)
def test_leads_and_administrators_open_the_accounts(make_staff, lena, roles, status):
    client = signed_in(make_staff(*roles))
    for address in (ACCOUNTS, f"{ACCOUNTS}add/", page(lena), page(lena, "send-link"), page(lena, "deactivate")):
        assert (address, client.get(address).status_code) == (address, status)
    assert ("Users" in client.get("/admin/").content.decode()) == (status == 200)


@pytest.mark.parametrize(("in_development", "status"), [(True, 200), (False, 403)])
def test_superuser_opens_the_accounts_in_development_only(make_staff, settings, in_development, status):
    settings.IN_DEVELOPMENT = in_development
    assert signed_in(make_staff(is_superuser=True)).get(ACCOUNTS).status_code == status


def test_permissions_of_django_do_not_open_the_accounts(make_staff, lena):
    user = make_staff("editor")
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="auth"))
    client = signed_in(user)
    assert client.get(page(lena)).status_code == 403
    assert client.post(page(lena), NEW | {"is_superuser": "on"}).status_code == 403


def test_signed_out_visitor_is_asked_to_sign_in(client, lena):
    for address in (ACCOUNTS, page(lena), page(lena, "send-link"), page(lena, "deactivate"), page(lena, "reactivate")):
        assert client.get(address)["Location"].startswith("/admin/login/")


def test_new_account_has_no_password_and_gets_a_link(manager):
    manager.post(f"{ACCOUNTS}add/", NEW)
    maria = User.objects.get(username="maria")
    assert (maria.has_usable_password(), maria.is_staff, maria.is_active, maria.is_superuser) == (
        False,
        True,
        True,
        False,
    )
    assert SetUpLink.objects.get().account == maria
    assert recorded("kind", "actor__username", "account__username") == [
        ("account_created", "amal", "maria"),
        ("link_sent", "amal", "maria"),
    ]
    assert EventMail.objects.count() == 2


def test_account_needs_an_email_address_of_its_own(manager, lena):
    for email, sentence in (("", "This field is required."), ("LENA@example.org", "lena already has this email")):
        answer = manager.post(f"{ACCOUNTS}add/", NEW | {"email": email})
        assert sentence in soup(answer).get_text()
        assert "Maria" in answer.content.decode()
    assert User.objects.filter(username="maria").exists() is False


def test_only_four_fields_can_be_entered(manager, lena):
    for address in (f"{ACCOUNTS}add/", page(lena)):
        form = next(form for form in forms_on(manager.get(address)) if "username" in form.fields)
        assert form.fields.keys() - {"csrfmiddlewaretoken"} == NEW.keys()


SMUGGLED = {
    "is_superuser": "on",
    "is_staff": "",
    "is_active": "",
    "password": "argon2$x",
    "password1": "violet ladder quiet harbor",
    "password2": "violet ladder quiet harbor",
    "usable_password": "true",
    "date_joined_0": "2000-01-01",
    "last_login_0": "2000-01-01",
    "id": "1",
    "staff_roles": "lead",
}


@pytest.mark.parametrize("is_new", [True, False])
def test_rights_and_password_that_are_posted_change_nothing(manager, lena, is_new):
    """Mass assignment: what no field shows is not stored."""
    every = [str(pk) for pk in Group.objects.values_list("pk", flat=True)]
    permissions = [str(pk) for pk in Permission.objects.order_by("pk").values_list("pk", flat=True)[:5]]
    smuggled = SMUGGLED | {"groups": every, "user_permissions": permissions}
    before = everything_about(lena)
    if is_new:
        manager.post(f"{ACCOUNTS}add/", NEW | smuggled)
        maria = User.objects.get(username="maria")
        assert (maria.is_superuser, maria.is_staff, maria.is_active) == (False, True, True)
        assert (maria.groups.count(), maria.user_permissions.count(), maria.has_usable_password()) == (0, 0, False)
    else:
        posted = {"username": "lena", "first_name": "Lena", "last_name": "", "email": "lena@example.org"}
        manager.post(page(lena), posted | smuggled)
        assert everything_about(lena) == before | {"first_name": "Lena"}


def test_nobody_sets_the_password_of_a_colleague(manager, lena):
    """Someone who manages accounts sets the lead's password and signs in as her: no page lets them."""
    new = "violet ladder quiet harbor"
    posted = {"password1": new, "password2": new, "new_password1": new, "new_password2": new, "old_password": PASSWORD}
    for name in ("password", "change", "set-password", "roles/password"):
        manager.post(page(lena, name), posted | NEW | {"username": "lena"})
    manager.post("/admin/password_change/", posted | {"user": str(lena.pk), "id": str(lena.pk)})
    for kind in ("users", "account", "password_reset"):
        manager.post(f"/cms/{kind}/{lena.pk}/", posted)
    lena.refresh_from_db()
    assert (lena.check_password(PASSWORD), lena.check_password(new)) == (True, False)
    assert Client().login(username="lena", password=new) is False


def test_no_page_deletes_an_account_or_changes_a_group(manager, lena):
    group = Group.objects.get(name="lead")
    for address in (page(lena, "delete"), f"/admin/auth/group/{group.pk}/change/", "/admin/auth/group/"):
        assert manager.get(address).status_code in (403, 404)
        assert manager.post(address, {"post": "yes", "name": "editor"}).status_code in (403, 404)
    manager.post(ACCOUNTS, {"action": "delete_selected", "_selected_action": [lena.pk], "post": "yes"})
    assert User.objects.filter(pk=lena.pk).exists()
    assert "delete" not in manager.get(page(lena)).content.decode().lower()
    assert admin.site.is_registered(Group) is False


def test_account_with_a_trace_can_not_be_deleted_at_all(manager):
    """A throw-away account and what it did stay, even for someone with a Python shell."""
    manager.post(f"{ACCOUNTS}add/", NEW)
    with pytest.raises(ProtectedError):
        User.objects.get(username="maria").delete()


def test_changed_email_address_is_recorded_and_mailed_to_the_old_one(manager, lena):
    manager.post(page(lena), {"username": "lena", "email": "mine@example.org"})
    assert recorded("kind", "actor__username", "account__username", "detail") == [
        ("account_changed", "amal", "lena", "email")
    ]
    assert EventMail.objects.get().left_to == ["amal@example.org", "lena@example.org", "mine@example.org"]


def test_renamed_account_is_mailed_with_its_old_name(manager, lena):
    manager.post(page(lena), {"username": "bob", "first_name": "Bob", "email": "lena@example.org"})
    mail = EventMail.objects.get()
    assert (mail.account_name, mail.name_before) == ("Bob (bob)", "lena")
    assert "lena" not in SecurityEvent.objects.get(kind="account_changed").detail


@pytest.mark.parametrize("username", ["lena\u0430", "l\u00e9na", "LENA", "le na", "lena\n\nx"])
def test_username_that_looks_like_another_is_refused(manager, lena, make_staff, username):
    other = make_staff(username="olga", email="olga@example.org")
    assert manager.post(f"{ACCOUNTS}add/", NEW | {"username": username}).status_code == 200
    assert manager.post(page(other), NEW | {"username": username}).status_code == 200
    assert sorted(User.objects.values_list("username", flat=True)) == ["amal", "lena", "olga"]


@pytest.mark.parametrize("field", ["first_name", "last_name"])
@pytest.mark.parametrize("name", ["Maria\nBy: the site", "Maria\r\nx", "Ma\u2028ria", "Ma\u202eria", "Ma\x07ria"])
def test_name_with_a_line_break_or_invisible_characters_is_refused(manager, field, name):
    answer = manager.post(f"{ACCOUNTS}add/", NEW | {field: name})
    assert "Enter the name in one line" in soup(answer).get_text()
    assert User.objects.filter(username="maria").exists() is False


def test_name_of_any_script_is_accepted(manager):
    names = {"first_name": "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "last_name": "O'Brien-Nu\u00f1ez"}
    manager.post(f"{ACCOUNTS}add/", NEW | names)
    assert User.objects.filter(username="maria", **names).exists()


def test_saved_without_a_change_records_nothing(manager, lena):
    manager.post(page(lena), {"username": "lena", "email": "lena@example.org"})
    assert recorded("kind") == []


def test_deactivated_account_is_signed_out_at_once_and_can_not_sign_in(manager, lena):
    her = signed_in(lena)
    assert her.get("/admin/").status_code == 200
    manager.post(page(lena, "deactivate"), {"reason": "left"})
    assert her.get("/admin/").status_code == 302
    assert her.post("/admin/login/", {"username": "lena", "password": PASSWORD}).status_code == 200
    assert recorded("kind", "actor__username", "account__username", "detail")[0] == (
        "account_deactivated",
        "amal",
        "lena",
        "left",
    )


def test_deactivation_ends_all_roles_and_reactivation_gives_none_back(manager, lena, make_staff):
    otto = make_staff("lead", username="otto", email="otto@example.org")
    assignments.give(account=lena, role="auditor", reason="Audit", actor=otto)
    manager.post(page(lena, "deactivate"), {"reason": "left"})
    assert recorded("kind", "actor__username", "account__username", "detail")[1:] == [
        ("account_deactivated", "amal", "lena", "left"),
        ("role_ended", "amal", "lena", "lead"),
        ("role_refused", "amal", "lena", "auditor"),
    ]
    ended = RoleEnding.objects.values_list("ended_by__username", "reason")
    assert list(ended) == [("amal", "Account deactivated")] * 2
    addresses = ["amal@example.org", "lena@example.org", "otto@example.org"]
    assert EventMail.objects.get(event__kind="account_deactivated").left_to == addresses
    manager.post(page(lena, "reactivate"))
    lena = User.objects.get(pk=lena.pk)
    assert (lena.is_active, set(roles.roles_of(lena)), lena.groups.count()) == (True, set(), 0)
    assert not assignments.to_confirm(otto)


def test_session_from_before_a_deactivation_stays_ended_after_it_is_undone(manager, lena):
    her = signed_in(lena)
    manager.post(page(lena, "deactivate"), {"reason": "mistake"})
    manager.post(page(lena, "reactivate"))
    assert her.get("/admin/").status_code == 302
    assert her.post("/admin/login/", {"username": "lena", "password": PASSWORD}).status_code == 302
    assert ("account_reactivated", "amal", "lena") in recorded("kind", "actor__username", "account__username")


def test_deactivation_asks_for_a_reason_and_changes_nothing_on_get(manager, lena):
    assert "Someone else may have used the account" in soup(manager.get(page(lena, "deactivate"))).get_text()
    answer = manager.post(page(lena, "deactivate"), {"reason": "typed words"})
    assert "Select a valid choice." in soup(answer).get_text()
    lena.refresh_from_db()
    assert lena.is_active


def test_second_press_says_that_nothing_changed(manager, lena):
    for _press in range(2):
        answer = manager.post(page(lena, "deactivate"), {"reason": "left"}, follow=True)
    assert "Nothing changed: the account is deactivated already." in soup(answer).get_text()
    assert [kind for (kind,) in recorded("kind")].count("account_deactivated") == 1


def test_nobody_deactivates_themselves_or_sends_themselves_a_link(make_staff):
    amal = make_staff("administrator", username="amal", email="amal@example.org")
    client = signed_in(amal)
    for name in ("deactivate", "send-link", "reactivate"):
        answer = client.post(page(amal, name), {"reason": "left"}, follow=True)
        assert "You can't do this to your own account." in soup(answer).get_text()
    assert "deactivate/" not in client.get(page(amal)).content.decode()
    assert (User.objects.get(pk=amal.pk).is_active, SetUpLink.objects.count()) == (True, 0)


def test_actions_need_a_csrf_token(lena, make_staff):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_staff("lead"))
    for name in ("deactivate", "send-link", "reactivate"):
        assert client.post(page(lena, name), {"reason": "left"}).status_code == 403
    lena.refresh_from_db()
    assert lena.is_active


@pytest.mark.parametrize("lookup", ["password__startswith", "is_superuser", "set_up_links__token_hash__startswith"])
def test_list_answers_no_question_about_hidden_fields(manager, lookup):
    assert manager.get(ACCOUNTS, {lookup: "1"}).status_code == 400
    assert manager.get(ACCOUNTS, {"is_active__exact": "1"}).status_code == 200


def test_old_sign_in_is_confirmed_before_anything_changes(manager, lena, clock, settings):
    settings.STAFF_FRESH_MINUTES = 10
    clock.shift(dt.timedelta(minutes=11))
    posts = {
        f"{ACCOUNTS}add/": NEW,
        page(lena): {"username": "lena", "email": "mine@example.org"},
        page(lena, "send-link"): {"x": "1"},
        page(lena, "deactivate"): {"reason": "left"},
    }
    for address, fields in posts.items():
        answer = manager.post(address, fields)
        assert (address, answer.status_code) == (address, 403)
        assert "Confirm that it is you" in soup(answer).get_text()
    assert recorded("kind") == []
    confirmed = manager.post(page(lena, "deactivate"), {"reason": "left", "confirm_password": PASSWORD})
    assert confirmed.status_code == 302
    lena.refresh_from_db()
    assert lena.is_active is False


def test_list_of_accounts_costs_the_same_for_many(manager, make_staff, django_assert_max_num_queries):
    for _number in range(12):
        make_staff("editor", "publisher")
    with django_assert_max_num_queries(10):
        text = soup(manager.get(ACCOUNTS)).get_text()
    assert "Editor: writes drafts" in text
