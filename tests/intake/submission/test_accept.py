import datetime as dt
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from intake import workflow
from intake.contact import details, promise, schedule
from intake.contact.consent import BY_FIELD
from intake.contact.preferences import newest_preferences, preferences_from
from intake.models import AssessmentRequest, ConsentRecord, EncryptedText, Event, OutboxMessage
from intake.submission import accept as submission
from intake.submission import sent_form, spool, store, tokens
from pages import facts
from pages.models import Center, Holiday, OpeningHours
from staff.append_only import AppendOnlyViolation
from tests.intake.support.factories import accept, make_answers, make_request
from tests.intake.support.helpers import personal_words_in, refuse_inserts

TABLES = [AssessmentRequest, EncryptedText, ConsentRecord, Event, OutboxMessage]


def stored():
    return [model.objects.count() for model in TABLES]


def told_by(request):
    return [(text.kind, text.decrypt()) for text in request.texts.all()]


def codes_of(request):
    return list(request.events.values_list("code", flat=True))


@pytest.mark.django_db
def test_a_request_is_stored_with_answers_consents_event_and_notice():
    draft, answers = tokens.draw(), make_answers()
    request = accept(draft, answers)
    request.refresh_from_db()
    assert (request.pk, request.reference, request.stage, request.outcome, request.owner) == (
        draft.id,
        draft.reference,
        "new",
        "",
        None,
    )
    assert told_by(request) == [("answers", answers)]
    assert list(request.events.values_list("code", "from_value", "to_value", "actor", "occurred_at")) == [
        ("received", "", "new", None, request.received_at)
    ]
    assert list(request.outbox_messages.values_list("state", "attempts", "next_try_at")) == [
        ("queued", 0, request.received_at)
    ]


