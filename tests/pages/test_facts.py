import datetime as dt
import json
import re
import time

import pytest

from pages import content_generation, facts
from pages.models import Center, CenterTexts, ContentGeneration, ContentPage, Holiday, HomePage, Notice, OpeningHours
from tests import known_facts
from tests.intake.support.visitor import Browser, send

UTC = dt.UTC
NINE, FIVE = dt.time(9), dt.time(17)


def start_again():
    """As a process that has not asked the database yet; what it knows stays."""
    facts.forget()
    content_generation.forget()


def menu_labels():
    return [entry.label for entry in facts.current().menus]


def in_menu(slug, position):
    """A draft of a page in the menu on top."""
    page = ContentPage(
        title=slug, slug=slug, summary="In short.", menu="header", menu_label=slug, menu_position=position, live=False
    )
    return HomePage.objects.get().add_child(instance=page)


def graph(response):
    """What a page gives to machines."""
    html = response.content.decode()
    return json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', html).group(1))["@graph"]


def open_on_weekdays(center):
    for weekday in range(5):
        OpeningHours.objects.create(center=center, weekday=weekday, opens=NINE, closes=FIVE)


@pytest.mark.django_db
def test_facts_are_read_once_and_kept(django_assert_num_queries):
    known = facts.current()
    with django_assert_num_queries(0):
        assert facts.current() is known


@pytest.mark.django_db
def test_change_in_another_process_shows_within_about_a_second(monkeypatch):
    Center.objects.update(phone="(928) 555-0100")  # as another process would: no signal reaches this one
    ContentGeneration.objects.update(number=1)
    known_facts.begin_with()
    assert facts.current().center.phone == "(480) 526-7738"
    monkeypatch.setattr(content_generation, "_ask_again_at", time.monotonic())
    assert facts.current().center.phone == "(928) 555-0100"


@pytest.mark.django_db
def test_edit_of_the_center_shows_at_once(client):
    assert b"(480) 526-7738" in client.get("/about/").content
    center = Center.objects.get()
    center.phone = "(928) 555-0100"
    center.save()
    html = client.get("/contact/").content.decode()
    assert 'href="tel:+19285550100"' in html
    assert Center.objects.get().phone == "(928) 555-0100"


@pytest.mark.django_db
def test_edit_of_hours_and_holidays_shows_at_once():
    assert (facts.current().opening_hours, facts.current().holidays) == ((), ())
    center = Center.objects.get()
    hours = OpeningHours.objects.create(center=center, weekday=0, opens="09:00", closes="17:00")
    holiday = Holiday.objects.create(center=center, day="2026-12-25", name="Christmas Day")
    assert ([row.pk for row in facts.current().opening_hours], len(facts.current().holidays)) == ([hours.pk], 1)
    holiday.delete()
    assert facts.current().holidays == ()


@pytest.mark.django_db
def test_menu_shows_live_pages_by_their_place():
    before = menu_labels()
    last = in_menu("z-two", 100)
    for page in (last, in_menu("z-one", 99)):
        page.save_revision().publish()
    in_menu("z-draft", 98)
    assert [label for label in menu_labels() if label not in before] == ["z-one", "z-two"]
    last.menu_position = 1
    last.save_revision().publish()
    assert [label for label in menu_labels() if label not in before] == ["z-two", "z-one"]


@pytest.mark.django_db
def test_page_that_was_taken_offline_leaves_the_menu_at_once(client):
    in_menu("sleep", 99).save_revision().publish()
    assert b'<a href="/sleep/"' in client.get("/").content
    ContentPage.objects.get(slug="sleep").unpublish()
    assert b'<a href="/sleep/"' not in client.get("/").content


@pytest.mark.django_db
def test_facts_that_were_not_told_are_hidden(client):
    html = client.get("/contact/").content.decode()
    assert ("License" in html, "<br><br>" in html) == (False, False)
    center = Center.objects.get()
    center.street, center.postal_code, center.license_number = "1 Example Way", "85233", "BH-1234"
    center.save()
    html = client.get("/contact/").content.decode()
    assert "1 Example Way<br>Gilbert, Arizona 85233<br>" in html
    assert "License BH-1234" in html


