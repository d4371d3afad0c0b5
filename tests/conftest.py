"""Fixtures for every test: roles and starter content in the database, and silent mistakes that become failures."""

import datetime
import os
import shutil
from zoneinfo import ZoneInfo

import psycopg2
import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test import Client

import faq.starter
from intake import search
from intake.submission import circuit_breaker, rate_limit
from recovery_site.search import index as search_index
from staff.sign_in import gate
from tests import databases, known_facts, staff_roles, state_guard, template_guard
from tests.chromium import NO_CHROMIUM, chromium_path
from tests.mailbox import Mailbox

# Most of the time of a run on SQLite, measured with --durations=0. `make test-fast` leaves them out.
SLOW_FILES = {
    "test_access.py",
    "test_accounts.py",
    "test_addresses.py",
    "test_any_hour.py",
    "test_blind_index.py",
    "test_center.py",
    "test_citations.py",
    "test_claims.py",
    "test_cms.py",
    "test_cms_access.py",
    "test_commands.py",
    "test_contacted_again.py",
    "test_content_files.py",
    "test_copied_addresses.py",
    "test_database_timeouts.py",
    "test_discovery.py",
    "test_editing.py",
    "test_environment.py",
    "test_faults.py",
    "test_find.py",
    "test_front_page.py",
    "test_hidden.py",
    "test_history.py",
    "test_key_rotation.py",
    "test_links.py",
    "test_many_at_once.py",
    "test_media_rights.py",
    "test_metadata.py",
    "test_nginx.py",
    "test_no_plaintext.py",
    "test_odd_requests.py",
    "test_page_cache.py",
    "test_page_cache_addresses.py",
    "test_page_cache_machines.py",
    "test_page_view.py",
    "test_phone_request.py",
    "test_pictures.py",
    "test_preferred_time.py",
    "test_private_link.py",
    "test_publishing.py",
    "test_publishing_at_once.py",
    "test_queries.py",
    "test_questions.py",
    "test_queue_page.py",
    "test_request_actions.py",
    "test_request_page.py",
    "test_rich_text.py",
    "test_role_attacks.py",
    "test_role_page.py",
    "test_roles.py",
    "test_running_tests.py",
    "test_saved_filters.py",
    "test_search.py",
    "test_search_index.py",
    "test_second_factor.py",
    "test_second_factor_account.py",
    "test_second_factor_walk.py",
    "test_session_limits.py",
    "test_settings.py",
    "test_share_pictures.py",
    "test_shifted_clock.py",
    "test_start_checks.py",
    "test_starter.py",
    "test_status.py",
    "test_synthetic.py",
    "test_taking.py",
    "test_throttle.py",
    "test_to_confirm.py",
    "test_undo.py",
    "test_views.py",
    "test_walk.py",
    "test_weight.py",
}

# A working morning, so that no test depends on the hour at which it is run.
TUESDAY_MORNING = datetime.datetime(2026, 11, 24, 10, tzinfo=ZoneInfo("America/Phoenix"))


def load_site():
    """Load the starter content, as `make run` does. `migrate` has already created roles and root rows."""
    faq.starter.load()


def pytest_collection_modifyitems(items):
    """Mark slow tests. Mark tests without database access as `any_database`, so that they run only once, on SQLite."""
    for item in items:
        if item.path.name in SLOW_FILES:
            item.add_marker("slow")
        if not item.get_closest_marker("django_db") and not {"db", "transactional_db"} & set(item.fixturenames):
            item.add_marker("any_database")


def pytest_sessionstart(session):
    """Stop at once if the database at TEST_DATABASE_URL does not respond."""
    if not hasattr(session.config, "workerinput") and (reason := why_no_database()):
        pytest.exit(f"No database answers at TEST_DATABASE_URL: {reason}", 2)


def pytest_terminal_summary(terminalreporter, config):
    """Print which groups of tests this run skipped."""
    if connection.vendor == "sqlite":
        terminalreporter.write_line("Not run on PostgreSQL: TEST_DATABASE_URL is not set. `make test` runs both.")
    if not chromium_path():
        terminalreporter.write_line(f"Skipped tests/browser: {NO_CHROMIUM}.")


