import pytest
import time_machine
from django.test import Client

from tests import template_guard
from tests.conftest import TUESDAY_MORNING, forget_the_last_test
from tests.crawl import crawl


@pytest.fixture(scope="session")
def walked(django_db_setup, django_db_blocker):
    """Return every page that a reader can reach, see `crawl`. Runs once, for all tests that change nothing first."""
    forget_the_last_test()
    template_guard.unknown.clear()
    end = template_guard.watch()
    with django_db_blocker.unblock(), time_machine.travel(TUESDAY_MORNING):
        pages = crawl(Client())
    end()
    assert template_guard.unknown == []
    return pages
