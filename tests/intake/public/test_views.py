import datetime as dt
import logging

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake import worker, workflow
from intake.models import AssessmentRequest, EncryptedText
from intake.public.confirmation import SHOWN_FOR
from intake.submission import circuit_breaker, spool, tokens
from pages import facts
from pages.models import Center, OpeningHours
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import ADDRESS, accept_inserts, form_on, personal_words_in, refuse_inserts, title_of
from tests.intake.support.visitor import (
    OUR_ORIGIN,
    TYPED,
    Browser,
    CookielessClient,
    filled,
    main_of,
    send,
    signed_then,
    typed_on,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor():
    """A browser whose posts Django checks as it does on the real site."""
    return Browser()


@pytest.fixture
def cookieless():
    return CookielessClient()


def stored():
    return AssessmentRequest.objects.count()


def kinds_of_texts():
    return list(EncryptedText.objects.values_list("kind", flat=True))


def old_token(age):
    """The token of a form that was opened some time ago."""
    draft = tokens.draw()
    content = [draft.id.hex, draft.reference, int((draft.drawn_at - age).timestamp())]
    return signed_then(content, tokens.FORM_SALT, age)


def test_the_form_comes_with_a_token_and_is_kept_by_no_cache(visitor):
    page = visitor.get(ADDRESS)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    draft = tokens.from_token(form_on(page)["token"])
    assert draft != tokens.from_token(form_on(visitor.get(ADDRESS))["token"])
    assert stored() == 0


def test_the_only_cookie_is_for_csrf_and_ends_with_the_browser_session(visitor):
    page = visitor.get(ADDRESS)
    (cookie,) = page.cookies.values()
    assert (cookie.key, cookie["expires"], cookie["max-age"]) == ("csrftoken", "", "")
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_a_method_that_no_form_has_is_refused(visitor, method):
    body = {"content_type": "application/x-www-form-urlencoded"}
    assert getattr(visitor, method)(ADDRESS, **body).status_code == 405


def test_sending_the_form_leads_to_a_confirmation_with_the_reference(visitor):
    answer = send(visitor)
    assert answer.status_code == 303
    request = AssessmentRequest.objects.get()
    confirmation = visitor.get(answer["Location"])
    assert confirmation.status_code == 200
    assert f"<strong>{request.reference}</strong>" in main_of(confirmation)
    assert "no-store" in confirmation["Cache-Control"]
    assert confirmation["Referrer-Policy"] == "no-referrer"
    assert confirmation["X-Robots-Tag"] == "noindex"


def test_what_is_stored_is_what_was_typed(visitor):
    send(visitor)
    opened = EncryptedText.objects.get().decrypt()
    assert {name: opened[name] for name in TYPED} == {
        name: True if value == "on" else value for name, value in TYPED.items()
    }


def test_a_refreshed_confirmation_is_the_same_and_stores_nothing(visitor):
    address = send(visitor)["Location"]
    assert main_of(visitor.get(address)) == main_of(visitor.get(address))
    assert stored() == 1


def test_the_same_form_posted_twice_is_one_request_with_one_confirmation(visitor):
    fields = filled(visitor.get(ADDRESS))
    first, again = visitor.post(ADDRESS, fields), visitor.post(ADDRESS, fields)
    assert [first.status_code, again.status_code] == [303, 303]
    assert first["Location"] == again["Location"]
    assert [stored(), EncryptedText.objects.count()] == [1, 1]


def test_going_back_and_sending_other_answers_leads_to_the_same_confirmation(visitor):
    fields = filled(visitor.get(ADDRESS))
    first, again = visitor.post(ADDRESS, fields), visitor.post(ADDRESS, fields | {"message": "Please call later."})
    assert first["Location"] == again["Location"]
    assert [stored(), EncryptedText.objects.count()] == [1, 2]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"phone": "", "email": "", "consent": None, "message": "x" * 2000, "for_whom": "made-up"},
        {"token": "made-up"},
        {"csrfmiddlewaretoken": None},
    ],
    ids=["all else right", "other fields wrong", "stale token", "no CSRF token"],
)
def test_under_18_nothing_is_stored_and_help_is_shown(visitor, caplog, changes):
    caplog.set_level(logging.DEBUG)
    page = send(visitor, adult="no", **changes)
    assert page.status_code == 200
    assert main_of(page).index('href="tel:988"') < main_of(page).index("18 or older")  # help before the refusal
    assert "request-form" not in main_of(page)
    assert "no-store" in page["Cache-Control"]
    assert stored() == 0
    assert personal_words_in(main_of(page) + caplog.text + str(page.headers) + str(page.cookies)) == []


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"phone": "", "email": ""}, ["phone"]),
        ({"consent": None}, ["consent"]),
        ({"adult": None}, ["adult"]),
        ({"message": "canary\n" * 200}, ["message"]),
        ({"email": "canary@nest", "phone": "12"}, ["email", "phone"]),
        ({"name": "Canary\0"}, ["name"]),
        ({"phone": "", "do_not_call": "on", "email": ""}, ["email", "phone"]),
    ],
    ids=["no way to reach", "no consent", "no age", "too long", "odd contact", "null", "no calls but no email"],
)
def test_what_has_to_be_mended_is_said_beside_the_field_with_all_kept(visitor, changes, wrong):
    page = send(visitor, **changes)
    assert page.status_code == 422
    assert sorted(page.context["form"].errors) == wrong
    missing = [name for name in wrong if f'id="id_{name}_error"' not in main_of(page)]
    assert missing == []
    kept = {name: value for name, value in (TYPED | changes).items() if value is not None}
    assert typed_on(page) == kept
    assert title_of(page).startswith("Please check: ")
    assert "no-store" in page["Cache-Control"]
    assert stored() == 0


