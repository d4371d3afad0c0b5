"""The commands that make requests up: they keep to the rules of the desk, or look as if."""

import datetime as dt
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.utils import timezone

from intake import reference, workflow
from intake.crypto import blind_index
from intake.models import AssessmentRequest, Attempt, EncryptedText, Event
from intake.sample_data import history
from intake.workflow.attempt_plan import attempt_plan_of
from tests.intake.support.factories import make_request

pytestmark = pytest.mark.django_db


def run(command, *arguments):
    said = StringIO()
    call_command(command, *arguments, stdout=said)
    return said.getvalue()


def counts():
    return {model.__name__: model.objects.count() for model in (AssessmentRequest, Attempt, Event, EncryptedText)}


@pytest.mark.parametrize("command", [["make_demo_requests"], ["generate_load_data", "50"]])
def test_made_up_requests_are_refused_outside_development(settings, command):
    settings.IN_DEVELOPMENT = False
    with pytest.raises(CommandError, match="Made-up requests would be among real ones"):
        run(*command)
    assert AssessmentRequest.objects.count() == 0


def test_the_demo_has_a_request_in_every_state_that_the_desk_knows():
    assert "17 of 17 requests" in run("make_demo_requests", "--count=17")
    requests = AssessmentRequest.objects.all()
    assert requests.count() == 17
    assert set(requests.values_list("stage", flat=True)) == set(AssessmentRequest.Stage.values)
    ends = {"", *workflow.ENDS, "duplicate"} - {"spam"}
    assert set(requests.values_list("outcome", flat=True)) == ends
    states = {
        "claimed": requests.filter(claimed_until__gt=timezone.now()),
        "called back": requests.filter(awaiting_reply_since__isnull=False),
        "put off": requests.filter(snooze_reason="thinking"),
        "on hold": requests.filter(snooze_reason="waiting"),
        "in quarantine": requests.filter(quarantined_at__isnull=False),
        "linked": requests.filter(duplicate_of__isnull=False),
    }
    assert {name: rows.count() for name, rows in states.items()} == dict.fromkeys(states, 1)


def test_what_the_demo_did_lies_in_the_past_and_in_order():
    run("make_demo_requests", "--count=17")
    now = timezone.now()
    assert Attempt.objects.count() >= 8
    assert Attempt.objects.filter(occurred_at__lte=F("request__received_at")).count() == 0
    assert Event.objects.filter(occurred_at__gt=now).count() == 0
    assert AssessmentRequest.objects.filter(closed_at__lt=F("first_attempt_at")).count() == 0
    given_up = AssessmentRequest.objects.get(outcome="not_reached")
    assert attempt_plan_of(given_up).why_not_closable == ""


def test_a_history_is_made_whole_and_a_second_run_adds_nothing():
    assert "200 of 200" in run("generate_load_data", "200")
    made = counts()
    assert made["AssessmentRequest"] == 200
    run("generate_load_data", "200")
    assert counts() == made


def test_after_a_history_postgresql_plans_with_what_it_holds():
    if connection.vendor == "sqlite":
        pytest.skip("SQLite plans without counting rows")
    run("generate_load_data", "100")
    assert "rows=100 " in AssessmentRequest.objects.all().explain()


def test_a_history_that_was_stopped_goes_on_where_it_stopped(monkeypatch):
    monkeypatch.setattr(history, "BATCH", 50)
    steps = history.make_history(150)
    assert [next(steps), next(steps)] == [0, 50]
    steps.close()
    assert AssessmentRequest.objects.count() == 50
    assert list(history.make_history(150)) == [50, 100, 150]
    assert AssessmentRequest.objects.count() == 150


def test_a_history_leaves_what_is_there_alone():
    request = make_request()
    run("generate_load_data", "50")
    assert AssessmentRequest.objects.count() == 51
    assert request.texts.get().decrypt()["name"] == "Wilhelmina Canary"


def test_a_history_looks_as_the_desk_would_have_left_it():
    run("generate_load_data", "1000")
    requests = AssessmentRequest.objects.all()
    assert requests.open().count() == 200
    assert requests.filter(duplicate_of__outcome="duplicate").count() == 0
    assert set(requests.values_list("outcome", flat=True)) == {"", *workflow.ENDS, "duplicate"}
    assert set(requests.open().values_list("stage", flat=True)) == {"new", "reaching", "talking", "booked"}
    moments = ["received_at", "first_attempt_at", "reached_at", "closed_at"]
    for row in requests.values_list(*moments):
        known = [moment for moment in row if moment]
        assert known == sorted(known)
        assert known[-1] <= timezone.now()
    assert [one for one in requests if reference.normalize(one.reference) != one.reference] == []
    days = (timezone.now() - requests.earliest("received_at").received_at) / dt.timedelta(days=1)
    assert 4 <= days <= 7  # 200 a day
    reached = requests.filter(reached_at__isnull=False)
    assert reached.exclude(attempts__result="reached").count() == 0
    median = sorted(reached.values_list("attempts_to_reach", flat=True))[reached.count() // 2]
    assert median == 4
    owners = requests.filter(claimed_until__gt=timezone.now()).values_list("owner__username", flat=True)
    assert sorted(owners) == ["demo-ana", "demo-lee", "demo-sam"]  # nobody is at two requests
    text = EncryptedText.objects.filter(kind="answers").first()
    assert text.decrypt()["consent"] is True
    withdrawn = requests.filter(outcome="withdrawn").first()
    assert (withdrawn.texts.count(), withdrawn.blind_indexes.count()) == (0, 0)


def test_a_longer_history_leaves_no_more_to_do_today(monkeypatch):
    monkeypatch.setattr(history, "NEWEST", 100)
    run("generate_load_data", "200")
    requests = AssessmentRequest.objects.all()
    assert (requests.open().count(), requests.filter(outcome="duplicate").exists()) == (20, True)


def test_a_history_is_found_by_phone_as_real_requests_are():
    run("generate_load_data", "50")
    text = next(text for text in EncryptedText.objects.filter(kind="answers") if text.decrypt()["phone"])
    values = blind_index.values_to_ask(blind_index.PHONE, text.decrypt()["phone"])
    found = AssessmentRequest.objects.filter(blind_indexes__kind="phone", blind_indexes__value__in=values)
    assert text.request in found
