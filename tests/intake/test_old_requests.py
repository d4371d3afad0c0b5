"""Requests from before the migrations that gave them keys and profiles: they are completed, and none is lost."""

import datetime as dt
import uuid

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from intake import contact, form_token
from intake.models import AssessmentRequest, SealedText
from tests.intake.helpers import answers_of

BEFORE = ("intake", "0002_roles")


@pytest.fixture
def old_tables(site, settings):
    """The models as they were before; their tables are brought up to date again when the test ends.

    The other apps stay as they are. Django would carry their models through each step, which takes a minute a test.
    """
    needed = {"intake", "auth", "contenttypes"}
    settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs() if app.label not in needed}
    call_command("migrate", *BEFORE, verbosity=0)
    yield MigrationLoader(connection).project_state(BEFORE).apps
    migrate_to_newest()


def migrate_to_newest():
    call_command("migrate", "intake", verbosity=0)


def old_request(old):
    draft = form_token.draw()
    now = timezone.now()
    return old.get_model("intake", "AssessmentRequest").objects.create(
        id=draft.id, reference=draft.reference, stage="new", received_at=now, due_at=now
    )


def old_text(old, request, kind, content, author=None):
    """A sealed text as it was stored then; bytes are stored as they are."""
    text_id = uuid.uuid4()
    envelope = content if isinstance(content, bytes) else bytes(SealedText(id=text_id).seal(content).envelope)
    old.get_model("intake", "SealedText").objects.create(
        id=text_id, request=request, kind=kind, envelope=envelope, at=timezone.now(), author_id=author and author.pk
    )
    return text_id


def test_an_old_request_gets_the_keys_of_its_texts_and_a_profile_for_each_set_of_answers(old_tables, make_staff):
    request = old_request(old_tables)
    first, second = answers_of(), answers_of(do_not_call="on", best_time="morning")
    old_text(old_tables, request, "answers", first)
    old_text(old_tables, request, "amendment", second)
    old_text(old_tables, request, "note", "called", author=make_staff("admissions"))
    tell = old_tables.get_model("intake", "Event").objects.create
    for number, stage in enumerate(["reaching", "talking", "booked"]):
        tell(request=request, code="stage_set", after=stage, at=request.received_at + dt.timedelta(microseconds=number))
    type(request).objects.update(stage="booked")
    old_tables.get_model("intake", "Notice").objects.create(request=request, next_try_at=timezone.now())
    migrate_to_newest()

    stored = AssessmentRequest.objects.get()
    assert stored.first_due_at == stored.due_at  # due times did not move then
    assert (stored.best_time, stored.time_zone) == ("morning", "America/Denver")
    tried, spoke = stored.first_attempt_at - stored.received_at, stored.reached_at - stored.received_at
    assert (tried, spoke) == (dt.timedelta(0), dt.timedelta(microseconds=1))
    assert (stored.stage, stored.assessment_at) == ("talking", None)  # booked without a time, so someone asks for one
    assert stored.events.last().code == "stage_set"
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


def test_an_old_request_in_conversation_of_which_nothing_is_told_was_reached(old_tables):
    request = old_request(old_tables)
    type(request).objects.update(stage="talking")
    migrate_to_newest()
    assert AssessmentRequest.objects.get().reached_at == request.received_at


def test_an_old_duplicate_that_does_not_say_of_which_keeps_its_end_under_a_name_of_its_own(old_tables):
    request = old_request(old_tables)
    type(request).objects.update(stage="closed", outcome="duplicate", closed_at=request.received_at)
    migrate_to_newest()
    stored = AssessmentRequest.objects.get()
    assert (stored.stage, stored.outcome, stored.get_outcome_display(), stored.closed_at) == (
        "closed",
        "unlinked",
        "Duplicate, not known of which",
        request.received_at,
    )


def test_old_texts_that_do_not_open_stop_nothing(old_tables):
    envelopes = {b"\x01\x04gone" + bytes(40): "gone", b"": "", b"\x07altered": ""}  # with the key ids that they name
    damaged = {envelope: old_request(old_tables) for envelope in envelopes}
    texts = {old_text(old_tables, request, "answers", envelope): envelope for envelope, request in damaged.items()}
    whole = old_request(old_tables)
    whole_text = old_text(old_tables, whole, "answers", answers_of())
    migrate_to_newest()
    key_ids = {text: envelopes[envelope] for text, envelope in texts.items()} | {whole_text: "test"}
    assert dict(SealedText.objects.values_list("pk", "key_id")) == key_ids
    assert {text: bytes(SealedText.objects.get(pk=text).envelope) for text in texts} == texts
    profiles = [contact.newest_profile(AssessmentRequest.objects.get(pk=one.pk)) for one in damaged.values()]
    assert profiles == [None] * 3
    assert contact.newest_profile(AssessmentRequest.objects.get(pk=whole.pk)).codes() == contact.profile_of(
        answers_of()
    )