def test_a_mended_form_is_accepted_with_the_reference_that_was_drawn_at_first(visitor):
    first = visitor.get(ADDRESS)
    draft = tokens.from_token(form_on(first)["token"])
    page = visitor.post(ADDRESS, filled(first, consent=None))
    answer = visitor.post(ADDRESS, form_on(page) | {"consent": "on"})
    assert answer.status_code == 303
    assert AssessmentRequest.objects.values_list("pk", "reference").get() == (draft.id, draft.reference)


def test_an_odd_phone_is_asked_about_on_the_page_and_kept_when_sent_again(visitor):
    page = send(visitor, phone="12")
    assert page.status_code == 422
    assert visitor.post(ADDRESS, form_on(page)).status_code == 303
    assert EncryptedText.objects.get().decrypt()["phone"] == "12"


def test_a_field_that_came_twice_is_refused_with_the_rest_kept(visitor):
    page = send(visitor, phone=["(602) 555-0142", "(602) 555-0142"])
    assert page.status_code == 422
    assert typed_on(page) == TYPED
    assert stored() == 0


TOKENS = {
    "missing": lambda: None,
    "empty": lambda: "",
    "made up": lambda: "made-up:token:here",
    "in another script": lambda: "ключ:é:\ud7ff",
    "altered": lambda: tokens.to_token(tokens.draw())[:-1] + "~",
    "of a confirmation": lambda: tokens.to_receipt(tokens.draw().id),
    "eight days old": lambda: old_token(dt.timedelta(days=8)),
}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_a_page_that_is_stale_is_shown_again_with_all_kept_and_a_token_that_works(visitor, token):
    page = send(visitor, token=token())
    assert page.status_code == 403
    assert typed_on(page) == TYPED
    assert "Nothing is lost" in main_of(page)
    assert stored() == 0
    assert visitor.post(ADDRESS, form_on(page)).status_code == 303
    assert stored() == 1


def test_a_form_that_was_open_for_six_days_is_accepted(visitor):
    assert send(visitor, token=old_token(dt.timedelta(days=6))).status_code == 303


@pytest.mark.parametrize("csrf", [None, "", "made-up"])
def test_without_a_valid_csrf_token_all_is_kept_and_sending_again_works(visitor, csrf):
    page = send(visitor, csrfmiddlewaretoken=csrf)
    assert page.status_code == 403
    assert typed_on(page) == TYPED
    assert stored() == 0
    assert visitor.post(ADDRESS, form_on(page), headers=OUR_ORIGIN).status_code == 303


def test_page_that_asks_to_send_again_sets_a_lost_cookie_again(visitor):
    fields = filled(visitor.get(ADDRESS))
    visitor.cookies.clear()
    page = visitor.post(ADDRESS, fields)
    assert page.status_code == 403
    assert typed_on(page) == TYPED
    assert stored() == 0
    again = form_on(page)
    del again["single_use_token"]  # the cookie alone is enough
    assert visitor.post(ADDRESS, again).status_code == 303


