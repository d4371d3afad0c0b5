import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from pages import facts, holiday_notices
from pages.models import Center, ContentPage, Holiday, Notice
from tests.html import soup
from tests.pages.cms_form import fields_of

pytestmark = pytest.mark.django_db

PHOENIX = ZoneInfo("America/Phoenix")
BEGINS, ENDS = dt.datetime(2026, 11, 24, 8, tzinfo=PHOENIX), dt.datetime(2026, 11, 24, 17, tzinfo=PHOENIX)
ADD, LIST = "/cms/snippets/pages/notice/add/", "/cms/snippets/pages/notice/"


@pytest.fixture
def publisher(client, make_staff):
    client.force_login(make_staff(is_superuser=True))
    return client


def notice(text="<p>We moved.</p>", **fields):
    return Notice.objects.create(**{"text": text, "shows_from": BEGINS, "shows_until": ENDS} | fields)


def shown_on(client, path):
    """The texts of the notices that a page shows, in their order."""
    html = soup(client.get(path))
    return [" ".join(element.get_text().split()) for element in html.select(".notices .notice")]


def test_notice_stands_above_the_words_of_every_page(client):
    notice()
    client.raise_request_exception = False
    for path in ("/", "/faq/", "/treatment/levels-of-care/", "/assessment/", "/search/", "/no/such/page/"):
        html = client.get(path).content.decode()
        assert (path, shown_on(client, path)) == (path, ["We moved."])
        assert html.index("We moved.") < html.index('<main id="main"')


def test_notice_for_some_pages_is_shown_there_alone(client):
    contact, about = (ContentPage.objects.get(slug=slug) for slug in ("contact", "about"))
    with_pages = notice()
    with_pages.pages.set([contact])
    with_pages.save()
    assert {path: shown_on(client, path) for path in ("/contact/", "/about/", "/assessment/", "/no/")} == {
        "/contact/": ["We moved."],
        "/about/": [],
        "/assessment/": [],
        "/no/": [],
    }
    assert facts.current().notices_at(BEGINS, about.pk) == []


def test_several_notices_stand_in_order_the_strong_ones_first(client):
    hour = dt.timedelta(hours=1)
    notice("<p>Third</p>", shows_from=BEGINS + hour)
    notice("<p>Second</p>")
    notice("<p>First</p>", kind=Notice.Kind.STRONG, shows_from=BEGINS + hour)
    assert shown_on(client, "/") == ["First", "Second", "Third"]


def test_notice_is_shown_from_its_second_until_its_second(client, clock):
    notice()
    second = dt.timedelta(seconds=1)
    for moment, texts in ((BEGINS - second, []), (BEGINS, ["We moved."]), (ENDS - second, ["We moved."]), (ENDS, [])):
        clock.move_to(moment, tick=False)
        assert (moment, shown_on(client, "/about/")) == (moment, texts)
    clock.move_to(ENDS - 5 * second, tick=False)
    assert set(client.get("/about/")["Cache-Control"].split(", ")) == {"public", "max-age=5"}


def test_draft_shows_to_nobody_and_a_change_waits_for_its_publication(client):
    draft = notice(live=False)
    assert shown_on(client, "/") == []
    draft.save_revision().publish()
    assert shown_on(client, "/") == ["We moved."]
    draft = Notice.objects.get()
    draft.text = "<p>We moved again.</p>"
    revision = draft.save_revision()
    assert shown_on(client, "/") == ["We moved."]
    revision.publish()
    assert shown_on(client, "/") == ["We moved again."]


def test_hostile_text_does_not_reach_a_reader_whatever_wrote_it(client):
    Notice.objects.bulk_create(
        [
            Notice(
                text='<p onclick="x()">Hi <script>x()</script><a href="javascript:x()">there</a>'
                '<a linktype="document" id="1">PDF</a></p>',
                shows_from=BEGINS,
                shows_until=ENDS,
            )
        ]
    )
    facts.forget()
    html = client.get("/").content.decode()
    assert "<p>Hi <a>there</a>" in html
    assert [word for word in ("onclick", "<script>x", "javascript:", "linktype") if word in html] == []


def test_notice_follows_a_fact(client):
    notice("<p>Call {phone}. Fax us at {fax}.</p>")
    assert shown_on(client, "/") == ["Call (480) 526-7738."]


