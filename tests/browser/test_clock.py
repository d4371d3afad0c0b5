"""The clock of the pages is the clock of the server."""

import datetime as dt

from django.utils import timezone

from tests.intake.support.helpers import ADDRESS, local_time


def of_page(page):
    return dt.datetime.fromtimestamp(page.evaluate("Date.now()") / 1000, dt.UTC)


def test_a_page_has_the_time_of_the_server(open_page, clock):
    page = open_page(ADDRESS)
    assert abs(of_page(page) - timezone.now()) < dt.timedelta(seconds=5)
    night = local_time("2026-12-31 23:30")
    clock.move_to(night)
    assert dt.timedelta(0) <= of_page(page) - night < dt.timedelta(seconds=5)
    page.reload()
    assert dt.timedelta(0) <= of_page(page) - night < dt.timedelta(seconds=30)


def test_timers_of_a_page_run(open_page):
    page = open_page(ADDRESS)
    waited = page.evaluate("new Promise((done) => setTimeout(() => done(document.title), 50))")
    assert waited == page.title()
