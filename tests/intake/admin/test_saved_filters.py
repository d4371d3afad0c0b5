"""Filters that staff keep under a name: codes alone, for oneself or for everyone."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from intake import reference
from intake.models import AccessRecord, AssessmentRequest, SavedFilter
from intake.models.saved_filter import refuse_non_codes
from tests.html import forms_on
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import LIST, PERSONAL

pytestmark = pytest.mark.django_db

FIND = f"{LIST}find/"
REFUSED = "The filters are not saved."


def desk_of(user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


@pytest.fixture
def me(make_staff):
    return make_staff("admissions", username="amal")


@pytest.fixture
def desk(me):
    return desk_of(me)


def save(desk, name="Morning calls", **chosen):
    """Chooses filters, names them and presses Save."""
    form = next(form for form in forms_on(desk.get(FIND)) if "words" in form.fields)
    assert ("action", "save") in form.buttons
    return desk.post(FIND, form.fields | {"name": name, "action": "save"} | (chosen or {"preferred_time": "morning"}))


def keep(owner, name="Theirs", **fields):
    return SavedFilter.objects.create(owner=owner, name=name, **{"criteria": {"stage": "new"}} | fields)


def names_on(page):
    return [one["saved"].name for one in page.context["filters"]]


def delete(desk, saved):
    token = forms_on(desk.get(FIND))[0].fields["csrfmiddlewaretoken"]
    return desk.post(FIND, {"csrfmiddlewaretoken": token, "action": "delete", "filter": str(saved.pk)})


def test_a_saved_filter_is_a_link_that_finds_the_same_again(desk, me):
    wanted, _other = make_request(preferred_time="morning"), make_request()
    response = save(desk, preferred_time="morning", stage="open", received_from="2020-02-29")
    saved = SavedFilter.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"{FIND}?filter={saved.pk}")
    assert (saved.owner, saved.name, saved.is_shared) == (me, "Morning calls", False)
    assert saved.criteria == {"preferred_time": "morning", "stage": "open", "received_from": "2020-02-29"}
    page = desk.get(response["Location"])
    assert page.context["results"].rows == [wanted]
    assert f'href="{FIND}?filter={saved.pk}" aria-current="page"' in page.content.decode()
    record = AccessRecord.objects.get()
    assert (record.action, record.request_ids) == ("search", [wanted.pk])


def test_what_stands_in_the_box_is_never_saved(desk):
    save(desk, stage="new", words="Wilhelmina Canary (602) 555-0142")
    kept = str(list(SavedFilter.objects.values()))
    assert "new" in kept
    assert [word for word in PERSONAL if word in kept] == []


def test_words_alone_are_no_filter_to_save(desk):
    page = save(desk, words="Wilhelmina")
    assert (page.status_code, SavedFilter.objects.count()) == (200, 0)
    assert "Choose at least one filter to save." in page.content.decode()


def test_a_filter_for_everyone_is_seen_by_everyone_and_my_own_by_me(desk, me, make_staff):
    save(desk, name="For all", stage="new", is_shared="on")
    save(desk, name="Mine", stage="new")
    other = desk_of(make_staff("admissions"))
    assert names_on(desk.get(FIND)) == ["For all", "Mine"]
    assert names_on(other.get(FIND)) == ["For all"]
    shared, mine = SavedFilter.objects.order_by("name")
    assert other.get(FIND, {"filter": shared.pk}).status_code == 200
    assert other.get(FIND, {"filter": mine.pk})["Location"] == FIND


def test_me_in_a_shared_filter_is_whoever_looks(desk, me, make_staff):
    colleague = make_staff("admissions")
    mine, theirs = make_request(), make_request()
    AssessmentRequest.objects.filter(pk=mine.pk).update(owner=me)
    AssessmentRequest.objects.filter(pk=theirs.pk).update(owner=colleague)
    saved = keep(me, criteria={"owner": "me"}, is_shared=True)
    for client, expected in ((desk, mine), (desk_of(colleague), theirs)):
        assert client.get(FIND, {"filter": saved.pk}).context["results"].rows == [expected]


def test_the_same_name_again_replaces_the_filter(desk, me, make_staff):
    theirs = keep(make_staff("admissions"), name="Morning calls")
    save(desk, stage="new")
    save(desk, stage="reaching", is_shared="on")
    mine = SavedFilter.objects.get(owner=me)
    assert (mine.criteria, mine.is_shared, theirs.criteria) == ({"stage": "reaching"}, True, {"stage": "new"})


def test_one_deletes_ones_own_filters_and_a_lead_all_that_are_shared(desk, me, make_staff):
    lead = make_staff("lead")
    mine, shared, private = keep(me), keep(me, "Shared", is_shared=True), keep(lead, "Private")
    leads = keep(lead, "From the lead", is_shared=True)
    assert delete(desk, mine).status_code == 302
    assert delete(desk, leads).status_code == 403
    assert delete(desk_of(lead), shared).status_code == 302
    delete(desk, private)  # which is as if it were not there
    assert list(SavedFilter.objects.all()) == [leads, private]
    assert delete(desk, mine).status_code == 302  # the second of two clicks


def test_delete_is_offered_only_where_it_works(desk, me, make_staff):
    keep(make_staff("admissions"), is_shared=True)
    assert "Delete the filter" not in desk.get(FIND).content.decode()
    keep(me)
    assert desk.get(FIND).content.decode().count("Delete the filter") == 1


@pytest.mark.parametrize(
    "name",
    [
        "Ana (602) 555-0142",
        "6025550142",
        "ends in 0142",
        "5 5 5 0 1 4 2",
        "٦٠٢٥٥٥٠١٤٢",
        "ana@example.org",
        "ana＠example.org",
        "",
        "   ",
        "x" * 41,
        "a\0b",
    ],
)
def test_a_name_that_may_tell_of_a_person_is_refused(desk, name):
    page = save(desk, name=name)
    assert (page.status_code, SavedFilter.objects.count()) == (200, 0)
    assert REFUSED in page.content.decode()


def test_a_reference_is_no_name_for_a_filter():
    drawn = next(one for one in iter(reference.draw, None) if any(c.isdigit() for c in one))
    for name in (drawn, f"see {drawn.lower()}", drawn.replace("-", ""), drawn.replace("-", " ")):
        with pytest.raises(ValidationError):
            SavedFilter(name=name).clean_fields(exclude=["owner", "criteria"])


@pytest.mark.parametrize("name", ["Week 47", "New & unassigned", "9 to 5", "Späte Anrufe", "Back soon", "In 2 h, 24/7"])
def test_a_name_for_work_is_taken(desk, name):
    save(desk, name=name)
    assert SavedFilter.objects.get().name == name


@pytest.mark.parametrize(
    "codes", [{}, [], "new", {"stage": 1}, {"name": "Ana Lopez"}, {"stage": "a@b"}, {"x y": "new"}]
)
def test_only_codes_are_kept(codes):
    with pytest.raises(ValidationError):
        refuse_non_codes(codes)


def test_a_name_stands_once_for_one_owner(me):
    keep(me)
    with pytest.raises(IntegrityError), transaction.atomic():
        keep(me)


@pytest.mark.parametrize("key", ["x", "", "0", "-1", "9" * 30, "1.5"])
def test_a_filter_that_is_not_there_is_told_on_the_page_to_find(desk, me, key):
    keep(me)
    page = desk.get(FIND, {"filter": key}, follow=True)
    assert page.redirect_chain == [(FIND, 302)]
    assert "This filter was deleted, or it is not shared with you." in page.content.decode()


def test_a_filter_that_asks_for_what_is_gone_says_so(desk, me):
    saved = keep(me, criteria={"owner": "987654", "stage": "new"})
    make_request()
    page = desk.get(FIND, {"filter": saved.pk})
    assert (page.status_code, page.context["results"]) == (200, None)
    assert "This choice is no longer available." in page.content.decode()
