"""Groups are a copy of the assignments. What nobody gave by a role is named and taken away."""

import datetime as dt

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.checks import Tags, run_checks
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from intake import access, worker
from staff import assignments, projection
from staff.models import RoleEnding, SecurityEvent

pytestmark = pytest.mark.django_db


def groups_of(user):
    return set(user.groups.values_list("name", flat=True))


def removed():
    rows = SecurityEvent.objects.filter(kind="rights_removed").order_by("account__username", "detail")
    return [(row.account.username, row.actor, row.detail) for row in rows]


def findings():
    errors = run_checks(tags=[Tags.database], databases=["default"])
    return sorted((error.id, error.msg.split()[0]) for error in errors if error.id.startswith("staff."))


@pytest.fixture
def emil(make_staff):
    return make_staff("editor", username="emil")


def test_worker_takes_away_what_no_role_explains_and_records_it(emil):
    emil.groups.add(Group.objects.get(name="lead"), Group.objects.create(name="helpers"))
    emil.user_permissions.add(Permission.objects.get(codename="change_user"))
    assert findings() == [("staff.W002", "emil")] * 3
    assert projection.repair(timezone.now()) == 1
    assert (groups_of(emil), emil.user_permissions.count(), findings()) == ({"editor"}, 0, [])
    assert removed() == [("emil", None, "lead"), ("emil", None, "other group"), ("emil", None, "permission")]
    assert (projection.repair(timezone.now()), len(removed())) == (0, 3)


def test_each_round_of_the_worker_ends_and_takes_away(transactional_db, emil, make_staff, clock):
    lena = make_staff("lead")
    until = timezone.now() + dt.timedelta(hours=1)
    assignments.give(account=emil, role="publisher", reason="Holidays", actor=lena, ends_at=until)
    emil.groups.add(Group.objects.get(name="lead"))
    clock.shift(dt.timedelta(hours=2))
    worker.work_once()
    assert (groups_of(emil), removed()) == ({"editor"}, [("emil", None, "lead")])
    assert RoleEnding.objects.get().assignment.role == "publisher"


def test_membership_alone_opens_no_request(make_staff):
    user = make_staff(username="sneaky")
    user.groups.add(Group.objects.get(name="lead"))
    assert [access.may_read_requests(user), access.may_read_access_log(user)] == [False, False]


def test_superuser_is_taken_away_in_production_and_kept_in_development(make_staff, settings):
    root = make_staff(username="root", is_superuser=True)
    assert (projection.repair(timezone.now()), findings()) == (0, [])
    settings.IN_DEVELOPMENT = False
    assert findings() == [("staff.E003", "root")]
    projection.repair(timezone.now())
    root.refresh_from_db()
    assert (root.is_superuser, removed()) == (False, [("root", None, "superuser")])


def test_worker_restores_a_group_that_a_role_explains(emil):
    emil.groups.clear()
    projection.repair(timezone.now())
    assert (groups_of(emil), removed()) == ({"editor"}, [])


def test_nothing_unexplained_costs_six_queries(emil, make_staff, django_assert_max_num_queries):
    for _number in range(5):
        make_staff("admissions", "lead")
    with django_assert_max_num_queries(6):
        assert projection.repair(timezone.now()) == 0


@pytest.mark.parametrize(("old", "new"), [("lead", "lead-old"), ("helpers", "lead")])
def test_database_refuses_to_rename_the_group_of_a_role(old, new):
    Group.objects.get_or_create(name=old)
    if old == "helpers":
        Group.objects.filter(name=new).delete()
    with pytest.raises(IntegrityError, match="keeps its name"), transaction.atomic():
        Group.objects.filter(name=old).update(name=new)


def test_check_names_missing_triggers(db):
    with connection.cursor() as cursor:
        on_table = " ON auth_group" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER refuse_renamed_role{on_table}")
    assert [finding[0] for finding in findings()] == ["staff.E004"]
