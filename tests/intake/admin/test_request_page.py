import datetime as dt
import re
from html import unescape

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake import access, workflow
from intake.contact import details
from intake.models import AccessRecord, AssessmentRequest, Attempt, EncryptedText, Event
from intake.submission import tokens
from pages.models import Center, OpeningHours
from tests.intake.support.factories import accept, make_answers, make_request, make_request_with_odd_contact
from tests.intake.support.helpers import LIST, accesses, change_page, local_time, personal_words_in, title_of
from tests.intake.support.request_page import buttons_on, page_of, press, shown_entries

pytestmark = pytest.mark.django_db

TUESDAY = local_time("2026-11-24 10:00")


def text_of(response):
    return response.content.decode()


# How the person may be reached


def test_the_rules_of_contact_stand_above_the_number(desk):
    request = make_request(do_not_call="on")
    page = page_of(desk, request)
    assert page.context["contact_rules"] == [
        "Do not call.",
        "Do not text.",
        "One neutral email is allowed.",
        "Preferred time: in the evening, Mountain time.",
    ]
    (answers,) = page.context["submissions"]
    assert ("What should we call you?", "Wilhelmina Canary") in answers["answers"]
    assert 0 < text_of(page).index("Do not call.") < text_of(page).index("(602) 555-0142")


WAYS = {
    "calls alone": ({}, ["tel:+16025550142"]),
    "text too": ({"text_ok": "on"}, ["tel:+16025550142", "sms:+16025550142"]),
    "email too": ({"email_ok": "on"}, ["tel:+16025550142", "mailto:canary@nightingale.example"]),
    "no calls": ({"do_not_call": "on"}, ["mailto:canary@nightingale.example"]),
}


@pytest.mark.parametrize(("changes", "addresses"), WAYS.values(), ids=WAYS)
def test_a_click_opens_only_the_ways_that_the_person_allows(desk, changes, addresses):
    request = make_request(preferred_time="asap", **changes)
    page = text_of(page_of(desk, request))
    assert [address for address in ("tel:", "sms:", "mailto:") if address in page] == [
        address.partition(":")[0] + ":" for address in addresses
    ]
    assert [address for address in addresses if f'href="{address}"' not in page] == []
    assert "You may contact them now." in page


def test_number_is_no_link_outside_the_best_time_and_the_page_says_when(desk):
    request = make_request(preferred_time="afternoon", time_zone="America/Los_Angeles")
    page = page_of(desk, request)
    assert "It is 9:00 AM where they are (Pacific time)." in text_of(page)
    assert "Not now. Wait until 1:00 PM (12:00 PM for them)." in text_of(page)
    assert page.context["what_now"] == "Call after 1:00 PM (12:00 PM for them)."
    assert [way for way in ("tel:", "sms:", "mailto:") if way in text_of(page)] == []


def test_nothing_invites_a_contact_after_the_end_or_before_a_time_that_was_snoozed(desk, me):
    closed, snoozed = (make_request(preferred_time="asap", text_ok="on", email_ok="on") for _ in range(2))
    workflow.close(request_id=closed.pk, outcome="withdrawn", actor=me)
    until = TUESDAY + dt.timedelta(days=1)
    workflow.snooze(request_id=snoozed.pk, until=until, reason="thinking", actor=me)
    for request in (closed, snoozed):
        words = text_of(page_of(desk, request))
        assert "(602) 555-0142" in words
        assert [offer for offer in ("tel:", "sms:", "mailto:", "You may contact them now") if offer in words] == []
    assert "Snoozed: leave it until then." in text_of(page_of(desk, snoozed))


def test_an_email_waits_for_the_hour_like_a_call(desk):
    request = make_request(phone="", preferred_time="evening", time_zone="America/New_York", email_ok="on")
    assert "mailto:" not in text_of(page_of(desk, request))
    assert "Not now. Wait until" in text_of(page_of(desk, request))


def test_the_one_email_that_an_address_allows_is_offered_once(desk, me):
    request = make_request(phone="", preferred_time="asap")
    page = page_of(desk, request)
    assert page.context["contact_rules"][2] == "One neutral email is allowed."
    assert ("mailto:" in text_of(page), "Keep it neutral:" in text_of(page)) == (True, True)
    workflow.log_attempt(request_id=request.pk, channel="email", result="sent", actor=me)
    page = page_of(desk, request)
    assert page.context["contact_rules"][2] == "The one email that they allow was sent. Do not send another."
    assert page.context["what_now"] == "Decide: close the request, or snooze it."
    assert "mailto:" not in text_of(page)


def test_a_number_that_must_not_be_called_is_small_and_says_so(desk):
    words = text_of(page_of(desk, make_request(do_not_call="on")))
    assert '<p class="address">(602) 555-0142 (do not call)</p>' in words
    assert '<p class="number">' not in words


