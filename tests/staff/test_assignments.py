"""Roles are given, confirmed, refused and ended by others, and every change stays on record."""

import contextlib
import datetime as dt
from functools import partial

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from intake import access
from staff import assignments, roles
from staff.models import RoleAssignment, RoleConfirmation, RoleEnding, SecurityEvent
from tests import staff_roles
from tests.intake.support.at_once import at_once

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def lena(make_staff):
    return make_staff("lead", username="lena")


@pytest.fixture
def ada(make_staff):
    return make_staff("administrator", username="ada")


@pytest.fixture
def sam(make_staff):
    return make_staff(username="sam")


def fresh(user):
    """The user as the next HTTP request reads them."""
    return type(user).objects.get(pk=user.pk)


def roles_of(user):
    return set(roles.roles_of(fresh(user)))


def groups_of(user):
    return set(user.groups.values_list("name", flat=True))


def events_of(account):
    rows = SecurityEvent.objects.filter(account=account).order_by("pk")
    return [(row.kind, row.actor and row.actor.username, row.detail) for row in rows]


def give(account, role, actor, **more):
    return assignments.give(account=account, role=role, reason="Joins the team", actor=actor, **more)


def or_refused(change, *parts, **more):
    with contextlib.suppress(assignments.RoleRefused):
        change(*parts, **more)


def test_role_is_held_at_once_and_the_log_says_who_gave_it(lena, sam):
    give(sam, "admissions", lena)
    assert (roles_of(sam), groups_of(sam)) == ({"admissions"}, {"admissions"})
    assert events_of(sam) == [("role_given", "lena", "admissions")]


@pytest.mark.parametrize("role", ["lead", "auditor", "administrator"])
def test_powerful_role_gives_nothing_until_a_second_person_says_yes(role, lena, ada, sam):
    requested = give(sam, role, lena)
    assert (roles_of(sam), groups_of(sam)) == (set(), set())
    assignments.confirm(requested.pk, actor=ada)
    assert (roles_of(sam), groups_of(sam)) == ({role}, {role})
    assert events_of(sam) == [("role_requested", "lena", role), ("role_given", "ada", role)]


def test_giver_receiver_and_others_without_the_right_confirm_nothing(lena, sam, make_staff):
    receiver = make_staff("administrator", username="receiver")
    requested = give(receiver, "lead", lena)
    for actor in (lena, receiver, make_staff("admissions", "publisher"), make_staff(is_superuser=True)):
        with pytest.raises(assignments.RoleRefused):
            assignments.confirm(requested.pk, actor=actor)
    assert roles_of(receiver) == {"administrator"}


def test_database_refuses_the_yes_of_giver_and_receiver(lena, ada, sam):
    requested = give(sam, "lead", lena)
    for actor in (lena, sam):
        with pytest.raises(IntegrityError), transaction.atomic():
            RoleConfirmation.objects.create(assignment=requested, confirmed_by=actor, occurred_at=timezone.now())
    RoleConfirmation.objects.create(assignment=requested, confirmed_by=ada, occurred_at=timezone.now())


def test_admissions_from_an_administrator_waits_for_a_lead(lena, ada, sam, make_staff):
    requested = give(sam, "admissions", ada)
    assert access.may_read_requests(fresh(sam)) is False
    others = [make_staff("administrator", username="amal"), make_staff("auditor", username="otto")]
    for actor in [*others, ada, sam]:
        assert list(assignments.to_confirm(actor)) == []
        with pytest.raises(assignments.RoleRefused, match="These colleagues can confirm it: lena"):
            assignments.confirm(requested.pk, actor=actor)
    assert list(assignments.to_confirm(lena)) == [requested]
    assignments.confirm(requested.pk, actor=lena)
    assert access.may_read_requests(fresh(sam)) is True


def test_database_refuses_admissions_without_a_lead(lena, ada, sam, make_staff):
    requested = give(sam, "admissions", ada)
    amal = make_staff("administrator", username="amal")
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleConfirmation.objects.create(assignment=requested, confirmed_by=amal, occurred_at=timezone.now())
    row = {"role": "admissions", "number": 2, "reason": "r", "needs_confirmation": False, "starts_at": timezone.now()}
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleAssignment.objects.create(account=sam, assigned_by=ada, **row)
    RoleAssignment.objects.create(account=sam, assigned_by=lena, **row)


