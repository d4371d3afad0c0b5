import time
from datetime import time as time_of
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from pages import facts
from pages.models import Center, Holiday, OpeningHours, Page
from tests.pages.helpers import admin_url, open_form, page_version


@pytest.fixture
def take_database_away():
    """Points the connection at a database that does not exist, until the test ends."""
    name = connection.settings_dict["NAME"]

    def take_away():
        connection.close()
        connection.settings_dict["NAME"] = "/no/such/folder/database"
        with pytest.raises(DatabaseError):
            connection.ensure_connection()

    yield take_away
    connection.close()
    connection.settings_dict["NAME"] = name


def menu_labels():
    return [page.menu_label for page in facts.current().menu]


@pytest.mark.django_db
def test_facts_are_read_once_and_kept(django_assert_num_queries):
    known = facts.current()
    with django_assert_num_queries(0):
        assert facts.current() is known


@pytest.mark.django_db
def test_change_elsewhere_shows_when_the_facts_are_old(monkeypatch):
    assert facts.current().center.phone == "(480) 526-7738"
    Center.objects.update(phone="(928) 555-0100")  # as another process would: this one is not told
    assert facts.current().center.phone == "(480) 526-7738"
    monkeypatch.setattr(facts, "_read_at", time.monotonic() - facts.LIFETIME - 1)
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


def test_edit_in_the_admin_shows_on_the_next_page(site, client, make_staff):
    client.force_login(make_staff("publisher"))
    center = Center.objects.get()
    fields = open_form(client, admin_url(center), Center).fields
    assert b"1 Example Way" not in client.get("/").content
    assert client.post(admin_url(center), fields | {"street": "1 Example Way", "_save": "1"}).status_code == 302
    assert b"1 Example Way" in client.get("/").content


@pytest.mark.django_db
def test_menu_shows_live_pages_by_their_place():
    first, last = (Page.objects.create(path=path, menu_label=path, menu_position=99) for path in ("z-one", "z-two"))
    before = menu_labels()
    assert {"z-one", "z-two"}.isdisjoint(before)
    page_version(last).publish()
    draft = page_version(first)
    assert menu_labels() == [*before, "z-two"]
    draft.publish()
    assert menu_labels() == [*before, "z-one", "z-two"]
    first.menu_position = 100
    first.save()
    assert menu_labels() == [*before, "z-two", "z-one"]


@pytest.mark.django_db
def test_page_that_was_taken_offline_leaves_the_menu_at_once(client):
    page = Page.objects.create(path="sleep", menu_label="Sleep", menu_position=99)
    version = page_version(page, begins=timezone.now() - timedelta(days=1))
    facts.forget()
    link = b'<a href="/sleep/"'
    assert link in client.get("/").content
    version.take_offline()
    assert link not in client.get("/").content


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
def test_site_without_a_center_shows_no_phone_and_does_not_break(client):
    Center.objects.all().delete()
    response = client.get("/about/")
    assert response.status_code == 200
    assert b"tel:+1480" not in response.content
    assert b"tel:988" in response.content


def test_last_known_facts_are_shown_while_the_database_is_away(site, client, take_database_away):
    menu = menu_labels()
    facts.forget()
    assert (facts.current().center.phone, menu_labels()) == ("(480) 526-7738", menu)
    take_database_away()
    facts.forget()
    client.raise_request_exception = False
    response = client.get("/about/")
    assert response.status_code == 500
    assert b'href="tel:+14805267738"' in response.content
    assert len(menu) > 2
    assert menu_labels() == menu


@pytest.fixture
def new_process(monkeypatch, tmp_path, settings):
    """Forgets everything that this process knows of the facts; its copy on disk lies in a folder of its own."""
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(facts, "_known", None)


def test_process_that_starts_without_a_database_shows_what_an_earlier_one_knew(
    site, client, new_process, take_database_away, monkeypatch
):
    center = Center.objects.get()
    OpeningHours.objects.create(center=center, weekday=0, opens="09:00", closes="17:00")
    Holiday.objects.create(center=center, day="2026-12-25", name="Christmas Day")
    menu = menu_labels()
    Center.objects.update(phone="(928) 555-0100")
    facts.forget()
    facts.current()
    monkeypatch.setattr(facts, "_known", None)
    take_database_away()
    facts.forget()
    assert (menu_labels(), facts.current().holidays[0].name) == (menu, "Christmas Day")
    assert [(hours.opens, hours.closes) for hours in facts.current().opening_hours] == [(time_of(9), time_of(17))]
    assert b'href="tel:+19285550100"' in client.get("/assessment/").content


@pytest.mark.parametrize("copy", [None, "", "{", '[{"model": "pages.gone", "pk": 1, "fields": {}}]'])
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
        "The center's facts could not be read: OperationalError"
    ]
