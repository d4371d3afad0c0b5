import dataclasses
import datetime as dt
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from intake import worker, workflow
from intake.contact.preferences import newest_preferences
from intake.models import AssessmentRequest, EncryptedText, Heartbeat, OutboxMessage, RecentSender
from intake.monitoring import heartbeat
from intake.submission import accept as submission
from intake.submission import circuit_breaker, private_link, sent_form, spool, store, tokens
from tests.intake.support.factories import accept, make_answers, make_request
from tests.intake.support.helpers import codes_of, personal_words_in

DAY = dt.timedelta(days=1)


@pytest.fixture
def take_database_away():
    """A function that points the connection at a database that does not exist, and one that brings it back."""
    name = connection.settings_dict["NAME"]

    def take_away():
        connection.close()
        connection.settings_dict["NAME"] = "/no/such/folder/database"
        with pytest.raises(DatabaseError):
            connection.ensure_connection()

    def bring_back():
        connection.close()
        connection.settings_dict["NAME"] = name
        circuit_breaker.reset()

    yield take_away, bring_back
    bring_back()


def spooled(draft, answers, **circumstances):
    """Sends answers in while the database is left alone. Returns the form."""
    form = sent_form.SentForm(draft, answers, **circumstances)
    circuit_breaker.trip()
    confirmed_as = tokens.confirmed_as(draft, answers)
    assert submission.accept(form) == confirmed_as.id
    circuit_breaker.reset()
    return dataclasses.replace(form, confirmed_as=confirmed_as)


def files():
    return spool.state().files, spool.state().set_aside


def names_by_request():
    return {str(text.request_id): text.decrypt()["name"] for text in EncryptedText.objects.filter(kind="answers")}