def test_a_number_that_can_not_be_dialed_says_so(desk, me):
    request = make_request(preferred_time="asap")
    assert "be dialed as it is" not in text_of(page_of(desk, request))
    before = details.plain(details.details_of(request))
    workflow.correct(request_id=request.pk, before=before, after=before | {"phone": "602-555-014"}, actor=me)
    page = text_of(page_of(desk, request))
    assert ("This can't be dialed as it is" in unescape(page), "602-555-014" in page) == (True, True)
    assert [way for way in ("tel:", "sms:") if way in page] == []


NO_LINKS = {
    "a digit short": ({"phone": "602-555-014", "text_ok": "on"}, [], "This can't be dialed as it is."),
    "a country without its plus": ({"phone": "52 55 1234 5678", "text_ok": "on"}, [], "This can't be dialed as it is."),
    "an extension": (
        {"phone": "602-555-0142 x12", "text_ok": "on"},
        ["tel:+16025550142;ext=12"],
        "Ask for extension 12. A text can't reach it.",
    ),
    "an email beside an email": (
        {"phone": "b@b.example", "email": "c@c.example"},
        ["mailto:c@c.example"],
        "The phone box holds an email address. Correct it below.",
    ),
    "an odd email": (
        {"phone": "", "email": "a@b.example, c@d.example"},
        [],
        "This can't be mailed as it is. Correct it below.",
    ),
}


@pytest.mark.parametrize(("changes", "links", "says"), NO_LINKS.values(), ids=NO_LINKS)
def test_what_can_not_be_clicked_is_shown_with_the_reason(desk, changes, links, says):
    page = unescape(
        text_of(page_of(desk, make_request_with_odd_contact(preferred_time="asap", **{"email": "", **changes})))
    )
    offered = page.split('class="reach"')[1].split("</section>")[0]
    assert re.findall(r'href="((?:tel|sms|mailto):[^"]*)"', offered) == links
    assert says in offered
    assert changes["phone"] in offered
    assert changes.get("email", "") in offered


def test_a_time_by_another_clock_than_the_persons_says_by_which(desk, me):
    for zone, words in (("America/New_York", ", our time."), ("America/Phoenix", " PM.")):
        request = make_request(preferred_time="asap", time_zone=zone)
        workflow.log_attempt(request_id=request.pk, channel="call", result="no_answer", actor=me)
        assert words in str(page_of(desk, request).context["what_now"])
    assert "our time" not in str(page_of(desk, request).context["what_now"])


def test_a_relative_is_talked_with_about_the_other_person_alone(desk):
    request = make_request(for_whom="other", relation="parent")
    rules = page_of(desk, request).context["contact_rules"]
    assert rules[-2] == "They are asking for someone else. Talk about it only with the person who asked."


def test_words_without_any_rule_of_contact_are_shown_with_a_warning_not_to_contact(desk):
    request = make_request()
    assert "Do not contact this person until the preferences can be read." not in text_of(page_of(desk, request))
    request.contact_preferences.all().delete()
    page = page_of(desk, request)
    assert (page.context["contact_rules"], page.context["attempt_buttons"]) == ([], [])
    assert "Do not contact this person until the preferences can be read." in text_of(page)
    assert page.context["what_now"] == "Do not contact this person: their contact preferences can't be read."


# What to do now


def test_what_to_do_now_is_one_sentence_that_follows_the_work(desk, me):
    now = TUESDAY
    request = make_request(preferred_time="asap", voicemail_ok="")
    workflow.assign(request_id=request.pk, owner=me, actor=me)
    AssessmentRequest.objects.update(due_at=now)
    said = [page_of(desk, request).context["what_now"]]

    def after(function, **more):
        function(request_id=request.pk, actor=me, **more)
        said.append(page_of(desk, request).context["what_now"])

    after(workflow.log_attempt, channel="call", result="no_answer", next_at=now + dt.timedelta(hours=2))
    after(workflow.log_attempt, channel="they_called", result="missed")
    after(workflow.snooze, until=now + dt.timedelta(days=1), reason="away")
    after(workflow.unsnooze)
    after(workflow.log_attempt, channel="call", result="reached", next_at=now + dt.timedelta(days=1))
    after(workflow.book, at=now + dt.timedelta(days=2))
    after(workflow.quarantine)
    after(workflow.close, outcome="declined")
    assert said == [
        "Call now. Leave no message.",
        "Call on Tue, Nov 24, 12:00 PM. Leave no message.",
        "They contacted us on Tue, Nov 24, 10:00 AM and are waiting for an answer. Call now. Leave no message.",
        "Snoozed until Wed, Nov 25, 10:00 AM: The person is away. Leave it until then.",
        "Call now. Leave no message.",
        "Follow up. Call on Wed, Nov 25, 10:00 AM. Leave no message.",
        "The assessment is on Thu, Nov 26, 10:00 AM.",
        "The assessment is on Thu, Nov 26, 10:00 AM.",  # in quarantine, but we spoke with them
        "This request is closed. There is nothing to do.",
    ]