@pytest.mark.django_db
def test_each_fact_is_shown_where_readers_look_for_it(client, clock):
    bare = client.get("/about/").content.decode()
    assert [word for word in ("Open now", "Closed", "Fax", "Referrals", "Opening hours") if word in bare] == []
    Center.objects.update(fax="(480) 526-7739", referral_line="(480) 526-7740")
    center = Center.objects.get()
    open_on_weekdays(center)
    Holiday.objects.create(center=center, day="2026-12-25", name="Christmas Day")
    CenterTexts.objects.create(center=center, directions="Behind the library.", languages="English, Spanish")
    html = client.get("/about/").content.decode()
    assert '<p class="open-status is-open">Open now until 5 PM</p>' in html
    assert '<th scope="row">Monday to Friday</th><td>9 AM to 5 PM</td>' in html
    assert "<li>Friday, December 25: Christmas Day</li>" in html
    assert 'Referrals: <a href="tel:+14805267740">(480) 526-7740</a><br>Fax: (480) 526-7739' in html
    clock.move_to(dt.datetime(2026, 12, 25, 17, tzinfo=UTC))
    assert "Closed today: Christmas Day. Opens Monday at 9 AM." in client.get("/about/").content.decode()
    clock.move_to(dt.datetime(2026, 12, 26, 17, tzinfo=UTC))
    html = client.get("/about/").content.decode()
    assert ("Closed now. Opens Monday at 9 AM." in html, "Christmas" in html) == (True, False)


@pytest.mark.django_db
def test_machines_are_told_what_the_pages_show(client):
    center = Center.objects.get()
    (bare,) = (part for part in graph(client.get("/contact/")) if part["@type"] == "MedicalClinic")
    assert set(bare) == {"@type", "name", "url", "telephone", "address"}
    Center.objects.update(fax="(480) 526-7739", referral_line="(480) 526-7740")
    open_on_weekdays(center)
    Holiday.objects.create(center=center, day="2026-12-25", name="Christmas Day")
    CenterTexts.objects.create(center=center, languages="English, Spanish")
    (given,) = (part for part in graph(client.get("/contact/")) if part["@type"] == "MedicalClinic")
    hours = {"@type": "OpeningHoursSpecification"}
    point = {"@type": "ContactPoint"}
    assert {name: fact for name, fact in given.items() if name not in bare} == {
        "faxNumber": "+14805267739",
        "openingHoursSpecification": [
            hours
            | {
                "dayOfWeek": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
                "opens": "09:00",
                "closes": "17:00",
            }
        ],
        "specialOpeningHoursSpecification": [
            hours | {"opens": "00:00", "closes": "00:00", "validFrom": "2026-12-25", "validThrough": "2026-12-25"}
        ],
        "contactPoint": [
            point
            | {
                "contactType": "admissions",
                "telephone": "+14805267738",
                "availableLanguage": ["English", "Spanish"],
            },
            point | {"contactType": "referrals", "telephone": "+14805267740"},
        ],
    }


@pytest.mark.django_db
def test_contact_page_follows_the_facts_in_its_texts_too(client):
    bare = client.get("/contact/").content.decode()
    assert [word for word in ("{", "reach you within", "Opening hours") if word in bare.split("<main")[1]] == []
    Center.objects.update(contact_target_hours=4)
    center = Center.objects.get()
    open_on_weekdays(center)
    CenterTexts.objects.create(center=center, directions="Behind the library.", languages="English, Spanish")
    html = client.get("/contact/").content.decode().split("<main")[1]
    assert "we try to reach you within 4 open hours. If you want to talk sooner, call us when we are open." in html
    assert ("<p>Behind the library.</p>" in html, "<p>English, Spanish</p>" in html) == (True, True)
    assert "We speak English, Spanish." in client.get("/language-help/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moment", "seconds"),
    [("16:58:00", 60), ("16:59:30", 30), ("16:59:59.5", 0), ("17:00:00", 60)],
)
def test_no_cache_keeps_a_page_for_longer_than_its_words_are_true(client, clock, moment, seconds):
    open_on_weekdays(Center.objects.get())
    clock.move_to(dt.datetime.fromisoformat(f"2026-11-24 {moment}-07:00"), tick=False)
    for path in ("/", "/faq/"):
        assert set(client.get(path)["Cache-Control"].split(", ")) == {"public", f"max-age={seconds}"}


