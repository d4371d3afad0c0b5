"""Two people on one device: the second finds the form of the first with the Back button, and sends it as their own."""

import datetime as dt
from functools import partial

import pytest
from django.db import IntegrityError, transaction

from intake import worker, workflow
from intake.contact import same_person
from intake.models import AssessmentRequest, EncryptedText
from intake.submission import accept as submission
from intake.submission import circuit_breaker, private_link, sent_form, spool, store, tokens
from tests.intake.support.at_once import at_once
from tests.intake.support.factories import make_answers, make_request
from tests.intake.support.helpers import ADDRESS, accept_inserts, accesses, change_page, form_on, refuse_inserts
from tests.intake.support.visitor import OUR_ORIGIN, Browser, CookielessClient, filled, main_of

ANN = {"name": "Ann Smith", "phone": "602-555-0142", "email": "ann@nightingale.example"}
BOB = {"name": "Bob Jones", "phone": "480-555-0199", "email": "bob@nightingale.example"}
CAT = {"name": "Cat", "phone": "480-555-0177", "email": ""}

# What the second form has of the first one
ONE_PERSON = {
    "the same words": {},
    "another message": {"message": "Please call later."},
    "a corrected number and address": {"phone": BOB["phone"], "email": BOB["email"]},
    "the same phone alone": {"name": "Bob", "email": ""},
    "the same phone written differently": {"name": "Bob", "phone": "+1 (602) 555.0142", "email": ""},
    "the same email alone": {"name": "Bob", "phone": ""},
    "the same email in capitals": {"name": "Bob", "phone": "", "email": "ANN@nightingale.example"},
    "the given name alone": {"name": "ann", "phone": BOB["phone"], "email": ""},
    "the given name with marks": {"name": "Ánn S.", "phone": BOB["phone"], "email": ""},
    "the given name last": {"name": "Smith, Ann", "phone": BOB["phone"], "email": ""},
}
TWO_PEOPLE = {
    "nothing": BOB,
    "the family name": BOB | {"name": "Bob Smith"},
    "no name": BOB | {"name": ""},
    "a title": BOB | {"name": "Ms. Smith"},
    "an initial": BOB | {"name": "A"},
}


def send(draft, **changes):
    return submission.accept(sent_form.SentForm(draft, make_answers(**changes)))


def send_while_away(draft, **changes):
    circuit_breaker.trip()
    confirmed_id = send(draft, **changes)
    circuit_breaker.reset()
    return confirmed_id


def stored():
    return AssessmentRequest.objects.count(), EncryptedText.objects.filter(kind="answers").count()


# Who is the same person


@pytest.mark.django_db
@pytest.mark.parametrize("second", ONE_PERSON.values(), ids=ONE_PERSON)
def test_a_form_that_shares_phone_email_or_given_name_is_the_same_request(second):
    draft = tokens.draw()
    assert send(draft, **ANN) == send(draft, **ANN | second) == draft.id
    assert stored() == (1, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("second", TWO_PEOPLE.values(), ids=TWO_PEOPLE)
def test_a_form_that_shares_none_of_them_is_another_request_of_its_own(second):
    draft = tokens.draw()
    first, other = make_request(draft, **ANN), make_request(draft, **second)
    assert stored() == (2, 2)
    assert (first.pk, other.pk != draft.id, other.reference != first.reference) == (draft.id, True, True)
    assert (other.same_device_as, first.same_device_as) == (first, None)
    assert [list(one.events.values_list("code", flat=True)) for one in (first, other)] == [["received"]] * 2
    assert [one.outbox_messages.filter(kind="new_request").count() for one in (first, other)] == [1, 1]
    assert other.texts.get().decrypt() == make_answers(**second)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("Mr. Smith", "Mr. Jones", False),
        ("Mr. Smith", "mr smith", True),
        ("J. Smith", "B. Smith", False),
        ("J. Smith", "J Smith", True),
        ("Anne-Marie", "Anne Marie", True),
        ("Smith, Ann", "Smith, Bob", False),
        ("", "", False),
        ("-", "-", False),
        ("李明", "李明", True),
        ("Дмитрий", "дмитрий", True),
    ],
)
def test_a_given_name_is_what_someone_shares_and_a_family_name_is_not(one, other, is_same):
    assert bool(same_person.given_names(one) & same_person.given_names(other)) is is_same