@pytest.mark.parametrize(
    ("answers", "contact"),
    [
        ({}, "Call now."),
        ({"do_not_call": "on", "text_ok": "on", "email_ok": "on"}, "Send a neutral email now."),
        ({"phone": ""}, "Send a neutral email now. Only one email is allowed."),
    ],
)
def test_who_contacted_us_is_contacted_only_in_the_way_that_they_allow(desk, me, answers, contact):
    request = make_request(preferred_time="asap", **answers)
    workflow.assign(request_id=request.pk, owner=me, actor=me)
    workflow.log_attempt(request_id=request.pk, channel="they_called", result="missed", actor=me)
    sentence = f"They contacted us on Tue, Nov 24, 10:00 AM and are waiting for an answer. {contact}"
    assert page_of(desk, request).context["what_now"] == sentence


def test_who_may_be_a_machine_is_checked_first_until_we_have_spoken_with_them(desk, me):
    request = make_request(preferred_time="asap")
    workflow.assign(request_id=request.pk, owner=me, actor=me)
    workflow.quarantine(request_id=request.pk, actor=me)
    AssessmentRequest.objects.update(due_at=TUESDAY)
    assert page_of(desk, request).context["what_now"] == "Check first whether a person wrote this. Then: Call now."


def test_after_an_assessment_that_is_over_the_page_asks_whether_they_came(clock, desk, me):
    request = make_request(preferred_time="asap")
    workflow.book(request_id=request.pk, at=TUESDAY + dt.timedelta(hours=1), actor=me)
    clock.move_to(TUESDAY + dt.timedelta(hours=2))
    desk = Client()
    desk.force_login(me)
    page = page_of(desk, request)
    assert page.context["what_now"] == "The assessment was on Tue, Nov 24, 11:00 AM. Did they come?"
    assert "overdue" in text_of(page)


def test_a_due_time_from_assumed_hours_is_marked_as_such(desk):
    request = make_request()
    assert "uses default hours" in text_of(page_of(desk, request))
    AssessmentRequest.objects.update(due_uses_default_hours=False)
    assert "uses default hours" not in text_of(page_of(desk, request))


def test_what_the_person_was_promised_stands_on_the_page(desk):
    request = make_request()
    assert "What the person was promised" not in text_of(page_of(desk, request))
    AssessmentRequest.objects.update(promise="We will call today, by noon, Mountain time.")
    assert "We will call today, by noon, Mountain time." in text_of(page_of(desk, request))


# What they told us


def test_answers_sent_again_show_their_changes_and_their_rules_count(desk):
    draft = tokens.draw()
    request = make_request(draft)
    accept(draft, make_answers(voicemail_ok="", message="Please no voicemail.") | {"voicemail_ok": False})
    context = page_of(desk, request).context
    assert [str(text["kind"]) for text in context["submissions"]] == [
        "What the person wrote",
        "Sent again with changes",
    ]
    assert [(str(question), before, after) for question, before, after in context["submissions"][1]["changes"]] == [
        ("You may leave a voicemail on this phone.", "Yes", "No"),
        ("Anything you want us to know", "I drink\ncanary tea every morning.", "Please no voicemail."),
    ]
    assert context["contact_rules"][0] == "Call. Leave no message."


def test_what_a_person_typed_is_shown_as_text_and_never_as_markup(desk):
    page = text_of(page_of(desk, make_request(name="<script>alert(1)</script>", message="{{ secret }}")))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page
    assert "{{ secret }}" in page


def test_page_with_unreadable_answers_shows_the_rules_and_work_goes_on(desk):
    request = make_request(do_not_call="on")
    EncryptedText.objects.update(envelope=b"\x01\x04gone" + bytes(40))
    response = page_of(desk, request)
    assert response.status_code == 200
    assert "This text can't be decrypted" in text_of(response)
    assert response.context["contact_rules"][:3] == ["Do not call.", "Do not text.", "One neutral email is allowed."]
    assert personal_words_in(text_of(response)) == []
    press(desk, request, "stage:reaching")
    request.refresh_from_db()
    assert request.stage == "reaching"


def test_a_note_that_does_not_open_is_said_so_beside_those_that_do(desk, me):
    request = make_request()
    note = workflow.add_note(request_id=request.pk, text="lost words", actor=me)
    workflow.add_note(request_id=request.pk, text="kept words", actor=me)
    EncryptedText.objects.filter(pk=note.pk).update(envelope=b"")
    page = text_of(page_of(desk, request))
    assert page.count("This note can't be decrypted.") == 1
    assert "kept words" in page
    assert "Wilhelmina" in page


