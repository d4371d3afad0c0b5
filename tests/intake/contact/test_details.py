import datetime as dt

import pytest
from django.utils import timezone

from intake import search, workflow
from intake.contact import details
from intake.contact.details import Conflict, Value, merge, why_impossible
from intake.contact.preferences import newest_preferences
from intake.models import Event
from intake.submission import tokens
from intake.workflow.attempt_plan import attempt_plan_of
from tests.intake.support.factories import make_request, make_request_with_odd_contact
from tests.intake.support.helpers import change_page, local_time, personal_words_in
from tests.intake.support.request_page import followed, press, refusal_of, work_form

NOW = local_time("2026-11-24 10:00")
KNOWN = {"phone": Value("1", None, NOW), "name": Value("Ana", "sam", NOW), "may_text": Value(False, None, NOW)}

# name: (on my screen, what I made of it, conflicts (field, before, theirs, mine), changed)
MERGES = {
    "nothing changed": ({"phone": "1"}, {"phone": "1"}, [], {}),
    "only mine": ({"phone": "1"}, {"phone": "2"}, [], {"phone": "2"}),
    "only theirs": ({"name": "Anna"}, {"name": "Anna"}, [], {}),
    "both alike": ({"name": "Anna"}, {"name": "Ana"}, [], {}),
    "both otherwise": ({"name": "Anna"}, {"name": "Anne"}, [("name", "Anna", "Ana", "Anne")], {}),
    "back to empty": ({"phone": "1"}, {"phone": ""}, [], {"phone": ""}),
    "a tick": ({"may_text": False}, {"may_text": True}, [], {"may_text": True}),
    "a field apart": (
        {"name": "Anna", "phone": "1"},
        {"name": "Anne", "phone": "2"},
        [("name", "Anna", "Ana", "Anne")],
        {"phone": "2"},
    ),
    "not on my screen": ({}, {"phone": "2"}, [], {}),
    "unknown field": ({"stage": "new"}, {"stage": "closed"}, [], {}),
}


@pytest.mark.parametrize(("before", "after", "conflicts", "changed"), MERGES.values(), ids=MERGES)
def test_of_two_changes_those_of_one_alone_are_made_and_the_others_are_conflicts(before, after, conflicts, changed):
    expected = [Conflict(name, was, KNOWN[name], mine) for name, was, _theirs, mine in conflicts]
    assert [KNOWN[name].value for name, _was, _theirs, _mine in conflicts] == [row[2] for row in conflicts]
    assert merge(KNOWN, before, after) == (expected, changed)


POSSIBLE = {
    "phone": "1",
    "email": "",
    "may_call": True,
    "may_leave_voicemail": False,
    "may_text": False,
    "may_email": False,
    "preferred_time": "asap",
}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"phone": ""}, "Calls and texts need a phone number."),
        ({"phone": "", "may_call": False, "may_text": True}, "Calls and texts need a phone number."),
        ({"may_email": True}, "Email needs an email address."),
        ({"may_email": True, "email": "a@b.c", "may_call": False}, ""),
        ({"may_call": False, "may_leave_voicemail": True}, "Voicemail needs permission to call."),
        ({"preferred_time": "confirmed"}, "To confirm a time, they must allow email or text messages."),
        ({"preferred_time": "confirmed", "may_text": True}, ""),
        ({"may_call": False}, "Leave one way to reach this person, or close the request."),
    ],
)
def test_why_nobody_could_be_reached_is_said_in_a_sentence(changes, why):
    assert why_impossible(POSSIBLE | changes) == why


pytestmark = pytest.mark.django_db


def correct(request, actor, **changes):
    known = details.plain(details.details_of(request))
    return workflow.correct(request_id=request.pk, before=known, after=known | changes, actor=actor, consent_read=True)


def values(request, *names):
    known = details.details_of(request)
    return [known[name].value for name in names]


# What is known


def test_every_field_is_what_the_person_wrote_until_someone_changes_it():
    request = make_request()
    known = details.details_of(request)
    assert set(known) == set(details.FIELDS)
    assert {value.who for value in known.values()} == {None}
    assert {value.at for value in known.values()} == {request.received_at}
    assert known["phone"].value == "(602) 555-0142"
    assert known["may_leave_voicemail"].value is True