def test_link_to_a_page_follows_the_page_without_a_query(client, django_assert_num_queries):
    contact = ContentPage.objects.get(slug="contact")
    notice(f'<p><a linktype="page" id="{contact.pk}">Where?</a> <a href="https://www.samhsa.gov/">Who?</a></p>')
    known = facts.current()
    with django_assert_num_queries(0):
        assert known.notices[0].html == (
            '<p><a href="/contact/">Where?</a> <a href="https://www.samhsa.gov/" rel="noreferrer">Who?</a></p>'
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"shows_until": BEGINS},
        {"shows_until": BEGINS - dt.timedelta(days=1)},
        {"shows_until": dt.datetime(2101, 1, 1, tzinfo=dt.UTC)},
        {"shows_from": dt.datetime(1999, 1, 1, tzinfo=dt.UTC)},
    ],
)
def test_notice_that_makes_no_sense_is_refused_by_the_database(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        notice(**wrong)


def test_notice_is_written_and_published_in_the_cms(publisher):
    fields = fields_of(publisher.get(ADD))
    fields |= {
        "text": '{"blocks": [{"key": "a", "text": "We moved.", "type": "unstyled"}], "entityMap": {}}',
        "kind": "strong",
        "shows_from": "2026-11-24T09:00",
        "shows_until": "2026-11-24T12:00",
        "action-publish": "action-publish",
    }
    for until, sentence in (
        ("2026-11-24T09:00", "The notice must end after it begins."),
        ("20266-11-24T09:00", "Check the year: it has more than four digits."),
        ("9999-12-31T23:59", "Check the year: it is before 2000 or after 2100."),
    ):
        answer = publisher.post(ADD, fields | {"shows_until": until})
        assert (answer.status_code, sentence in answer.content.decode()) == (200, True)
    assert publisher.post(ADD, fields).status_code == 302
    assert shown_on(publisher, "/") == ["We moved."]
    assert (Notice.objects.get().shows_until, Notice.objects.get().live) == (
        dt.datetime(2026, 11, 24, 12, tzinfo=PHOENIX),
        True,
    )


def test_preview_shows_the_draft_whatever_its_time_and_pages(publisher):
    draft = notice(live=False, shows_from=ENDS, shows_until=ENDS + dt.timedelta(days=1))
    draft.save_revision()
    address = reverse("wagtailsnippets_pages_notice:preview_on_edit", args=[draft.pk])
    edit = reverse("wagtailsnippets_pages_notice:edit", args=[draft.pk])
    publisher.post(address, fields_of(publisher.get(edit)))
    html = publisher.get(address, {"in_preview_panel": "true", "mode": ""}).content.decode()
    assert ("We moved." in html, "It shows from Tuesday, November 24, 5:00 PM" in html) == (True, True)


def offers(client, path="/cms/"):
    """The forms of a page by the words on their buttons."""
    html = soup(client.get(path))
    return {button.get_text(strip=True): button.find_parent("form") for button in html.select("form button")}


def test_holiday_ahead_offers_its_notice_which_one_click_drafts(make_staff):
    publisher = Client(enforce_csrf_checks=True)
    publisher.force_login(make_staff("publisher"))
    center = Center.objects.get()
    for day, name in (("2026-11-23", "Past"), ("2026-12-24", "Christmas Eve"), ("2026-12-25", "Too far")):
        Holiday.objects.create(center=center, day=day, name=name)
    found = {label: form for label, form in offers(publisher).items() if label.startswith("Write the notice")}
    assert list(found) == ["Write the notice for Christmas Eve"]
    (form,) = found.values()
    sent = {field["name"]: field["value"] for field in form.select("input")}
    answers = [publisher.post(form["action"], sent) for _ in range(2)]
    draft = Notice.objects.get()
    assert [answer["Location"] for answer in answers] == [f"{LIST}edit/{draft.pk}/"] * 2
    assert draft.text == (
        "<p>We are closed on Christmas Eve, Thursday, December 24, but you can send our form at any time. "
        "In a crisis, call or text 988 at any hour.</p>"
    )
    assert (draft.shows_from, draft.shows_until, draft.live) == (
        dt.datetime(2026, 12, 17, tzinfo=PHOENIX),
        dt.datetime(2026, 12, 25, tzinfo=PHOENIX),
        False,
    )
    assert list(holiday_notices.without_a_notice()) == []
    assert shown_on(publisher, "/") == []
    draft.latest_revision.publish()
    assert [bool(facts.current().notices_at(moment)) for moment in (draft.shows_from, draft.shows_until)] == [
        True,
        False,
    ]


def test_who_may_not_write_notices_is_offered_none(client, make_staff):
    Holiday.objects.create(center=Center.objects.get(), day="2026-12-24", name="Christmas Eve")
    address = reverse("wagtailsnippets_pages_notice:for_holiday", args=[Holiday.objects.get().pk])
    client.force_login(make_staff("admissions"))
    assert client.post(address).status_code in (302, 403, 404)
    assert Notice.objects.count() == 0