def test_a_form_posted_from_another_site_is_not_accepted(visitor):
    fields = filled(visitor.get(ADDRESS))
    assert visitor.post(ADDRESS, fields, headers={"Origin": "https://evil.example"}).status_code == 403
    assert stored() == 0
    assert visitor.post(ADDRESS, fields, headers={"Origin": "http://testserver"}).status_code == 303


def test_the_confirmation_promises_no_sooner_talk_while_we_are_closed(visitor):
    address = send(visitor)["Location"]
    before = main_of(visitor.get(address))
    opens, closes = dt.time(8), dt.time(9)  # the tests run at ten
    OpeningHours.objects.bulk_create(
        OpeningHours(center=Center.objects.get(), weekday=weekday, opens=opens, closes=closes) for weekday in range(7)
    )
    facts.forget()
    after = main_of(visitor.get(address))
    assert ("To talk sooner" in before, "To talk sooner" in after) == (True, False)
    assert "when we are open. Closed now. Opens tomorrow at 8 AM." in after


def neutral_page(visitor):
    return main_of(visitor.get(f"{ADDRESS}received/made-up/"))


@pytest.mark.parametrize(
    "receipt",
    ["made-up", "a.b", "x" * 500, "é.ü", "%00", tokens.draw().id.hex],
    ids=["made up", "with a dot", "long", "in another script", "a null", "an id without a signature"],
)
def test_a_made_up_receipt_sees_a_neutral_page(visitor, receipt):
    request = make_request()
    page = visitor.get(f"{ADDRESS}received/{receipt}/")
    assert page.status_code == 200
    assert main_of(page) == neutral_page(visitor)
    assert request.reference not in page.content.decode()


def test_a_receipt_signed_for_another_request_shows_nothing_of_this_one(visitor):
    address = send(visitor)["Location"]
    request = AssessmentRequest.objects.get()
    signature = address.rstrip("/").rsplit(".", 1)[1]
    page = visitor.get(f"{ADDRESS}received/{make_request().pk.hex}.{signature}/")
    assert main_of(page) == neutral_page(visitor)
    assert request.reference in main_of(visitor.get(address))


def test_a_good_receipt_of_a_request_that_is_gone_sees_the_neutral_page(visitor):
    receipt = tokens.to_receipt(tokens.draw().id)
    assert main_of(visitor.get(f"{ADDRESS}received/{receipt}/")) == neutral_page(visitor)


def test_after_half_an_hour_the_confirmation_shows_nothing_any_more(visitor):
    address = send(visitor)["Location"]
    now, shown_for = timezone.now(), SHOWN_FOR
    assert shown_for == dt.timedelta(minutes=30)
    reference = AssessmentRequest.objects.get().reference
    AssessmentRequest.objects.update(acknowledged_at=now - shown_for + dt.timedelta(minutes=5))
    assert reference in main_of(visitor.get(address))
    AssessmentRequest.objects.update(acknowledged_at=now - shown_for)
    page = visitor.get(address)
    assert page.status_code == 200
    assert main_of(page) == neutral_page(visitor)
    assert reference not in page.content.decode()


def test_nothing_typed_stands_in_any_address_title_header_cookie_or_log(visitor, caplog):
    caplog.set_level(logging.DEBUG)
    refused = send(visitor, consent=None)
    answer = visitor.post(ADDRESS, form_on(refused) | {"consent": "on"})
    confirmation = visitor.get(answer["Location"])
    assert personal_words_in(str(typed_on(refused))) != []
    titles = [title_of(refused), title_of(confirmation)]
    assert titles[1].startswith("We have your request")
    assert personal_words_in(str(titles)) == []
    assert personal_words_in(answer["Location"] + main_of(confirmation)) == []
    for response in (refused, answer, confirmation):
        assert personal_words_in(str(response.headers) + response.cookies.output()) == []
    assert personal_words_in(caplog.text) == []


# While the database is away

TABLES = [
    "intake_assessmentrequest",
    "intake_encryptedtext",
    "intake_contactpreferences",
    "intake_blindindex",
    "intake_event",
    "intake_outboxmessage",
    "intake_recentsender",
]