def test_a_field_says_who_changed_it_last_and_the_others_stay_the_persons(me, sam):
    request = make_request()
    correct(request, me, phone="480 555 0199")
    correct(request, sam, phone="480 555 0111", may_text=True)
    known = details.details_of(request)
    assert {name: value.who for name, value in known.items() if value.who} == {"phone": sam, "may_text": sam}
    assert (known["phone"].value, known["may_text"].value) == ("480 555 0111", True)


def test_what_the_person_sends_again_is_newer_than_a_correction(me):
    draft = tokens.draw()
    request = make_request(draft)
    correct(request, me, phone="480 555 0199")
    make_request(draft, phone="480 555 0122")
    assert (values(request, "phone"), details.details_of(request)["phone"].who) == (["480 555 0122"], None)


# The correction


def test_correction_is_encrypted_logged_without_values_and_searchable(me):
    request, other = make_request(), make_request(phone="480 555 0199", email="")
    assert correct(request, me, phone="480-555-0199", name="Mina") == []
    event = request.events.last()
    assert (event.code, event.from_value, event.to_value, event.actor) == ("corrected", "", "name,phone", me)
    assert request.texts.get(kind="correction").decrypt() == {"name": "Mina", "phone": "480-555-0199"}
    assert [(found.pk, found.shared) for found in search.same_contact(request)] == [(other.pk, {"phone"})]
    assert personal_words_in(str(list(Event.objects.values()))) == []


def test_every_field_can_be_corrected_at_once(me):
    request = make_request()
    changed = {
        "name": "",
        "phone": "480 555 0199",
        "email": "mina@example.org",
        "language": "Español",
        "may_call": False,
        "may_leave_voicemail": False,
        "may_text": True,
        "may_email": True,
        "introduction": "first_name",
        "preferred_time": "morning",
        "time_zone": "America/New_York",
        "for_whom": "other",
    }
    assert correct(request, me, **changed) == []
    assert details.plain(details.details_of(request)) == changed
    assert request.events.last().to_value == ",".join(sorted(changed))


@pytest.mark.parametrize("changes", [{"language": "Spanish"}, {"name": ""}, {"may_text": True}])
def test_a_correction_that_is_in_no_index_is_kept_all_the_same(me, changes):
    request = make_request()
    correct(request, me, **changes)
    assert values(request, *changes) == list(changes.values())


def test_a_correction_that_leaves_no_way_to_reach_the_person_is_refused(me):
    request = make_request()
    with pytest.raises(workflow.TransitionRefused, match="Calls and texts need a phone number"):
        correct(request, me, phone="")
    assert (request.texts.count(), request.events.count(), request.contact_preferences.count()) == (1, 1, 1)


def test_old_invalid_value_does_not_block_correcting_another_field(me):
    request = make_request()
    request.texts.update(envelope=b"")  # the number can't be read any more
    correct(request, me, language="Spanish")
    assert values(request, "phone", "language") == ["", "Spanish"]


def test_staff_write_down_contact_rules_that_can_not_be_read(me):
    request = make_request()
    request.contact_preferences.all().delete()
    nothing = details.plain(details.details_of(request))
    assert (nothing["may_call"], nothing["may_email"]) == (False, False)
    workflow.correct(request_id=request.pk, before={"may_call": False}, after={"may_call": True}, actor=me)
    kept = request.contact_preferences.get()
    assert (kept.may_call, kept.may_text, kept.author) == (True, False, me)


@pytest.mark.parametrize(
    ("permission", "purpose"),
    [("may_leave_voicemail", "voicemail"), ("may_text", "text_message"), ("may_email", "email")],
)
def test_what_is_allowed_on_the_phone_is_on_record_with_who_read_the_words(me, permission, purpose):
    request = make_request(voicemail_ok="")
    change = {"before": {permission: False}, "after": {permission: True}}
    with pytest.raises(workflow.TransitionRefused, match="Read this to the person first"):
        workflow.correct(request_id=request.pk, **change, actor=me)
    workflow.correct(request_id=request.pk, **change, actor=me, consent_read=True)
    assert request.consents.get(purpose=purpose).reader == me
    assert getattr(request.contact_preferences.last(), permission) is True


