"""Two requests that staff linked may be two people's: what one of them does with a private link ends or silences
nothing of the other, and staff are asked."""

import datetime as dt
from functools import partial

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from intake import workflow
from intake.contact.preferences import newest_preferences
from intake.models import AccessRecord, AssessmentRequest, EncryptedText, Event, OutboxMessage
from intake.notifications import outbox
from intake.submission import private_link
from tests.intake.support.at_once import at_once_or_refused
from tests.intake.support.factories import link_duplicate, make_request
from tests.intake.support.helpers import ADDRESS, change_page, codes_of, local_time
from tests.intake.support.request_page import buttons_on, followed, press, refusal_of, work_form
from tests.intake.support.visitor import CookielessClient, filled, main_of

pytestmark = pytest.mark.django_db

NOON = local_time("2026-11-24 12:00")
PHONE = "(602) 555-0142"
CONFIRMED = {"confirm": "yes"}


@pytest.fixture(autouse=True)
def noon(clock):
    clock.move_to(NOON, tick=False)


def address_of(request):
    return f"/assessment/manage/{private_link.secret_of(request.pk)}/"


def texts_of(request):
    return [text.decrypt() for text in request.texts.all()]


def place_of(request):
    names = (
        "stage",
        "due_at",
        "promise",
        "awaiting_reply_since",
        "snoozed_until",
        "snooze_reason",
        "assessment_at",
        "owner",
    )
    return AssessmentRequest.objects.values_list(*names).get(pk=request.pk)


def in_question(*requests):
    rows = AssessmentRequest.objects.in_bulk([request.pk for request in requests])
    return [rows[request.pk].to_confirm_since is not None for request in requests]


def states(*requests):
    return [AssessmentRequest.objects.values_list("stage", "outcome").get(pk=request.pk) for request in requests]


# The attack, over HTTP


class Person:
    """Someone with a browser, the form that they sent in it, and the private page of their request."""

    def __init__(self, **answers):
        self.browser = Client()
        self.form = filled(self.browser.get(ADDRESS), phone=PHONE, **answers)
        known = set(AssessmentRequest.objects.values_list("pk", flat=True))
        assert self.browser.post(ADDRESS, self.form).status_code == 303
        self.request = AssessmentRequest.objects.exclude(pk__in=known).get()

    def send_again(self, **changes):
        answer = self.browser.post(ADDRESS, self.form | changes)
        assert answer.status_code == 303
        return answer

    def press(self, **posted):
        answer = CookielessClient().post(address_of(self.request), posted | CONFIRMED)
        assert answer.status_code == 200
        return answer


ACTS = {
    "withdraws": lambda person: person.press(action="withdraw"),
    "chooses another time": lambda person: person.press(
        action="time", preferred_time="evening", time_zone="America/New_York"
    ),
    "says do not call": lambda person: person.send_again(
        do_not_call="on", voicemail_ok="", email="stranger@example.org"
    ),
    "gives another number": lambda person: person.send_again(phone="(480) 555-0199"),
    "sends other words": lambda person: person.send_again(message="I am fine. Do not call."),
    "adds words": lambda person: person.press(action="message", message="I am fine. Do not call."),
}


@pytest.fixture
def two_people(desk):
    """Someone who knows the phone of another person, that person, and the state in which their request was."""
    victim = Person(
        name="Vera", email="", message="Please help me.", preferred_time="asap", time_zone="America/Phoenix"
    )
    stranger = Person(name="Someone", email="", message="Please help me.", preferred_time="afternoon", voicemail_ok="")
    before = place_of(victim.request), texts_of(victim.request), newest_preferences(victim.request).codes()
    OutboxMessage.objects.update(state="sent", sent_at=timezone.now())
    return victim, stranger, before


