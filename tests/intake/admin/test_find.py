"""Find: what is typed is recognized, found through the blind index, recorded, and never part of an address."""

import base64
import datetime as dt
import secrets
import uuid

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake import reference, search, workflow
from intake.admin.find import page as find
from intake.contact import details
from intake.models import AccessRecord, Alias, AssessmentRequest, BlindIndex, EncryptedText
from intake.submission import tokens
from staff.models import StaffSession
from tests.html import forms_on
from tests.intake.support.factories import make_request, make_request_with_odd_contact
from tests.intake.support.helpers import LIST, PERSONAL, accesses, browser_of, change_page, title_of

pytestmark = pytest.mark.django_db

FIND = f"{LIST}find/"
AGAIN = f"{FIND}?again="
OTHER = {"name": "Zoltan Other", "phone": "(520) 555-0177", "email": "zoltan@elsewhere.example"}


@pytest.fixture
def me(make_staff):
    return make_staff("admissions", username="amal")


@pytest.fixture
def desk(me):
    return browser_of(me)


def form_named(page, field):
    return next(form for form in forms_on(page) if field in form.fields)


def look_for(desk, words="", **filters):
    """Opens the page (once), types and chooses, and presses Find."""
    if not hasattr(desk, "find_form"):
        desk.find_form = form_named(desk.get(FIND), "words")
    assert ("action", "find") in desk.find_form.buttons
    return results_of(desk, desk.post(FIND, desk.find_form.fields | {"words": words, "action": "find"} | filters))


def results_of(desk, answer):
    """The page that a browser shows after Find: results stand at an address of their own, to which Back leads."""
    return desk.get(answer["Location"]) if answer.headers.get("Location", "").startswith(AGAIN) else answer


def look_on(desk, page):
    form = form_named(page, "after")
    return results_of(desk, desk.post(FIND, form.fields | {"action": "find"}))


def address_of(page):
    return page.wsgi_request.get_full_path()


def found(page):
    return [row.reference for row in page.context["results"].rows]


def references(*requests):
    return [request.reference for request in requests]


def ids(*requests):
    return [request.pk for request in requests]


def share_a_word(request, other):
    """Gives a request the values that another's name has in the index, as happens to about 50 for each word."""
    values = other.blind_indexes.filter(kind="name").values_list("value", "key_id")
    rows = [BlindIndex(request=request, kind="name", value=value, key_id=key) for value, key in values]
    BlindIndex.objects.bulk_create(rows, ignore_conflicts=True)


def correct(request, actor, **changes):
    before = details.plain(details.details_of(request))
    assert workflow.correct(request_id=request.pk, before=before, after=before | changes, actor=actor) == []


# What is typed


@pytest.mark.parametrize(
    "write", [str, str.lower, lambda ref: ref.replace("-", " "), lambda ref: f"  {ref[:4]}{ref[5:]} "]
)
def test_a_reference_in_any_writing_leads_straight_to_the_request(desk, write):
    make_request()
    request = make_request(**OTHER)
    response = look_for(desk, write(request.reference))
    assert (response.status_code, response["Location"]) == (302, change_page(request))
    assert accesses() == [("search", ids(request))]


def test_another_reference_of_a_request_leads_to_it(desk):
    request = make_request()
    other = reference.draw()
    Alias.objects.create(pk=uuid.uuid4(), reference=other, private_link_hash="0" * 64, request=request)
    assert look_for(desk, other)["Location"] == change_page(request)


def test_a_reference_that_nobody_has_finds_nothing(desk):
    make_request()
    page = look_for(desk, reference.draw())
    assert (page.status_code, found(page)) == (200, [])


@pytest.mark.parametrize(
    "typed", ["6025550142", "602.555.0142", "+1 602-555-0142", "1 (602) 555 0142", "٦٠٢٥٥٥٠١٤٢", "602-555-0142 (cell)"]
)
def test_a_phone_is_found_in_any_writing(desk, typed):
    older, newer = make_request(), make_request(name="Somebody else", email="")
    make_request(**OTHER)
    assert found(look_for(desk, typed)) == references(newer, older)


@pytest.mark.parametrize(
    "typed", ["canary@nightingale.example", " Canary@NIGHTINGALE.example ", "Wilhelmina <canary@nightingale.example>"]
)
def test_an_email_is_found_in_any_writing(desk, typed):
    request = make_request()
    make_request(**OTHER)
    assert found(look_for(desk, typed)) == references(request)