def test_a_correction_that_changes_nothing_is_no_event(me):
    request = make_request()
    assert correct(request, me) == []
    request.refresh_from_db()
    assert (request.version, request.events.count()) == (0, 1)


# The form on the page


def test_the_page_corrects_what_was_changed_and_nothing_else(desk, me):
    request = make_request()
    typed = {
        "consent_read": "on",
        "details-phone": "480 555 0199",
        "details-may_text": "on",
        "details-time_zone": "America/New_York",
    }
    assert "The contact details are corrected." in followed(desk, press(desk, request, "details", **typed))
    assert request.events.last().to_value == "may_text,phone,time_zone"
    assert values(request, "phone", "may_text", "time_zone", "name") == [
        "480 555 0199",
        True,
        "America/New_York",
        "Wilhelmina Canary",
    ]


def test_the_page_refuses_a_correction_that_leaves_no_way_and_keeps_what_was_typed(desk):
    request = make_request()
    response = press(desk, request, "details", **{"details-phone": "", "details-name": "Mina", "note": "Wrong number"})
    assert refusal_of(response) == "Calls and texts need a phone number."
    fields = work_form(response).fields
    assert (fields["details-phone"], fields["details-name"], fields["note"]) == ("", "Mina", "Wrong number")
    assert fields["initial-details-phone"] == "(602) 555-0142"


@pytest.mark.parametrize("name", ["details-name", "initial-details-name", "details-time_zone", "initial-details-phone"])
def test_the_page_refuses_what_no_browser_sends(desk, name):
    request = make_request()
    assert refusal_of(press(desk, request, "details", **{name: "\0"})) != ""
    assert request.events.count() == 1


def test_saving_without_a_change_is_refused_with_a_sentence(desk):
    assert refusal_of(press(desk, make_request(), "details")) == "No contact details were changed."


def conflicting(desk, request, sam, button="details", **more):
    """Two people correct the phone, and I the language too."""
    form = work_form(desk.get(change_page(request)))
    correct(request, sam, phone="480 555 0111", preferred_time="morning")
    typed = {"details-phone": "480 555 0199", "details-language": "Spanish", "note": "New number"}
    return press(desk, request, button, form, **typed | more)


def test_of_two_who_correct_at_once_the_second_chooses_and_loses_nothing(desk, me, sam):
    request = make_request()
    response = conflicting(desk, request, sam)
    (row,) = response.context["conflicts"]
    assert [row[name] for name in ("name", "before", "theirs", "who", "mine")] == [
        "phone",
        "(602) 555-0142",
        "480 555 0111",
        sam,
        "480 555 0199",
    ]
    assert values(request, "phone", "language", "preferred_time") == ["480 555 0111", "Spanish", "morning"]
    assert request.texts.get(kind="note").decrypt() == "New number"
    form = work_form(response)
    assert (form.fields["details-phone"], form.fields["initial-details-phone"]) == ("480 555 0199", "480 555 0111")
    assert "Your value is saved." in followed(desk, press(desk, request, "use_mine:phone", form))
    assert values(request, "phone", "language", "preferred_time") == ["480 555 0199", "Spanish", "morning"]
    assert details.details_of(request)["phone"].who == me


def test_who_keeps_the_value_of_the_other_changes_nothing(desk, sam):
    request = make_request()
    form = work_form(conflicting(desk, request, sam))
    done = followed(desk, press(desk, request, "keep_theirs:phone", form))
    assert ("value is kept." in done, "was not carried out" in done) == (True, False)
    assert values(request, "phone") == ["480 555 0111"]