@pytest.mark.parametrize("batch", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize("goes_on", ["the victim's", "the stranger's"])
def test_a_stranger_with_a_persons_number_ends_or_silences_nothing_of_theirs(desk, me, two_people, goes_on, batch):
    victim, stranger, before = two_people
    if goes_on == "the victim's":
        followed(desk, press(desk, stranger.request, f"link:{victim.request.reference}"))
    else:
        link_duplicate(victim.request, stranger.request, me)
    batch(stranger)
    # Every word is there, and all that was promised.
    request = AssessmentRequest.objects.get(pk=victim.request.pk)
    assert (place_of(request), texts_of(request), newest_preferences(request).codes()) == before
    assert (request.outcome, request.duplicate_of, request.blind_indexes.count() > 0) == ("", None, True)
    # Staff are alerted, and get it from the queue as a question.
    assert request.outbox_messages.get(kind="to_confirm").state == "queued"
    if batch is ACTS["withdraws"]:
        assert workflow.take_next(actor=me) == request
    page = desk.get(change_page(request))
    assert page.context["what_now"] == "Do not contact anyone yet. First decide: is this the same person?"
    assert (page.context["reach"].tel, page.context["reach"].may_now) == ("", True)
    assert [asked["in_common"] for asked in page.context["in_question"]] == [["Same phone.", "Different first name."]]
    assert ("close:withdrawn" in buttons_on(page)) is (batch is ACTS["withdraws"])
    assert [one for one in buttons_on(page) if one.startswith("attempt:call")] == ["attempt:call:reached"]
    # One press, and the person is called.
    done = followed(desk, press(desk, request, "another_person"))
    assert "Contact continues as before." in done
    page = desk.get(change_page(request))
    call = (
        "Call now." if batch is ACTS["withdraws"] else "Take it and call."
    )  # whoever took the question has it already
    assert (page.context["reach"].tel, page.context["what_now"]) == ("tel:+16025550142", call)
    request.refresh_from_db()
    assert request.to_confirm_since is None
    assert request.outbox_messages.filter(kind="to_confirm").count() == 0


@pytest.mark.parametrize("batch", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize("is_linked", ["as a duplicate", "as the one that goes on"])
def test_whoever_acts_never_learns_that_another_request_exists(me, clock, is_linked, batch):
    """Every page and answer that the person sees, with and without a linked request."""
    seen = []
    for number, others in enumerate((False, True)):
        clock.move_to(NOON, tick=False)
        other = make_request(preferred_time="evening", voicemail_ok="")
        person = Person(email="", preferred_time="asap", time_zone="America/Phoenix")
        clock.move_to(NOON + dt.timedelta(minutes=5), tick=False)
        if others and is_linked == "as a duplicate":
            link_duplicate(person.request, other, me)
        elif others:
            link_duplicate(other, person.request, me)
        page = CookielessClient()
        shown = [page.get(address_of(person.request)).content]
        answer = batch(person)
        shown += [answer.content, answer.status_code]
        if answer.status_code == 303:
            shown.append(main_of(person.browser.get(answer["Location"])))
        shown.append(page.get(address_of(person.request)).content)
        own = {private_link.secret_of(person.request.pk): "SECRET", person.request.reference: "REFERENCE"}
        seen.append([_without(own, part) for part in shown])
        assert number == 0 or in_question(other) == [True]
    assert seen[0] == seen[1]


def _without(own, part):
    text = part.decode() if isinstance(part, bytes) else str(part)
    for value, name in own.items():
        text = text.replace(value, name)
    return text


def test_the_same_time_again_changes_nothing_and_unlinks_nothing(me, clock):
    first = make_request(preferred_time="morning", time_zone="America/Phoenix")
    clock.move_to(NOON + dt.timedelta(minutes=1), tick=False)
    second = make_request(preferred_time="evening")
    link_duplicate(second, first, me)
    assert newest_preferences(first).preferred_time == "evening"
    before = [codes_of(one) for one in (first, second)]
    own = {"preferred_time": "morning", "time_zone": ""}
    assert workflow.change_preferred_time(request_id=first.pk, **own) == ""
    assert workflow.change_preferred_time(request_id=second.pk, preferred_time="evening", time_zone="") == ""
    assert [codes_of(one) for one in (first, second)] == before
    assert AssessmentRequest.objects.get(pk=second.pk).duplicate_of == first


# What is asked of whom


@pytest.fixture
def family(me):
    """Three requests with one phone and one relative's, the last three linked to the first."""
    first, second, third = make_request(), make_request(email=""), make_request(email="third@example.org")
    relatives = make_request(phone="(480) 555-0199", email="mother@example.org")
    for request in (second, third, relatives):
        link_duplicate(request, first, me)
    return first, second, third, relatives


@pytest.mark.parametrize("end", ["withdrawn by the person", "closed as withdrawn", "erased"])
def test_when_the_one_that_goes_on_ends_each_duplicate_is_back_with_its_own_promise(me, make_staff, family, end):
    first, *others = family
    own = [(one.due_at, one.promise, newest_preferences(one).codes()) for one in others]
    match end:
        case "withdrawn by the person":
            workflow.withdraw(request_id=first.pk)
        case "closed as withdrawn":
            workflow.close(request_id=first.pk, outcome="withdrawn", actor=me)
        case "erased":
            workflow.close(request_id=first.pk, outcome="declined", actor=me)
            assert states(*others) == [("closed", "duplicate")] * 3
            lead_desk = Client()
            lead_desk.force_login(make_staff("lead"))
            done = followed(lead_desk, press(lead_desk, first, "erase", confirm="on"))
            assert "3 linked requests are open again." in done
    others = [AssessmentRequest.objects.get(pk=one.pk) for one in others]
    assert states(*others) == [("new", "")] * 3
    assert [(one.due_at, one.promise, newest_preferences(one).codes()) for one in others] == own
    assert in_question(*others) == [True, True, False]  # a relative with a phone of their own simply goes on
    assert [one.texts.count() for one in others] == [1, 1, 1]
    assert codes_of(others[2])[-1] == "unlinked"
    assert AssessmentRequest.objects.filter(duplicate_of__isnull=False).count() == 0


def test_when_a_duplicate_is_withdrawn_only_the_one_that_goes_on_is_asked_about(me, family):
    first, second, third, relatives = family
    workflow.withdraw(request_id=second.pk)
    assert in_question(first, third, relatives) == [True, False, False]
    assert states(second, third, relatives) == [("closed", "withdrawn"), *[("closed", "duplicate")] * 2]
    assert [EncryptedText.objects.filter(request=one).count() for one in family] == [1, 0, 1, 1]


def test_unlinked_from_spam_returns_and_suspected_returns_to_quarantine(me, family):
    first = family[0]
    suspected = make_request()
    workflow.quarantine(request_id=suspected.pk, actor=me)
    link_duplicate(suspected, first, me)
    workflow.close(request_id=first.pk, outcome="spam", actor=me)
    suspected.refresh_from_db()
    assert (states(*family[1:], suspected), in_question(*family[1:])) == ([("new", "")] * 4, [False] * 3)
    assert suspected.spam_signals == "staff"


def test_where_the_contact_of_what_was_withdrawn_can_not_be_read_staff_are_asked(me):
    first, second = make_request(), make_request()
    link_duplicate(second, first, me)
    second.texts.update(envelope=b"\x01\x04gone" + bytes(40))
    workflow.withdraw(request_id=second.pk)
    assert in_question(first) == [True]


# What a question leaves as it is


@pytest.mark.parametrize("state", ["put off", "booked", "held", "in quarantine", "owned", "spoken with"])
def test_a_withdrawal_that_crosses_unsnoozes_books_and_loses_nothing(me, make_staff, clock, state):
    first, second, lead = make_request(preferred_time="asap"), make_request(email=""), make_staff("lead")
    later = NOON + dt.timedelta(days=9)
    match state:
        case "put off":
            workflow.snooze(request_id=first.pk, until=later, reason="away", actor=me)
        case "booked":
            workflow.book(request_id=first.pk, at=later, actor=me)
        case "held":
            workflow.set_legal_hold(request_id=first.pk, actor=lead)
        case "in quarantine":
            workflow.quarantine(request_id=first.pk, actor=me)
        case "owned":
            workflow.assign(request_id=first.pk, owner=lead, actor=me)
        case "spoken with":
            workflow.log_attempt(request_id=first.pk, channel="call", result="reached", next_at=later, actor=lead)
    names = ("quarantined_at", "spam_signals", "legal_hold_at", "hidden_at", "reached_at", "first_attempt_at")
    before = place_of(first), AssessmentRequest.objects.values_list(*names).get(pk=first.pk)
    link_duplicate(second, first, me)
    workflow.withdraw(request_id=second.pk)
    assert (place_of(first), AssessmentRequest.objects.values_list(*names).get(pk=first.pk)) == before
    taken = workflow.take_next(actor=me)  # asleep, booked or another one's: it is on top as a question
    assert (taken, taken.to_confirm_since) == (first, NOON)
    workflow.release(request_id=first.pk, actor=me)
    workflow.another_person(request_id=first.pk, actor=me)
    after = place_of(first)
    assert after[:-1] == before[0][:-1]


def test_at_night_a_question_is_handed_out_though_nobody_may_be_called(me, clock):
    first, second = make_request(), make_request()
    link_duplicate(second, first, me)
    clock.move_to(local_time("2026-11-24 23:30"), tick=False)
    assert workflow.take_next(actor=me) is None
    workflow.withdraw(request_id=second.pk)
    assert workflow.take_next(actor=me) == first


def test_what_is_asked_stands_on_top_of_the_list_and_says_so(desk, me):
    first, second, waiting = make_request(), make_request(), make_request(phone="(480) 555-0100", email="")
    workflow.book(request_id=first.pk, at=NOON + dt.timedelta(days=20), actor=me)
    workflow.snooze(request_id=first.pk, until=NOON + dt.timedelta(days=9), reason="away", actor=me)
    link_duplicate(second, first, me)
    workflow.withdraw(request_id=second.pk)
    rows = desk.get("/admin/intake/assessmentrequest/").context["rows"]
    assert (rows[0].step, rows[0].is_snoozed) == ("Decide: is it the same person?", False)
    assert [row.request for row in rows] == [first, waiting]


def test_the_alert_is_sent_once_more_for_each_withdrawal_and_names_nobody(me, settings):
    settings.ADMISSIONS_EMAILS = ["desk@example.org"]
    first, *others = make_request(), make_request(), make_request()
    OutboxMessage.objects.all().delete()
    for other in others:
        link_duplicate(other, first, me)
    for other in others:
        workflow.withdraw(request_id=other.pk)
        outbox.send_due()
    assert [message.subject for message in mail.outbox] == [f"Please confirm {first.reference}"] * 2
    assert f"/admin/intake/assessmentrequest/{first.pk}/change/" in mail.outbox[0].body
    assert [other.reference in mail.outbox[0].body for other in others] == [False, False]


# What staff answer


def test_the_same_person_is_withdrawn_too_and_their_words_stay(desk, me):
    first, second = make_request(), make_request()
    link_duplicate(second, first, me)
    workflow.withdraw(request_id=second.pk)
    page = desk.get(change_page(first))
    assert f"{second.reference}</a> was withdrawn (Tue, Nov 24, 12:00 PM)." in page.content.decode()
    done = followed(desk, press(desk, first, "close:withdrawn"))
    assert "The request is closed." in done
    assert (states(first), first.texts.count(), in_question(first)) == ([("closed", "withdrawn")], 1, [False])


def test_while_it_is_not_decided_nothing_we_try_is_written_down_and_a_caller_is(me):
    first, second = make_request(), make_request()
    link_duplicate(second, first, me)
    workflow.withdraw(request_id=second.pk)
    log = partial(workflow.log_attempt, request_id=first.pk, actor=me)
    with pytest.raises(workflow.TransitionRefused, match="First say whether this is the same person"):
        log(channel="call", result="no_answer")
    log(channel="they_called", result="missed")
    assert (first.attempts.count(), in_question(first)) == (1, [True])


def test_an_answer_to_nothing_and_an_old_page_are_refused(desk, me, make_staff):
    first, second = make_request(), make_request()
    link_duplicate(second, first, me)
    with pytest.raises(workflow.TransitionRefused, match="nothing to confirm"):
        workflow.another_person(request_id=first.pk, actor=me)
    workflow.withdraw(request_id=second.pk)
    form = work_form(desk.get(change_page(first)))
    workflow.another_person(request_id=first.pk, actor=make_staff("admissions", username="sam"))
    assert "Your change was not saved." in refusal_of(press(desk, first, "another_person", form))
    assert codes_of(first).count("another") == 1


def test_of_two_questions_the_page_lists_both_and_after_the_answer_none(desk, me):
    first, second, third = make_request(), make_request(), make_request()
    for other in (second, third):
        link_duplicate(other, first, me)
    workflow.add_message(request_id=second.pk, text="One more thing")
    workflow.withdraw(request_id=third.pk)
    asked = desk.get(change_page(first)).context["in_question"]
    assert [(one["other"], one["why"]) for one in asked] == [(second, "changed"), (third, "withdrawn")]
    workflow.another_person(request_id=first.pk, actor=me)
    assert desk.get(change_page(first)).context["in_question"] == []
    link_duplicate(second, first, me)
    workflow.withdraw(request_id=second.pk)
    assert [one["other"] for one in desk.get(change_page(first)).context["in_question"]] == [second]


@pytest.mark.parametrize("was_sent", [False, True])
def test_alert_that_an_undone_answer_deleted_goes_out_after_all(me, was_sent):
    first, second = make_request(), make_request()
    link_duplicate(second, first, me)
    workflow.withdraw(request_id=second.pk)
    alert = first.outbox_messages.filter(kind=OutboxMessage.Kind.TO_CONFIRM)
    if was_sent:
        alert.update(state=OutboxMessage.State.SENT, sent_at=timezone.now())
    workflow.another_person(request_id=first.pk, actor=me)
    assert alert.exists() == was_sent
    workflow.undo(batch=first.changes.last().batch, actor=me)
    assert alert.get().state == (OutboxMessage.State.SENT if was_sent else OutboxMessage.State.QUEUED)


def test_both_preferences_stand_side_by_side_and_linking_again_keeps_the_safer(desk, me):
    first, second = make_request(preferred_time="asap"), make_request(email="")
    link_duplicate(second, first, me)
    workflow.change_preferred_time(request_id=first.pk, preferred_time="morning", time_zone="")
    page = desk.get(change_page(second))
    [asked] = page.context["in_question"]
    assert AccessRecord.objects.filter(action="list", actor=me).first().request_ids == [first.pk]
    assert (asked["other"], asked["names_another_contact"]) == (first, True)
    assert [tuple(map(str, preferred)) for preferred in asked["preferences_compared"]] == [
        ("Preferred time", "In the morning", "In the evening")
    ]
    done = followed(desk, press(desk, second, f"link:{first.reference}"))
    assert "linked as a duplicate" in done
    assert (states(second), in_question(first, second)) == ([("closed", "duplicate")], [False, False])
    workflow.unlink_duplicate(request_id=second.pk, actor=me)
    assert in_question(first, second) == [False, False]
    assert [newest_preferences(one).preferred_time for one in (first, second)] == ["morning", "evening"]


def test_what_is_in_question_is_not_linked_elsewhere_before_it_is_answered(me):
    first, second, third = make_request(), make_request(), make_request()
    link_duplicate(second, first, me)
    workflow.withdraw(request_id=second.pk)
    for request, of in ((third, first), (first, third)):
        with pytest.raises(workflow.TransitionRefused, match="First say whether it is the same person"):
            link_duplicate(request, of, me)
    assert states(first, third) == [("new", "")] * 2


def test_the_page_of_the_one_that_goes_on_shows_what_a_linked_request_asked_for(desk, me):
    first, second = make_request(preferred_time="asap"), make_request(voicemail_ok="")
    link_duplicate(second, first, me)
    workflow.correct(
        request_id=first.pk, before={"preferred_time": "evening"}, after={"preferred_time": "asap"}, actor=me
    )
    page = desk.get(change_page(first)).content.decode()
    assert "Preferred time: In the evening. Used now: As soon as possible." in page
    assert "We may leave a voicemail: No. In force" not in page


def test_a_question_keeps_nobody_from_undoing_another_link(me, clock):
    first = make_request(preferred_time="asap", time_zone="America/Phoenix")
    workflow.log_attempt(request_id=first.pk, channel="call", result="no_answer", actor=me)
    workflow.snooze(request_id=first.pk, until=NOON + dt.timedelta(days=9), reason="away", actor=me)
    before = place_of(first)
    clock.move_to(NOON + dt.timedelta(days=1), tick=False)
    second = make_request(email="")
    link_duplicate(second, first, me)
    workflow.withdraw(request_id=second.pk)
    assert place_of(first) == before
    workflow.another_person(request_id=first.pk, actor=me)
    third, fourth = make_request(email=""), make_request(email="")
    link_duplicate(third, first, me)
    link_duplicate(fourth, first, me)
    workflow.withdraw(request_id=fourth.pk)
    workflow.another_person(request_id=first.pk, actor=me)
    workflow.unlink_duplicate(request_id=third.pk, actor=me)
    assert place_of(first) == before


def test_what_was_closed_by_mistake_is_in_question_again_when_it_is_opened_again(desk, me):
    first, second = make_request(), make_request()
    link_duplicate(second, first, me)
    workflow.withdraw(request_id=second.pk)
    workflow.close(request_id=first.pk, outcome="withdrawn", actor=me)
    workflow.reopen(request_id=first.pk, actor=me)
    assert [one["other"] for one in desk.get(change_page(first)).context["in_question"]] == [second]


@pytest.mark.parametrize(
    ("answers", "in_common"),
    [
        ({}, ["Same phone and email."]),
        ({"name": "Wilhelmina of the other family"}, ["Same phone and email."]),  # a first name decides nothing
        ({"name": ""}, ["Same phone and email."]),
        ({"phone": "(480) 555-0199", "name": "Ann"}, ["Same email.", "Different first name."]),
        ({"phone": "(480) 555-0199", "email": ""}, ["Different phone and email."]),
    ],
)
def test_what_speaks_for_one_person_is_compared_before_the_change_and_shown(desk, me, clock, answers, in_common):
    first, second = make_request(), make_request(**answers)
    link_duplicate(second, first, me)
    clock.move_to(NOON + dt.timedelta(minutes=1), tick=False)
    workflow.add_message(request_id=second.pk, text="One more thing")
    page = desk.get(change_page(first))
    assert [asked["in_common"] for asked in page.context["in_question"]] == [in_common]
    [entry] = [entry for entry in page.context["timeline"] if entry.kind == "to_confirm"]
    assert entry.lines == [f"{second.reference} was changed by its person.", *in_common]


def test_the_printed_sheet_says_that_nobody_is_to_be_contacted_yet(desk, me):
    first, second = make_request(), make_request()
    link_duplicate(second, first, me)
    words = "Do not contact anyone yet."
    sheet = change_page(first).replace("/change/", "/print/")
    assert words not in desk.get(sheet).content.decode()
    workflow.withdraw(request_id=second.pk)
    assert words in desk.get(sheet).content.decode()


def test_an_email_to_the_person_waits_for_the_answer_too(me):
    first, second = make_request(email_ok="on"), make_request(email="")
    link_duplicate(second, first, me)
    workflow.withdraw(request_id=second.pk)
    outbox.send_due()
    assert first.outbox_messages.get(kind="acknowledgement").state == "queued"
    workflow.another_person(request_id=first.pk, actor=me)
    outbox.send_due()
    assert first.outbox_messages.get(kind="acknowledgement").state == "sent"


@pytest.mark.parametrize("answer", [workflow.another_person, partial(workflow.close, outcome="withdrawn")])
def test_a_wrong_answer_is_undone_and_the_question_is_back(desk, me, answer):
    first, second = make_request(), make_request()
    link_duplicate(second, first, me)
    workflow.withdraw(request_id=second.pk)
    before = place_of(first)
    answer(request_id=first.pk, actor=me)
    workflow.undo(batch=first.changes.last().batch, actor=me)
    assert (place_of(first), first.texts.count()) == (before, 1)
    assert [one["other"] for one in desk.get(change_page(first)).context["in_question"]] == [second]


# Everyone's own rules come back


def rules_of(request):
    return newest_preferences(request).codes()


PREFERRED_TIMES = [
    {"voicemail_ok": "on", "text_ok": "on", "email_ok": "on", "preferred_time": "asap", "introduction": "center"},
    {"voicemail_ok": "", "text_ok": "on", "email_ok": "on", "preferred_time": "afternoon", "introduction": "center"},
    {"voicemail_ok": "on", "text_ok": "", "email_ok": "on", "preferred_time": "evening", "introduction": "first_name"},
]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_unlinking_in_any_order_gives_everyone_their_own_rules_and_consents_back(me, clock, order):
    requests = []
    for minute, preferred_times in enumerate(PREFERRED_TIMES):
        clock.move_to(NOON + dt.timedelta(minutes=minute), tick=False)
        requests.append(make_request(**preferred_times))
    first, *others = requests
    own, consents = [rules_of(one) for one in requests], [one.consents.count() for one in requests]
    due = place_of(first)
    for other in others:
        link_duplicate(other, first, me)
    kept = rules_of(first)
    assert (kept["may_leave_voicemail"], kept["may_text"], kept["preferred_time"]) == (False, False, "evening")
    workflow.unlink_duplicate(request_id=others[order[0]].pk, actor=me)
    left = PREFERRED_TIMES[1 + order[1]]
    kept = rules_of(first)
    assert kept["preferred_time"] == left["preferred_time"]
    assert [kept["may_leave_voicemail"], kept["may_text"]] == [left["voicemail_ok"] == "on", left["text_ok"] == "on"]
    workflow.unlink_duplicate(request_id=others[order[1]].pk, actor=me)
    assert [rules_of(one) for one in requests] == own
    assert [one.consents.count() for one in requests] == consents
    assert AssessmentRequest.objects.get(pk=first.pk).preferred_time == "asap"
    if order == (1, 0):
        assert place_of(first) == due


def test_who_was_promised_a_call_gets_it_when_a_wrong_link_is_undone(desk, me):
    rita, other = (
        make_request(preferred_time="asap", time_zone="America/Phoenix"),
        make_request(preferred_time="evening", voicemail_ok=""),
    )
    promised = AssessmentRequest.objects.get(pk=rita.pk).due_at
    link_duplicate(other, rita, me)
    assert desk.get(change_page(rita)).context["reach"].may_now is False
    done = followed(desk, press(desk, other, "unlink"))
    assert f"This request and {rita.reference} each have their own contact preferences again" in done
    page = desk.get(change_page(rita))
    assert page.context["reach"].may_now is True
    assert page.context["contact_rules"][0] == "Call. Voicemail is allowed."
    assert AssessmentRequest.objects.get(pk=rita.pk).due_at == promised


def test_what_staff_changed_since_the_link_stays_and_only_that(me):
    first, second = (
        make_request(preferred_time="asap", voicemail_ok="on"),
        make_request(preferred_time="evening", voicemail_ok=""),
    )
    link_duplicate(second, first, me)
    correct = partial(workflow.correct, request_id=first.pk, actor=me)
    correct(before={"preferred_time": "evening"}, after={"preferred_time": "morning"})
    workflow.unlink_duplicate(request_id=second.pk, actor=me)
    rules = rules_of(first)
    assert (rules["preferred_time"], rules["may_leave_voicemail"]) == ("morning", True)


def test_what_staff_allowed_since_a_link_is_not_taken_away_by_the_next(me, clock):
    first, second, third = (
        make_request(voicemail_ok="on"),
        make_request(voicemail_ok=""),
        make_request(voicemail_ok="on"),
    )
    link_duplicate(second, first, me)
    clock.move_to(NOON + dt.timedelta(minutes=1), tick=False)
    allowed = {"before": {"may_leave_voicemail": False}, "after": {"may_leave_voicemail": True}}
    workflow.correct(request_id=first.pk, actor=me, consent_read=True, **allowed)
    link_duplicate(third, first, me)
    assert rules_of(first)["may_leave_voicemail"] is True


def test_a_permission_for_one_phone_does_not_come_back_for_another(me, clock):
    first, second = make_request(voicemail_ok="on", text_ok="on"), make_request(voicemail_ok="", text_ok="on")
    clock.move_to(NOON + dt.timedelta(minutes=1), tick=False)
    link_duplicate(second, first, me)
    clock.move_to(NOON + dt.timedelta(minutes=2), tick=False)
    phone = {"before": {"phone": PHONE}, "after": {"phone": "(480) 555-0199"}}
    workflow.correct(request_id=first.pk, actor=me, **phone)
    workflow.unlink_duplicate(request_id=second.pk, actor=me)
    rules = rules_of(first)
    assert (rules["may_leave_voicemail"], rules["may_text"], rules["may_call"]) == (False, False, True)


# At the same moment


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("withdrawn", [0, 1])
def test_who_withdraws_while_staff_link_leaves_nobody_closed_and_forgotten(site, make_staff, withdrawn):
    me = make_staff("admissions", username="amal")
    for _round in range(8):
        pair = [make_request(), make_request()]
        left = pair[1 - withdrawn]
        at_once_or_refused(
            partial(workflow.withdraw, request_id=pair[withdrawn].pk), partial(link_duplicate, pair[1], pair[0], me)
        )
        assert states(pair[withdrawn], left) == [("closed", "withdrawn"), ("new", "")]
        assert left.texts.count() == 1
        was_linked = Event.objects.filter(request=left, code="linked").exists()
        assert in_question(left) == [was_linked]
        AssessmentRequest.objects.get(pk=left.pk)


@pytest.mark.django_db(transaction=True)
def test_two_who_withdraw_what_was_linked_at_once_are_both_withdrawn(site, make_staff):
    me = make_staff("admissions", username="amal")
    for _round in range(6):
        first, second = make_request(), make_request()
        link_duplicate(second, first, me)
        at_once_or_refused(*(partial(workflow.withdraw, request_id=one.pk) for one in (first, second)))
        assert states(first, second) == [("closed", "withdrawn")] * 2
        assert EncryptedText.objects.filter(request__in=[first, second]).count() == 0