def why_no_database():
    """Return PostgreSQL's message if it can't be reached. None if it can, and with SQLite."""
    if connection.vendor == "sqlite":
        return None
    try:
        psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=3).close()
    except psycopg2.OperationalError as error:
        return str(error).strip().splitlines()[0]
    return None


state_guard.watch_every_connection()
known_facts.watch_every_connection()


@pytest.fixture(autouse=True)
def clock():
    """Yield the clock of every test. It starts at `TUESDAY_MORNING` and ticks.

    `clock.move_to(moment, tick=False)` stops it at a moment. `clock.shift(timedelta)` moves it forward. Nothing else
    changes it.
    """
    with time_machine.travel(TUESDAY_MORNING) as traveller:
        yield traveller


@pytest.fixture
def stopped_clock(clock):
    """Return the test's clock, stopped at `TUESDAY_MORNING`. For tests that compare times.

    Ids that are drawn while the clock is stopped have no order. So rows of the same moment come in any order.
    """
    clock.move_to(TUESDAY_MORNING, tick=False)
    return clock


@pytest.fixture(autouse=True)
def state_changes_through_the_workflow_alone():
    """Fail a test if any code except `intake.workflow` changed the state of a request."""
    yield
    state_guard.fail_if_seen()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker):
    with django_db_blocker.unblock():
        with time_machine.travel(TUESDAY_MORNING - datetime.timedelta(days=1)):
            databases.set_up(load_site)
            known_facts.remember()
        yield
        databases.tear_down()


@pytest.fixture
def site(transactional_db):
    """The whole site for tests that commit. After the test, all rows are restored."""


def forget_the_last_test():
    """Clear the caches of the process, which may refer to rows that no longer exist."""
    known_facts.begin_with()
    search_index.forget()
    cache.clear()  # Wagtail caches the addresses of its sites


@pytest.fixture(autouse=True)
def nothing_remembered():
    forget_the_last_test()


@pytest.fixture(autouse=True)
def working_database_and_empty_spool():
    gate.bucket = gate.Bucket(a_second=1, at_once=10_000)  # only its own tests meet a closed gate
    circuit_breaker.reset()
    rate_limit.forget_while_away()
    search.rows_of_names.cache_clear()
    shutil.rmtree(settings.SPOOL_DIR, ignore_errors=True)


@pytest.fixture(autouse=True)
def no_unknown_template_variables():
    """Fail a test if one of our templates used a variable that is not in its context. Yields the list of such
    variables."""
    template_guard.unknown.clear()
    end = template_guard.watch()
    yield template_guard.unknown
    end()
    assert template_guard.unknown == []


@pytest.fixture
def make_staff(db):
    """Return a function that creates a member of staff with the given roles."""

    def make(*roles, username=None, **fields):
        User = get_user_model()
        username = username or f"{'-'.join(roles) or 'staff'}-{User.objects.count()}"
        user = User.objects.create_user(username, password="a password for tests", is_staff=True, **fields)
        staff_roles.give(user, *roles)
        return user

    return make


@pytest.fixture
def mailbox(settings):
    """Yield a running mail server on loopback, to which the site sends."""
    box = Mailbox()
    settings.EMAIL_BACKEND = "intake.notifications.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.ADMISSIONS_EMAILS = ["desk@example.org", "lead@example.org"]
    box.start()
    yield box
    box.stop()


@pytest.fixture
def take_database_away(transactional_db):
    """Return a function that points the connection at a database that does not exist, until the test ends."""
    name = connection.settings_dict["NAME"]

    def take_away():
        connection.close()
        connection.settings_dict["NAME"] = "/no/such/folder/database"
        with pytest.raises(DatabaseError):
            connection.ensure_connection()

    yield take_away
    connection.close()
    connection.settings_dict["NAME"] = name


@pytest.fixture
def me(make_staff):
    return make_staff("admissions", username="amal")


@pytest.fixture
def sam(make_staff):
    """Return a colleague of `me`."""
    return make_staff("admissions", username="sam")


@pytest.fixture
def desk(me):
    """Return a client that is signed in as `me`. It checks CSRF tokens, as the real site does."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(me)
    return client