def test_after_newer_answers_that_do_not_open_their_rules_count_all_the_same(desk):
    draft = tokens.draw()
    request = make_request(draft)
    assert page_of(desk, request).context["contact_rules"][0] == "Call. Voicemail is allowed."
    make_request(draft, do_not_call="on")
    EncryptedText.objects.filter(kind="amendment").update(envelope=b"")
    context = page_of(desk, request).context
    assert context["contact_rules"][0] == "Do not call."
    assert [text["is_unreadable"] for text in context["submissions"]] == [False, True]


def test_what_the_person_added_and_the_time_they_chose_later_stand_on_the_page(desk):
    request = make_request()
    workflow.add_message(request_id=request.pk, text="Ring <twice>,\nplease")
    workflow.change_preferred_time(request_id=request.pk, preferred_time="morning", time_zone="America/Phoenix")
    page = page_of(desk, request)
    assert [str(text["kind"]) for text in page.context["submissions"]] == [
        "What the person wrote",
        "Added by the person",
    ]
    assert page.context["submissions"][1]["plain"] == "Ring <twice>,\nplease"
    assert "Ring &lt;twice&gt;," in text_of(page)
    assert page.context["contact_rules"][-1] == "Preferred time: in the morning, Arizona time."
    assert shown_entries(page.context["timeline"]) == [
        ("Person chose another time", ["In the morning"]),
        ("Person added a message", []),
        ("Received", []),
    ]


def test_what_a_correction_changed_stands_in_the_timeline(desk, me, make_staff):
    request = make_request()
    for actor, phone in ((me, "480 555 0111"), (make_staff("lead"), "480 555 0122")):
        before = details.plain(details.details_of(request))
        after = before | {"phone": phone, "language": ""}
        workflow.correct(request_id=request.pk, before=before, after=after, actor=actor)
    texts = [entry.texts for entry in page_of(desk, request).context["timeline"] if entry.kind == "corrected"]
    assert texts == [
        ["Phone: 480 555 0111 → 480 555 0122"],
        ["Phone: (602) 555-0142 → 480 555 0111\nLanguage: Canarian whistling → -"],
    ]


def test_a_corrected_value_says_who_gave_it_and_what_the_person_wrote_stays(desk, make_staff):
    request = make_request()
    known = details.plain(details.details_of(request))
    sam = make_staff("admissions", username="sam")
    workflow.correct(request_id=request.pk, before=known, after=known | {"phone": "480 555 0199"}, actor=sam)
    page = page_of(desk, request)
    phone = next(row for row in page.context["details_shown"] if row["name"] == "phone")
    assert (phone["value"], phone["who"]) == ("480 555 0199", sam)
    assert phone["at"] > request.received_at
    assert ("Phone number", "(602) 555-0142") in page.context["submissions"][0]["answers"]
    assert shown_entries(page.context["timeline"])[0] == ("Details corrected", ["We may leave a voicemail, Phone"])


# What happened


def test_what_happened_is_told_in_words_newest_first_one_entry_for_one_happening(clock, desk, me):
    request = make_request(at=TUESDAY)

    def later(function, **more):
        clock.shift(dt.timedelta(minutes=10))
        return function(request_id=request.pk, actor=me, **more)

    later(workflow.assign, owner=me)
    later(workflow.log_attempt, channel="call", result="no_answer", next_at=timezone.now() + dt.timedelta(days=1))
    workflow.add_note(request_id=request.pk, text="Rang twice", actor=me)
    later(workflow.log_attempt, channel="they_called", result="missed")
    later(workflow.book, at=timezone.now() + dt.timedelta(days=2))
    later(workflow.wait_for, until=timezone.now() + dt.timedelta(days=1), text="Waiting for the clinic")
    later(workflow.close, outcome="referred", referral="To the clinic", person_told=True)
    later(workflow.reopen)
    entries = page_of(desk, request).context["timeline"]
    assert shown_entries(entries) == [
        ("Reopened", ["Referred elsewhere to Assessment booked"]),
        ("Closed", ["Referred elsewhere"]),
        ("Snoozed", ["We are waiting for something.", "Until Wed, Nov 25, 10:40 AM."]),
        ("Stage changed", ["Trying to reach to Assessment booked", "Assessment booked: Thu, Nov 26, 10:30 AM"]),
        ("They called us: We missed it", []),
        ("Call: No answer", ["Next due: Wed, Nov 25, 10:10 AM.", "Stage changed: New to Trying to reach"]),
        ("Assigned", ["amal"]),
        ("Received", []),
    ]
    assert [entry.texts for entry in entries] == [
        [],
        ["To the clinic"],
        ["Waiting for the clinic"],
        [],
        [],
        ["Rang twice"],
        [],
        [],
    ]


