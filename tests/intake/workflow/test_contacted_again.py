"""What a person says after their first form: above everything else until someone marks it as read."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake import workflow
from intake.models import EncryptedText, Event
from intake.submission import tokens
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import LIST, change_page, codes_of, local_time
from tests.intake.support.request_page import buttons_on, page_of, press, refusal_of, work_form

pytestmark = pytest.mark.django_db

NOON = local_time("2026-11-24 12:00")
WORDS = "Do not call this number any more"
FIRST = "Read what they added first. Then: "


@pytest.fixture
def noon(clock):
    """The clock stands at a noon at which the center is open. To be asked for before `desk`: its session ages too."""
    clock.move_to(NOON, tick=False)


@pytest.fixture
def request_here(noon, me):
    request = make_request(preferred_time="asap")
    workflow.claim(request_id=request.pk, actor=me)
    return request


def text_of(response):
    return response.content.decode()


def in_order(page, *parts):
    """Whether these parts stand on a page in this order, each for the first time."""
    places = [page.index(part) for part in parts]
    return places == sorted(places)


def test_new_words_stand_under_the_headline_and_before_the_number(desk, request_here):
    assert page_of(desk, request_here).context["what_now"] == "Call now."
    workflow.add_message(request_id=request_here.pk, text=WORDS)
    page = page_of(desk, request_here)
    assert page.context["what_now"] == f"{FIRST}Call now."
    assert in_order(text_of(page), FIRST, "New from them", WORDS, "Mark as read", "(602) 555-0142")
    assert "You may contact them now." not in text_of(page)
    assert "Read what they added before you contact them." in text_of(page)


def test_a_second_form_and_another_time_stand_there_too(noon, desk, clock):
    draft = tokens.draw()
    request = make_request(draft, preferred_time="asap")
    clock.move_to(local_time("2026-11-24 12:01"), tick=False)
    make_request(draft, preferred_time="asap", message="Only my sister answers")
    workflow.change_preferred_time(request_id=request.pk, preferred_time="evening", time_zone="")
    new = page_of(desk, request).context["unread_additions"]["entries"]
    assert [str(entry["kind"]) for entry in new] == ["Sent again with changes", "Person chose another time"]
    assert new[0]["changes"] == [
        ("Anything you want us to know", "I drink\ncanary tea every morning.", "Only my sister answers")
    ]
    assert str(new[1]["plain"]) == "In the evening"


def test_a_closed_form_that_was_sent_again_is_said_so(noon, desk, me, clock):
    draft = tokens.draw()
    request = make_request(draft)
    workflow.close(request_id=request.pk, outcome="declined", actor=me)
    clock.move_to(local_time("2026-11-24 12:01"), tick=False)
    make_request(draft)
    new = page_of(desk, request).context["unread_additions"]["entries"]
    assert [entry["plain"] for entry in new] == ["No new message. Look at the contact preferences."]


def test_an_earlier_form_that_was_sent_again_stands_there_as_the_newest(noon, desk, clock):
    draft, request = tokens.draw(), None
    for minute, changes in enumerate([{}, {"do_not_call": "on"}, {}]):
        clock.move_to(local_time(f"2026-11-24 12:0{minute}"), tick=False)
        request = make_request(draft, preferred_time="asap", **changes)
    page = page_of(desk, request)
    assert len(page.context["unread_additions"]["entries"]) == 2
    assert page.context["submissions"][-1]["pk"] == page.context["unread_additions"]["entries"][-1]["pk"]
    assert page.context["plan"].preferences.may_call


def test_what_is_marked_as_read_is_read_for_everyone_and_on_record(desk, request_here, me, make_staff):
    workflow.add_message(request_id=request_here.pk, text=WORDS)
    version = page_of(desk, request_here).context["request_row"].version
    (button,) = [button for button in buttons_on(page_of(desk, request_here)) if button.startswith("additions_read:")]
    assert press(desk, request_here, button, note="She asked for her sister").status_code == 302
    page = page_of(desk, request_here)
    assert (page.context["unread_additions"], page.context["what_now"]) == (None, "Call now.")
    assert page.context["request_row"].version == version  # in nobody's way
    assert request_here.events.filter(code="additions_read").get().actor == me
    assert "New messages marked as read" in text_of(page)
    assert request_here.texts.filter(kind="note").count() == 1
    assert WORDS in text_of(page)  # among all that they wrote


def test_words_that_were_marked_by_mistake_are_new_again(desk, request_here, me):
    workflow.add_message(request_id=request_here.pk, text=WORDS)
    workflow.mark_additions_read(request_id=request_here.pk, up_to=request_here.events.last().pk, actor=me)
    form = work_form(page_of(desk, request_here))
    button = next(value for _name, value in form.buttons if value.startswith("undo:"))
    press(desk, request_here, button, form)
    assert WORDS in str(page_of(desk, request_here).context["unread_additions"])


def test_words_that_came_while_someone_read_stay_new(desk, request_here, me):
    workflow.add_message(request_id=request_here.pk, text=WORDS)
    form = work_form(page_of(desk, request_here))
    (button,) = [value for _name, value in form.buttons if value.startswith("additions_read:")]
    workflow.add_message(request_id=request_here.pk, text="My sister knows")
    press(desk, request_here, button, form)
    new = page_of(desk, request_here).context["unread_additions"]["entries"]
    assert [entry["plain"] for entry in new] == ["My sister knows"]


def test_words_of_a_form_that_waited_in_the_spool_are_new_whenever_they_were_sent(desk, request_here, me):
    workflow.add_message(request_id=request_here.pk, text=WORDS)
    workflow.mark_additions_read(request_id=request_here.pk, up_to=request_here.events.last().pk, actor=me)
    earlier = Event.objects.get(code="received").occurred_at
    late = EncryptedText(request=request_here, kind="addition", recorded_at=earlier).encrypt(
        "Sent before, stored after"
    )
    late.save(force_insert=True)
    Event.objects.create(request=request_here, code="added", to_value=str(late.pk), occurred_at=earlier)
    (entry,) = page_of(desk, request_here).context["unread_additions"]["entries"]
    assert entry["plain"] == "Sent before, stored after"


def test_two_who_mark_the_same_words_are_one_entry(request_here, me, make_staff):
    workflow.add_message(request_id=request_here.pk, text=WORDS)
    up_to = request_here.events.last().pk
    for actor in (me, make_staff("lead"), me):
        workflow.mark_additions_read(request_id=request_here.pk, up_to=up_to, actor=actor)
    assert codes_of(request_here).count("additions_read") == 1


@pytest.mark.parametrize("up_to", ["", "0", "-1", "9" * 30, "4.5", "x"])
def test_words_that_do_not_exist_are_not_marked(desk, request_here, up_to):
    workflow.add_message(request_id=request_here.pk, text=WORDS)
    form = work_form(page_of(desk, request_here))
    response = desk.post(change_page(request_here), form.fields | {"action": f"additions_read:{up_to}"})
    assert refusal_of(response) == "There is no such message from the person. Nothing was changed."
    assert page_of(desk, request_here).context["unread_additions"] is not None


def test_words_of_another_request_are_not_marked(desk, request_here, me):
    workflow.add_message(request_id=request_here.pk, text=WORDS)
    other = make_request(phone="480 555 0100", email="")
    with pytest.raises(workflow.TransitionRefused, match="no such message"):
        workflow.mark_additions_read(request_id=other.pk, up_to=request_here.events.last().pk, actor=me)


@pytest.mark.parametrize("what", ["attempt", "note", "stage", "put off"])
def test_nothing_but_the_mark_makes_words_read(desk, request_here, me, what):
    workflow.add_message(request_id=request_here.pk, text=WORDS)
    if what == "attempt":
        workflow.log_attempt(request_id=request_here.pk, channel="call", result="no_answer", actor=me)
    elif what == "note":
        workflow.add_note(request_id=request_here.pk, text="Called", actor=me)
    elif what == "stage":
        workflow.set_stage(request_id=request_here.pk, stage="talking", actor=me)
    else:
        until = local_time("2026-11-25 12:00")
        workflow.snooze(request_id=request_here.pk, until=until, reason="away", actor=me)
    page = page_of(desk, request_here)
    assert page.context["what_now"].startswith(FIRST)
    assert "New from them" in text_of(desk.get(LIST, {"tab": "snoozed" if what == "put off" else "open"}))


def test_words_that_nobody_read_stand_on_a_closed_request_too(desk, request_here, me):
    workflow.add_message(request_id=request_here.pk, text=WORDS)
    workflow.close(request_id=request_here.pk, outcome="declined", actor=me)
    page = page_of(desk, request_here)
    assert page.context["what_now"] == "This request is closed. Read what they added: nobody has read it yet."
    assert WORDS in text_of(page)


def test_words_that_were_erased_or_hidden_are_not_new(noon, desk, me, make_staff):
    lead = make_staff("lead")
    for is_held in (True, False):
        request = make_request(preferred_time="asap")
        workflow.add_message(request_id=request.pk, text=WORDS)
        if is_held:
            workflow.set_legal_hold(request_id=request.pk, actor=lead)
        workflow.withdraw(request_id=request.pk)
        page = page_of(desk, request)
        assert page.context["unread_additions"] is None
        assert WORDS not in text_of(page)
        assert page.context["what_now"] == (
            "The person withdrew this request. Do not contact them."
            if is_held
            else "This request is closed. There is nothing to do."
        )


def test_words_that_do_not_open_are_said_to_be_new_all_the_same(desk, request_here):
    workflow.add_message(request_id=request_here.pk, text=WORDS)
    request_here.texts.filter(kind="addition").update(envelope=b"broken")
    page = page_of(desk, request_here)
    assert page.context["what_now"].startswith(FIRST)
    assert "This text can't be decrypted" in text_of(page)


def test_ten_new_texts_cost_as_many_queries_as_one(desk, request_here):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            page_of(desk, request_here)
        return len(queries)

    page_of(desk, request_here)
    workflow.add_message(request_id=request_here.pk, text=WORDS)
    one = cost()
    for number in range(9):
        workflow.add_message(request_id=request_here.pk, text=f"And {number}")
    assert len(page_of(desk, request_here).context["unread_additions"]["entries"]) == 10
    assert cost() == one


# What they wrote first


def test_message_language_and_whom_they_ask_for_stand_before_the_number(noon, desk):
    request = make_request(preferred_time="asap", for_whom="other", relation="parent", message="He drinks tea all day")
    page = text_of(page_of(desk, request))
    relation = page_of(desk, request).context["first_read"]["asked_for"]
    assert relation.startswith("Someone else, ")
    parts = ("Contact preferences", "Canarian whistling", relation, "He drinks tea all day", "555-0142")
    assert in_order(page, *parts)


def test_a_long_message_is_cut_there_and_leads_to_the_whole(noon, desk):
    request = make_request(preferred_time="asap", message="word " * 120)
    page = text_of(page_of(desk, request))
    assert '<a href="#submission-1">Read the full message</a>' in page
    assert 'id="submission-1"' in page


# Whom the page tells to call


@pytest.mark.parametrize(
    ("situation", "sentence"),
    [
        ("nobody has it", "Take it and call."),
        ("I took it", "Call now."),
        ("it is mine", "Call now."),
        ("my time has ended", "Take it and call."),
        ("a colleague took it", "sam is working on this until Tue, Nov 24, 12:30 PM. Leave it to them until then."),
        ("a colleague's time has ended", "Take it and call."),
        ("it is a colleague's", "sam owns this request. Ask sam first, or assign it to yourself."),
    ],
)
def test_only_the_one_who_has_the_request_is_told_to_call_now(noon, desk, me, make_staff, clock, situation, sentence):
    request, sam = make_request(preferred_time="asap"), make_staff("admissions", username="sam")
    match situation:
        case "I took it" | "my time has ended":
            workflow.claim(request_id=request.pk, actor=me)
        case "it is mine":
            workflow.assign(request_id=request.pk, owner=me, actor=me)
        case "a colleague took it" | "a colleague's time has ended":
            workflow.claim(request_id=request.pk, actor=sam)
        case "it is a colleague's":
            workflow.assign(request_id=request.pk, owner=sam, actor=sam)
    if "ended" in situation:
        clock.move_to(local_time("2026-11-24 12:30"), tick=False)
    page = page_of(desk, request)
    assert page.context["what_now"] == sentence
    assert ("claim" in buttons_on(page)) == (sentence == "Take it and call.")
