"""Several people who publish one page at the same moment."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from pages.models import ContentPage
from tests.pages.helpers import page

PEOPLE, TIMES = 4, 5


def test_everyone_who_publishes_one_page_at_once_succeeds(site):
    shared = page()

    def publish(person):
        try:
            for number in range(TIMES):
                draft = ContentPage.objects.get(pk=shared.pk).get_latest_revision_as_object()
                draft.summary = f"Written by {person}, for the {number}. time."
                draft.save_revision().publish()
        finally:
            connection.close()

    with ThreadPoolExecutor(PEOPLE) as pool:
        list(pool.map(publish, range(PEOPLE)))
    stored = ContentPage.objects.get(pk=shared.pk)
    assert stored.revisions.count() == 1 + PEOPLE * TIMES
    assert stored.summary == stored.live_revision.as_object().summary
