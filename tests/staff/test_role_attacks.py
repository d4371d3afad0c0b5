"""What someone with a powerful account can try, and what is left of it afterwards."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError
from django.test import Client
from django.utils import timezone

from intake import access
from staff import assignments, projection, roles
from staff.models import RoleAssignment, SecurityEvent
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import LIST, change_page

pytestmark = pytest.mark.django_db

User = get_user_model()
PASSWORD = "a password for tests"


@pytest.fixture
def lena(make_staff):
    return make_staff("lead", username="lena")


@pytest.fixture
def otto(make_staff):
    return make_staff("auditor", username="otto")


@pytest.fixture
def ada(make_staff):
    return make_staff("administrator", username="ada")


@pytest.fixture
def root(make_staff):
    return make_staff(username="root", is_superuser=True)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def post(user, address, **fields):
    """Post what the attacker likes, and return the status."""
    return signed_in(user).post(address, fields).status_code


def fresh(user):
    return User.objects.get(pk=user.pk)


def rights_of(user):
    """Everything about an account that could open something."""
    account = fresh(user)
    return {
        "superuser": account.is_superuser,
        "roles": set(roles.roles_of(account)),
        "groups": set(account.groups.values_list("name", flat=True)),
        "permissions": account.user_permissions.count(),
    }


NOTHING = {"superuser": False, "roles": set(), "groups": set(), "permissions": 0}


def trail_of(account):
    """Who did what with the roles of an account, as the security log tells it."""
    events = SecurityEvent.objects.filter(account=account, kind__startswith="role_").order_by("pk")
    return [(event.kind, event.actor.username, event.detail) for event in events]


# A throw-away account that gives, takes and is deleted


def test_throw_away_account_leaves_rows_that_name_everyone(ada, otto, lena):
    """Two colleagues together can do it, but not without a trace."""
    thrown = User.objects.create_user("thrown", password=PASSWORD, is_staff=True)
    asked = assignments.give(account=thrown, role="administrator", reason="Help", actor=ada)
    assignments.confirm(asked.pk, actor=otto)
    thrown = fresh(thrown)
    wanted = assignments.give(account=ada, role="lead", reason="Help", actor=thrown)
    assert not access.may_read_requests(fresh(ada))
    assignments.confirm(wanted.pk, actor=otto)
    request = make_request()
    assert signed_in(ada).get(change_page(request)).status_code == 200
    assignments.end(wanted.pk, actor=thrown, reason="Done")
    signed_in(lena).post(f"/admin/auth/user/{thrown.pk}/delete/", {"post": "yes"})
    signed_in(ada).post(f"/admin/auth/user/{thrown.pk}/delete/", {"post": "yes"})
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM staff_roleassignment WHERE account_id = %s", [ada.pk])
    assert fresh(thrown).username == "thrown"
    assert trail_of(ada) == [
        ("role_requested", "thrown", "lead"),
        ("role_given", "otto", "lead"),
        ("role_ended", "thrown", "lead"),
    ]
    assert trail_of(thrown)[0] == ("role_requested", "ada", "administrator")


def test_account_with_a_role_or_an_event_is_never_deleted(lena):
    with pytest.raises(ProtectedError, match="protected foreign keys"):
        lena.delete()


def test_one_person_alone_makes_no_powerful_account(ada):
    thrown = User.objects.create_user("thrown", password=PASSWORD, is_staff=True)
    for role in ("lead", "auditor", "administrator"):
        asked = assignments.give(account=thrown, role=role, reason="Help", actor=ada)
        for actor in (ada, fresh(thrown)):
            with pytest.raises(assignments.RoleRefused):
                assignments.confirm(asked.pk, actor=actor)
    assert rights_of(thrown) == NOTHING


def test_superuser_gives_no_role_to_anyone(root, make_staff):
    other = make_staff(username="other")
    for account in (other, root):
        status = post(root, f"/admin/auth/user/{account.pk}/roles/", action="give", role="lead", reason="Help")
        assert status == 403
        with pytest.raises(assignments.RoleRefused):
            assignments.give(account=account, role="editor", reason="Help", actor=root)
    assert not RoleAssignment.objects.exists()


# Renamed groups


def test_groups_have_no_page_at_all(root, lena, ada):
    group = Group.objects.get(name="editor")
    for user in (root, lena, ada):
        for address in ("/admin/auth/group/", f"/admin/auth/group/{group.pk}/change/", "/admin/auth/group/add/"):
            assert (address, post(user, address, name="lead")) == (address, 404)
    assert set(Group.objects.values_list("name", flat=True)) == set(roles.ROLES)


def test_renamed_groups_open_no_request(make_staff):
    """The database refuses the new name. Even without that trigger, a name gives nothing, and the worker removes it."""
    editor, request = make_staff("editor", username="emil"), make_request()
    with connection.cursor() as cursor:
        on_table = " ON auth_group" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER refuse_renamed_role{on_table}")
    Group.objects.filter(name="lead").update(name="lead-old")
    Group.objects.filter(name="editor").update(name="lead")
    for address in (LIST, change_page(request)):
        assert signed_in(editor).get(address).status_code == 403
    projection.repair(timezone.now())
    assert rights_of(editor)["groups"] == set()
    assert SecurityEvent.objects.filter(kind="rights_removed", account=editor, detail="lead").exists()


# The password of another


def test_nobody_sets_the_password_of_another(root, lena, ada, make_staff):
    other = make_staff("lead", username="olga")
    new = {"password1": "an attacker's long password", "password2": "an attacker's long password"}
    for user in (root, lena, ada):
        for address in (f"/admin/auth/user/{other.pk}/password/", f"/admin/auth/user/{other.pk}/change/"):
            post(user, address, username="olga", email="olga@example.org", usable_password="true", **new)
    assert fresh(other).check_password(PASSWORD)


# The permission to change users


@pytest.mark.parametrize("who", ["editor with change_user", "administrator", "lead", "superuser"])
def test_page_of_an_account_gives_no_rights(who, make_staff, lena):
    user = (
        make_staff("editor" if who.startswith("editor") else who)
        if who != "superuser"
        else make_staff(is_superuser=True)
    )
    if who.startswith("editor"):
        user.user_permissions.set(Permission.objects.filter(content_type__app_label="auth"))
    target = make_staff(username="target")
    before = rights_of(user)
    everything = {
        "is_superuser": "on",
        "is_staff": "on",
        "is_active": "on",
        "groups": list(Group.objects.values_list("pk", flat=True)),
        "user_permissions": list(Permission.objects.values_list("pk", flat=True)[:5]),
        "date_joined_0": "2026-11-24",
        "date_joined_1": "10:00",
    }
    for account in (target, user):
        typed = {"username": account.username, "email": f"{account.username}@example.org"} | everything
        post(user, f"/admin/auth/user/{account.pk}/change/", **typed)
    assert (rights_of(target), rights_of(user)) == (NOTHING, before)
    projection.repair(timezone.now())
    assert rights_of(user)["permissions"] == 0


# The pages for accounts that the CMS brings along


@pytest.mark.parametrize("who", ["publisher", "administrator", "superuser"])
@pytest.mark.parametrize(
    "address",
    [
        "users/",
        "users/new/",
        "users/{user}/",
        "users/edit/{user}/",
        "users/delete/{user}/",
        "groups/",
        "groups/new/",
        "groups/edit/{group}/",
        "groups/delete/{group}/",
        "bulk/auth/user/assign_role/?id={user}",
        "bulk/auth/user/delete/?id={user}",
        "bulk/auth/user/set_active_state/?id={user}",
        "account/",
    ],
)
def test_pages_of_the_cms_for_accounts_are_not_there(who, address, make_staff):
    user = make_staff(is_superuser=True) if who == "superuser" else make_staff(who)
    target, group = make_staff(username="target"), Group.objects.get(name="lead")
    typed = {"username": "target", "is_superuser": "on", "groups": [group.pk], "role": group.pk, "name": "renamed"}
    path = "/cms/" + address.format(user=target.pk, group=group.pk)
    expected = 403 if who == "administrator" else 404  # whether the address exists or not
    assert (signed_in(user).get(path).status_code, post(user, path, **typed)) == (expected, expected)
    assert (rights_of(target), Group.objects.filter(name="lead").exists()) == (NOTHING, True)
