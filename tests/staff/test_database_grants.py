"""Where another role owns the tables, the site can add to the logs and change nothing in them."""

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from intake import access
from intake.models import AccessRecord, AssessmentRequest
from staff import checks, database_grants, events
from staff.models import SecurityEvent
from tests.intake.support.factories import make_request

ROLE = "site_of_a_test"
pytestmark = pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has no roles")


@pytest.fixture
def as_site(db, settings):
    """Connect as a role that owns nothing. The role ends with the transaction of the test."""
    settings.DATABASE_SITE_ROLE = ROLE
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE}")
        database_grants.grant()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"SET ROLE {ROLE}")
        yield cursor
        cursor.execute("RESET ROLE")


def refused(cursor, statement):
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
        cursor.execute(statement)
    return True


@pytest.mark.parametrize("table", ["staff_securityevent", "intake_accessrecord", "intake_shownrequest"])
def test_site_adds_to_a_log_and_changes_nothing_in_it(as_site, make_staff, table):
    events.record(SecurityEvent.Kind.SIGNED_IN, actor=make_staff("lead"))
    access.record(make_staff("lead"), AccessRecord.Action.LIST, [])
    assert refused(as_site, f"UPDATE {table} SET id = id")
    assert refused(as_site, f"DELETE FROM {table}")
    assert refused(as_site, f"TRUNCATE {table}")
    assert refused(as_site, f"ALTER TABLE {table} DISABLE TRIGGER refuse_change")
    assert refused(as_site, f"DROP TRIGGER refuse_change ON {table}")
    assert refused(as_site, f"DROP TABLE {table}")
    assert (SecurityEvent.objects.count(), AccessRecord.objects.count()) == (1, 1)


def test_site_does_its_daily_work(as_site, make_staff):
    request = make_request()
    request.delete()
    assert AssessmentRequest.objects.count() == 0
    lead = make_staff("lead")
    lead.first_name = "Lena"
    lead.save()
    assert database_grants.changeable_logs() == []


def test_site_makes_no_tables(as_site):
    assert refused(as_site, "CREATE TABLE public.mine (id int)")


def test_grants_come_again_with_each_migration(as_site, settings):
    as_site.execute("RESET ROLE")
    as_site.execute(f"GRANT UPDATE ON staff_securityevent TO {ROLE}")
    call_command("migrate", verbosity=0)
    as_site.execute(f"SET ROLE {ROLE}")
    assert database_grants.changeable_logs() == []


def test_check_warns_if_the_site_could_change_a_log(db):
    found = checks.site_can_not_change_the_logs(None, databases=["default"])
    assert [warning.id for warning in found] == ["staff.W001"] * len(found)
    assert {"intake_accessrecord", "staff_securityevent"} <= {warning.msg.split()[-1].rstrip(".") for warning in found}
