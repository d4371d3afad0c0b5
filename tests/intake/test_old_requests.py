"""Requests from before the migrations that gave them keys and profiles: they are completed, and none is lost."""

import uuid

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from intake import contact, form_token
from intake.models import AssessmentRequest, SealedText
from tests.intake.helpers import answers_of

BEFORE = ("intake", "0002_roles")


@pytest.fixture
def old_tables(site):
    """The models as they were before; their tables are brought up to date again when the test ends."""
    call_command("migrate", *BEFORE, verbosity=0)
    yield MigrationLoader(connection).project_state(BEFORE).apps
    migrate_to_newest()


def migrate_to_newest():
    call_command("migrate", "intake", verbosity=0)


def old_request(apps):
    draft = form_token.draw()
    now = timezone.now()
    return apps.get_model("intake", "AssessmentRequest").objects.create(
        id=draft.id, reference=draft.reference, stage="new", received_at=now, due_at=now
    )


def old_text(apps, request, kind, content, author=None):
    """A sealed text as it was stored then; bytes are stored as they are."""
    text_id = uuid.uuid4()
    envelope = content if isinstance(content, bytes) else bytes(SealedText(id=text_id).seal(content).envelope)
    apps.get_model("intake", "SealedText").objects.create(
        id=text_id, request=request, kind=kind, envelope=envelope, at=timezone.now(), author_id=author and author.pk
    )
    return text_id


def test_an_old_request_gets_the_keys_of_its_texts_and_a_profile_for_each_set_of_answers(old_tables, make_staff):
    request = old_request(old_tables)
    first, second = answers_of(), answers_of(do_not_call="on", best_time="morning")
    old_text(old_tables, request, "answers", first)
    old_text(old_tables, request, "amendment", second)
    old_text(old_tables, request, "note", "called", author=make_staff("admissions"))
    old_tables.get_model("intake", "Notice").objects.create(request=request, next_try_at=timezone.now())
    migrate_to_newest()

    stored = AssessmentRequest.objects.get()
    assert [(text.kind, text.key_id, text.open()) for text in stored.texts.all()] == [
        ("answers", "test", first),
        ("amendment", "test", second),
        ("note", "test", "called"),
    ]
    profiles = [profile.codes() for profile in stored.contact_profiles.all()]
    assert profiles == [contact.profile_of(first), contact.profile_of(second)]
    assert [profile.at for profile in stored.contact_profiles.all()] == [
        text.at for text in stored.texts.exclude(kind="note")
    ]
    assert (stored.private_link_hash, stored.form_key, stored.promise, stored.quarantined_at) == (None, None, "", None)
    assert stored.notices.get().kind == "new_request"


@pytest.mark.parametrize(
    ("envelope", "key_id"),
    [(b"\x01\x04gone" + bytes(40), "gone"), (b"", ""), (b"\x07altered", "")],
    ids=["sealed with a key that is gone", "empty", "altered"],
)
def test_an_old_text_that_does_not_open_stops_nothing(old_tables, envelope, key_id):
    damaged, whole = old_request(old_tables), old_request(old_tables)
    damaged_text = old_text(old_tables, damaged, "answers", envelope)
    whole_text = old_text(old_tables, whole, "answers", answers_of())
    migrate_to_newest()
    assert dict(SealedText.objects.values_list("pk", "key_id")) == {damaged_text: key_id, whole_text: "test"}
    assert bytes(SealedText.objects.get(pk=damaged_text).envelope) == envelope
    damaged, whole = (AssessmentRequest.objects.get(pk=request.pk) for request in (damaged, whole))
    assert contact.newest_profile(damaged) is None
    assert contact.newest_profile(whole).codes() == contact.profile_of(answers_of())


def test_without_old_requests_the_migrations_make_nothing(old_tables):
    migrate_to_newest()
    assert AssessmentRequest.objects.count() == 0