def errors_in(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


# Taking in the spool


@pytest.mark.django_db
def test_what_was_spooled_is_stored_as_it_would_have_been():
    draft, at = tokens.draw(), timezone.now() - DAY
    answers = make_answers(email_ok="on")
    form = spooled(draft, answers, at=at, form_key="a" * 64, spam_signals=("fast", "links"))
    assert AssessmentRequest.objects.count() == 0
    assert (worker.take_in_spool(), files()) == (1, (0, 0))
    stored = AssessmentRequest.objects.get()

    other = dataclasses.replace(form, draft=tokens.draw(), form_key="b" * 64, confirmed_as=None)
    direct = AssessmentRequest.objects.get(pk=submission.accept(other))
    kept = ["stage", "received_at", "due_at", "due_uses_default_hours", "promise", "quarantined_at", "spam_signals"]
    assert [getattr(stored, name) for name in kept] == [getattr(direct, name) for name in kept]
    assert (stored.pk, stored.reference, stored.form_key) == (draft.id, form.confirmed_as.reference, "a" * 64)
    assert store.find(form.confirmed_as.id) == stored
    assert stored.texts.get().decrypt() == answers
    assert stored.contact_preferences.get().codes() == direct.contact_preferences.get().codes()
    for rows in ("consents", "events", "outbox_messages"):
        assert getattr(stored, rows).count() == getattr(direct, rows).count() != 0
    # Kinds, not rows: how many words of a name share a value depends on how many requests there were.
    kinds = [set(request.blind_indexes.values_list("kind", flat=True)) for request in (stored, direct)]
    assert kinds == [{"phone", "email", "name"}] * 2


@pytest.mark.django_db
def test_what_was_promised_is_kept_though_it_is_taken_in_later(monkeypatch):
    draft = tokens.draw()
    form = spooled(draft, make_answers(preferred_time="asap"), at=timezone.now() - 5 * DAY)
    promised = submission.confirmation_from_spool(form.confirmed_as.id).promise
    worker.take_in_spool()
    stored = AssessmentRequest.objects.get()
    assert (stored.promise, stored.due_at < timezone.now()) == (promised, True)


@pytest.mark.django_db
def test_who_returns_to_earlier_answers_right_after_an_outage_has_the_last_word(clock):
    draft, answers = tokens.draw(), make_answers()
    request = make_request(draft)
    clock.shift(dt.timedelta(minutes=1))
    spooled(draft, make_answers(voicemail_ok=""))
    clock.shift(dt.timedelta(minutes=1))
    confirmed = submission.accept(
        sent_form.SentForm(draft, answers)
    )  # the database is back, the worker has not run yet
    assert worker.take_in_spool() == 2
    assert store.find(confirmed) == request
    assert request.texts.last().decrypt() == answers
    assert newest_preferences(request).may_leave_voicemail


@pytest.mark.django_db
def test_amendments_in_the_spool_stay_in_their_order():
    draft = tokens.draw()
    for number in range(3):
        spooled(draft, make_answers(message=f"number {number}"))
    assert worker.take_in_spool() == 3
    request = AssessmentRequest.objects.get()
    assert [(text.kind, text.decrypt()["message"]) for text in request.texts.all()] == [
        ("answers", "number 0"),
        ("amendment", "number 1"),
        ("amendment", "number 2"),
    ]


@pytest.mark.django_db
def test_a_request_that_was_committed_and_spooled_is_one_request():
    draft = tokens.draw()
    request = make_request(draft, form_key="a" * 64)
    spooled(draft, make_answers(), form_key="a" * 64)
    assert (worker.take_in_spool(), files()) == (1, (0, 0))
    assert (AssessmentRequest.objects.count(), codes_of(request), OutboxMessage.objects.count()) == (1, ["received"], 1)


@pytest.mark.django_db
@pytest.mark.parametrize("message", ["I drink\ncanary tea every morning.", "something new"])
def test_a_request_that_was_withdrawn_is_not_brought_back_by_its_file(message):
    draft = tokens.draw()
    request = make_request(draft)
    spooled(draft, make_answers(message=message))
    workflow.withdraw(request_id=request.pk)
    assert (worker.take_in_spool(), files()) == (1, (0, 0))
    request.refresh_from_db()
    assert (request.stage, EncryptedText.objects.count(), OutboxMessage.objects.count()) == ("closed", 0, 0)
    assert AssessmentRequest.objects.count() == 1


@pytest.mark.django_db
def test_a_reference_that_was_taken_meanwhile_is_drawn_anew(caplog):
    draft = tokens.draw()
    confirmed = spooled(draft, make_answers()).confirmed_as
    taken = make_request(tokens.Draft(tokens.draw().id, confirmed.reference))
    assert (worker.take_in_spool(), files()) == (1, (0, 0))
    stored = AssessmentRequest.objects.get(pk=draft.id)
    assert (taken.reference, stored.reference != confirmed.reference) == (confirmed.reference, True)
    assert stored.texts.get().decrypt() == make_answers()


@pytest.mark.django_db
def test_what_was_acknowledged_is_stored_above_every_limit(settings):
    settings.REQUEST_LIMIT_PER_NETWORK = settings.REQUEST_LIMIT_TOTAL = 1
    make_request(sender="here")
    spooled(tokens.draw(), make_answers(), sender="here")
    assert worker.take_in_spool() == 1
    assert list(AssessmentRequest.objects.values_list("spam_signals", flat=True)) == ["", ""]
    assert RecentSender.objects.count() == 1


def garbage():
    path = Path(settings.SPOOL_DIR) / f"{'0' * 64}-1"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x01\x04gone" + bytes(40))


def opens_and_makes_no_sense():
    spool.put(tokens.draw().id, {"answers": {"name": "Wilhelmina Canary"}})


POISON = {
    "does not open": (garbage, (0, 1), "A spool file can't be decrypted; it was set aside"),
    "makes no sense": (opens_and_makes_no_sense, (1, 0), "A spool file can't be stored: KeyError"),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("make", "left", "said"), POISON.values(), ids=POISON)
def test_a_file_that_can_not_be_stored_does_not_keep_back_the_others(caplog, make, left, said):
    before, after = tokens.draw(), tokens.draw()
    spooled(before, make_answers(name="before"))
    make()
    spooled(after, make_answers(name="after"))
    assert files() == (3, 0)
    caplog.clear()
    assert (worker.take_in_spool(), files()) == (2, left)
    assert names_by_request() == {str(before.id): "before", str(after.id): "after"}
    assert errors_in(caplog) == [said]
    assert worker.take_in_spool() == 0
    assert files() == left
    assert personal_words_in(caplog.text) == []


def test_two_workers_at_once_take_in_every_file_once(site, caplog):
    drafts = [tokens.draw() for _ in range(10)]
    for draft in drafts:
        spooled(draft, make_answers(name=draft.reference))
    together = threading.Barrier(2)

    def work(_number):
        try:
            together.wait()
            return worker.take_in_spool()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        taken = list(pool.map(work, range(2)))
    assert sum(taken) >= len(drafts)
    assert files() == (0, 0)
    assert names_by_request() == {str(draft.id): draft.reference for draft in drafts}
    assert list(OutboxMessage.objects.values_list("kind", "state")) == [("new_request", "queued")] * len(drafts)
    assert {tuple(codes_of(request)) for request in AssessmentRequest.objects.all()} == {("received",)}
    assert [line for line in errors_in(caplog) if "can't be" in line] == []


# A round


def test_a_round_takes_in_the_spool_sends_what_is_due_and_leaves_a_heartbeat(site, mailoutbox):
    confirmed = spooled(tokens.draw(), make_answers()).confirmed_as
    began = timezone.now()
    worker.work_once()
    assert files() == (0, 0)
    assert [mail.subject for mail in mailoutbox] == [f"New request {confirmed.reference}"]
    (beat,) = Heartbeat.objects.all()
    assert beat.name == heartbeat.of_this_worker()
    assert began <= beat.beat_at <= timezone.now()


def test_a_round_releases_what_was_taken_and_not_worked_on(site, make_staff):
    lapsed, live = (make_request() for _ in range(2))
    for request in (lapsed, live):
        workflow.claim(request_id=request.pk, actor=make_staff("admissions"))
    AssessmentRequest.objects.filter(pk=lapsed.pk).update(claimed_until=timezone.now())
    worker.work_once()
    assert list(AssessmentRequest.objects.filter(owner=None)) == [lapsed]


def test_the_next_round_moves_the_heartbeat(site):
    worker.work_once()
    Heartbeat.objects.update(beat_at=timezone.now() - DAY)
    began = timezone.now()
    worker.work_once()
    (beat,) = Heartbeat.objects.all()
    assert beat.beat_at >= began


def test_while_the_database_is_away_nothing_breaks_and_nothing_is_lost(site, take_database_away, caplog, mailoutbox):
    take_away, bring_back = take_database_away
    draft = tokens.draw()
    take_away()
    confirmed = tokens.confirmed_as(draft, make_answers())
    assert submission.accept(sent_form.SentForm(draft, make_answers())) == confirmed.id
    for _ in range(2):
        worker.work_once()
    assert files() == (1, 0)
    assert mailoutbox == []
    away = "Worker step failed: requests stored from the spool (OperationalError). The database is away"
    assert errors_in(caplog)[-2:] == [away, away]
    bring_back()
    worker.work_once()
    assert (files(), AssessmentRequest.objects.get().reference) == ((0, 0), confirmed.reference)
    assert len(mailoutbox) == 1
    assert personal_words_in(caplog.text) == []


# A second form of one browser, and one that comes after a withdrawal, while the database is away


@pytest.mark.django_db
def test_second_spooled_form_of_one_browser_is_one_request_with_two_references():
    first, second = tokens.draw(), tokens.draw()
    request = make_request(first, form_key="a" * 64)
    confirmed = spooled(second, make_answers(message="Please call later."), form_key="a" * 64).confirmed_as
    kept = submission.confirmation_from_spool(confirmed.id)
    secret = private_link.secret_of(confirmed.id)
    assert kept.reference == confirmed.reference
    worker.take_in_spool()
    assert AssessmentRequest.objects.get() == request
    assert [text.kind for text in request.texts.all()] == ["answers", "amendment"]
    assert (store.find(confirmed.id), private_link.find(secret)) == (request, request)
    assert store.find(second.id) == request
    assert set(request.aliases.values_list("reference", flat=True)) == {second.reference, confirmed.reference}
    workflow.withdraw(request_id=request.pk)
    assert (request.aliases.count(), store.find(confirmed.id), private_link.find(secret)) == (0, None, None)


@pytest.mark.django_db
def test_the_same_second_form_from_the_spool_twice_makes_its_aliases_once():
    first, second = tokens.draw(), tokens.draw()
    request = make_request(first, form_key="a" * 64)
    for message in ("One more word.", "And another."):
        spooled(second, make_answers(message=message), form_key="a" * 64)
    worker.take_in_spool()
    assert (request.aliases.count(), request.texts.count(), files()) == (2, 3, (0, 0))


@pytest.mark.django_db
def test_only_what_was_sent_after_a_withdrawal_is_a_new_request():
    draft, answers = tokens.draw(), make_answers()
    request = accept(draft, answers)
    spooled(draft, make_answers(message="before"), at=timezone.now() - dt.timedelta(minutes=1))
    workflow.withdraw(request_id=request.pk)
    spooled(draft, make_answers(message="after"))
    worker.take_in_spool()
    new = AssessmentRequest.objects.exclude(pk=request.pk).get()
    request.refresh_from_db()
    assert (request.stage, request.texts.count(), files()) == ("closed", 0, (0, 0))
    assert (new.stage, new.texts.get().decrypt()) == ("new", make_answers(message="after"))
    assert (new.reference != draft.reference, new.form_key) == (True, None)


@pytest.mark.django_db
def test_what_was_sent_after_a_withdrawal_under_legal_hold_is_a_new_request_too(make_staff):
    draft, answers = tokens.draw(), make_answers()
    confirmed = spooled(draft, answers).confirmed_as
    worker.take_in_spool()
    withdrawn = AssessmentRequest.objects.get()
    workflow.set_legal_hold(request_id=withdrawn.pk, actor=make_staff("lead"))
    workflow.withdraw(request_id=withdrawn.pk)
    assert spooled(draft, answers, at=timezone.now()).confirmed_as == confirmed
    worker.take_in_spool()
    new = AssessmentRequest.objects.open().get()
    assert (new.texts.get().decrypt(), files()) == (answers, (0, 0))
    assert store.find(confirmed.id) == private_link.find(private_link.secret_of(confirmed.id)) == new
    withdrawn.refresh_from_db()
    assert (withdrawn.stage, withdrawn.texts.count()) == ("closed", 1)


# What one step can't do


@pytest.mark.django_db(transaction=True)
def test_a_spool_that_can_not_be_used_keeps_no_alert_back(settings, tmp_path, mailoutbox, caplog):
    make_request()
    settings.SPOOL_DIR = tmp_path / "a file"
    settings.SPOOL_DIR.write_text("")
    worker.work_once()
    assert len(mailoutbox) == 1
    assert Heartbeat.objects.filter(name=heartbeat.of_this_worker()).exists()
    assert "Worker step failed: requests stored from the spool (SpoolError)" in errors_in(caplog)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_told_to_stop_begins_no_further_mail(mailoutbox):
    for _ in range(3):
        make_request()
    worker.work_once(is_stopped=lambda: len(mailoutbox) == 1)
    assert len(mailoutbox) == 1
    assert sorted(OutboxMessage.objects.values_list("state", flat=True)) == ["queued", "queued", "sent"]