@pytest.mark.django_db
def test_a_consent_keeps_purpose_version_and_hash_of_the_exact_words():
    request = make_request(email_ok="on")
    records = request.consents.order_by("purpose").values_list(
        "purpose", "wording_version", "wording_sha256", "recorded_at"
    )
    agreed_to = [
        (
            "contact",
            "I agree that Renaissance Recovery Center may contact me about this request, in the ways I chose "
            "above. I can withdraw this at any time.",
        ),
        ("email", "You may send email to this address."),
        ("voicemail", "You may leave a voicemail on this phone."),
    ]
    assert list(records) == [
        (purpose, "2026-11", hashlib.sha256(words.encode()).hexdigest(), request.received_at)
        for purpose, words in agreed_to
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(("field", "purpose"), [(field, wording.purpose) for field, wording in BY_FIELD.items()])
def test_only_what_was_ticked_is_a_consent(field, purpose):
    nothing_ticked = dict.fromkeys(BY_FIELD, False)
    request = accept(tokens.draw(), make_answers() | nothing_ticked | {field: True})
    assert list(request.consents.values_list("purpose", flat=True)) == [purpose]


@pytest.mark.django_db
def test_a_consent_never_changes():
    record = make_request().consents.first()
    with pytest.raises(AppendOnlyViolation):
        record.save()
    with pytest.raises(AppendOnlyViolation):
        record.delete()


@pytest.mark.django_db
def test_no_table_holds_a_word_that_the_person_typed():
    request = make_request()
    assert personal_words_in(str(told_by(request))) != []
    tables = [name for name in connection.introspection.table_names() if name.startswith("intake_")]
    assert {"intake_assessmentrequest", "intake_encryptedtext", "intake_blindindex"} <= set(tables)
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM {table}")
            for value in (value for row in cursor.fetchall() for value in row):
                blob = bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()
                assert personal_words_in(blob.decode("latin-1")) == []


@pytest.mark.django_db
def test_the_same_form_sent_twice_is_one_request():
    draft = tokens.draw()
    first, again = make_request(draft), make_request(draft)
    assert first == again
    assert stored() == [1, 1, 2, 1, 1]


@pytest.mark.django_db
def test_two_forms_are_two_requests():
    assert make_request() != make_request()
    assert stored() == [2, 2, 4, 2, 2]


@pytest.mark.django_db
def test_a_form_sent_again_with_other_answers_keeps_both(stopped_clock):
    draft = tokens.draw()
    request = make_request(draft)
    stopped_clock.shift(dt.timedelta(seconds=1))
    make_request(draft, phone="480-555-0199")
    make_request(draft)
    make_request(draft, phone="480-555-0199")
    assert told_by(request) == [("answers", make_answers()), ("amendment", make_answers(phone="480-555-0199"))]
    assert codes_of(request) == ["received", "amended"]
    assert [request.outbox_messages.count(), request.consents.count()] == [
        1,
        4,
    ]  # the same words sent again agree to nothing


@pytest.mark.django_db
def test_earlier_answers_that_a_person_sends_again_are_their_last_word(clock):
    draft, other = tokens.draw(), {"phone": "480-555-0199", "voicemail_ok": ""}
    for changes in ({}, other, {}):
        clock.shift(dt.timedelta(minutes=1))
        request = make_request(draft, **changes)
    assert [answers for _kind, answers in told_by(request)] == [make_answers(), make_answers(**other), make_answers()]
    assert details.plain(details.details_of(request))["phone"] == make_answers()["phone"]
    assert newest_preferences(request).may_leave_voicemail
    assert request.consents.filter(purpose="voicemail").count() == 2  # the second one for the phone that counts now
    clock.shift(dt.timedelta(minutes=1))
    make_request(draft)  # already the newest
    assert codes_of(request) == ["received", "amended", "amended"]


@pytest.mark.django_db
def test_earlier_answers_sent_from_another_page_are_the_last_word_too(clock):
    for message in ("Call my sister", "Call me", "Call my sister"):
        clock.shift(dt.timedelta(minutes=1))
        request = make_request(form_key="k" * 64, message=message)
    messages = [answers["message"] for _kind, answers in told_by(request)]
    assert messages == ["Call my sister", "Call me", "Call my sister"]


@pytest.mark.django_db
def test_at_the_limit_earlier_answers_are_refused_instead_of_dropped(clock):
    draft = tokens.draw()
    for number in range(11):
        clock.shift(dt.timedelta(minutes=1))
        make_request(draft, message=f"number {number}")
    clock.shift(dt.timedelta(minutes=1))
    with pytest.raises(sent_form.TooManyAmendments):
        make_request(draft, message="number 3")


@pytest.mark.django_db
def test_a_retry_that_was_sent_before_the_newest_answers_changes_nothing(clock):
    draft, sent_at = tokens.draw(), timezone.now()
    make_request(draft, at=sent_at)
    request = make_request(draft, phone="480-555-0199", voicemail_ok="", at=sent_at + dt.timedelta(minutes=1))
    make_request(draft, at=sent_at + dt.timedelta(seconds=30))
    assert details.plain(details.details_of(request))["phone"] == "480-555-0199"
    assert not newest_preferences(request).may_leave_voicemail
    assert codes_of(request) == ["received", "amended"]


@pytest.mark.django_db
def test_the_form_sent_again_after_another_time_was_chosen_is_the_last_word(clock):
    draft, sent_at = tokens.draw(), timezone.now()
    request = make_request(draft, preferred_time="morning", at=sent_at)
    clock.shift(dt.timedelta(minutes=1))
    workflow.change_preferred_time(request_id=request.pk, preferred_time="afternoon", time_zone="")
    make_request(draft, preferred_time="morning", at=sent_at)  # a retry
    assert newest_preferences(request).preferred_time == "afternoon"
    clock.shift(dt.timedelta(minutes=1))
    make_request(draft, preferred_time="morning")
    assert newest_preferences(request).preferred_time == "morning"


@pytest.mark.django_db
def test_what_staff_corrected_stays_when_the_same_answers_come_again(clock, make_staff):
    draft, actor = tokens.draw(), make_staff("admissions")
    request = make_request(draft)
    clock.shift(dt.timedelta(minutes=1))
    known = details.plain(details.details_of(request))
    workflow.correct(request_id=request.pk, before=known, after=known | {"name": "Mina Canary"}, actor=actor)
    clock.shift(dt.timedelta(minutes=1))
    make_request(draft)
    assert details.plain(details.details_of(request))["name"] == "Mina Canary"


@pytest.mark.django_db
def test_words_sent_again_tell_staff_again():
    draft = tokens.draw()
    request = make_request(draft)
    request.outbox_messages.update(state="sent", attempts=1)
    make_request(draft)
    assert request.outbox_messages.get().state == "sent"
    make_request(draft, message="I forgot to say")
    assert (request.outbox_messages.get().state, request.outbox_messages.get().attempts) == ("queued", 0)


@pytest.mark.django_db
def test_a_closed_request_is_opened_again_by_someone_who_has_more_to_say(make_staff):
    draft = tokens.draw()
    request = make_request(draft)
    workflow.close(request_id=request.pk, outcome="declined", actor=make_staff("lead"))
    make_request(draft, message="Please try again")
    request.refresh_from_db()
    assert (request.stage, codes_of(request)[-2:]) == ("reaching", ["amended", "reopened"])


@pytest.mark.django_db
@pytest.mark.parametrize("outcome", ["declined", "spam", "withdrawn"])
def test_same_words_sent_after_closing_reopen_the_request(make_staff, outcome):
    draft, lead = tokens.draw(), make_staff("lead")
    request = make_request(draft)
    before = timezone.now()
    workflow.close(request_id=request.pk, outcome=outcome, actor=lead)
    make_request(draft, at=before)  # came in late, from the spool of another machine
    request.refresh_from_db()
    assert (request.stage, codes_of(request)[-1]) == ("closed", "closed")
    for _ in range(2):
        make_request(draft)
        request.refresh_from_db()
        assert (request.stage, codes_of(request)[-2:]) == ("reaching", ["amended", "reopened"])
    assert (request.texts.count(), request.awaiting_reply_since is not None) == (1, True)
    assert request.outbox_messages.get(kind="new_request").state == "queued"


@pytest.mark.django_db
def test_the_same_words_open_what_is_linked_when_the_other_request_has_ended_too(make_staff):
    draft, lead = tokens.draw(), make_staff("lead")
    original, request = make_request(), make_request(draft)
    workflow.link_duplicate(request_id=request.pk, of_reference=original.reference, actor=lead)
    make_request(draft)
    request.refresh_from_db()
    assert (request.duplicate_of, codes_of(original)[-1]) == (original, "linked")
    workflow.close(request_id=original.pk, outcome="declined", actor=lead)
    make_request(draft)
    request.refresh_from_db()
    assert (request.duplicate_of, request.stage, request.texts.count()) == (None, "new", 1)
    assert AssessmentRequest.objects.get(pk=original.pk).stage == "closed"


@pytest.mark.django_db
def test_words_that_were_erased_do_not_come_back_with_an_old_page(make_staff):
    draft, lead = tokens.draw(), make_staff("lead")
    request = make_request(draft)
    workflow.close(request_id=request.pk, outcome="withdrawn", actor=lead)
    workflow.erase(request_id=request.pk, actor=lead)
    for answers in (make_answers(), make_answers(message="again")):
        with pytest.raises(sent_form.RequestWithdrawn):
            accept(draft, answers)
    request.refresh_from_db()
    assert (request.stage, request.texts.count(), codes_of(request)[-1]) == ("closed", 0, "erased")


@pytest.mark.django_db
def test_a_consent_that_is_given_later_is_on_record_too():
    draft = tokens.draw()
    request = make_request(draft, text_ok="")
    make_request(draft, text_ok="on")
    assert sorted(set(request.consents.values_list("purpose", flat=True))) == ["contact", "text_message", "voicemail"]


@pytest.mark.django_db
@pytest.mark.parametrize("undo", ["opened again", "unlinked"])
def test_the_same_browser_and_contact_is_one_request_also_after_it_goes_on_again(make_staff, undo):
    actor, original = make_staff("admissions"), make_request()
    request = make_request(form_key="k" * 64)
    if undo == "unlinked":
        workflow.link_duplicate(request_id=request.pk, of_reference=original.reference, actor=actor)
        workflow.unlink_duplicate(request_id=request.pk, actor=actor)
    else:
        workflow.close(request_id=request.pk, outcome="declined", actor=actor)
        workflow.reopen(request_id=request.pk, actor=actor)
    assert make_request(message="One more thing", form_key="k" * 64) == request


@pytest.mark.django_db
def test_a_browser_that_asked_anew_keeps_its_newer_request_when_the_older_goes_on(make_staff):
    actor = make_staff("admissions")
    older = make_request(form_key="k" * 64)
    workflow.close(request_id=older.pk, outcome="declined", actor=actor)
    newer = make_request(form_key="k" * 64)
    workflow.reopen(request_id=older.pk, actor=actor)
    assert make_request(message="One more thing", form_key="k" * 64) == newer


@pytest.mark.django_db
def test_a_form_is_amended_at_most_ten_times(stopped_clock):
    draft = tokens.draw()
    for number in range(11):
        stopped_clock.shift(dt.timedelta(seconds=1))
        request = make_request(draft, message=f"number {number}")
    with pytest.raises(sent_form.TooManyAmendments):
        make_request(draft, message="number 11")
    assert make_request(draft, message="number 3") == request
    messages = [answers["message"] for _kind, answers in told_by(request)]
    assert messages == [f"number {number}" for number in range(11)]
    assert codes_of(request) == ["received", *["amended"] * 10]


@pytest.mark.django_db
def test_notes_of_staff_do_not_count_as_amendments(make_staff):
    draft = tokens.draw()
    request = make_request(draft)
    for _ in range(12):
        note = EncryptedText(
            request=request, kind="note", author=make_staff("admissions"), recorded_at=request.received_at
        )
        note.encrypt("called").save(force_insert=True)
    make_request(draft, message="Please call later.")
    assert EncryptedText.objects.filter(kind="amendment").count() == 1


@pytest.mark.django_db
def test_words_sent_again_are_kept_when_the_earlier_ones_do_not_open():
    draft = tokens.draw()
    request = make_request(draft)
    request.texts.update(envelope=b"\x01\x04gone" + bytes(40))
    make_request(draft, message="Please call later.")
    assert request.texts.get(kind="amendment").decrypt() == make_answers(message="Please call later.")


@pytest.mark.django_db
def test_another_form_with_the_same_reference_is_refused_and_changes_nothing():
    request = make_request()
    with pytest.raises(sent_form.ReferenceTaken):
        make_request(tokens.Draft(id=tokens.draw().id, reference=request.reference), name="Someone else")
    assert stored() == [1, 1, 2, 1, 1]
    assert told_by(request) == [("answers", make_answers())]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answers", "error"),
    [
        (make_answers() | {"message": object()}, TypeError),
        (make_answers() | {"message": "half a character: \ud83d"}, UnicodeEncodeError),
        ({"message": "no word about consent"}, KeyError),
    ],
    ids=["not JSON", "not text", "no consents"],
)
def test_answers_that_can_not_be_stored_leave_nothing_behind(answers, error):
    form = sent_form.SentForm(tokens.draw(), answers)
    with pytest.raises(error):
        store.store(form, promise.promise_to(form.at, preferences_from(make_answers())))
    assert stored() == [0, 0, 0, 0, 0]