@pytest.mark.django_db
def test_what_a_request_was_told_later_counts_too(me):
    draft = tokens.draw()
    request = make_request(draft, **ANN)
    workflow.correct(
        request_id=request.pk, before={"phone": ANN["phone"]}, after={"phone": "480-555-0111"}, actor=me,
        consent_read=True,
    )  # fmt: skip
    assert send(draft, **CAT | {"phone": "480-555-0111"}) == request.pk
    assert send(draft, **CAT | {"phone": "480-555-0122"}) == request.pk  # "Cat" was told with the number before
    assert stored() == (1, 1)


@pytest.mark.django_db
def test_words_that_do_not_open_are_no_proof_of_a_name():
    draft = tokens.draw()
    request = make_request(draft, **ANN)
    request.texts.update(envelope=b"\x01\x04gone" + bytes(40))
    assert send(draft, **BOB | {"name": "Ann"}) != request.pk
    assert send(draft, **ANN | {"message": "again"}) == request.pk


@pytest.mark.django_db
def test_shared_contact_ranks_before_a_shared_name():
    draft = tokens.draw()
    first, second = send(draft, **ANN), send(draft, **BOB)
    assert send(draft, **BOB | {"name": "Ann"}) == second != first


@pytest.mark.django_db
def test_a_third_person_is_a_third_request_and_each_may_send_again():
    draft = tokens.draw()
    ids = [send(draft, **person) for person in (ANN, BOB, CAT)]
    assert [send(draft, **person | {"message": "more"}) for person in (ANN, BOB, CAT)] == ids
    corrected = [person | {"phone": f"480-555-015{number}"} for number, person in enumerate((ANN, BOB, CAT))]
    assert [send(draft, **person) for person in corrected] == ids
    assert stored() == (3, 3)
    assert AssessmentRequest.objects.filter(same_device_as=ids[0]).count() == 2


@pytest.mark.django_db
def test_a_request_is_not_from_the_device_of_itself():
    request = make_request()
    with pytest.raises(IntegrityError), transaction.atomic():
        AssessmentRequest.objects.filter(pk=request.pk).update(same_device_as=request.pk)


# What became of the first one


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["closed", "quarantined", "duplicate", "erased", "withdrawn", "hidden"])
def test_what_became_of_the_first_request_is_nothing_to_the_second_person(make_staff, me, state):
    draft, lead = tokens.draw(), make_staff("lead")
    first = make_request(draft, **ANN, form_key="a" * 64)
    if state == "quarantined":
        workflow.quarantine(request_id=first.pk, actor=me)
    elif state == "duplicate":
        original = make_request(**ANN)
        workflow.link_duplicate(request_id=first.pk, of_reference=original.reference, actor=me)
    elif state == "hidden":
        workflow.set_legal_hold(request_id=first.pk, actor=lead)
    if state in ("withdrawn", "hidden"):
        workflow.withdraw(request_id=first.pk)
    if state in ("closed", "erased"):
        workflow.close(request_id=first.pk, outcome="declined", actor=me)
    if state == "erased":
        workflow.erase(request_id=first.pk, actor=lead)
    first.refresh_from_db()
    other = make_request(draft, **BOB, form_key="b" * 64)
    before, version = first.stage, first.version
    first.refresh_from_db()
    assert (other.same_device_as, other.stage, other.quarantined_at) == (first, "new", None)
    assert (first.stage, first.version) == (before, version)


@pytest.mark.django_db
@pytest.mark.parametrize("form_key", ["a" * 64, None], ids=["the same session", "no cookie"])
def test_withdrawn_form_sent_again_asks_unless_it_is_another_person(form_key):
    draft = tokens.draw()
    request = make_request(draft, **ANN, form_key=form_key)
    workflow.withdraw(request_id=request.pk)
    with pytest.raises(sent_form.RequestWithdrawn):
        make_request(draft, **ANN, form_key=form_key)
    assert stored() == (1, 0)


