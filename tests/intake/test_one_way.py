"""No state of a request changes outside `intake.workflow`: not in any module, not by any post to the admin."""

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.urls import reverse

from intake.models import AssessmentRequest
from intake.workflow import TRANSITIONS
from tests.intake.helpers import receive

ROOT = Path(settings.BASE_DIR)
STATE = {
    *("stage", "outcome", "owner", "owner_id", "claimed_until", "version", "due_at", "called_back_at"),
    *("first_attempt_at", "reached_at", "assessment_at", "snoozed_until", "snooze_reason", "duplicate_of"),
    *("duplicate_of_id", "closed_at", "quarantined_at", "suspicions", "legal_hold_at", "hidden_at"),
}
WRITERS = ("update", "bulk_update", "update_or_create", "save")


def writes(tree):
    """The fields of state that a module writes to rows that exist, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in (part for one in targets for part in ast.walk(one)):
                if isinstance(target, ast.Attribute) and target.attr in STATE:
                    yield target.lineno, target.attr
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in WRITERS:
            yield from ((node.lineno, keyword.arg) for keyword in node.keywords if keyword.arg in STATE)
            listed = [*node.args, *(keyword.value for keyword in node.keywords)]
            for constant in (part for argument in listed for part in ast.walk(argument)):
                if isinstance(constant, ast.Constant) and constant.value in STATE:
                    yield node.lineno, constant.value
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "setattr":
            yield node.lineno, "setattr"


def may_write(path):
    # A new row is put together where it is accepted; migrations bring old rows into the shape of today.
    return path.parts[:2] == ("intake", "workflow") or "migrations" in path.parts


NEW_ROWS = {("intake/submission.py", "quarantined_at"), ("intake/submission.py", "suspicions")}
NO_REQUESTS = {("intake/admin/find.py", "owner"), ("intake/many.py", "outcome")}  # a saved filter, a made-up story


def test_no_module_but_the_workflow_writes_the_state_of_a_request():
    found = set()
    for app in ("intake", "pages", "faq", "recovery_site"):
        for path in (ROOT / app).rglob("*.py"):
            if not may_write(path.relative_to(ROOT)):
                name = str(path.relative_to(ROOT))
                found |= {(name, field) for _line, field in writes(ast.parse(path.read_text()))}
    assert {(name, field) for name, field in found if name.startswith("intake")} - NEW_ROWS - NO_REQUESTS == set()
    assert {name for name, field in found if field == "stage"} == set()


@pytest.mark.parametrize(
    "written",
    [
        "request.stage = 'closed'",
        "request.stage, request.outcome = 'closed', 'spam'",
        "requests.update(due_at=now)",
        "request.save(update_fields=['owner'])",
        "AssessmentRequest.objects.bulk_update(rows, ['stage'])",
        "setattr(request, name, value)",
    ],
)
def test_the_walk_over_the_modules_sees_every_way_to_write(written):
    assert list(writes(ast.parse(written))) != []


def state_of(request):
    return AssessmentRequest.objects.values(*sorted(STATE)).get(pk=request.pk)


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
    request = receive()
    before = state_of(request)
    client.force_login(make_staff("admissions", "lead", "auditor", "publisher", is_superuser=True))
    posted = 0
    for model, model_admin in admin.site._registry.items():
        assert not set(model_admin.list_editable) & STATE
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
        f"    {before.value} --> {after.value}: {'Open again' if before == 'closed' else after.label}"
        for before, all_after in TRANSITIONS.items()
        for after in all_after
    ]
    names = [f'    state "{stage.label}" as {stage.value}' for stage in TRANSITIONS]
    drawn = "\n".join(["```mermaid", "stateDiagram-v2", *names, "    [*] --> new", *lines, "```"])
    assert drawn in (ROOT / "docs/desk.md").read_text(), f"docs/desk.md must hold:\n{drawn}"