@pytest.fixture
def no_spool(settings, tmp_path):
    """A function that makes the spool unusable: a file stands where its folder should be."""

    def break_it():
        settings.SPOOL_DIR = tmp_path / "file"
        settings.SPOOL_DIR.touch()

    return break_it


@pytest.mark.parametrize("table", TABLES)
def test_request_that_the_database_refuses_is_spooled_and_confirmed(visitor, caplog, table):
    refuse_inserts(table)
    sent = send(visitor)
    assert sent.status_code == 303
    assert [stored(), EncryptedText.objects.count(), spool.state().files] == [0, 0, 1]
    shown = main_of(visitor.get(sent["Location"]))
    assert "We have your request" in shown

    accept_inserts(table)
    circuit_breaker.reset()
    assert worker.take_in_spool() == 1
    assert [stored(), EncryptedText.objects.count(), spool.state().files] == [1, 1, 0]
    assert AssessmentRequest.objects.get().reference in shown
    assert main_of(visitor.get(sent["Location"])) == shown
    assert personal_words_in(caplog.text) == []


def test_database_is_left_alone_after_a_failure_and_nobody_waits_for_it(visitor):
    fields = filled(visitor.get(ADDRESS))
    refuse_inserts("intake_event")
    send(visitor)
    facts.current()
    with CaptureQueriesContext(connection) as queries:
        sent = visitor.post(ADDRESS, fields)
        assert "We have your request" in main_of(visitor.get(sent["Location"]))
    assert [query["sql"] for query in queries] == []


def test_a_form_sent_again_while_the_database_is_away_is_spooled_once(visitor):
    refuse_inserts("intake_event")
    fields = filled(visitor.get(ADDRESS))
    answers = [visitor.post(ADDRESS, fields) for _ in range(3)]
    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(303, answers[0]["Location"])}
    assert spool.state().files == 1


def test_spooled_form_sent_again_to_a_working_database_is_one_request(visitor):
    refuse_inserts("intake_event")
    fields = filled(visitor.get(ADDRESS))
    first = visitor.post(ADDRESS, fields)
    accept_inserts("intake_event")
    circuit_breaker.reset()
    assert visitor.post(ADDRESS, fields)["Location"] == first["Location"]
    assert worker.take_in_spool() == 1
    assert (stored(), kinds_of_texts(), spool.state().files) == (1, ["answers"], 0)


@pytest.mark.parametrize("table", TABLES)
def test_when_neither_database_nor_spool_takes_it_the_words_are_kept(visitor, caplog, no_spool, table):
    refuse_inserts(table)
    no_spool()
    page = send(visitor)
    assert page.status_code == 503
    assert typed_on(page) == TYPED
    assert "We can&#x27;t take your request right now" in main_of(page)
    assert 'href="tel:+1' in main_of(page)
    assert [stored(), EncryptedText.objects.count()] == [0, 0]
    assert personal_words_in(caplog.text) == []


def test_when_the_database_works_again_the_same_page_can_be_sent(visitor, no_spool):
    refuse_inserts("intake_outboxmessage")
    no_spool()
    page = send(visitor)
    assert page.status_code == 503
    accept_inserts("intake_outboxmessage")
    circuit_breaker.reset()
    assert visitor.post(ADDRESS, form_on(page)).status_code == 303
    assert stored() == 1


def test_when_the_drawn_reference_is_taken_sending_again_gets_another(visitor):
    taken = make_request().reference
    token = tokens.to_token(tokens.Draft(id=tokens.draw().id, reference=taken))
    page = send(visitor, token=token)
    assert page.status_code == 503
    assert typed_on(page) == TYPED
    assert visitor.post(ADDRESS, form_on(page)).status_code == 303
    assert stored() == 2


def test_confirmation_during_an_outage_asks_to_reload_and_is_no_failure(visitor):
    sent = send(visitor)
    facts.current()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE intake_assessmentrequest RENAME TO away")
    page = visitor.get(sent["Location"])
    assert page.status_code == 200
    assert "We have what you sent" in main_of(page)
    assert (page["Referrer-Policy"], page["X-Robots-Tag"]) == ("no-referrer", "noindex")


# Where a browser keeps no cookies


def refused_without_cookie(cookieless):
    """The page that a browser without cookies sees after its first try: everything kept, and a pass."""
    page = send(cookieless, headers=OUR_ORIGIN)
    assert page.status_code == 403
    return page