@pytest.mark.django_db
@pytest.mark.parametrize("model", TABLES)
def test_when_the_database_refuses_one_row_all_of_it_goes_to_the_spool(model):
    refuse_inserts(model._meta.db_table)
    draft = tokens.draw()
    confirmed_id = submission.accept(sent_form.SentForm(draft, make_answers()))
    assert stored() == [0, 0, 0, 0, 0]
    assert [kept["answers"] for kept in spool.find(confirmed_id)] == [make_answers()]


@pytest.mark.django_db
def test_amendment_that_can_not_be_stored_is_spooled_and_the_request_stays():
    draft = tokens.draw()
    request = make_request(draft)
    refuse_inserts("intake_event")
    confirmed_id = submission.accept(sent_form.SentForm(draft, make_answers(message="Please call later.")))
    assert told_by(request) == [("answers", make_answers())]
    assert [kept["answers"] for kept in spool.find(confirmed_id)] == [make_answers(message="Please call later.")]


@pytest.mark.django_db
def test_without_hours_the_due_time_is_counted_with_assumed_ones_and_marked():
    request = make_request(preferred_time="asap", time_zone="America/Phoenix")
    assert request.due_uses_default_hours is True
    assert request.due_at == schedule.first_contact(request.received_at, schedule.ASSUMED).ends