def test_readings_of_colleagues_stand_in_the_timeline_and_mine_do_not(desk, make_staff):
    request, other = make_request(phone="", do_not_call="on"), make_request(email="")
    sam = make_staff("lead", username="sam")
    colleague = Client()
    colleague.force_login(sam)
    for _ in range(3):
        colleague.get(change_page(request))
    colleague.get(f"{LIST}{request.pk}/print/")
    colleague.get(change_page(other))
    page_of(desk, request)
    entries = page_of(desk, request).context["timeline"]
    assert [(str(entry.what), entry.who) for entry in entries] == [
        ("Printed", sam),
        ("Opened", sam),
        ("Received", None),
    ]
    assert entries[1].lines[0].startswith("3 times since ")


def test_an_entry_of_words_that_were_erased_stays_without_them(desk, me, make_staff):
    request = make_request()
    workflow.add_note(request_id=request.pk, text="canary note", actor=me)
    workflow.close(request_id=request.pk, outcome="spam", actor=me)
    workflow.erase(request_id=request.pk, actor=make_staff("lead"))
    page = page_of(desk, request)
    assert shown_entries(page.context["timeline"]) == [
        ("Content erased", []),
        ("Closed", ["Spam"]),
        ("Note", []),
        ("Received", []),
    ]
    assert personal_words_in(text_of(page)) == []
    assert "The content was erased." in text_of(page)


# The printed sheet


def test_the_printed_sheet_is_recorded_and_shows_rules_details_and_timeline(desk, me):
    request = make_request()
    workflow.add_note(request_id=request.pk, text="Rang twice", actor=me)
    page = desk.get(f"{LIST}{request.pk}/print/")
    record = AccessRecord.objects.get()
    assert (record.actor, record.action, record.request_ids) == (me, "print", [request.pk])
    assert title_of(page) == f"Request {request.reference}"
    wanted = ["Call. Voicemail is allowed.", "(602) 555-0142", "canary tea", "Rang twice", "Shred it"]
    assert [word for word in wanted if word not in text_of(page)] == []
    assert text_of(page).index("Call. Voicemail") < text_of(page).index("(602)")


def test_the_printed_sheet_says_what_the_page_says_to_do(desk, me, make_staff):
    claimed, request = make_request(preferred_time="asap"), make_request(preferred_time="asap")
    workflow.claim(request_id=claimed.pk, actor=make_staff("lead"))
    page, sheet = page_of(desk, request), desk.get(f"{LIST}{request.pk}/print/")
    assert claimed.reference in sheet.context["what_now"]  # a colleague is talking with the same person
    assert sheet.context["what_now"] == page.context["what_now"]
    assert sheet.context["what_now"] in text_of(sheet)
    named = AccessRecord.objects.filter(action="list").latest("pk")
    assert (named.actor, named.request_ids) == (me, [claimed.pk])
    assert [one.request_ids for one in AccessRecord.objects.filter(action="print")] == [[request.pk]]


def test_the_printed_sheet_of_a_closed_request_names_no_due_time(desk, me):
    request = make_request()
    assert "Due Tue" in text_of(desk.get(f"{LIST}{request.pk}/print/"))
    workflow.close(request_id=request.pk, actor=me, outcome="declined", expected_version=request.version)
    assert "Due Tue" not in text_of(desk.get(f"{LIST}{request.pk}/print/"))


def test_the_printed_sheet_of_what_was_withdrawn_under_legal_hold_holds_no_word(desk, make_staff):
    request = make_request()
    workflow.set_legal_hold(request_id=request.pk, actor=make_staff("lead"))
    workflow.withdraw(request_id=request.pk)
    page = desk.get(f"{LIST}{request.pk}/print/")
    assert page.status_code == 200
    assert personal_words_in(text_of(page)) == []


@pytest.mark.parametrize("key", ["made-up", "1", "00000000-0000-4000-8000-000000000000", "_5F"])
def test_a_page_of_no_request_is_not_found(desk, key):
    make_request()
    assert desk.get(f"{LIST}{key}/change/").status_code == 404
    assert desk.get(f"{LIST}{key}/print/", follow=True).status_code == 404
    assert AccessRecord.objects.count() == 0


def test_a_synthetic_request_has_no_page(desk):
    request = make_request(is_synthetic=True)
    assert page_of(desk, request).status_code == 404


# Others with the same contact


def test_requests_with_the_same_phone_or_email_are_listed_recorded_and_never_named(desk):
    request = make_request()
    phone, email = make_request(email="", name="Zebedee"), make_request(phone="", do_not_call="on")
    make_request(phone="480 555 0100", email="")
    page = page_of(desk, request)
    assert [(other.reference, other.shared) for other in page.context["others"]] == [
        (email.reference, {"email"}),
        (phone.reference, {"phone"}),
    ]
    assert "Zebedee" not in text_of(page)
    assert accesses() == [
        ("open", [request.pk]),
        ("list", [email.pk, phone.pk]),
    ]


