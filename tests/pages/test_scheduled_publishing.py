import datetime as dt

import pytest
from django.utils import timezone

from intake.monitoring import status
from pages import publishing, scheduled_publishing
from pages.models import ContentPage
from tests.pages.helpers import page as make_page

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)
ADDRESS = "/privacy/"


def page():
    return ContentPage.objects.get(slug="privacy")


def schedule_title(title, **times):
    """A revision with this title and times, published by the button's own function."""
    changed = page()
    changed.title = title
    for name, moment in times.items():
        setattr(changed, name, moment)
    changed.save_revision().publish()


def title_shown(client):
    response = client.get(ADDRESS)
    return response.context["page"].title if response.status_code == 200 else response.status_code


def test_the_worker_publishes_what_is_due(client, clock):
    before = page().title
    schedule_title("Your privacy, from Monday", go_live_at=timezone.now() + HOUR)
    scheduled_publishing.publish_due()
    assert title_shown(client) == before
    clock.shift(HOUR + dt.timedelta(seconds=1))
    assert title_shown(client) == before
    scheduled_publishing.publish_due()
    assert title_shown(client) == "Your privacy, from Monday"
    assert scheduled_publishing.publish_due() == 0


def test_a_page_that_can_not_go_live_keeps_no_other_from_its_time(client, clock):
    """Its new address was free when it was scheduled."""
    soon, first = timezone.now() + HOUR, make_page("sleep")
    first.slug, first.go_live_at = "rest", soon
    first.save_revision().publish()
    make_page("rest")
    schedule_title("Your privacy, from Monday", go_live_at=soon + dt.timedelta(minutes=1))
    clock.shift(2 * HOUR)
    scheduled_publishing.publish_due()
    assert title_shown(client) == "Your privacy, from Monday"
    assert client.get("/sleep/").status_code == 200
    [(held, entry)] = publishing.held_back()
    assert (held.pk, "slug" in entry.data["why"]) == (first.pk, True)


def test_a_page_that_has_ended_is_gone_at_its_second_without_a_worker(client, clock):
    title = page().title
    end = timezone.now() + HOUR
    schedule_title(title, expire_at=end)
    clock.move_to(end - dt.timedelta(seconds=1), tick=False)
    assert title_shown(client) == title
    clock.move_to(end, tick=False)
    assert (title_shown(client), page().live) == (404, True)
    clock.move_to(end + dt.timedelta(seconds=1), tick=False)
    scheduled_publishing.publish_due()
    assert (title_shown(client), page().live) == (404, False)


@pytest.mark.parametrize("field", ["go_live_at", "expire_at"])
def test_status_is_red_when_a_time_was_missed_by_five_minutes(clock, field):
    schedule_title("New", **{field: timezone.now() + HOUR})
    clock.shift(HOUR + dt.timedelta(minutes=4))
    assert status.report()["parts"]["content"] == {"ok": True, "why": [], "overdue": 0}
    clock.shift(dt.timedelta(minutes=2))
    assert status.report()["parts"]["content"] == {"ok": False, "why": ["late"], "overdue": 1}