@pytest.mark.parametrize("typed", ["555-0142", "602555014", "canary@nightingale", "@", "nightingale.example"])
def test_a_part_of_a_phone_or_an_email_finds_nothing_and_the_page_says_what_to_do(desk, typed):
    make_request()
    page = look_for(desk, typed)
    assert found(page) == []
    assert "No requests found" in page.content.decode()


@pytest.mark.parametrize(
    "typed", ["wilhelmina canary", "CANARY", "Wilhelmína", "canary, wilhelmina", "Canary W", "  canary  "]
)
def test_a_name_is_found_by_any_of_its_words(desk, typed):
    request = make_request()
    make_request(**OTHER)
    page = look_for(desk, typed)
    assert found(page) == references(request)
    assert [row.found_as for row in page.context["results"].rows] == ["Wilhelmina Canary"]


@pytest.mark.parametrize(
    ("given", "typed"),
    [
        ("Đặng Thị Ánh", "Dang"),
        ("Łukasz Nowak", "Lukasz"),
        ("Søren", "Soren"),
        ("Işık", "Isik"),
        ("Ægir", "Aegir"),
        ("Mary Ann Jones", "Maryann"),
        ("Maryann Jones", "mary ann jones"),
        ("Maria De La Cruz", "Delacruz"),
        ("Maria Delacruz", "De La Cruz"),
        ("O Brien", "O'Brien"),
    ],
)
def test_a_name_is_found_without_its_marks_and_apart_or_together(desk, given, typed):
    request = make_request(name=given)
    make_request(**OTHER)
    page = look_for(desk, typed)
    assert found(page) == references(request)
    assert [row.found_as for row in page.context["results"].rows] == [given]


@pytest.mark.parametrize(
    ("phone", "email"),
    [("Ana@nightingale.example", ""), ("480-555-0199", "<ana@nightingale.example>"), ("ana@nightingale.example", "x")],
)
def test_an_email_is_found_whichever_box_it_was_typed_in(desk, phone, email):
    request = make_request_with_odd_contact(phone=phone, email=email)
    make_request(**OTHER)
    assert found(look_for(desk, "ana@nightingale.example")) == references(request)


@pytest.mark.parametrize("email", ["480-555-0199", "480-555-0199 x5"])
def test_a_phone_is_found_whichever_box_it_was_typed_in(desk, email):
    requests = [
        make_request_with_odd_contact(phone="", email=email),
        make_request_with_odd_contact(phone="602-555-0111", email=email),
    ]
    make_request(**OTHER)
    assert found(look_for(desk, "(480) 555-0199")) == references(*reversed(requests))


@pytest.mark.parametrize("few", [1, 1000])
def test_a_name_needs_all_words_that_were_typed_however_common_they_are(desk, monkeypatch, few):
    monkeypatch.setattr(search, "FEW", few)
    request = make_request()
    assert found(look_for(desk, "Wilhelmina Canary")) == references(request)
    make_request(**OTHER)
    assert found(look_for(desk, "Wilhelmina Other")) == []


def test_the_name_is_shown_only_to_who_looked_for_a_name(desk):
    make_request()
    assert "Wilhelmina Canary" in look_for(desk, "wilhelmina").content.decode()
    for words, filters in (("602 555 0142", {}), ("", {"stage": "new"})):
        page = look_for(desk, words, **filters)
        assert len(found(page)) == 1
        assert "Wilhelmina" not in page.content.decode()


def test_search_finds_resent_corrected_and_earlier_values(desk, me):
    draft = tokens.draw()
    request = make_request(draft)
    make_request(draft, name="Minna Canary", phone="(602) 555-0143")
    correct(request, me, name="Mina Kanari", email="mina@nightingale.example")
    for words in ("Wilhelmina", "Minna", "Kanari", "602 555 0142", "602 555 0143", "mina@nightingale.example"):
        assert (words, found(look_for(desk, words))) == (words, references(request))
    (row,) = look_for(desk, "wilhelmina").context["results"].rows
    assert (row.found_as, row.newest_name) == ("Wilhelmina Canary", "Mina Kanari")


def test_what_was_indexed_with_an_older_key_is_found(desk, settings):
    request = make_request()
    settings.INDEX_KEYS = f"new:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()},{settings.INDEX_KEYS}"
    newer = make_request()
    for words in ("602 555 0142", "canary@nightingale.example", "Wilhelmina"):
        assert (words, found(look_for(desk, words))) == (words, references(newer, request))
    assert search.same_contact(request) == [newer]