def test_a_request_that_was_withdrawn_under_legal_hold_is_not_among_the_others(desk, make_staff):
    request, withdrawn = make_request(), make_request()
    workflow.set_legal_hold(request_id=withdrawn.pk, actor=make_staff("lead"))
    assert page_of(desk, request).context["others"] == [withdrawn]
    workflow.withdraw(request_id=withdrawn.pk)
    assert page_of(desk, request).context["others"] == []


def test_a_linked_duplicate_is_shown_on_both_pages(desk, me):
    original, request = make_request(), make_request(phone="480 555 0100", email="")
    workflow.link_duplicate(request_id=request.pk, of_reference=original.reference, actor=me, same_matter=True)
    assert page_of(desk, original).context["linked"] == [request]
    assert original.reference in text_of(page_of(desk, request))
    assert "unlink" in buttons_on(page_of(desk, request))


def test_that_linked_requests_are_shown_is_recorded_on_both_pages(desk, me):
    original, request = make_request(), make_request(phone="480 555 0100", email="")
    workflow.link_duplicate(request_id=request.pk, of_reference=original.reference, actor=me, same_matter=True)
    for one in (original, request):
        page_of(desk, one)
    assert accesses() == [
        ("open", [original.pk]),
        ("list", [request.pk]),
        ("open", [request.pk]),
        ("list", [original.pk]),
    ]


@pytest.mark.parametrize(
    ("named", "is_another"),
    [({}, False), ({"email": ""}, False), ({"phone": "480 555 0100"}, True), ({"email": "other@example.org"}, True)],
)
def test_a_linked_request_that_names_another_contact_says_so(desk, me, named, is_another):
    original, request = make_request(), make_request(**named)
    workflow.link_duplicate(request_id=request.pk, of_reference=original.reference, actor=me, same_matter=True)
    assert ("It has a different phone or email" in text_of(page_of(desk, original))) is is_another


def test_before_erasing_the_lead_is_told_of_linked_requests(make_staff, me):
    client = Client()
    client.force_login(make_staff("lead"))
    original, request = make_request(), make_request()
    workflow.link_duplicate(request_id=request.pk, of_reference=original.reference, actor=me)
    workflow.close(request_id=original.pk, outcome="declined", actor=me)
    assert "Linked requests keep their content" in text_of(page_of(client, original))
    assert "Linked requests keep their content" not in text_of(page_of(client, request))


# Previous and next


def in_tab(desk, request, tab):
    context = page_of(desk, request, tab=tab).context
    return [address and address.split("/")[2] for address in (context["previous"], context["following"])]


def test_previous_and_next_follow_the_order_of_the_tab(desk, me):
    first, second, third = (make_request() for _ in range(3))
    now = timezone.now()
    for hours, request in enumerate((first, second, third), start=1):
        AssessmentRequest.objects.filter(pk=request.pk).update(due_at=now + dt.timedelta(hours=hours))
    for request in (first, third):
        workflow.assign(request_id=request.pk, owner=me, actor=me)
    assert in_tab(desk, first, "open") == [None, str(second.pk)]
    assert in_tab(desk, second, "open") == [str(first.pk), str(third.pk)]
    assert in_tab(desk, third, "mine") == [str(first.pk), None]
    assert in_tab(desk, second, "made-up") == [str(first.pk), str(third.pk)]
    assert in_tab(desk, second, "snoozed") == [None, None]
    workflow.snooze(request_id=first.pk, until=now + dt.timedelta(days=1), reason="away", actor=me)
    assert in_tab(desk, second, "snoozed") == [None, str(first.pk)]


def test_a_press_comes_back_to_the_same_tab(desk):
    request = make_request()
    response = desk.post(
        change_page(request) + "?tab=mine",
        {"action": "note", "note": "Rang", "csrfmiddlewaretoken": page_of(desk, request).context["csrf_token"]},
    )
    assert response["Location"] == change_page(request) + "?tab=mine"
    assert press(desk, request, "note", note="Again")["Location"] == change_page(request) + "?tab=open"


# Cost


def queries_of(desk, request):
    with CaptureQueriesContext(connection) as queries:
        assert page_of(desk, request).status_code == 200
    return len(queries)


def add_attempts(request, staff, count):
    now = timezone.now()
    for number in range(count):
        at = now + dt.timedelta(minutes=number)
        Attempt(request=request, channel="call", result="no_answer", actor=staff[number % 5], occurred_at=at).save()
        Event(
            request=request,
            code="attempted",
            from_value="call",
            to_value="no_answer",
            actor=staff[number % 5],
            occurred_at=at,
        ).save()