def old_pass(page, age):
    """The pass of the form on this page, as if it had been drawn some time ago."""
    draft = tokens.from_token(form_on(page)["token"])
    return signed_then([draft.id.hex, "0" * 32], tokens.SINGLE_USE_SALT, age)


def test_without_a_cookie_all_is_kept_and_the_page_carries_a_pass(cookieless):
    page = refused_without_cookie(cookieless)
    assert typed_on(page) == TYPED
    assert "your browser blocks cookies" in main_of(page)
    assert form_on(page)["single_use_token"] != ""
    assert stored() == 0


def test_a_form_that_was_not_sent_yet_carries_no_pass(visitor):
    assert "single_use_token" not in form_on(visitor.get(ADDRESS))


def test_with_the_pass_and_our_origin_the_form_is_accepted_once(cookieless):
    page = refused_without_cookie(cookieless)
    sent = cookieless.post(ADDRESS, form_on(page), headers=OUR_ORIGIN)
    assert sent.status_code == 303
    request = AssessmentRequest.objects.get()
    assert (kinds_of_texts(), request.form_key, request.quarantined_at) == (["answers"], None, None)
    assert EncryptedText.objects.get().decrypt()["name"] == TYPED["name"]
    assert f"<strong>{request.reference}</strong>" in main_of(cookieless.get(sent["Location"]))


def test_refused_form_with_a_pass_keeps_its_words_and_gets_a_new_pass(cookieless):
    fields = form_on(refused_without_cookie(cookieless))
    page = cookieless.post(ADDRESS, fields | {"phone": "", "email": ""}, headers=OUR_ORIGIN)
    assert page.status_code == 422
    assert typed_on(page) == TYPED | {"phone": "", "email": ""}
    again = form_on(page) | {"phone": TYPED["phone"]}
    assert cookieless.post(ADDRESS, again, headers=OUR_ORIGIN).status_code == 303
    assert stored() == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://testserver"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "http://testserver:8000"},
        {"Referer": "http://testserver/assessment/"},
        {},
    ],
    ids=["foreign", "null", "other scheme", "begins alike", "other port", "a referrer alone", "none"],
)
def test_a_pass_from_anywhere_but_our_page_is_refused_with_the_words_kept(cookieless, headers):
    page = cookieless.post(ADDRESS, form_on(refused_without_cookie(cookieless)), headers=headers)
    assert page.status_code == 403
    assert typed_on(page) == TYPED
    assert "did not say that this form came from our page" in main_of(page)
    assert stored() == 0
    assert cookieless.post(ADDRESS, form_on(page), headers=OUR_ORIGIN).status_code == 303


def test_over_tls_our_origin_is_the_one_with_tls(cookieless):
    page = cookieless.post(ADDRESS, filled(cookieless.get(ADDRESS, secure=True)), secure=True)
    statuses = [
        cookieless.post(ADDRESS, form_on(page), headers={"Origin": origin}, secure=True).status_code
        for origin in ("http://testserver", "https://testserver")
    ]
    assert statuses == [403, 303]


PASSES = {
    "of another form": lambda page: tokens.draw_single_use_token(tokens.draw()),
    "altered": lambda page: form_on(page)["single_use_token"][:-1] + "~",
    "missing": lambda page: "",
    "made up": lambda page: "made-up:pass:here",
    "the token of the form": lambda page: form_on(page)["token"],
    "a day old": lambda page: old_pass(page, dt.timedelta(days=1, minutes=1)),
}


@pytest.mark.parametrize("make", PASSES.values(), ids=PASSES)
def test_invalid_pass_is_refused_with_words_kept_and_a_working_new_pass(cookieless, make):
    first = refused_without_cookie(cookieless)
    page = cookieless.post(ADDRESS, form_on(first) | {"single_use_token": make(first)}, headers=OUR_ORIGIN)
    assert page.status_code == 403
    assert typed_on(page) == TYPED
    assert stored() == 0
    assert cookieless.post(ADDRESS, form_on(page), headers=OUR_ORIGIN).status_code == 303
    assert stored() == 1


def test_a_pass_of_this_morning_is_good(cookieless):
    page = refused_without_cookie(cookieless)
    fields = form_on(page) | {"single_use_token": old_pass(page, dt.timedelta(hours=23))}
    assert cookieless.post(ADDRESS, fields, headers=OUR_ORIGIN).status_code == 303


