import datetime as dt

import pytest
from django.test import Client

from intake.models import AssessmentRequest
from intake.submission import spam_signals
from tests.intake.support.factories import make_answers, make_request
from tests.intake.support.helpers import ADDRESS, codes_of, form_on
from tests.intake.support.visitor import filled, opened_earlier, send

A_MINUTE = dt.timedelta(minutes=1)

HONEST = {
    "nothing but what is needed": {},
    "a link": {"message": "I read https://www.fda.gov/kratom and I am scared."},
    "two links": {"message": "See https://one.example/a?b=c#d and http://two.example. What do you think?"},
    "a link named twice with www": {"message": "https://www.example.org"},
    "an address without http": {"message": "I write from sister@nightingale.example, see example.org/me"},
    "less and greater": {"message": "I take < 5 g, never > 10 g. 3 <5 and 7> 2"},
    "a heart": {"message": "I <3 my family. </3 is how I feel"},
    "an arrow": {"message": "work -> home <- work; a<b, c</d"},
    "less than a gram": {"message": "On good days <a gram, on bad days more"},
    "a pair of angles": {"message": "<my son> he is 19"},
    "brackets": {"message": "My doctor [Dr. Url] said [link to her office] is closed"},
    "capitals": {"message": "PLEASE HELP ME!!!"},
    "money": {"message": "I spend $400 a month. FREE assessment? 100% sure?"},
    "another script": {"message": "Мне нужна помощь", "name": "Жанна"},
    "emoji": {"message": "🙏🙏🙏", "name": "🌵"},
    "a thousand characters": {"message": "x" * 1000},
    "many lines": {"message": "\n".join(str(number) for number in range(100))},
    "product names": {"message": "OPMS Gold, MIT45, 7-OHMZ, Viagra, casino"},
    "a name with dots": {"name": "J.R. Smith Jr."},
    "a name like an address": {"name": "sam.example.org"},
    "a name with an email": {"name": "sam@example.org"},
    "a name with the letters": {"name": "Httpson Www"},
    "a name of markup": {"name": "<b>Ann</b>"},
    "a name of one letter": {"name": "X"},
    "the same word everywhere": {"name": "help", "message": "help", "language": "help"},
}
BY_MACHINES = {
    "three links": ({"message": "http://a.example http://b.example http://c.example"}, ("links",)),
    "links in capitals": ({"message": "HTTP://A.EXAMPLE WWW.B.EXAMPLE HTTPS://C.EXAMPLE"}, ("links",)),
    "a link in HTML": ({"message": 'Buy <a href="http://a.example">here</a>'}, ("markup",)),
    "a link in a forum's code": ({"message": "[url=http://a.example]here[/url]"}, ("markup",)),
    "another forum's code": ({"message": "[LINK=a.example]here"}, ("markup",)),
    "a forum's code without an address": ({"message": "[url]a.example[/url]"}, ("markup",)),
    "a link in HTML on two lines": ({"message": "<a\nclass=x href='a.example'>here"}, ("markup",)),
    "a script": ({"message": "<script>alert(1)</script>"}, ("markup",)),
    "a web address as the name": ({"name": "https://a.example"}, ("name_link",)),
    "a web address in the name": ({"name": "Cheap pills WWW.a.example"}, ("name_link",)),
    "all of it": (
        {"name": "http://a.example", "message": "<a href=http://a.example>www.a.example</a> http://b.example"},
        ("links", "markup", "name_link"),
    ),
}


@pytest.mark.parametrize("words", HONEST.values(), ids=HONEST)
def test_honest_words_are_not_suspected(words):
    assert spam_signals.signals_in(make_answers(**words), trap="", took=A_MINUTE) == ()


@pytest.mark.parametrize(("words", "codes"), BY_MACHINES.values(), ids=BY_MACHINES)
def test_words_of_machines_are_suspected(words, codes):
    assert spam_signals.signals_in(make_answers(**words), trap="", took=A_MINUTE) == codes


@pytest.mark.parametrize("trap", ["http://a.example", "x", " "])
def test_whatever_is_in_the_trap_is_suspected(trap):
    assert spam_signals.signals_in(make_answers(), trap, A_MINUTE) == ("trap",)


@pytest.mark.parametrize(
    ("took", "codes"),
    [(0, ("fast",)), (2.9, ("fast",)), (3, ()), (3600 * 24 * 6, ()), (-5, ("fast",))],
)
def test_who_takes_less_than_three_seconds_is_suspected(took, codes):
    assert spam_signals.signals_in(make_answers(), "", dt.timedelta(seconds=took)) == codes


def test_every_code_is_said_in_words():
    codes = ["trap", "fast", "links", "markup", "name_link", "flood", "staff"]
    assert list(spam_signals.REASONS) == codes
    assert spam_signals.labels_for(",".join(codes)) == [str(reason) for reason in spam_signals.REASONS.values()]
    assert spam_signals.labels_for("") == []
    assert len(",".join(codes)) <= AssessmentRequest._meta.get_field("spam_signals").max_length


# What becomes of a suspected request


@pytest.fixture
def visitor():
    return Client(enforce_csrf_checks=True)


def the_request():
    return AssessmentRequest.objects.get()


@pytest.mark.django_db
def test_a_person_who_took_a_minute_is_not_suspected(visitor):
    send(visitor)
    assert (the_request().quarantined_at, the_request().spam_signals) == (None, "")
    assert codes_of(the_request()) == ["received"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "seconds", "codes"),
    [
        ({"website": "http://a.example"}, 60, "trap"),
        ({}, 0, "fast"),
        ({"message": "http://a.example http://b.example http://c.example", "website": "x"}, 0, "trap,fast,links"),
    ],
)
def test_a_suspected_form_is_stored_whole_with_the_same_confirmation(visitor, changes, seconds, codes):
    page = visitor.get(ADDRESS)
    token = opened_earlier(form_on(page)["token"], dt.timedelta(seconds=seconds))
    sent = visitor.post(ADDRESS, filled(page, token=token, email_ok="on", **changes))
    assert sent.status_code == 303
    assert "We have your request" in visitor.get(sent["Location"]).content.decode()
    request = the_request()
    assert (request.stage, request.spam_signals, request.quarantined_at) == ("new", codes, request.received_at)
    assert request.texts.get().decrypt()["name"] == "Wilhelmina Canary"
    assert "website" not in request.texts.get().decrypt()
    assert list(request.events.values_list("code", "to_value")) == [("received", "new"), ("suspected", codes)]
    assert list(request.outbox_messages.values_list("kind", "state")) == [("new_request", "queued")]


@pytest.mark.django_db
def test_a_suspected_request_is_due_when_any_other_is():
    at = dt.datetime(2026, 11, 23, 17, tzinfo=dt.UTC)
    suspected = make_request(at=at, spam_signals=("fast",))
    honest = make_request(at=at)
    assert suspected.due_at == honest.due_at


@pytest.mark.django_db
def test_the_trap_is_out_of_the_way_of_people(client):
    html = client.get(ADDRESS).content.decode()
    trap = html[html.index('class="trap"') : html.index('id="id_asked_about"')]
    assert ('aria-hidden="true"' in trap, 'tabindex="-1"' in trap, 'autocomplete="off"' in trap) == (True, True, True)
    assert "Leave this empty" in trap
