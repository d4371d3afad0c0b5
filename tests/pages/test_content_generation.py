"""The content's generation: raised with every change that readers see, and looked at once a second."""

import threading
import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.models.signals import post_save
from django.db.utils import IntegrityError, OperationalError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.contrib.redirects.models import Redirect

from faq.models import Topic
from pages import content_generation
from pages.content_generation import ContentGeneration, raise_generation
from pages.models import Center, ContentPage, Holiday, HomePage, OpeningHours, SectionIndexPage, Source

pytestmark = pytest.mark.django_db


def number():
    return ContentGeneration.objects.get().number


@pytest.fixture(autouse=True)
def raised_once():
    """The row is there, as on every site that has content."""
    raise_generation()


@pytest.fixture
def page():
    page = ContentPage(title="Zebras", slug="zebras", summary="In short.")
    HomePage.objects.get().add_child(instance=page)
    return page


def draft_and_publish(page):
    page.save_revision().publish()


def publish_later_and_run_the_job(page):
    page.go_live_at = timezone.now() + timedelta(minutes=1)
    page.save_revision().publish()
    page.revisions.update(approved_go_live_at=timezone.now() - timedelta(minutes=1))
    call_command("publish_scheduled")


def end_and_run_the_job(page):
    type(page).objects.filter(pk=page.pk).update(expire_at=timezone.now() - timedelta(minutes=1))
    call_command("publish_scheduled")


def rename(page):
    page.slug = "okapis"
    page.save()


CHANGES = {
    "publish": draft_and_publish,
    "publish by schedule": publish_later_and_run_the_job,
    "end by schedule": end_and_run_the_job,
    "unpublish": lambda page: page.unpublish(),
    "unpublish in bulk": lambda page: ContentPage.objects.filter(pk=page.pk).unpublish(),
    "move": lambda page: page.move(SectionIndexPage.objects.first(), "last-child"),
    "rename": rename,
    "delete": lambda page: page.delete(),
    "copy": lambda page: page.copy(update_attrs={"slug": "quaggas"}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_generation_rises_with_a_change_of_a_page(page, change):
    before = number()
    change(page)
    assert number() > before


UNSAVED = {
    Center: lambda: Center(name="Another name", phone="(480) 526-7738", town="Gilbert", state="Arizona"),
    OpeningHours: lambda: OpeningHours(center=Center.objects.get(), weekday=6, opens="03:00", closes="04:00"),
    Holiday: lambda: Holiday(center=Center.objects.get(), day="2027-02-02", name="Groundhog Day"),
    Source: lambda: Source(key="zebra", publisher="Zoo", title="Zebras", year=2024, url="https://example.org/zebra"),
    Topic: lambda: Topic(key="zebras", title="Zebras"),
}


@pytest.mark.parametrize("make", [*UNSAVED.values(), lambda: Redirect(old_path="/zebra", redirect_link="/zebras/")])
def test_generation_rises_with_a_fact_saved_or_deleted(make):
    row, before = make(), number()
    row.save()
    saved = number()
    row.delete()
    assert before < saved < number()


def test_draft_and_lock_leave_the_generation(page):
    before = number()
    page.title = "Draft zebras"
    page.save_revision()
    page.locked = True
    page.save(update_fields=["locked"])
    assert number() == before


def test_generation_of_a_new_site_is_nought_and_then_rises():
    ContentGeneration.objects.all().delete()
    content_generation.forget()
    assert content_generation.current() == 0
    raise_generation()
    assert (number(), content_generation.current()) == (1, 1)


def test_database_refuses_a_second_row():
    with pytest.raises(IntegrityError), transaction.atomic():
        ContentGeneration.objects.create(pk=2)


def test_process_asks_at_most_once_a_second(monkeypatch):
    seconds = time.monotonic()
    monkeypatch.setattr(content_generation.time, "monotonic", lambda: seconds)
    monkeypatch.setattr(content_generation, "LIFETIME", 1)  # as outside the tests
    content_generation.forget()
    with CaptureQueriesContext(connection) as queries:
        first = content_generation.current()
        ContentGeneration.objects.update(number=first + 1)  # as another process does
        seconds += 0.9
        unseen = content_generation.current()
        seconds += 0.1
        seen = content_generation.current()
    assert (unseen, seen) == (first, first + 1)
    assert len([query for query in queries if query["sql"].startswith("SELECT")]) == 2


def test_own_change_shows_at_once():
    before = content_generation.current()
    raise_generation()
    assert content_generation.current() == before + 1


def test_last_known_generation_serves_while_the_database_is_away(caplog):
    known = content_generation.current()
    content_generation.forget()

    def away(execute, sql, params, many, context):
        raise OperationalError("the server is gone")

    with connection.execute_wrapper(away):
        assert (content_generation.current(), content_generation.current()) == (known, known)
    assert [record.getMessage() for record in caplog.records if record.name == "pages.content_generation"] == [
        "Can't read the content generation: OperationalError"
    ]


class Broken(Exception):
    pass


@pytest.fixture
def fails_after_each_save():
    """A receiver of `post_save` that comes after ours and breaks, as a process that is killed there."""

    def fail(sender, **kwargs):
        if sender is not ContentGeneration:
            raise Broken

    yield lambda: post_save.connect(fail, weak=False, dispatch_uid="fail")
    post_save.disconnect(dispatch_uid="fail")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("model", UNSAVED)
def test_row_and_generation_are_stored_together_or_neither(site, fails_after_each_save, model):
    raise_generation()
    row = UNSAVED[model]()
    kept = [list(model.objects.values()), number()]
    fails_after_each_save()
    with pytest.raises(Broken):
        row.save()
    assert [list(model.objects.values()), number()] == kept


@pytest.mark.django_db(transaction=True)
def test_change_shows_to_others_once_it_is_committed(site):
    raise_generation()
    known, raised, looked = content_generation.current(), threading.Event(), threading.Event()

    def change():
        with transaction.atomic():
            raise_generation()
            raised.set()
            looked.wait(20)
        connections.close_all()

    other = threading.Thread(target=change)
    other.start()
    raised.wait(20)
    before_commit = content_generation.current()
    looked.set()
    other.join()
    assert (before_commit, content_generation.current()) == (known, known + 1)


@pytest.mark.django_db(transaction=True)
def test_changes_at_once_are_all_counted(site):
    ContentGeneration.objects.all().delete()
    together = threading.Barrier(6)

    def change():
        together.wait(20)
        raise_generation()
        connections.close_all()

    others = [threading.Thread(target=change) for _ in range(6)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert number() == 6
