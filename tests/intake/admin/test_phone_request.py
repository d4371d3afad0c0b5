"""Requests by phone: the public form and its rules, read to a caller and filled in by staff."""

import pytest
from django.contrib.admin.models import LogEntry

from intake import workflow
from intake.contact import consent
from intake.models import AccessRecord, AssessmentRequest, EncryptedText, OutboxMessage
from tests.html import forms_on
from tests.intake.support.factories import make_answers, make_request
from tests.intake.support.helpers import (
    LIST,
    PERSON,
    change_page,
    codes_of,
    form_on,
    personal_words_in,
    refuse_inserts,
    title_of,
)

pytestmark = pytest.mark.django_db

ADD = f"{LIST}add/"
ON_PHONE = {name: value for name, value in PERSON.items() if name not in ("voicemail_ok",)}


def filled(page, **changes):
    fields = form_on(page) | ON_PHONE | changes
    return {name: value for name, value in fields.items() if value is not None}


def enter(desk, **changes):
    """Opens the page, fills it in and presses Send."""
    return desk.post(ADD, filled(desk.get(ADD), **changes))


def messages_after(desk, response):
    assert response.status_code == 302
    return [str(message) for message in desk.get(response["Location"]).context["messages"]]


def test_a_request_by_phone_is_a_request_like_any_other(desk, me):
    response = enter(desk, text_ok="on")
    request = AssessmentRequest.objects.get()
    assert response["Location"] == change_page(request)
    assert request.texts.get().decrypt() == make_answers(voicemail_ok="", text_ok="on") | {"voicemail_ok": False}
    assert (request.referrer_path, request.stage, request.quarantined_at) == ("phone", "new", None)
    assert (request.promise, request.due_uses_default_hours) == ("", True)
    assert [(event.code, event.actor) for event in request.events.all()] == [("received", me), ("taken", me)]
    assert list(request.outbox_messages.values_list("kind", flat=True)) == [OutboxMessage.Kind.NEW_REQUEST]


def test_each_tick_is_kept_with_the_words_and_who_read_them(desk, me):
    enter(desk, text_ok="on")
    kept = AssessmentRequest.objects.get().consents.order_by("purpose")
    assert [(one.purpose, one.wording_version, one.wording_sha256, one.reader) for one in kept] == [
        (wording.purpose, wording.version, wording.sha256, me) for wording in (consent.CONTACT, consent.TEXT_MESSAGE)
    ]


def test_the_form_of_the_site_has_no_reader():
    request = make_request()
    assert {one.reader for one in request.consents.all()} == {None}
    assert (request.referrer_path, request.events.get().actor) == ("", None)


def test_the_consents_stand_on_the_page_word_for_word(desk):
    page = desk.get(ADD)
    for wording in consent.BY_FIELD.values():
        assert wording.text in page.content.decode()
    assert {"website", "consent", "text_ok", "voicemail_ok", "email_ok", "do_not_call"}.isdisjoint(form_on(page))


def test_the_page_after_it_tells_what_to_read_to_the_caller(desk):
    response = enter(desk)
    request = AssessmentRequest.objects.get()
    assert messages_after(desk, response) == [
        f"Saved. Tell the caller their reference: {request.reference}.",
        f"Read this to the caller: “{request.promise or 'We will contact you.'}”",
        "If you talk now, press “They called: we spoke” below when you have finished.",
    ]


def test_who_talks_with_a_caller_is_at_the_request_and_nobody_else_is_handed_it(desk, me, make_staff):
    enter(desk, preferred_time="asap")
    request = AssessmentRequest.objects.get()
    assert (request.owner, request.is_claimed) == (me, True)
    assert workflow.take_next(actor=make_staff("admissions")) is None
    workflow.log_attempt(request_id=request.pk, channel="they_called", result="reached", actor=me)
    request.refresh_from_db()
    assert (request.stage, request.owner, request.is_claimed) == ("talking", me, False)


def test_a_form_that_is_sent_twice_is_one_request(desk):
    fields = filled(desk.get(ADD))
    first, second = desk.post(ADD, fields), desk.post(ADD, fields)
    request = AssessmentRequest.objects.get()
    assert (first["Location"], second["Location"]) == (change_page(request), change_page(request))
    assert codes_of(request) == ["received", "taken"]


def test_a_form_that_is_sent_again_with_other_words_is_kept_with_the_request(desk, me):
    fields = filled(desk.get(ADD))
    desk.post(ADD, fields)
    desk.post(ADD, fields | {"message": "They also asked about costs.", "text_ok": "on"})
    request = AssessmentRequest.objects.get()
    assert {event.actor for event in request.events.all()} == {me}
    assert sorted(codes_of(request)) == ["amended", "received", "taken"]
    assert [text.kind for text in request.texts.all()] == ["answers", "amendment"]
    assert {(one.purpose, one.reader) for one in request.consents.all()} == {("contact", me), ("text_message", me)}


def test_two_callers_with_one_phone_are_two_requests(desk):
    enter(desk)
    enter(desk)
    assert AssessmentRequest.objects.count() == 2