# The confirmation and the private link are of one person alone


def shown(visitor, answer):
    """Reference and private link on the confirmation."""
    assert answer.status_code == 303
    main = main_of(visitor.get(answer["Location"]))
    return main.split("<strong>")[1].split("</strong>")[0], main.split("/assessment/manage/")[1].split("/")[0]


def test_the_second_person_sees_nothing_of_the_first(db):
    visitor = Browser()
    fields = filled(visitor.get(ADDRESS))
    first, second = (visitor.post(ADDRESS, fields | person) for person in (ANN, BOB))
    (ann_reference, ann_link), (bob_reference, bob_link) = shown(visitor, first), shown(visitor, second)
    assert len({ann_reference, bob_reference, ann_link, bob_link}) == 4
    ann, bob = AssessmentRequest.objects.order_by("received_at")
    assert (private_link.find(ann_link), private_link.find(bob_link)) == (ann, bob)
    workflow.withdraw(request_id=private_link.find(bob_link).pk)
    ann.refresh_from_db()
    assert (ann.stage, ann.texts.count(), private_link.find(bob_link)) == ("new", 1, None)
    assert shown(visitor, first) == (ann_reference, ann_link)


TIMES = ["never", "after the first", "after both"]


@pytest.mark.django_db
@pytest.mark.parametrize("taken_in", TIMES)
@pytest.mark.parametrize("away", [(True, True), (False, True), (True, False)], ids=["both", "the second", "the first"])
def test_while_the_database_is_away_each_has_their_own_confirmation_and_request(away, taken_in):
    visitor = Browser()
    fields = filled(visitor.get(ADDRESS))
    answers = []
    for person, is_away in zip((ANN, BOB), away, strict=True):
        if is_away:
            circuit_breaker.trip()
        answers.append(visitor.post(ADDRESS, fields | person))
        circuit_breaker.reset()
        if taken_in == "after the first" and person is ANN:
            worker.take_in_spool()
    before = [shown(visitor, answer) for answer in answers]
    assert len({word for pair in before for word in pair}) == 4
    if taken_in == "never":
        again = [visitor.post(ADDRESS, fields | person) for person in (BOB, ANN)]  # the database is back
        assert [shown(visitor, answer) for answer in again] == before[::-1]
    worker.take_in_spool()
    assert [shown(visitor, answer) for answer in answers] == before
    assert (stored(), spool.state().files) == ((2, 2), 0)
    names = [private_link.find(link).texts.get().decrypt()["name"] for _reference, link in before]
    assert names == [ANN["name"], BOB["name"]]


@pytest.mark.django_db
def test_number_corrected_during_an_outage_is_one_request_with_two_references():
    draft = tokens.draw()
    first, again = send_while_away(draft, **ANN), send_while_away(draft, **ANN | {"phone": "480-555-0155", "email": ""})
    worker.take_in_spool()
    request = AssessmentRequest.objects.get()
    assert (store.find(first), store.find(again)) == (request, request)
    assert [text.kind for text in request.texts.all()] == ["answers", "amendment"]


@pytest.mark.django_db
def test_form_with_unknown_commit_is_one_request_and_the_next_is_another():
    draft = tokens.draw()
    stored_id, confirmed_id = send(draft, **ANN), send_while_away(draft, **ANN)
    other = send_while_away(draft, **BOB)
    worker.take_in_spool()
    assert store.find(confirmed_id).pk == stored_id != store.find(other).pk
    assert stored() == (2, 2)


@pytest.mark.django_db
def test_who_sends_a_second_form_and_then_corrects_its_number_stays_one():
    visitor = Browser()
    first = visitor.post(ADDRESS, filled(visitor.get(ADDRESS), **ANN))
    fields = filled(visitor.get(ADDRESS), **ANN)
    again = [visitor.post(ADDRESS, fields | changes) for changes in ({}, {"phone": BOB["phone"], "email": ""})]
    assert {shown(visitor, answer) for answer in again} == {shown(visitor, first)}
    assert stored() == (1, 1)


# Once, however often and however many at once