def test_a_text_that_can_not_be_opened_does_not_stop_a_search(desk):
    closed, request = make_request(), make_request()
    EncryptedText.objects.filter(request=closed).update(envelope=b"broken")
    assert found(look_for(desk, "wilhelmina")) == references(request)


@pytest.mark.parametrize(
    "typed",
    ["a\0b", "\0", "x" * 10_000, "5" * 10_000, "🙂🙃", "'; DROP TABLE--", '"', "%", "\u202eabc", "<b>x</b>", "+"],
)
def test_whatever_is_typed_gives_a_normal_page(desk, typed):
    make_request()
    page = look_for(desk, typed)
    assert page.status_code == 200
    assert "Find a request" in page.content.decode()
    assert not (page.context["results"] and page.context["results"].rows)


def test_nothing_typed_and_nothing_chosen_is_asked_back(desk):
    make_request()
    page = look_for(desk)
    assert page.context["results"] is None
    assert "Type something here, or choose a filter below." in page.content.decode()
    assert accesses() == []


def test_erased_withdrawn_and_synthetic_requests_are_not_found(desk, make_staff):
    lead = make_staff("lead")
    withdrawn, hidden, shown = make_request(), make_request(), make_request()
    make_request(is_synthetic=True)
    workflow.withdraw(request_id=withdrawn.pk)
    workflow.set_legal_hold(request_id=hidden.pk, actor=lead)
    workflow.withdraw(request_id=hidden.pk)
    for words in ("602 555 0142", "canary@nightingale.example", "Wilhelmina"):
        assert (words, found(look_for(desk, words))) == (words, references(shown))
    assert look_for(desk, hidden.reference)["Location"] == change_page(hidden)  # whose page shows no word


# Filters


def prepared(me, make_staff):
    """Four requests that differ in everything that can be filtered."""
    mine, theirs, closed, suspect = [
        make_request(do_not_call="on", for_whom="professional"),
        make_request(text_ok="on", preferred_time="morning"),
        make_request(email_ok="on", preferred_time="morning"),
        make_request(preferred_time="asap", spam_signals=("links",), taken_by=me.pk),
    ]
    workflow.assign(request_id=mine.pk, owner=me, actor=me)
    workflow.assign(request_id=theirs.pk, owner=make_staff("lead", username="lee"), actor=me)
    workflow.close(request_id=closed.pk, outcome="spam", actor=me)
    long_ago = timezone.make_aware(dt.datetime(2025, 3, 10, 23, 59))
    AssessmentRequest.objects.filter(pk=theirs.pk).update(received_at=long_ago, referrer_path="/about/")
    return mine, theirs, closed, suspect


FILTERS = [
    ({"stage": "open"}, [3, 0, 1]),
    ({"stage": "new"}, [3, 0, 1]),
    ({"stage": "closed"}, [2]),
    ({"outcome": "spam"}, [2]),
    ({"outcome": "declined"}, []),
    ({"owner": "me"}, [0]),
    ({"owner": "none"}, [3, 2]),
    ({"received_from": "2025-03-11"}, [3, 2, 0]),
    ({"received_to": "2025-03-10"}, [1]),
    ({"received_from": "2025-03-10", "received_to": "2025-03-10"}, [1]),
    ({"preferred_time": "morning"}, [2, 1]),
    ({"way": "call"}, [3, 2, 1]),
    ({"way": "text"}, [1]),
    ({"way": "email"}, [2, 0]),
    ({"for_whom": "professional"}, [0]),
    ({"quarantined": "yes"}, [3]),
    ({"quarantined": "no"}, [2, 0, 1]),
    ({"referrer_path": "phone"}, [3]),
    ({"referrer_path": "/about/"}, [1]),
    ({"stage": "open", "preferred_time": "morning", "way": "text"}, [1]),
    ({"words": "602 555 0142", "stage": "closed"}, [2]),
    ({"words": "wilhelmina", "preferred_time": "morning", "quarantined": "no"}, [2, 1]),
]


def test_filters_narrow_as_they_say(desk, me, make_staff):
    requests = prepared(me, make_staff)
    for filters, expected in FILTERS:
        narrowed = found(look_for(desk, **filters))
        assert (filters, narrowed) == (filters, references(*[requests[number] for number in expected]))


def test_the_owner_is_chosen_by_name(desk, me, make_staff):
    _mine, theirs, _closed, _suspect = prepared(me, make_staff)
    assert found(look_for(desk, owner=str(AssessmentRequest.objects.get(pk=theirs.pk).owner_id))) == references(theirs)