def test_of_two_conflicts_one_choice_keeps_the_other_open(desk, sam):
    request = make_request()
    form = work_form(desk.get(change_page(request)))
    correct(request, sam, phone="480 555 0111", may_text=True, name="Sam's")
    response = press(desk, request, "details", form, **{"details-phone": "480 555 0199", "details-name": "Mina"})
    assert [row["name"] for row in response.context["conflicts"]] == ["name", "phone"]
    response = press(desk, request, "use_mine:name", work_form(response))
    (row,) = response.context["conflicts"]
    assert (row["name"], row["before"], row["mine"]) == ("phone", "(602) 555-0142", "480 555 0199")
    assert values(request, "name", "phone", "may_text") == ["Mina", "480 555 0111", True]
    assert press(desk, request, "use_mine:phone", work_form(response)).status_code == 302
    assert values(request, "phone") == ["480 555 0199"]


def test_a_value_that_was_changed_once_more_is_asked_about_once_more(desk, sam):
    request = make_request()
    form = work_form(conflicting(desk, request, sam))
    correct(request, sam, phone="480 555 0122")
    response = press(desk, request, "use_mine:phone", form)
    (row,) = response.context["conflicts"]
    assert (row["theirs"], row["mine"]) == ("480 555 0122", "480 555 0199")
    assert values(request, "phone") == ["480 555 0122"]


def test_a_conflict_under_another_button_does_nothing_and_keeps_everything(desk, sam):
    request = make_request()
    response = conflicting(desk, request, sam, "attempt:call:no_answer")
    assert refusal_of(response) == "A colleague changed the same details. Choose below, then press the button again."
    assert [row["name"] for row in response.context["conflicts"]] == ["phone"]
    fields = work_form(response).fields
    assert (fields["note"], fields["details-language"], fields["details-preferred_time"]) == (
        "New number",
        "Spanish",
        "morning",
    )
    assert (request.attempts.count(), values(request, "language")) == (0, ["Canarian whistling"])
    response = press(desk, request, "keep_theirs:phone", work_form(response))
    done = followed(desk, response)
    assert "The conflict stopped the button that you had pressed. Press it again." in done
    assert values(request, "phone", "language") == ["480 555 0111", "Spanish"]


def test_another_button_beside_an_open_conflict_does_not_choose_for_me(desk, sam):
    request = make_request()
    form = work_form(conflicting(desk, request, sam))
    assert press(desk, request, "attempt:call:no_answer", form).status_code == 302
    assert values(request, "phone") == ["480 555 0111"]


def test_a_request_that_was_closed_meanwhile_keeps_what_was_typed_on_the_screen(desk, sam):
    request = make_request()
    form = work_form(desk.get(change_page(request)))
    workflow.close(request_id=request.pk, outcome="declined", actor=sam)
    response = press(desk, request, "details", form, **{"details-language": "Spanish", "note": "She speaks Spanish"})
    assert refusal_of(response) == "This request is closed. Nothing was changed."
    fields = work_form(response).fields
    assert (fields["details-language"], fields["note"]) == ("Spanish", "She speaks Spanish")


def test_who_changes_the_hour_of_a_person_changes_when_they_may_be_called(me):
    request = make_request(preferred_time="asap")
    correct(request, me, preferred_time="morning", time_zone="America/New_York")
    request.refresh_from_db()
    assert (request.preferred_time, request.time_zone) == ("morning", "America/New_York")
    assert request.due_at > timezone.now() - dt.timedelta(minutes=1)


# What the person agreed to


def corrected(request, actor, consent_read=False, **after):
    known = details.plain(details.details_of(request))
    before = {name: known[name] for name in after}
    return workflow.correct(request_id=request.pk, before=before, after=after, actor=actor, consent_read=consent_read)


@pytest.mark.django_db
def test_who_agrees_again_to_what_they_took_back_is_on_record_again(me):
    request = make_request(voicemail_ok="on")
    corrected(request, me, may_leave_voicemail=False)
    corrected(request, me, may_leave_voicemail=True, consent_read=True)
    assert [record.reader for record in request.consents.filter(purpose="voicemail")] == [None, me]


@pytest.mark.django_db
def test_what_was_allowed_on_one_phone_is_not_on_another_until_it_is_read_again(me):
    request = make_request(voicemail_ok="on", text_ok="on")
    corrected(request, me, phone="602.555.0142")  # the same one in another writing
    assert request.contact_preferences.last().may_leave_voicemail is True
    corrected(request, me, phone="(480) 555-0199")
    preferences = request.contact_preferences.last()
    assert (preferences.may_call, preferences.may_leave_voicemail, preferences.may_text) == (True, False, False)
    assert request.events.last().to_value == "may_leave_voicemail,may_text,phone"


