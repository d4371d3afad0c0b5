"""Django's groups, written from the role assignments. They are a copy for Wagtail, never the source of a right.

If an account holds anything without an assignment, the worker removes and records it: other groups, permissions of its
own and, in production, superuser status.
"""

from collections import defaultdict
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

from . import events
from .models import RoleAssignment, SecurityEvent
from .roles import ROLES

SUPERUSER, PERMISSION, OTHER_GROUP = "superuser", "permission", "other group"  # codes in the log, beside the roles


@dataclass(frozen=True)
class Unexplained:
    """A right that no assignment explains. `what`: a role, or one of the codes above."""

    account: object
    what: str


def write_group(account, role, at):
    """Put an account into the group of a role, or out of it, as its assignments say at a moment.

    Its other groups stay as they are, so that `repair` can record what does not belong there.
    """
    group = Group.objects.filter(name=role)
    if RoleAssignment.objects.live(at).filter(account=account, role=role).exists():
        account.groups.add(*group)
    else:
        account.groups.remove(*group)


def unexplained(at):
    """Return every `Unexplained` right at a moment, ordered by username. Four queries, however many accounts."""
    User = get_user_model()
    held = _roles_by_account(at)
    member = User.groups.through.objects.values_list("user_id", "group__name")
    found = {(pk, name if name in ROLES else OTHER_GROUP) for pk, name in member if name not in held[pk]}
    found |= {(pk, PERMISSION) for pk in User.user_permissions.through.objects.values_list("user_id", flat=True)}
    if not settings.IN_DEVELOPMENT:
        found |= {(pk, SUPERUSER) for pk in User.objects.filter(is_superuser=True).values_list("pk", flat=True)}
    accounts = User.objects.in_bulk([pk for pk, _what in found])
    rights = [Unexplained(accounts[pk], what) for pk, what in found if pk in accounts]
    return sorted(rights, key=lambda right: (right.account.get_username(), right.what))


def repair(at):
    """Take away every unexplained right, record each, and restore missing groups. Return how many accounts changed.

    The worker calls it.
    """
    rights = defaultdict(list)
    for right in unexplained(at):
        rights[right.account].append(right.what)
    for account, removed in rights.items():
        _take_away(account, removed, at)
    lacking = _lacking_groups(at)
    for account in lacking:
        _write_groups(account, at)
    return len(rights) + len(lacking)


@transaction.atomic
def _take_away(account, removed, at):
    _write_groups(account, at)
    account.user_permissions.clear()
    if SUPERUSER in removed:
        get_user_model().objects.filter(pk=account.pk).update(is_superuser=False)
    for what in removed:
        events.record(SecurityEvent.Kind.RIGHTS_REMOVED, account=account, detail=what)


def _write_groups(account, at):
    """Give an account the groups of the roles that it holds at a moment, and no other."""
    held = RoleAssignment.objects.live(at).filter(account=account).order_by().values("role")
    account.groups.set(Group.objects.filter(name__in=held))


def _lacking_groups(at):
    """Return the accounts that hold a role without its group."""
    groups = defaultdict(set)
    for pk, name in get_user_model().groups.through.objects.values_list("user_id", "group__name"):
        groups[pk].add(name)
    lacking = [pk for pk, held in _roles_by_account(at).items() if held - groups[pk]]
    return list(get_user_model().objects.filter(pk__in=lacking).order_by("pk")) if lacking else []


def _roles_by_account(at):
    held = defaultdict(set)
    for pk, role in RoleAssignment.objects.live(at).order_by().values_list("account_id", "role"):
        held[pk].add(role)
    return held