def test_only_the_newest_preferences_count(desk, me):
    request = make_request(text_ok="on")
    correct(request, me, may_text=False)
    assert found(look_for(desk, way="text")) == []
    assert found(look_for(desk, way="call")) == references(request)


NONSENSE = [
    {"stage": "x"},
    {"owner": "9" * 30},
    {"owner": "\0"},
    {"received_from": "0001-01-01"},
    {"received_to": "9999-12-31"},
    {"received_from": "tomorrow"},
    {"received_from": "2026-02-02", "received_to": "2026-02-01"},
    {"referrer_path": "no-such-page"},
]


def test_a_filter_that_makes_no_sense_is_asked_back(desk):
    make_request()
    for filters in NONSENSE:
        page = look_for(desk, **filters)
        assert (filters, page.status_code, page.context["results"]) == (filters, 200, None)
        assert "The search did not run." in page.content.decode()


# Page by page


def test_page_after_page_shows_every_request_once_newest_first(desk, monkeypatch):
    monkeypatch.setattr(find, "ROWS", 3)
    requests = [make_request() for _ in range(7)]
    AssessmentRequest.objects.filter(pk__in=[one.pk for one in requests[2:5]]).update(received_at=timezone.now())
    page, pages = look_for(desk, stage="new"), []
    pages.append(found(page))
    while page.context["results"].last:
        page = look_on(desk, page)
        pages.append(found(page))
    assert [len(one) for one in pages] == [3, 3, 1]
    newest_first = AssessmentRequest.objects.order_by("-received_at", "-id")
    assert [one for shown in pages for one in shown] == references(*newest_first)


def test_the_pages_of_a_phone_keep_the_words_out_of_the_address(desk, monkeypatch):
    monkeypatch.setattr(find, "ROWS", 1)
    older, newer = make_request(), make_request()
    first = look_for(desk, "602 555 0142")
    second = look_on(desk, first)
    assert [found(first), found(second)] == [references(newer), references(older)]
    assert second.context["results"].last is None


def test_a_search_by_name_that_was_cut_says_so_and_goes_on(desk, monkeypatch):
    monkeypatch.setattr(find, "OPENED_AT_MOST", 2)
    old = make_request()
    for _ in range(3):
        share_a_word(make_request(**OTHER), old)
    page = look_for(desk, "wilhelmina")
    assert found(page) == []
    assert "We compared the newest 2 requests that could match" in page.content.decode()
    assert "No request has a name" not in page.content.decode()
    page = look_on(desk, page)
    assert (found(page), page.context["results"].last) == (references(old), None)


def test_a_search_by_filters_looks_at_so_many_requests_only_and_goes_on(desk, monkeypatch):
    monkeypatch.setattr(find, "LOOKED_AT_MOST", 2)
    old = make_request(text_ok="on")
    for _ in range(4):
        make_request()
    page, seen = look_for(desk, way="text"), []
    assert "We searched back to" in page.content.decode()
    while page.context["results"].last:
        seen += found(page)
        page = look_on(desk, page)
    assert seen + found(page) == references(old)


@pytest.mark.parametrize("after", ["x", "\0", "0bca896d-e107-4399-bc37-3aef8e6f8eb5", "1" * 5000])
def test_a_made_up_place_to_go_on_from_begins_with_the_newest(desk, after):
    request = make_request()
    assert found(look_for(desk, stage="new", after=after)) == references(request)


# What is recorded, and what is never told


def test_what_was_shown_is_recorded_and_so_is_what_was_opened_to_compare(desk):
    request, other = make_request(), make_request(**OTHER)
    share_a_word(other, request)
    look_for(desk, "602 555 0142")
    look_for(desk, "wilhelmina")
    look_for(desk, "602 555 9999")
    assert accesses() == [
        ("search", ids(request)),
        ("compare", ids(other, request)),
        ("search", ids(request)),
        ("search", []),
    ]


def test_the_empty_page_is_no_reading(desk):
    make_request()
    assert desk.get(FIND).status_code == 200
    assert accesses() == []


def test_no_word_of_a_search_stands_in_an_address_a_title_the_history_or_the_log(desk, caplog):
    make_request()
    with caplog.at_level("DEBUG"):
        pages = [look_for(desk, words) for words in ("wilhelmina", "(602) 555-0142", "canary@nightingale.example")]
    shown = " ".join(title_of(page) for page in pages) + " ".join(
        part.split('"')[0]
        for page in pages
        for name in ("href=", "action=", "src=")
        for part in page.content.decode().split(f'{name}"')[1:]
    )
    kept = str(list(AccessRecord.objects.values())) + str(list(LogEntry.objects.values())) + caplog.text
    assert [word for word in PERSONAL if word in shown + kept] == []
    assert {title_of(page) for page in pages} == {title_of(desk.get(FIND))}