def test_neither_the_limit_nor_signs_of_machines_hold_a_colleague_up(desk, settings):
    settings.REQUEST_LIMIT_PER_NETWORK = settings.REQUEST_LIMIT_TOTAL = 1
    for _ in range(3):
        enter(desk, message="https://a.example https://b.example www.c.example")
    assert list(AssessmentRequest.objects.values_list("spam_signals", flat=True)) == ["", "", ""]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"adult": None}, "Tell us whether you are 18 or older."),
        ({"consent": None}, "We need your agreement before we may contact you."),
        ({"phone": "", "email": ""}, "Enter a phone number or an email address"),
        ({"phone": "555-01"}, "This does not look like a complete phone number."),
        ({"name": "a\0b"}, "We can&#x27;t read the text between “a” and “b”."),
        ({"message": "x" * 1001}, "This is too long."),
    ],
)
def test_what_is_missing_is_asked_back_with_everything_kept(desk, changes, refusal):
    page = enter(desk, **changes)
    assert (page.status_code, AssessmentRequest.objects.count()) == (422, 0)
    assert refusal in page.content.decode()
    kept = form_on(page)
    for name in ON_PHONE.keys() - changes.keys():
        assert (name, kept[name]) == (name, ON_PHONE[name])


def test_an_odd_number_is_asked_about_once(desk):
    page = enter(desk, phone="555-01")
    assert desk.post(ADD, filled(page, phone="555-01")).status_code == 302


def test_a_caller_under_18_gets_help_and_nothing_is_stored(desk):
    page = enter(desk, adult="no", consent=None)
    content = page.content.decode()
    assert page.status_code == 200
    assert [help_ for help_ in ("tel:911", "tel:988", "tel:+18445344673", "Read aloud") if help_ not in content] == []
    assert (AssessmentRequest.objects.count(), EncryptedText.objects.count(), AccessRecord.objects.count()) == (0, 0, 0)


def test_no_that_was_chosen_by_mistake_leads_back_to_what_was_typed(desk):
    page = enter(desk, adult="no", text_ok="on")
    fields = next(form.fields for form in forms_on(page) if "phone" in form.fields)
    page = desk.post(ADD, fields | {"action": "look"})
    typed = form_on(page)
    assert typed["text_ok"] == "on"
    assert {name: typed.get(name) for name in ON_PHONE} == ON_PHONE | {"adult": None}
    desk.post(ADD, typed | {"adult": "yes"})
    assert AssessmentRequest.objects.count() == 1


def test_an_old_page_is_asked_back_with_everything_kept(desk):
    page = enter(desk, token="forged")
    assert (page.status_code, AssessmentRequest.objects.count()) == (403, 0)
    assert "Nothing is lost" in page.content.decode()
    assert desk.post(ADD, filled(page)).status_code == 302


def test_a_withdrawn_request_is_not_filled_again(desk):
    fields = filled(desk.get(ADD))
    desk.post(ADD, fields)
    workflow.withdraw(request_id=AssessmentRequest.objects.get().pk)
    page = desk.post(ADD, fields)
    assert page.status_code == 409
    assert "This request was withdrawn." in page.content.decode()
    assert desk.post(ADD, filled(page)).status_code == 302
    assert sorted(AssessmentRequest.objects.values_list("stage", flat=True)) == ["closed", "new"]


def test_where_the_database_takes_nothing_the_words_stay_on_the_page(desk, settings, caplog):
    refuse_inserts("intake_encryptedtext")
    page = enter(desk)
    assert (page.status_code, AssessmentRequest.objects.count()) == (503, 0)
    assert form_on(page)["message"] == ON_PHONE["message"]
    assert "write it on paper" in page.content.decode()
    assert (
        personal_words_in(" ".join(record.getMessage() for record in caplog.records if record.levelname == "ERROR"))
        == []
    )


# Callers who asked before


def test_a_known_number_is_told_before_anything_is_stored(desk):
    known, _other = make_request(), make_request(phone="(520) 555-0177", email="")
    page = desk.post(ADD, filled(desk.get(ADD), phone="602 555 0142", email="", action="look"))
    assert page.status_code == 200
    assert [(one, one.shared) for one in page.context["known"]] == [(known, {"phone"})]
    assert change_page(known) in page.content.decode()
    assert form_on(page)["phone"] == "602 555 0142"
    record = AccessRecord.objects.get()
    assert (record.action, record.request_ids) == ("search", [known.pk])
    assert AssessmentRequest.objects.count() == 2


def test_an_unknown_number_is_told_too(desk):
    make_request()
    page = desk.post(ADD, filled(desk.get(ADD), phone="520 555 0177", email="", action="look"))
    assert "No other request has this phone or email." in page.content.decode()


@pytest.mark.parametrize("typed", ["", "\0", "5" * 10_000, "🙂", "@" * 5000])
def test_looking_for_nonsense_shows_the_page(desk, typed):
    assert desk.post(ADD, filled(desk.get(ADD), phone=typed, email=typed, action="look")).status_code == 200


def test_a_known_number_is_told_after_saving(desk, me):
    known, closed = make_request(), make_request(email="")
    workflow.close(request_id=closed.pk, outcome="spam", actor=me)
    response = enter(desk)
    record = AccessRecord.objects.get()
    assert (record.action, record.request_ids) == ("search", [closed.pk, known.pk])
    assert messages_after(desk, response)[-1] == (
        "Earlier requests with this phone or email: "
        f'<a href="{change_page(closed)}">{closed.reference}</a> (Spam), '
        f'<a href="{change_page(known)}">{known.reference}</a> (open)'
    )


def test_what_is_said_after_saving_lies_in_no_cookie(desk):
    make_request()
    assert set(enter(desk).cookies) <= {"csrftoken", "sessionid"}


def test_nothing_personal_stands_in_an_address_a_title_or_the_history(desk):
    response = enter(desk)
    after = desk.get(response["Location"])
    assert personal_words_in(after.content.decode()) != []
    given = response["Location"] + title_of(after) + title_of(enter(desk, consent=None))
    assert personal_words_in(given + str(list(LogEntry.objects.values()))) == []


def test_an_empty_page_is_no_reading(desk):
    make_request()
    assert desk.get(ADD).status_code == 200
    assert AccessRecord.objects.count() == 0
