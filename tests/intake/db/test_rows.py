"""Rows stored with our own statement are those that Django would store."""

import datetime as dt
import uuid

import pytest
from django.apps import apps
from django.db import IntegrityError
from django.utils import timezone

from intake.db import rows
from intake.db.rows import New
from intake.models import AssessmentRequest, BlindIndex, EncryptedText, Event, Notice
from tests.intake.support.helpers import receive

NOW = dt.datetime(2026, 11, 24, 12, 30, 15, 123456, tzinfo=dt.timezone(dt.timedelta(hours=-7)))

pytestmark = pytest.mark.django_db


def values_of(model, **wanted):
    """The rows without their keys."""
    names = [field.attname for field in model._meta.concrete_fields if not field.primary_key]
    found = model.objects.filter(**wanted).values_list(*names)
    return [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in found]


def test_rows_of_several_models_are_stored_as_django_stores_them():
    request, now = receive(), timezone.now()

    def drawn():
        text = EncryptedText(request=request, kind="amendment", at=now, envelope=b"\x00\xff%s", key_id="k1")
        return text, Notice(request=None, kind="failures", day=now.date(), next_try_at=now, state="queued")

    for row in drawn():
        row.save(force_insert=True)
    by_django = values_of(EncryptedText, kind="amendment"), values_of(Notice, kind="failures")
    EncryptedText.objects.filter(kind="amendment").delete()
    Notice.objects.filter(kind="failures").delete()
    rows.insert(*drawn())
    by_us = values_of(EncryptedText, kind="amendment"), values_of(Notice, kind="failures")
    assert [len(found) for found in by_django] == [1, 1]
    assert by_us == by_django


def test_a_new_row_is_the_row_that_an_instance_would_be():
    given = {
        "id": uuid.uuid4(),
        "reference": "ABCD-EFGH",
        "received_at": NOW,
        "confirmed_at": NOW,
        "due_at": NOW,
        "due_is_assumed": True,
        "promise": "100 % 'sure'",
        "private_link_hash": "0" * 64,
    }
    AssessmentRequest(**given).save(force_insert=True)
    by_django = values_of(AssessmentRequest)
    AssessmentRequest.objects.all().delete()
    rows.insert(New(AssessmentRequest, **given))
    assert (len(by_django), values_of(AssessmentRequest)) == (1, by_django)
    assert AssessmentRequest.objects.get().pk == given["id"]

    Event(request_id=given["id"], code=Event.Code.RECEIVED, at=NOW).save()
    rows.insert(New(Event, request_id=given["id"], code=Event.Code.RECEIVED, at=NOW))
    first, second = values_of(Event)
    assert first == second


def test_a_new_row_names_its_columns_only():
    with pytest.raises(TypeError, match="Event has no cod, request"):
        New(Event, request=None, cod=Event.Code.RECEIVED)


def test_an_empty_number_and_an_empty_text_are_stored_as_they_are():
    """What is empty is not what was left out."""
    rows.insert(New(Notice, kind="failures", day=NOW.date(), next_try_at=NOW, attempts=0, last_error=""))
    assert Notice.objects.values_list("attempts", "last_error", "request").get() == (0, "", None)


@pytest.mark.parametrize("request_id", ["of a request", "of none"])
@pytest.mark.django_db(transaction=True)
def test_of_several_rows_all_are_stored_or_none(request_id):
    """Without a transaction around it, as in an accepted form. A key that leads nowhere is seen at the very end."""
    request = receive()
    before = {model: model.objects.count() for model in apps.get_app_config("intake").get_models()}
    wrong = {
        "of a request": New(Notice, request_id=request.pk, kind="new_request", next_try_at=NOW),  # there is one already
        "of none": New(Event, request_id=uuid.uuid4(), code=Event.Code.RECEIVED, at=NOW),
    }[request_id]
    with pytest.raises(IntegrityError):
        rows.insert(
            New(Event, request_id=request.pk, code=Event.Code.AMENDED, at=NOW),
            New(BlindIndex, request_id=request.pk, kind="name", value="3:5", key_id="test"),
            wrong,
        )
    assert {model: model.objects.count() for model in before} == before


def test_a_row_that_is_there_already_is_refused_or_left_as_it_is():
    request = receive()
    known = request.blind_indexes.order_by("pk").first()

    def same(key_id):
        return BlindIndex(request=request, kind=known.kind, value=known.value, key_id=key_id)

    count = BlindIndex.objects.count()
    rows.insert(same("other"), ignore_conflicts=True)
    known.refresh_from_db()
    assert (BlindIndex.objects.count(), known.key_id) == (count, "test")
    with pytest.raises(IntegrityError):
        rows.insert(same("other"))