@pytest.mark.parametrize("kind", ["attempts", "notes", "owners", "readings", "amendments"])
def test_a_page_with_thirty_of_a_kind_costs_as_many_queries_as_one_with_one(desk, make_staff, kind):
    staff, draft = [make_staff("admissions") for _ in range(5)], tokens.draw()
    request = make_request(draft)
    workflow.assign(request_id=request.pk, owner=staff[0], actor=staff[0])
    page_of(desk, request)
    few = queries_of(desk, request)
    if kind == "attempts":
        add_attempts(request, staff, 30)
    for number in range(30 if kind != "attempts" else 0):
        actor = staff[number % 5]
        if kind == "notes":
            workflow.add_note(request_id=request.pk, text=f"Rang {number}", actor=actor)
        elif kind == "owners":
            workflow.assign(request_id=request.pk, owner=actor, actor=staff[0])
        elif kind == "readings":
            access.record(actor, AccessRecord.Action.OPEN, [request.pk])
        elif number < 10:
            make_request(draft, message=f"Again {number}")
    assert len(page_of(desk, request).context["timeline"]) >= 10
    assert queries_of(desk, request) == few


def test_a_page_with_ten_linked_requests_costs_as_many_queries_as_one_with_one(desk, me):
    original = make_request()

    def link_one(number):
        request = make_request(phone=f"480 555 01{number:02}", email="")
        workflow.link_duplicate(request_id=request.pk, of_reference=original.reference, actor=me, same_matter=True)

    link_one(0)
    page_of(desk, original)
    one = queries_of(desk, original)
    for number in range(1, 10):
        link_one(number)
    assert len(page_of(desk, original).context["linked"]) == 10
    assert queries_of(desk, original) == one


def test_a_page_with_twenty_duplicates_costs_as_many_queries_as_one_with_one(desk, make_staff):
    request = make_request()
    page_of(desk, request)
    none = queries_of(desk, request)
    make_request()
    one = queries_of(desk, request)
    for _ in range(20):
        workflow.assign(request_id=make_request().pk, owner=make_staff("lead"), actor=None)
    assert len(page_of(desk, request).context["others"]) == 20
    # They are fetched with their indexes, and that they were shown is recorded.
    assert [queries_of(desk, request) - one, one - none] == [0, 3]


# Discretion


def test_titles_addresses_messages_and_admin_log_hold_no_personal_word(desk):
    request = make_request()
    page = page_of(desk, request)
    assert personal_words_in(text_of(page)) != []
    responses = [page, desk.get(LIST), desk.get(f"{LIST}{request.pk}/print/")]
    responses.append(press(desk, request, "note", note="Wilhelmina Canary: canary@nightingale.example"))
    responses.append(press(desk, request, "stage:talking"))
    responses.append(press(desk, request, "close", outcome="", note="Canary"))
    responses.append(press(desk, request, "close", outcome="spam"))
    assert title_of(page).startswith(f"Request {request.reference} | ")
    assert title_of(responses[-2]).startswith(f"Not done: Request {request.reference} | ")
    seen = [title_of(response) for response in responses if response.status_code == 200]
    seen += [response.request["PATH_INFO"] + response.request["QUERY_STRING"] for response in responses]
    seen += [f"{response.headers} {response.cookies.output()}" for response in responses]
    seen += [str(row) for row in LogEntry.objects.values()]
    assert personal_words_in(" ".join(seen)) == []
    assert str(request) == request.reference


# Who is left alone


def test_while_a_colleague_is_at_it_the_page_says_so_and_opens_no_way(desk, make_staff):
    request = make_request(preferred_time="asap")
    assert page_of(desk, request).context["reach"].tel
    workflow.claim(request_id=request.pk, actor=make_staff("admissions", username="sam"))
    page = page_of(desk, request)
    assert page.context["what_now"] == (
        "sam is working on this until Tue, Nov 24, 10:30 AM. Leave it to them until then."
    )
    assert (page.context["reach"].tel, page.context["left_alone"]) == ("", "sam is working on this: leave it to them.")
    assert "You may contact them now." not in text_of(page)
    assert "no number that can be dialed" not in text_of(page)


def test_a_time_that_our_hours_never_meet_is_a_rule_above_the_number(desk):
    center = Center.objects.get()
    center.contact_target_hours = 4
    center.save()
    OpeningHours.objects.create(center=center, weekday=TUESDAY.weekday(), opens=dt.time(9), closes=dt.time(17))
    warning = "Call only in the evening, their time."
    request = make_request(preferred_time="evening", time_zone="America/Phoenix", asked_about="evening America/Phoenix")
    assert warning in text_of(page_of(desk, request))
    workflow.change_preferred_time(request_id=request.pk, preferred_time="asap", time_zone="")
    assert warning not in text_of(page_of(desk, request))


