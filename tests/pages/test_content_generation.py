"""The content's generation: it changes with every change that readers see."""

import threading
import time
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.models.signals import post_save
from django.db.utils import IntegrityError, OperationalError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Locale, Site

from faq.models import Topic
from pages import content_generation
from pages.content_generation import ContentGeneration
from pages.models import (
    Center,
    ContentPage,
    Download,
    Holiday,
    HomePage,
    OpeningHours,
    Picture,
    SectionIndexPage,
    Source,
)
from tests.pages import pictures

pytestmark = pytest.mark.django_db


def number():
    return ContentGeneration.objects.get().number


@pytest.fixture(autouse=True)
def one_row():
    """Create the row, as on every site that has content."""
    content_generation.begin()


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
def test_generation_changes_with_a_change_of_a_page(page, change):
    before = number()
    change(page)
    assert number() != before


UNSAVED = {
    Center: lambda: Center(name="Another name", phone="(480) 526-7738", town="Gilbert", state="Arizona"),
    OpeningHours: lambda: OpeningHours(center=Center.objects.get(), weekday=6, opens="03:00", closes="04:00"),
    Holiday: lambda: Holiday(center=Center.objects.get(), day="2027-02-02", name="Groundhog Day"),
    Source: lambda: Source(key="zebra", publisher="Zoo", title="Zebras", year=2024, url="https://example.org/zebra"),
    Topic: lambda: Topic(key="zebras", title="Zebras"),
    Picture: lambda: Picture(title="Zebras", file=pictures.picture()),
    Download: lambda: Download(title="Zebras", file=ContentFile(pictures.WHITE_PDF, "zebras.pdf")),
}
OF_WAGTAIL = [
    lambda: Locale(language_code="es"),
    lambda: Site(hostname="zebras.example", root_page=HomePage.objects.get()),
]


@pytest.mark.usefixtures("media")
@pytest.mark.parametrize("make", [*UNSAVED.values(), *OF_WAGTAIL])
def test_generation_changes_with_a_fact_saved_or_deleted(make):
    row, before = make(), number()
    row.save()
    saved = number()
    row.delete()
    assert len({before, saved, number()}) == 3


@pytest.mark.usefixtures("media")
def test_generation_changes_only_when_a_file_of_a_picture_goes():
    picture = UNSAVED[Picture]()
    picture.save()
    before = number()
    picture.get_rendition("width-20")
    made = number()
    picture.renditions.all().delete()
    assert (made, number() != before) == (before, True)


def test_draft_and_lock_leave_the_generation(page):
    before = number()
    page.title = "Draft zebras"
    page.save_revision()
    page.locked = True
    page.save(update_fields=["locked"])
    assert number() == before


@pytest.mark.django_db(transaction=True)
def test_generation_of_a_new_site_is_nought_until_a_change():
    ContentGeneration.objects.all().delete()
    content_generation.forget()
    assert content_generation.current().number == 0
    content_generation.begin()
    assert content_generation.current().number == number() != 0


def test_database_refuses_a_second_row():
    with pytest.raises(IntegrityError), transaction.atomic():
        ContentGeneration.objects.create(pk=2)


def test_process_asks_at_most_once_a_second(monkeypatch):
    seconds = time.monotonic()
    monkeypatch.setattr(content_generation.time, "monotonic", lambda: seconds)
    monkeypatch.setattr(content_generation, "LIFETIME", 1)  # as outside the tests
    content_generation.forget()
    with CaptureQueriesContext(connection) as queries:
        ContentGeneration.objects.update(number=1)
        first = content_generation.current()
        ContentGeneration.objects.update(number=2)  # as another machine does
        seconds += 0.9
        unseen = content_generation.current()
        seconds += 0.1
        seen = content_generation.current()
    assert (unseen, seen.number) == (first, 2)
    assert len([query for query in queries if query["sql"].startswith("SELECT")]) == 2


@pytest.mark.django_db(transaction=True)
def test_own_change_shows_at_once():
    before = content_generation.current()
    content_generation.begin()
    assert content_generation.current().number == number() != before.number


def test_change_in_another_process_of_the_machine_shows_at_once():
    ContentGeneration.objects.update(number=1)
    content_generation.forget()
    content_generation.current()
    ContentGeneration.objects.update(number=2)
    unseen = content_generation.current().number
    content_generation._move_stamp()
    assert (unseen, content_generation.current().number) == (1, 2)


def test_two_changes_of_one_moment_have_two_stamps():
    stamps = set()
    for _ in range(50):
        content_generation._move_stamp()
        stamps.add(content_generation._stamp())
    assert len(stamps) == 50


@pytest.mark.django_db(transaction=True)
def test_stamp_moves_only_after_the_commit(site):
    before = content_generation._stamp()
    with transaction.atomic():
        content_generation.begin()
        uncommitted = content_generation._stamp()
    assert uncommitted == before != content_generation._stamp()


@pytest.mark.django_db(transaction=True)
def test_change_is_stored_even_if_the_stamp_can_not_move(site, settings, caplog):
    settings.VAR_DIR = "/no/such/folder"
    before = content_generation.current()
    content_generation.begin()
    assert content_generation.current().number == number() != before.number
    assert "Can't tell the other processes of a change" in caplog.text


def test_slow_answer_never_replaces_a_newer_one():
    """The background thread read the old number, and stores it after another thread has read the new one."""
    content_generation.forget()

    def changed_meanwhile(execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        content_generation._known = newer
        return answer

    newer = content_generation.Generation(content_generation._stamp(), 7)
    with connection.execute_wrapper(changed_meanwhile):
        content_generation._ask()
    assert content_generation.current() == newer


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
@pytest.mark.usefixtures("media")
@pytest.mark.parametrize("model", UNSAVED)
def test_row_and_generation_are_stored_together_or_neither(site, fails_after_each_save, model):
    content_generation.begin()
    row = UNSAVED[model]()
    kept = [list(model.objects.values()), number()]
    fails_after_each_save()
    with pytest.raises(Broken):
        row.save()
    assert [list(model.objects.values()), number()] == kept


@pytest.mark.django_db(transaction=True)
def test_change_shows_to_others_once_it_is_committed(site):
    content_generation.begin()
    known, raised, looked = content_generation.current(), threading.Event(), threading.Event()

    def change():
        with transaction.atomic():
            content_generation.begin()
            raised.set()
            looked.wait(20)
        connections.close_all()

    other = threading.Thread(target=change)
    other.start()
    raised.wait(20)
    before_commit = content_generation.current()
    looked.set()
    other.join()
    assert (before_commit.number, content_generation.current().number) == (known.number, number())
    assert number() != known.number


@pytest.mark.django_db(transaction=True)
def test_changes_at_once_on_a_new_site_make_one_row(site):
    ContentGeneration.objects.all().delete()
    together, drawn = threading.Barrier(6), []

    def change():
        together.wait(20)
        with transaction.atomic():
            content_generation.begin()
            drawn.append(number())
        connections.close_all()

    others = [threading.Thread(target=change) for _ in range(6)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert (len(set(drawn)), number()) == (6, drawn[-1])