def test_going_back_leads_to_the_results_and_is_recorded_again(desk):
    request = make_request()
    first = look_for(desk, "wilhelmina", stage="new")
    assert found(first) == [request.reference]
    before = len(accesses())
    page = desk.get(address_of(first))
    assert found(page) == [request.reference]
    assert form_named(page, "words").fields["words"] == "wilhelmina"
    assert accesses()[before:] == [("compare", ids(request)), ("search", ids(request))]


def test_each_tab_goes_back_to_its_own_search(desk):
    request, other = make_request(), make_request(**OTHER)
    one, another = look_for(desk, "wilhelmina"), look_for(desk, "zoltan")
    assert found(desk.get(address_of(one))) == [request.reference]
    assert found(desk.get(address_of(another))) == [other.reference]


def test_the_newest_searches_are_kept_and_the_oldest_forgotten(desk):
    make_request()
    pages = [look_for(desk, "wilhelmina") for _ in range(find.KEPT_AT_MOST + 1)]
    assert len(desk.session[find.KEPT]) == find.KEPT_AT_MOST
    assert desk.get(address_of(pages[0]))["Location"] == FIND
    assert desk.get(address_of(pages[1])).status_code == 200


def test_searches_are_kept_encrypted_and_only_in_their_own_session(desk, me, make_staff):
    make_request()
    again = address_of(look_for(desk, "wilhelmina canary"))
    stored = " ".join(str(session.get_decoded()) for session in StaffSession.objects.all())
    assert (find.KEPT in stored, "wilhelmina" in stored, "canary" in stored) == (True, False, False)
    other = browser_of(make_staff("admissions"))
    session = other.session
    session[find.KEPT] = desk.session[find.KEPT]
    session.save()
    for client in (other, browser_of(me)):
        answer = client.get(again, follow=True)
        assert answer.redirect_chain == [(FIND, 302)]
        assert "This search is no longer available." in answer.content.decode()


def test_words_in_an_address_find_nothing(desk):
    make_request()
    page = desk.get(FIND, {"words": "wilhelmina", "stage": "new"})
    assert page.context["results"] is None
    assert accesses() == []


def test_a_post_from_elsewhere_is_refused(desk):
    make_request()
    assert desk.post(FIND, {"words": "wilhelmina"}).status_code == 403
    assert accesses() == []


@pytest.mark.parametrize("words", ["602 555 0142", "wilhelmina", ""])
def test_fifty_results_cost_as_many_queries_as_one(desk, me, words):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            page = look_for(desk, words, stage="new")
        return len(found(page)), len(queries)

    workflow.assign(request_id=make_request().pk, owner=me, actor=me)
    cost()
    one = cost()
    for _ in range(49):
        make_request()
    assert (one[0], cost()) == (1, (50, one[1]))


# Who shares a phone or an email


def test_requests_with_the_same_phone_or_email_are_found_newest_first(make_staff):
    both, phone, email, _other = make_request(), make_request(email=""), make_request(phone=""), make_request(**OTHER)
    make_request(is_synthetic=True)
    request = make_request()
    assert [(one.reference, one.shared) for one in search.same_contact(request)] == [
        (email.reference, {"email"}),
        (phone.reference, {"phone"}),
        (both.reference, {"phone", "email"}),
    ]
    assert search.same_contact(phone)[0] == request


def test_who_took_back_their_words_shares_nothing(make_staff):
    request, hidden = make_request(), make_request()
    workflow.set_legal_hold(request_id=hidden.pk, actor=make_staff("lead"))
    workflow.withdraw(request_id=hidden.pk)
    hidden.refresh_from_db()
    assert [search.same_contact(request), search.same_contact(hidden)] == [[], []]


def test_a_corrected_phone_is_shared_too(me):
    request, other = make_request(), make_request(**OTHER)
    correct(request, me, phone="520 555 0177")
    assert [one.shared for one in search.same_contact(other)] == [{"phone"}]


def test_at_most_twenty_are_told_in_as_many_queries_as_one(django_assert_num_queries):
    request = make_request()
    make_request()
    with django_assert_num_queries(3):
        assert len(search.same_contact(request)) == 1
    newest = [make_request() for _ in range(20)][::-1]
    with django_assert_num_queries(3):
        assert search.same_contact(request) == newest