@pytest.mark.django_db
def test_with_hours_told_the_due_time_is_counted_with_them_and_stays():
    Center.objects.update(contact_target_hours=30)
    center = Center.objects.get()
    for weekday in range(7):
        OpeningHours.objects.create(center=center, weekday=weekday, opens=dt.time(9), closes=dt.time(10))
    facts.forget()
    request = make_request(preferred_time="asap", time_zone="America/Phoenix")
    hours = schedule.hours_of(facts.current())
    assert request.due_uses_default_hours is False
    assert request.due_at == schedule.first_contact(request.received_at, hours).ends
    assert request.due_at != schedule.first_contact(request.received_at, schedule.ASSUMED).ends

    tomorrow = request.received_at.astimezone(hours.zone).date() + dt.timedelta(days=1)
    Holiday.objects.create(center=center, day=tomorrow, name="A day off")
    facts.forget()
    due_at = request.due_at
    assert schedule.first_contact(request.received_at, schedule.hours_of(facts.current())).ends != due_at
    request.refresh_from_db()
    assert request.due_at == due_at


def test_one_form_sent_by_many_at_the_same_moment_is_one_request(site):
    draft, others = tokens.draw(), 6
    together = threading.Barrier(others)

    def send(_number):
        try:
            together.wait()
            return make_request(draft).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(others) as pool:
        accepted = list(pool.map(send, range(others)))
    assert accepted == [draft.id] * others
    assert stored() == [1, 1, 2, 1, 1]
