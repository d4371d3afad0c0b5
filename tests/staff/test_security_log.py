"""What the security log holds, that nobody can change it, and who may read it."""

import datetime as dt

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connection, transaction
from django.test import Client

from intake import access
from intake.models import AccessRecord
from staff import append_only_triggers, events, roles
from staff.models import SecurityEvent
from tests.html import soup

LOG = "/admin/staff/securityevent/"
PASSWORD = "a password for tests"
Kind = SecurityEvent.Kind


@pytest.fixture
def lena(make_staff):
    return make_staff("lead", username="lena")


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def sign_in(username, password):
    client = Client(REMOTE_ADDR="203.0.113.7")
    client.post("/admin/login/", {"username": username, "password": password})
    return client


def stored(*fields):
    return list(SecurityEvent.objects.order_by("pk").values_list(*fields))


def lines(response):
    """The cells of the log as shown, without their times."""
    rows = soup(response).select("tbody tr")
    return [[cell.get_text(" ", strip=True) for cell in row.select("td")][:3] for row in rows]


def test_sign_in_failure_and_sign_out_are_recorded(lena):
    sign_in("lena", "wrong")
    sign_in("lena", PASSWORD).post("/admin/logout/")
    assert stored("kind", "actor__username", "account__username") == [
        ("sign_in_failed", None, "lena"),
        ("signed_in", "lena", "lena"),
        ("signed_out", "lena", "lena"),
    ]


def test_events_hold_keyed_hashes_of_network_and_session(lena):
    client = sign_in("lena", PASSWORD)
    event = SecurityEvent.objects.get()
    assert len(event.network) == len(event.session) == 64
    assert client.session.session_key not in str(SecurityEvent.objects.values())
    assert "203.0.113" not in str(SecurityEvent.objects.values())
    sign_in("lena", "wrong")
    assert SecurityEvent.objects.first().network == event.network


def test_typed_name_that_no_account_has_is_not_stored(db):
    sign_in("My-Password-1!", "wrong")
    assert stored("account", "detail") == [(None, "unknown_name")]
    assert "My-Password" not in str(SecurityEvent.objects.values())


def rows_of_both_logs(user):
    events.record(Kind.SIGNED_IN, actor=user)
    access.record(user, AccessRecord.Action.LIST, [])
    return SecurityEvent, AccessRecord


def test_database_refuses_to_change_or_delete_a_line_of_a_log(lena, make_staff):
    other = make_staff("lead", username="other")
    for model in rows_of_both_logs(lena):
        for change in (lambda rows: rows.update(actor=other), lambda rows: rows.delete()):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                change(model.objects.all())
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {model._meta.db_table}")
        assert [row.actor for row in model.objects.all()] == [lena]


def test_database_refuses_to_empty_a_log(lena):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    models = rows_of_both_logs(lena)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else TRUNCATE waits for the foreign keys
    for model in models:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {model._meta.db_table} CASCADE")
        assert model.objects.count() == 1


def test_account_with_a_line_in_a_log_can_not_be_deleted(lena):
    events.record(Kind.SIGNED_IN, actor=lena)
    with pytest.raises(DatabaseError), transaction.atomic():
        lena.delete()
    assert get_user_model().objects.filter(pk=lena.pk).exists()


def test_check_names_a_log_whose_trigger_is_gone_until_it_is_installed_again(db):
    assert append_only_triggers.missing() == []
    drop = {
        "sqlite": "DROP TRIGGER refuse_change_DELETE_intake_accessrecord",
        "postgresql": "ALTER TABLE intake_accessrecord DISABLE TRIGGER refuse_change",
    }
    with connection.cursor() as cursor:
        cursor.execute(drop[connection.vendor])
    assert append_only_triggers.missing() == ["intake_accessrecord"]
    with pytest.raises(SystemCheckError, match="delete lines of intake_accessrecord"):
        call_command("check", databases=["default"])
    append_only_triggers.install()
    assert append_only_triggers.missing() == []


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        (["lead"], 200),
        (["auditor"], 200),
        (["administrator"], 403),
        (["admissions", "editor", "publisher", "reviewer"], 403),
        ([], 403),
    ],
)
def test_log_is_read_by_leads_and_auditors_alone(make_staff, roles, status):
    assert signed_in(make_staff(*roles)).get(LOG).status_code == status


