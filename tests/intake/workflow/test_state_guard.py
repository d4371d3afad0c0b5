"""No state of a request changes outside `intake.workflow`: not in any test (`tests.state_guard`), not by a form."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from intake.models import AssessmentRequest
from intake.workflow import TRANSITIONS
from tests import state_guard
from tests.intake.support.factories import make_request

ROOT = Path(settings.BASE_DIR)
THIS_FILE = Path(__file__).relative_to(ROOT).as_posix()


def test_the_watch_knows_every_column_of_state():
    columns = {field.column for field in AssessmentRequest._meta.concrete_fields if not field.generated}
    kept_otherwise = {
        *(
            "id",
            "reference",
            "received_at",
            "due_uses_default_hours",
            "first_due_at",
            "promise",
            "acknowledged_at",
            "form_key",
        ),
        *("attempts_to_reach", "private_link_hash", "previous_form_key", "is_synthetic", "preferred_time", "time_zone"),
        *("referrer_path", "same_device_as_id"),
    }
    assert columns - kept_otherwise == state_guard.STATE


WRITES = {
    "a saved row": ("change owner_id of", lambda row: row.save(update_fields=["owner"])),
    "all of a row": (f"change {', '.join(sorted(state_guard.STATE))} of", lambda row: row.save()),
    "an update": (
        "change spam_signals, stage of",
        lambda row: AssessmentRequest.objects.filter(pk=row.pk).update(**{"stage": "new", "spam_signals": "fast"}),
    ),
    "an update of many": ("change due_at of", lambda row: AssessmentRequest.objects.bulk_update([row], ["due_at"])),
    "SQL": ("change version of", lambda row: run(f"UPDATE {state_guard.TABLE} SET version = 9")),
    "deleting": ("delete", lambda row: AssessmentRequest.objects.filter(pk=row.pk).delete()),
}


def run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db
@pytest.mark.parametrize(("does", "write"), WRITES.values(), ids=WRITES)
def test_the_watch_fails_a_test_at_every_way_to_write(monkeypatch, does, write):
    row = make_request()
    monkeypatch.setattr(state_guard, "ALLOWED", ("intake/workflow/",))
    with suppress(DatabaseError), transaction.atomic():  # it may be refused; what counts is that it was seen
        write(row)
    with pytest.raises(pytest.fail.Exception) as failure:
        state_guard.fail_if_seen()
    begin = rf"Only intake/workflow may {does} .*; {THIS_FILE} sent: (UPDATE|DELETE FROM) "
    assert [line for line in str(failure.value).splitlines() if not re.match(begin, line)] == []
    assert state_guard.seen == []


@pytest.mark.django_db
def test_the_watch_leaves_everything_else_alone(monkeypatch):
    row = make_request()
    monkeypatch.setattr(state_guard, "ALLOWED", ())
    AssessmentRequest.objects.filter(stage="new", due_at__gt=row.received_at).update(acknowledged_at=row.received_at)
    assert state_guard.seen == []


def state_of(request):
    return AssessmentRequest.objects.values(*sorted(state_guard.STATE)).get(pk=request.pk)


ATTACK = {
    "stage": "closed",
    "outcome": "spam",
    "owner": "1",
    "due_at_0": "2030-01-01",
    "due_at_1": "10:00",
    "due_at": "2030-01-01 10:00",
    "version": "7",
    "_save": "Save",
    "_continue": "1",
    "post": "yes",
    "action": "delete_selected",
    "form-TOTAL_FORMS": "1",
    "form-INITIAL_FORMS": "1",
    "form-MAX_NUM_FORMS": "1",
}


@pytest.mark.django_db
def test_no_stock_form_of_the_admin_changes_the_state_of_a_request(client, make_staff):
    request = make_request()
    before = state_of(request)
    client.force_login(make_staff("admissions", "lead", "auditor", "publisher", is_superuser=True))
    posted = 0
    for model, model_admin in admin.site._registry.items():
        assert state_guard.STATE.isdisjoint(model_admin.list_editable)
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        if model._meta.app_label != "intake":
            continue
        attack = ATTACK | {"_selected_action": str(request.pk), "form-0-id": str(request.pk), "form-0-stage": "closed"}
        addresses = [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
        addresses += [reverse(f"{name}_{view}", args=[request.pk]) for view in ("change", "delete", "history")]
        for address in addresses:
            assert client.post(address, attack).status_code in (200, 302, 400, 403, 404, 405)
            posted += 1
    assert posted >= 10
    assert state_of(request) == before
    assert AssessmentRequest.objects.count() == 1


def test_the_manual_draws_the_transitions_that_are_in_force():
    lines = [
        f"    {before.value} --> {after.value}: {'Reopen' if before == 'closed' else after.label}"
        for before, all_after in TRANSITIONS.items()
        for after in all_after
    ]
    names = [f'    state "{stage.label}" as {stage.value}' for stage in TRANSITIONS]
    drawn = "\n".join(["```mermaid", "stateDiagram-v2", *names, "    [*] --> new", *lines, "```"])
    assert drawn in (ROOT / "docs/desk.md").read_text(), f"docs/desk.md must hold:\n{drawn}"