@pytest.mark.django_db
def test_what_is_read_again_for_another_phone_is_allowed_there_and_on_record(me):
    request = make_request(voicemail_ok="on")
    corrected(request, me, phone="(480) 555-0199", consent_read=True)
    assert request.contact_preferences.last().may_leave_voicemail is True
    assert request.consents.filter(purpose="voicemail").last().reader == me


@pytest.mark.django_db
def test_who_allows_texts_alone_is_asked_before_another_phone_is_written_down(me):
    request = make_request(text_ok="on", email_ok="on")
    corrected(request, me, may_call=False, may_leave_voicemail=False, may_email=False)
    with pytest.raises(workflow.TransitionRefused, match="Read this to the person first"):
        corrected(request, me, phone="(480) 555-0199")


@pytest.mark.django_db
def test_what_staff_write_down_counts_though_the_clock_of_their_machine_is_behind(me, clock):
    request = make_request(email_ok="on")
    clock.move_to(request.received_at - dt.timedelta(seconds=2), tick=False)
    corrected(request, me, may_call=False, may_leave_voicemail=False)
    assert newest_preferences(request).may_call is False


@pytest.mark.django_db
def test_email_read_aloud_counts_even_if_the_machine_clock_is_behind(me, clock):
    request = make_request()
    clock.move_to(request.received_at - dt.timedelta(minutes=2), tick=False)
    corrected(request, me, may_email=True, consent_read=True)
    assert attempt_plan_of(request).agreed_to_email is True


ODD = {
    "phone": ("602-555-014", "This does not look like a complete phone number."),
    "email": ("ana@example", "This does not look like a complete email address."),
}


@pytest.mark.parametrize("field", ODD)
def test_an_odd_correction_is_asked_about_once_and_then_kept(desk, field):
    request = make_request(do_not_call="on")
    value, question = ODD[field]
    page = press(desk, request, "details", **{f"details-{field}": value, "note": "by hand"})
    assert question in refusal_of(page)
    assert "press the button again" in refusal_of(page)
    form = work_form(page)
    assert (form.fields[f"details-{field}"], form.fields["note"]) == (value, "by hand")
    assert values(request, field) != [value]
    followed(desk, press(desk, request, "details", form=form))
    assert values(request, field) == [value]


def test_what_was_odd_before_is_not_asked_about_when_something_else_is_corrected(desk):
    request = make_request_with_odd_contact(phone="602-555-014")
    followed(desk, press(desk, request, "details", **{"details-name": "Mina"}))
    assert values(request, "name", "phone") == ["Mina", "602-555-014"]


def test_an_odd_correction_that_a_colleague_made_too_is_not_asked_about_again(desk, sam):
    request = make_request()
    asked_back = press(desk, request, "details", **{"details-phone": "602-555-014"})
    correct(request, sam, phone="602-555-0177")
    conflict = press(desk, request, "details", form=work_form(asked_back))
    assert conflict.context["conflicts"][0]["mine"] == "602-555-014"
    followed(desk, press(desk, request, "use_mine:phone", form=work_form(conflict)))
    assert values(request, "phone") == ["602-555-014"]


def test_what_pasting_wraps_around_a_corrected_email_is_taken_off(desk):
    request = make_request()
    followed(desk, press(desk, request, "details", **{"details-email": "Ana <mina@nightingale.example>;"}))
    assert values(request, "email") == ["mina@nightingale.example"]


def test_another_extension_is_another_phone(me):
    request = make_request(phone="602-555-0142 x5")
    known = details.plain(details.details_of(request))
    assert known["may_leave_voicemail"]
    for phone, is_allowed in (("(602) 555-0142 ext. 5", True), ("602-555-0142 x6", False)):
        known = details.plain(details.details_of(request))
        workflow.correct(request_id=request.pk, before=known, after=known | {"phone": phone}, actor=me)
        assert values(request, "may_leave_voicemail") == [is_allowed]