def test_request_is_not_confirmed_after_its_giver_or_receiver_left(lena, ada, sam, make_staff):
    giver = make_staff("lead", username="giver")
    requested = give(sam, "lead", giver)
    staff_roles.end_all(giver)
    with pytest.raises(assignments.RoleRefused, match="may no longer give roles"):
        assignments.confirm(requested.pk, actor=ada)
    requested = give(sam, "auditor", lena)
    type(sam).objects.filter(pk=sam.pk).update(is_active=False)
    with pytest.raises(assignments.RoleRefused, match="not active"):
        assignments.confirm(requested.pk, actor=ada)
    assert not RoleConfirmation.objects.exists()


def test_refused_request_gives_nothing_and_can_be_made_again(lena, ada, sam):
    first = give(sam, "lead", lena)
    assignments.refuse(first.pk, actor=ada, reason="Not yet")
    with pytest.raises(assignments.RoleRefused):
        assignments.confirm(first.pk, actor=ada)
    again = give(sam, "lead", lena)
    assert (roles_of(sam), again.number) == (set(), 2)
    assert events_of(sam)[1] == ("role_refused", "ada", "lead")


def test_ended_role_is_gone_at_once_and_can_be_given_again(lena, sam):
    held = give(sam, "admissions", lena)
    assignments.end(held.pk, actor=lena, reason="Moves to another team")
    assert (roles_of(sam), groups_of(sam)) == (set(), set())
    give(sam, "admissions", lena)
    assert roles_of(sam) == {"admissions"}
    assert [kind for kind, _actor, _detail in events_of(sam)] == ["role_given", "role_ended", "role_given"]


def test_nobody_changes_their_own_roles_and_the_sentence_names_who_can(lena, ada):
    with pytest.raises(assignments.RoleRefused, match="These colleagues can: ada"):
        give(lena, "auditor", lena)
    with pytest.raises(assignments.RoleRefused, match="your own roles"):
        assignments.end(lena.role_assignments.get().pk, actor=lena, reason="Enough")
    assert roles_of(lena) == {"lead"}


@pytest.mark.parametrize("role", ["admissions", "auditor", "publisher"])
def test_other_roles_change_nothing(role, make_staff, sam):
    actor = make_staff(role)
    held = assignments.give_from_server(sam, "editor", "Writes")
    for change in (
        lambda: give(sam, "admissions", actor),
        lambda: assignments.end(held.pk, actor=actor, reason="No reason"),
    ):
        with pytest.raises(assignments.RoleRefused, match="Only a lead or an administrator"):
            change()
    assert roles_of(sam) == {"editor"}


def test_role_that_is_held_or_requested_is_not_given_twice(lena, sam):
    for role, sentence in (("editor", "has this role already"), ("auditor", "already requested")):
        give(sam, role, lena)
        with pytest.raises(assignments.RoleRefused, match=sentence):
            give(sam, role, lena)
    assert RoleAssignment.objects.filter(account=sam).count() == 2


def test_two_posts_at_once_give_one_role(site, make_staff):
    lena, ada, sam = make_staff("lead"), make_staff("administrator"), make_staff(username="sam")
    for role in ("editor", "auditor"):
        at_once(*(partial(or_refused, give, fresh(sam), role, fresh(actor)) for actor in (lena, ada) * 2))
        assert RoleAssignment.objects.filter(account=sam, role=role).count() == 1
    assert sorted(kind for kind, _actor, _detail in events_of(sam)) == ["role_given", "role_requested"]


def test_yes_and_no_at_once_leave_one_of_them(site, make_staff):
    lena, sam = make_staff("lead"), make_staff(username="sam")
    asked = give(sam, "lead", lena)
    yes, no = make_staff("auditor"), make_staff("administrator")
    at_once(
        partial(or_refused, assignments.confirm, asked.pk, actor=yes),
        partial(or_refused, assignments.refuse, asked.pk, actor=no, reason="Not now"),
    )
    assert (RoleConfirmation.objects.count(), RoleEnding.objects.count()) in ((1, 0), (0, 1))