def test_superuser_without_a_role_does_not_read_the_log(make_staff):
    assert signed_in(make_staff(is_superuser=True)).get(LOG).status_code == 403


def test_reading_the_log_is_recorded_with_the_person_asked_for(lena, make_staff):
    ben = make_staff("admissions", username="ben")
    signed_in(lena).get(LOG, {"person": ben.pk})
    event = SecurityEvent.objects.first()
    assert (event.kind, event.actor, event.account) == ("log_read", lena, ben)


def test_refused_reading_shows_and_records_nothing(make_staff):
    client = signed_in(make_staff("admissions"))
    before = SecurityEvent.objects.count()
    client.get(LOG)
    assert SecurityEvent.objects.count() == before


def test_codes_are_shown_as_words(lena, make_staff):
    ben = make_staff("admissions", username="ben")
    events.record(Kind.FACTOR_REMOVED, actor=lena, account=ben, detail="reset lost")
    events.record(Kind.RECOVERY_CODE_USED, actor=ben, detail="9 left")
    events.record(Kind.ROLE_GIVEN, actor=lena, account=ben, detail="auditor")
    events.record(Kind.ROLE_GIVEN, account=ben, detail="auditor")
    sign_in("nobody here", "wrong")
    shown = lines(signed_in(lena).get(LOG))
    auditor = roles.LABELS["auditor"]
    for line in (
        ["Second factor removed (reset, because the phone or key is lost or broken)", "lena", "ben"],
        ["Recovery code used (9 left)", "ben", "ben"],
        [f"Role given ({auditor}, as the second person)", "lena", "ben"],
        [f"Role given ({auditor})", "the server", "ben"],
        ["Sign-in failed (no account has that name)", "not signed in", "none"],
    ):
        assert line in shown


def test_filters_find_person_kind_and_day(lena, make_staff, clock):
    ben = make_staff("admissions", username="ben")
    events.record(Kind.ROLE_GIVEN, actor=lena, account=ben, detail="admissions")
    clock.shift(dt.timedelta(days=1))
    events.record(Kind.PASSWORD_CHANGED, actor=ben)
    events.record(Kind.PASSWORD_CHANGED, actor=lena)
    client = signed_in(lena)
    assert lines(client.get(LOG, {"kind": "password_changed"})) == [
        ["Password changed", "lena", "lena"],
        ["Password changed", "ben", "ben"],
    ]
    assert lines(client.get(LOG, {"person": ben.pk, "last": "2026-11-24"})) == [
        [f"Role given ({roles.LABELS['admissions']})", "lena", "ben"],
    ]
    both = {"person": ben.pk, "kind": "password_changed", "first": "2026-11-25", "last": "2026-11-25"}
    assert lines(client.get(LOG, both)) == [["Password changed", "ben", "ben"]]
    assert lines(client.get(LOG, both | {"first": "2026-11-26", "last": ""})) == []


def test_day_is_the_centers_day(lena, clock):
    clock.move_to(dt.datetime(2026, 11, 24, 23, 30, tzinfo=dt.timezone(dt.timedelta(hours=-7))))
    events.record(Kind.PASSWORD_CHANGED, actor=lena)
    asked = {"kind": "password_changed", "first": "2026-11-24", "last": "2026-11-24"}
    assert len(lines(signed_in(lena).get(LOG, asked))) == 1


@pytest.mark.parametrize("asked", [{"kind": "made_up"}, {"person": "x"}, {"first": "2026-13-01"}, {"before": "-1"}])
def test_filter_that_can_not_be_read_shows_nothing(lena, asked):
    response = signed_in(lena).get(LOG, asked)
    assert (response.status_code, lines(response)) == (422, [])


def test_older_events_follow_on_the_next_page(lena):
    for _number in range(60):
        events.record(Kind.PASSWORD_CHANGED, actor=lena)
    client = signed_in(lena)
    first = client.get(LOG, {"kind": "password_changed"})
    link = soup(first).find("a", string="Older events")["href"]
    second = client.get(LOG + link)
    assert (len(lines(first)), len(lines(second))) == (50, 10)


def test_page_takes_few_queries_however_long_the_log_is(lena, django_assert_max_num_queries):
    for _number in range(60):
        events.record(Kind.PASSWORD_CHANGED, actor=lena)
    client = signed_in(lena)
    with django_assert_max_num_queries(8):
        client.get(LOG)