@pytest.mark.parametrize("keeps_cookies", [True, False], ids=["with a cookie", "with the pass"])
def test_a_second_person_who_presses_eight_times_at_once_is_one_request(site, keeps_cookies):
    if keeps_cookies:
        visitor = Browser()
        fields = filled(visitor.get(ADDRESS))
    else:
        visitor = CookielessClient()
        fields = form_on(visitor.post(ADDRESS, filled(visitor.get(ADDRESS)), headers=OUR_ORIGIN))
    assert visitor.post(ADDRESS, fields | ANN, headers=OUR_ORIGIN).status_code == 303
    if not keeps_cookies:  # the pass was spent by the first person: the second gets another, with all that they typed
        refused = visitor.post(ADDRESS, fields | BOB, headers=OUR_ORIGIN)
        assert (refused.status_code, form_on(refused)["name"]) == (403, BOB["name"])
        fields["single_use_token"] = form_on(refused)["single_use_token"]

    def press(_number):
        browser = Browser() if keeps_cookies else CookielessClient()
        browser.cookies = visitor.cookies if keeps_cookies else browser.cookies
        answer = browser.post(ADDRESS, fields | BOB, headers=OUR_ORIGIN)
        return answer.status_code, answer["Location"]

    answers = at_once(*(partial(press, number) for number in range(8)))
    worker.take_in_spool()
    assert {status for status, _ in answers} == {303}
    assert len({address for _, address in answers}) == 1
    assert stored() == (2, 2)
    assert EncryptedText.objects.count() == 2


def test_two_files_of_a_second_person_taken_in_by_two_workers_are_one_request(site):
    draft = tokens.draw()
    send(draft, **ANN)
    for message in ("first", "second"):
        send_while_away(draft, **BOB | {"message": message})
    send_while_away(draft, **BOB | {"phone": "480-555-0155", "email": ""})
    at_once(*[worker.take_in_spool] * 2)
    assert (stored(), spool.state().files) == ((2, 2), 0)
    assert EncryptedText.objects.count() == 4


@pytest.mark.django_db
def test_a_second_person_counts_against_the_limit_like_everyone(settings):
    settings.REQUEST_LIMIT_PER_NETWORK = 1
    visitor = Browser()
    fields = filled(visitor.get(ADDRESS))
    answers = [visitor.post(ADDRESS, fields | person) for person in (ANN, BOB)]
    assert [answer.status_code for answer in answers] == [303, 429]
    assert stored() == (1, 1)


@pytest.mark.django_db
def test_when_the_second_request_can_not_be_stored_it_is_spooled_and_taken_in_later():
    draft = tokens.draw()
    first = send(draft, **ANN)
    refuse_inserts("intake_outboxmessage")
    second = send(draft, **BOB)
    accept_inserts("intake_outboxmessage")
    circuit_breaker.reset()
    assert (stored(), spool.state().files) == ((1, 1), 1)
    worker.take_in_spool()
    assert (stored(), store.find(second).same_device_as_id) == ((2, 2), first)


# What the desk says


def test_the_desk_says_on_both_pages_that_the_other_came_from_the_same_device(desk, clock):
    draft = tokens.draw()
    ann = make_request(draft, **ANN)
    clock.shift(dt.timedelta(minutes=4))
    bob = make_request(draft, **BOB)
    make_request(**CAT)
    pages = [desk.get(change_page(request)) for request in (ann, bob)]
    assert [page.context["same_device"] for page in pages] == [[bob], [ann]]
    said = [" ".join(page.content.decode().split()) for page in pages]
    assert ["Sent 4 min after this one." in said[0], "Sent 4 min before this one." in said[1]] == [True, True]
    assert [ANN["name"] in said[1], BOB["name"] in said[0]] == [False, False]
    assert [f'href="{change_page(bob)}"' in said[0], f'href="{change_page(ann)}"' in said[1]] == [True, True]
    assert accesses() == [
        ("open", [ann.pk]),
        ("list", [bob.pk]),
        ("open", [bob.pk]),
        ("list", [ann.pk]),
    ]


def test_a_request_from_a_device_of_its_own_says_nothing_of_devices(desk):
    request = make_request(**ANN)
    assert "From the same device" not in desk.get(change_page(request)).content.decode()