def test_no_device_makes_a_link_of_a_number(desk):
    assert '<meta name="format-detection" content="telephone=no' in text_of(page_of(desk, make_request()))


def test_where_no_way_is_left_the_page_does_not_say_that_they_may_be_contacted(desk, me):
    request = make_request(phone="", voicemail_ok="", preferred_time="asap")
    assert "You may contact them now." in text_of(page_of(desk, request))
    workflow.log_attempt(request_id=request.pk, channel="email", result="sent", actor=me)
    page = page_of(desk, request)
    assert page.context["left_alone"] == "No permitted way to contact them is left."
    assert "You may contact them now." not in text_of(page)


def test_page_says_that_a_person_who_writes_after_the_email_may_be_answered(clock, desk, me):
    request = make_request(phone="", voicemail_ok="", preferred_time="asap")
    workflow.assign(request_id=request.pk, owner=me, actor=me)
    workflow.log_attempt(request_id=request.pk, channel="email", result="sent", actor=me)
    clock.move_to(TUESDAY + dt.timedelta(minutes=1))
    workflow.add_message(request_id=request.pk, text="Please write again")
    page = page_of(desk, request)
    assert "Send a neutral email now." in page.context["what_now"]
    assert "One neutral email is allowed." in page.context["contact_rules"]
    assert page.context["reach"].mailto
    assert "attempt:email:sent" in buttons_on(page)


def test_an_assessment_stands_on_top_whatever_there_is_to_do_before_it(desk, me):
    request = make_request(preferred_time="asap")
    workflow.book(request_id=request.pk, at=TUESDAY + dt.timedelta(days=2), actor=me)
    workflow.log_attempt(request_id=request.pk, channel="they_called", result="missed", actor=me)
    page = page_of(desk, request)
    assert page.context["what_now"].startswith("They contacted us")
    assert "<dt>Assessment</dt><dd>Thu, Nov 26, 10:00 AM</dd>" in text_of(page)


def take_next_is_offered(page):
    return "take_next" in buttons_on(page)


def test_the_next_request_is_one_press_away_when_this_one_is_done(desk, me):
    request = make_request(preferred_time="asap")
    assert not take_next_is_offered(page_of(desk, request))
    press(desk, request, "attempt:call:no_answer")
    assert take_next_is_offered(page_of(desk, request))
    workflow.close(request_id=request.pk, outcome="declined", actor=me)
    assert take_next_is_offered(page_of(desk, request))


def test_attempts_are_counted_only_while_we_try_to_reach_someone(desk, me):
    request = make_request(preferred_time="asap")
    assert "Attempt 1 of 4." in text_of(page_of(desk, request))
    workflow.log_attempt(request_id=request.pk, channel="call", result="reached", actor=me)
    assert "Attempt 1 of 4." not in text_of(page_of(desk, request))


def test_the_buttons_of_an_attempt_stand_way_by_way_and_are_numbered_through(desk):
    request = make_request(preferred_time="asap", text_ok="on")
    ways = page_of(desk, request).context["attempt_buttons"]
    assert [(str(way), [number for number, _value, _label in buttons]) for way, buttons in ways] == [
        ("We called", [1, 2, 3, 4]),
        ("We texted", [5, 6]),
        ("They called", [7, 8]),
    ]


def test_a_caller_whose_request_was_just_taken_down_is_on_the_phone(desk, me):
    request = make_request(preferred_time="asap")
    AssessmentRequest.objects.update(referrer_path="phone")
    workflow.claim(request_id=request.pk, actor=me)
    assert page_of(desk, request).context["what_now"].startswith("You are on the phone with them.")
    workflow.log_attempt(request_id=request.pk, channel="they_called", result="reached", actor=me)
    assert page_of(desk, request).context["what_now"].startswith("Follow up.")


def test_while_a_decision_is_left_the_page_does_not_lead_away(desk, me):
    request = make_request(phone="", voicemail_ok="", preferred_time="asap")
    workflow.log_attempt(request_id=request.pk, channel="email", result="sent", actor=me)
    page = page_of(desk, request)
    assert (page.context["must_decide"], take_next_is_offered(page)) == (True, False)


def test_where_no_way_is_left_without_a_try_the_page_says_so(clock, desk, me):
    request = make_request(phone="", voicemail_ok="", preferred_time="asap")
    workflow.log_attempt(request_id=request.pk, channel="email", result="sent", actor=me)
    workflow.close(request_id=request.pk, outcome="not_reached", actor=me)
    clock.move_to(TUESDAY + dt.timedelta(minutes=1))
    workflow.reopen(request_id=request.pk, actor=me)
    words = text_of(page_of(desk, request))
    assert ("No permitted way to contact them is left. Choose what to do:" in words, "0 attempt" in words) == (
        True,
        False,
    )