def test_reason_and_a_future_end_are_needed(lena, sam):
    with pytest.raises(assignments.RoleRefused, match="reason"):
        assignments.give(account=sam, role="editor", reason="  ", actor=lena)
    with pytest.raises(assignments.RoleRefused, match="future"):
        give(sam, "editor", lena, ends_at=timezone.now() - HOUR)
    assert not RoleAssignment.objects.filter(account=sam).exists()


def test_inactive_account_gets_no_role(lena, make_staff):
    gone = make_staff(username="gone", is_active=False)
    with pytest.raises(assignments.RoleRefused, match="not active"):
        give(gone, "editor", lena)


def test_role_with_an_end_is_over_by_the_clock_alone(lena, sam, clock):
    give(sam, "admissions", lena, ends_at=timezone.now() + HOUR)
    assert [access.may_read_requests(fresh(sam)), list(access.readers())] == [True, [lena, sam]]
    clock.shift(2 * HOUR)
    assert [access.may_read_requests(fresh(sam)), list(access.readers())] == [False, [lena]]
    assert assignments.end_expired(timezone.now()) == 1
    assert groups_of(sam) == set()
    assert events_of(sam)[-1] == ("role_ended", None, "admissions")
    give(sam, "admissions", lena)
    assert roles_of(sam) == {"admissions"}


def test_request_past_its_end_can_be_made_again(lena, ada, sam, clock):
    late = give(sam, "lead", lena, ends_at=timezone.now() + HOUR)
    clock.shift(2 * HOUR)
    with pytest.raises(assignments.RoleRefused, match="its time is over"):
        assignments.confirm(late.pk, actor=ada)
    assert give(sam, "lead", lena).number == 2


def test_requests_wait_for_those_who_may_confirm_them(lena, ada, sam, make_staff):
    requested = give(sam, "lead", lena)
    other = make_staff("auditor", username="otto")
    assert [list(assignments.to_confirm(who)) for who in (lena, ada, other, sam)] == [[], [requested], [requested], []]


@pytest.mark.parametrize("model", [RoleAssignment, RoleConfirmation, RoleEnding])
def test_database_refuses_to_change_or_delete_rows(model, lena, ada, sam):
    requested = give(sam, "lead", lena)
    assignments.confirm(requested.pk, actor=ada)
    assignments.end(requested.pk, actor=ada, reason="Over")
    for change in (lambda rows: rows.update(id=77), lambda rows: rows._raw_delete("default")):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change(model.objects.all())
    assert model.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "owner"},
        {"reason": ""},
        {"assigned_by": "sam"},
        {"role": "lead", "needs_confirmation": False},
        {"ends_at": dt.datetime(1999, 7, 16, tzinfo=dt.UTC)},
        {"role": "editor"},
    ],
    ids=str,
)
def test_database_refuses_rows_that_break_a_rule(wrong, lena, sam):
    give(sam, "editor", lena)
    row = {
        "account": sam,
        "role": "publisher",
        "number": 1,
        "assigned_by": lena,
        "starts_at": timezone.now(),
        "reason": "r",
        "needs_confirmation": False,
    }
    if wrong.get("assigned_by"):
        wrong = {"assigned_by": sam}
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleAssignment.objects.create(**row | wrong)


def test_server_gives_at_once_and_only_once(sam):
    first = assignments.give_from_server(sam, "lead", "First lead")
    assert assignments.give_from_server(sam, "lead", "First lead") == first
    assert roles_of(sam) == {"lead"}
    assert events_of(sam) == [("role_given", None, "lead")]


def test_server_replaces_a_request_that_waits(lena, sam):
    give(sam, "lead", lena)
    assignments.give_from_server(sam, "lead", "Lena is alone")
    assert (roles_of(sam), events_of(sam)[-1]) == ({"lead"}, ("role_given", None, "lead"))
