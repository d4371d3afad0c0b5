"""Rows stored with our own statement are those that Django would store."""

import pytest
from django.db import IntegrityError
from django.utils import timezone

from intake import rows
from intake.models import BlindIndex, Notice, SealedText
from tests.intake.helpers import receive

pytestmark = pytest.mark.django_db


def values_of(model, **wanted):
    """The rows without their keys."""
    names = [field.attname for field in model._meta.concrete_fields if not field.primary_key]
    found = model.objects.filter(**wanted).values_list(*names)
    return [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in found]


def test_rows_of_several_models_are_stored_as_django_stores_them():
    request, now = receive(), timezone.now()

    def drawn():
        text = SealedText(request=request, kind="amendment", at=now, envelope=b"\x00\xff%s", key_id="k1")
        return text, Notice(request=None, kind="failures", day=now.date(), next_try_at=now, state="queued")

    for row in drawn():
        row.save(force_insert=True)
    by_django = values_of(SealedText, kind="amendment"), values_of(Notice, kind="failures")
    SealedText.objects.filter(kind="amendment").delete()
    Notice.objects.filter(kind="failures").delete()
    rows.insert(*drawn())
    by_us = values_of(SealedText, kind="amendment"), values_of(Notice, kind="failures")
    assert [len(found) for found in by_django] == [1, 1]
    assert by_us == by_django


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