def test_pass_used_again_with_the_same_words_gives_the_same_confirmation(cookieless):
    fields = form_on(refused_without_cookie(cookieless))
    first, again = (cookieless.post(ADDRESS, fields, headers=OUR_ORIGIN) for _ in range(2))
    assert [first.status_code, again.status_code] == [303, 303]
    assert first["Location"] == again["Location"]
    assert [stored(), kinds_of_texts()] == [1, ["answers"]]


def test_pass_used_again_with_other_words_is_refused_and_the_next_works(cookieless):
    fields = form_on(refused_without_cookie(cookieless))
    first = cookieless.post(ADDRESS, fields, headers=OUR_ORIGIN)
    other = fields | {"message": "Please call later."}
    page = cookieless.post(ADDRESS, other, headers=OUR_ORIGIN)
    assert page.status_code == 403
    assert typed_on(page) == TYPED | {"message": "Please call later."}
    assert [stored(), kinds_of_texts()] == [1, ["answers"]]
    again = cookieless.post(ADDRESS, form_on(page), headers=OUR_ORIGIN)
    assert (again.status_code, again["Location"]) == (303, first["Location"])
    assert [stored(), kinds_of_texts()] == [1, ["answers", "amendment"]]


def test_a_stale_page_without_a_cookie_ends_after_one_more_page(cookieless):
    pages = [send(cookieless, headers=OUR_ORIGIN, token=old_token(dt.timedelta(days=8)))]
    while pages[-1].status_code == 403 and len(pages) < 5:
        assert typed_on(pages[-1]) == TYPED
        pages.append(cookieless.post(ADDRESS, form_on(pages[-1]), headers=OUR_ORIGIN))
    assert [page.status_code for page in pages] == [403, 303]
    assert stored() == 1


# The same person in the same browser


def confirmation_of(visitor, sent):
    assert sent.status_code == 303
    return main_of(visitor.get(sent["Location"]))


def test_a_new_form_with_the_same_contact_in_the_same_browser_is_the_same_request(visitor):
    first, again = send(visitor), send(visitor)
    assert confirmation_of(visitor, first) == confirmation_of(visitor, again)
    assert [stored(), kinds_of_texts()] == [1, ["answers"]]


@pytest.mark.parametrize(
    "written",
    [
        {"phone": "602-555-0142"},
        {"phone": "+1 602.555.0142"},
        {"phone": "1 602 555 0142 (evenings)"},
        {"email": "Canary@NIGHTINGALE.example"},
        {"phone": "6025550142", "email": "CANARY@nightingale.example"},
    ],
)
def test_the_same_contact_written_differently_is_the_same_request_with_an_amendment(visitor, written):
    first, again = send(visitor), send(visitor, **written)
    assert confirmation_of(visitor, first) == confirmation_of(visitor, again)
    assert [stored(), kinds_of_texts()] == [1, ["answers", "amendment"]]


def test_other_words_with_the_same_contact_in_the_same_browser_are_an_amendment(visitor):
    first, again = send(visitor), send(visitor, message="Please call later.", name="")
    assert first["Location"] == again["Location"]
    assert [stored(), kinds_of_texts()] == [1, ["answers", "amendment"]]


def test_another_name_with_the_same_landline_in_the_same_browser_is_another_request(visitor):
    ann = send(visitor, name="Ann", voicemail_ok=None)
    bob, again = send(visitor, name="Bob"), send(visitor, name="Bob", message="Please call later.")
    assert ann["Location"] != bob["Location"] == again["Location"]
    assert [stored(), kinds_of_texts()] == [2, ["answers", "answers", "amendment"]]
    anns = AssessmentRequest.objects.get(same_device_as=None)
    assert AssessmentRequest.objects.exclude(pk=anns.pk).get().same_device_as == anns
    assert not workflow.own_preferences(anns)["may_leave_voicemail"]


def test_second_person_with_the_same_landline_who_presses_twice_has_one_request(visitor):
    send(visitor, name="Ann")
    fields = filled(visitor.get(ADDRESS), name="Bob")
    first, second = visitor.post(ADDRESS, fields), visitor.post(ADDRESS, fields)
    assert first["Location"] == second["Location"]
    assert [stored(), kinds_of_texts()] == [2, ["answers", "answers"]]