@pytest.mark.django_db
def test_stale_snapshot_still_ends_notices_and_holidays_on_time(client, clock):
    """As with the worker stopped, and the database away: only the clock goes on."""
    center = Center.objects.get()
    open_on_weekdays(center)
    Holiday.objects.create(center=center, day="2026-11-24", name="A day off")
    begins, ends = (dt.datetime(2026, 11, 24, hour, 30, 15, tzinfo=UTC) for hour in (18, 19))
    Notice.objects.create(text="<p>We moved.</p>", shows_from=begins, shows_until=ends)
    known = facts.current()
    second = dt.timedelta(seconds=1)
    for moment, is_shown in ((begins - second, False), (begins, True), (ends - second, True), (ends, False)):
        assert (moment, bool(known.notices_at(moment))) == (moment, is_shown)
        clock.move_to(moment, tick=False)
        assert ("We moved." in client.get("/assessment/").content.decode()) == is_shown
    assert known.status.words == "Closed today: A day off. Opens tomorrow at 9 AM."
    clock.move_to(dt.datetime(2026, 11, 25, 17, tzinfo=UTC))
    assert known.status.words == "Open now until 5 PM"


@pytest.mark.django_db
def test_site_without_a_center_shows_no_phone_and_does_not_break(client):
    Center.objects.all().delete()
    response = client.get("/about/")
    assert response.status_code == 200
    assert b"tel:+1480" not in response.content
    assert b"tel:988" in response.content


PHONE, HOURS, CRISIS = 'href="tel:+14805267738"', "Open now until 5 PM", 'href="tel:988"'


def shown():
    """What error pages, the form and the confirmation of a request say of the center."""
    visitor = Browser(raise_request_exception=False)
    answers = {path: visitor.get(path) for path in ("/about/", "/no/such/page/", "/assessment/")}
    answers["confirmation"] = visitor.get(send(visitor, preferred_time="asap")["Location"])
    return {
        name: (answer.status_code, *(words in answer.content.decode() for words in (PHONE, HOURS, CRISIS, "We moved.")))
        for name, answer in answers.items()
    }


@pytest.fixture
def given(site):
    center = Center.objects.get()
    open_on_weekdays(center)
    Holiday.objects.create(center=center, day="2026-12-25", name="Christmas Day")
    CenterTexts.objects.create(center=center, directions="Behind the library.", languages="English")
    moments = (dt.datetime(2026, 11, day, 7, tzinfo=UTC) for day in (24, 25))
    Notice.objects.create(text="<p>We moved.</p>", **dict(zip(("shows_from", "shows_until"), moments, strict=True)))
    facts.forget()


EVERYWHERE = {
    "/about/": (500, True, True, True, True),
    "/no/such/page/": (404, True, True, True, True),
    "/assessment/": (200, True, True, True, True),
    "confirmation": (200, True, True, True, True),
}


def test_last_known_facts_are_shown_while_the_database_is_away(given, take_database_away):
    known = facts.current()
    take_database_away()
    start_again()
    assert shown() == EVERYWHERE
    assert (facts.current(), len(known.menus) > 2) == (known, True)


@pytest.fixture
def new_process(monkeypatch, tmp_path, settings):
    """Forgets everything that this process knows of the facts; its copy on disk lies in a folder of its own."""
    settings.VAR_DIR = tmp_path
    facts.forget()
    monkeypatch.setattr(facts, "_known", None)


def test_process_that_starts_without_a_database_shows_what_an_earlier_one_knew(
    given, new_process, take_database_away, monkeypatch
):
    known = facts.current()
    monkeypatch.setattr(facts, "_known", None)
    take_database_away()
    start_again()
    assert shown() == EVERYWHERE
    assert facts.current() == known
    assert (facts.current().center.phone, facts.current().texts.directions) == ("(480) 526-7738", "Behind the library.")


@pytest.mark.parametrize(
    "copy", [None, "", "{", "[]", "{}", '{"rows": [{"model": "pages.gone", "pk": 1, "fields": {}}]}']
)
def test_process_that_knows_nothing_shows_the_form_without_a_phone(
    site, client, new_process, take_database_away, tmp_path, copy
):
    if copy is not None:
        (tmp_path / "facts.json").write_text(copy)
    take_database_away()
    html = client.get("/assessment/").content.decode()
    assert ("tel:+1480" in html, "tel:988" in html, "request-form" in html) == (False, True, True)


def test_facts_that_can_not_be_copied_are_shown_all_the_same(site, new_process, tmp_path):
    (tmp_path / "facts.json").mkdir()
    assert facts.current().center.phone == "(480) 526-7738"


def test_dead_database_is_not_asked_again_and_again(site, take_database_away, caplog):
    facts.current()
    take_database_away()
    facts.forget()
    for _ in range(3):
        facts.current()
    assert [record.getMessage() for record in caplog.records if record.name == "pages.facts"] == [
        "Can't read the center's facts: OperationalError"
    ]
