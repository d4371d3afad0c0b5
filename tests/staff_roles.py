"""Give roles to accounts of tests, and end them, without a person who does it."""

import datetime

from django.contrib.auth.models import Group
from django.utils import timezone

from staff import projection
from staff.models import RoleAssignment, RoleEnding

LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)  # before any moment to which a test moves the clock


def give(account, *roles):
    """Give roles to an account that never had them. Two queries, and the groups."""
    RoleAssignment.objects.bulk_create(
        RoleAssignment(
            account=account,
            role=role,
            number=1,
            starts_at=LONG_AGO,
            reason="for a test",
            needs_confirmation=False,
        )
        for role in roles
    )
    account.groups.set(Group.objects.filter(name__in=roles))


def end_all(account):
    """End every role of an account."""
    now = timezone.now()
    for assignment in RoleAssignment.objects.open().filter(account=account):
        RoleEnding.objects.create(assignment=assignment, ended_at=now, reason="for a test")
        projection.write_group(account, assignment.role, now)