@pytest.mark.parametrize("other", [{"phone": "602-555-0143"}, {"email": "sister@nightingale.example"}, {"email": ""}])
def test_another_contact_in_the_same_browser_is_another_request(visitor, other):
    first, second = send(visitor), send(visitor, **other)
    assert confirmation_of(visitor, first) != confirmation_of(visitor, second)
    assert [stored(), kinds_of_texts()] == [2, ["answers", "answers"]]


def test_the_same_contact_in_another_browser_is_another_request(visitor):
    first, second = send(visitor), send(Browser())
    assert first["Location"] != second["Location"]
    assert stored() == 2


def test_the_same_contact_without_cookies_is_another_request_each_time(cookieless):
    for _ in range(2):
        cookieless.post(ADDRESS, form_on(refused_without_cookie(cookieless)), headers=OUR_ORIGIN)
    assert stored() == 2


def test_after_withdrawal_the_same_person_can_ask_anew(visitor):
    send(visitor)
    workflow.withdraw(request_id=AssessmentRequest.objects.get().pk)
    assert send(visitor).status_code == 303
    assert sorted(AssessmentRequest.objects.values_list("stage", flat=True)) == ["closed", "new"]
    assert kinds_of_texts() == ["answers"]


@pytest.mark.parametrize("changes", [{}, {"message": "Please call later."}], ids=["the same words", "other words"])
def test_old_page_of_a_withdrawn_request_starts_a_new_one_with_its_words(visitor, changes):
    fields = filled(visitor.get(ADDRESS))
    visitor.post(ADDRESS, fields)
    withdrawn = AssessmentRequest.objects.get()
    workflow.withdraw(request_id=withdrawn.pk)
    page = visitor.post(ADDRESS, fields | changes)
    assert page.status_code == 409
    assert typed_on(page) == TYPED | changes
    assert "This request was withdrawn." in main_of(page)
    assert [stored(), kinds_of_texts()] == [1, []]
    sent = visitor.post(ADDRESS, form_on(page))
    assert sent.status_code == 303
    withdrawn.refresh_from_db()
    assert (stored(), withdrawn.stage, withdrawn.texts.count()) == (2, "closed", 0)


def test_a_form_that_was_changed_too_often_keeps_its_words_and_says_so(visitor):
    fields = filled(visitor.get(ADDRESS))
    seen = [visitor.post(ADDRESS, fields | {"message": f"number {number}"}) for number in range(12)]
    assert [response.status_code for response in seen] == [303] * 11 + [409]
    assert typed_on(seen[-1]) == TYPED | {"message": "number 11"}
    assert "Please call us with the rest." in main_of(seen[-1])
    newest, earlier = ({"message": f"number {number}"} for number in (10, 5))
    assert visitor.post(ADDRESS, fields | newest)["Location"] == seen[0]["Location"]
    assert visitor.post(ADDRESS, fields | earlier).status_code == 409  # their last word would not be kept
    assert [stored(), len(kinds_of_texts())] == [1, 11]


# What an accepted form costs


def statements(queries):
    """Each by itself, without savepoints, which are the test's own transaction around everything."""
    sent = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    return [statement for journey in sent for statement in journey.split(";\n")]


@pytest.mark.parametrize("changes", [{}, {"email_ok": "on"}], ids=["a call", "with an acknowledgement"])
def test_an_accepted_form_costs_eleven_queries(visitor, changes):
    fields = filled(visitor.get(ADDRESS), **changes)
    facts.current()
    with CaptureQueriesContext(connection) as queries:
        assert visitor.post(ADDRESS, fields).status_code == 303
    assert len(statements(queries)) == 11, statements(queries)


def test_a_confirmation_is_found_in_the_database_while_the_breaker_still_says_no(visitor):
    sent = send(visitor)
    circuit_breaker.trip()  # as in a process that saw the database fail a moment ago
    assert AssessmentRequest.objects.get().reference in main_of(visitor.get(sent["Location"]))


def test_a_broken_spool_keeps_no_confirmation_from_being_shown(visitor, settings, tmp_path):
    sent = send(visitor)
    settings.SPOOL_DIR = tmp_path / "a file"
    settings.SPOOL_DIR.write_text("")
    assert AssessmentRequest.objects.get().reference in main_of(visitor.get(sent["Location"]))
