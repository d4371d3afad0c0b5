import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from wagtail.models import Locale

from pages import facts
from pages.fields import PlainDayFormField, PlainTimeFormField
from pages.models import Center, CenterTexts, Holiday, OpeningHours
from tests.pages.cms_form import fields_of, with_rows

pytestmark = pytest.mark.django_db

FACTS = {"name": "Center", "phone": "(480) 526-7738", "town": "Gilbert", "state": "Arizona"}
EDIT = "/cms/snippets/pages/center/edit/1/"


@pytest.fixture
def publisher(client, make_staff):
    client.force_login(make_staff(is_superuser=True))
    return client


def send(client, *, button="action-publish", hours=None, holidays=None, texts=None, **changes):
    """Opens the center in /cms/, changes fields and lines, and presses a button."""
    fields = fields_of(client.get(EDIT)) | changes | {button: button}
    fields |= with_rows("opening_hours", hours) | with_rows("holidays", holidays) | with_rows("texts", texts)
    return client.post(EDIT, fields)


def spans():
    return [str(row) for row in OpeningHours.objects.all()]


# The row


def test_second_row_is_refused():
    for make_another in (
        lambda: Center.objects.create(**FACTS),
        lambda: Center.objects.bulk_create([Center(pk=2, **FACTS)]),
        lambda: Center.objects.update(id=2),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_another()
    assert Center.objects.get().pk == 1


def test_saving_another_center_changes_the_one_row():
    Center(**FACTS | {"town": "Mesa"}).save()
    assert Center.objects.get().town == "Mesa"


@pytest.mark.parametrize("change", [{"live": False}, {"expire_at": dt.datetime(2027, 1, 1, tzinfo=dt.UTC)}])
def test_center_that_is_off_line_or_will_be_is_refused_by_the_database(change):
    with pytest.raises(IntegrityError), transaction.atomic():
        Center.objects.update(**change)


@pytest.mark.parametrize("phone", ["(480) 526-7738", "480.526.7738", "4805267738", "+1 480 526 7738", "1-480-526-7738"])
def test_phone_is_linked_with_its_country_code(phone):
    center = Center(**FACTS | {"phone": phone, "fax": phone, "referral_line": phone})
    center.clean_fields()
    assert {center.phone_link, center.fax_link, center.referral_link} == {"tel:+14805267738"}


@pytest.mark.parametrize("field", ["phone", "fax", "referral_line"])
@pytest.mark.parametrize("phone", ["call us", "526-7738", "911", "(000) 000-0000", "480-526-77380", "+999 1"])
def test_phone_that_nobody_can_call_is_refused(field, phone):
    with pytest.raises(ValidationError) as refusal:
        Center(**FACTS | {field: phone}).clean_fields()
    assert list(refusal.value.message_dict) == [field]


@pytest.mark.parametrize("zone", ["", "Arizona", "america/phoenix", "America/Gilbert", "../etc/passwd"])
def test_unknown_time_zone_is_refused(zone):
    with pytest.raises(ValidationError) as refusal:
        Center(**FACTS, time_zone=zone).clean_fields()
    assert list(refusal.value.message_dict) == ["time_zone"]


def test_facts_that_were_not_told_are_named_until_they_are_told():
    center = Center.objects.get()
    assert [str(name) for name in center.missing_facts()] == [
        "street address",
        "ZIP code",
        "license number",
        "fax",
        "referral line",
        "first contact within (open hours)",
        "opening hours",
        "directions",
        "languages spoken",
    ]
    center.street, center.postal_code, center.license_number = "1 Example Way", "85233", "BH-1234"
    center.fax = center.referral_line = "(480) 526-7738"
    center.contact_target_hours = 4
    center.texts = [CenterTexts(directions="Behind the library.", languages="English")]
    assert [str(name) for name in center.missing_facts()] == ["opening hours"]
    OpeningHours.objects.create(center=center, weekday=0, opens="09:00", closes="17:00")
    assert center.missing_facts() == []


# The lines, in the database


@pytest.mark.parametrize(
    ("model", "wrong"),
    [
        (OpeningHours, {"weekday": 0, "opens": "17:00", "closes": "09:00"}),
        (OpeningHours, {"weekday": 0, "opens": "09:00", "closes": "09:00"}),
        (OpeningHours, {"weekday": 1, "opens": "09:00", "closes": "12:00"}),
        (OpeningHours, {"weekday": 1, "opens": "16:59", "closes": "18:00"}),
        (OpeningHours, {"weekday": 1, "opens": "08:00", "closes": "18:00"}),
        (OpeningHours, {"weekday": 1, "opens": "10:00", "closes": "11:00"}),
        (Holiday, {"day": "2026-12-25", "name": "Again"}),
    ],
    ids=["closes first", "no time", "opens twice", "overlaps the end", "around", "within", "one day twice"],
)
def test_hours_and_holidays_that_make_no_sense_are_refused_by_the_database(model, wrong):
    center = Center.objects.get()
    OpeningHours.objects.create(center=center, weekday=1, opens="09:00", closes="17:00")
    Holiday.objects.create(center=center, day="2026-12-25", name="Christmas Day")
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.create(center=center, **wrong)


def test_hours_changed_into_an_overlap_are_refused_by_the_database():
    center = Center.objects.get()
    for opens, closes in (("09:00", "12:00"), ("13:00", "17:00")):
        OpeningHours.objects.create(center=center, weekday=1, opens=opens, closes=closes)
    with pytest.raises(IntegrityError), transaction.atomic():
        OpeningHours.objects.filter(opens="13:00").update(opens="11:59")
    OpeningHours.objects.filter(opens="13:00").update(opens="12:00")
    assert spans() == ["Tuesday, 9 AM to 12 PM", "Tuesday, 12 PM to 5 PM"]


def test_triggers_come_back_after_each_migration():
    with connection.cursor() as cursor:
        for name in ("_INSERT", "_UPDATE") if connection.vendor == "sqlite" else ("",):
            on_table = "" if connection.vendor == "sqlite" else " ON pages_openinghours"
            cursor.execute(f"DROP TRIGGER refuse_overlapping_hours{name}{on_table}")
    call_command("migrate", verbosity=0)
    center = Center.objects.get()
    hours = [OpeningHours(center=center, weekday=1, opens=opens, closes="17:00") for opens in ("09:00", "10:00")]
    with pytest.raises(IntegrityError), transaction.atomic():
        OpeningHours.objects.bulk_create(hours)


def test_texts_twice_in_one_language_are_refused_by_the_database():
    center = Center.objects.get()
    CenterTexts.objects.create(center=center, locale=Locale.objects.get(), directions="Here.")
    with pytest.raises(IntegrityError), transaction.atomic():
        CenterTexts.objects.create(center=center, locale=Locale.objects.get(), directions="There.")


def test_contact_target_of_no_hours_is_refused_by_the_database():
    with pytest.raises(IntegrityError), transaction.atomic():
        Center.objects.update(contact_target_hours=0)


# The form


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("9 AM", dt.time(9)),
        ("9am", dt.time(9)),
        ("9:30 p.m.", dt.time(21, 30)),
        ("9:00", dt.time(9)),
        ("17:00:00", dt.time(17)),
        ("1700", dt.time(17)),
        ("12 am", dt.time(0)),
        ("12:15 PM", dt.time(12, 15)),
        ("Noon", dt.time(12)),
        ("midnight", dt.time(0)),
    ],
)
def test_time_is_understood_as_people_write_it(text, time):
    assert PlainTimeFormField().clean(text) == time
    assert PlainTimeFormField().clean(PlainTimeFormField().prepare_value(time)) == time


@pytest.mark.parametrize("text", ["25:00", "13 PM", "0 AM", "9:60", "nine", "9 to 5", "-9", "9 MM", "٩"])
def test_time_that_nobody_can_keep_is_refused_with_a_sentence(text):
    with pytest.raises(ValidationError, match=r"^\['Enter a time such as 9 AM, 9:30 PM or 17:00\.'\]$"):
        PlainTimeFormField().clean(text)


@pytest.mark.parametrize("day", ["20266-12-25", "12/25/20266"])
def test_year_of_five_digits_is_refused_with_a_sentence(day):
    with pytest.raises(ValidationError, match=r"it has more than four digits\."):
        PlainDayFormField().clean(day)
    assert PlainDayFormField().clean("2026-12-25") == PlainDayFormField().clean("12/25/2026") == dt.date(2026, 12, 25)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"phone": "call us"}, "That is not a phone number that people can call."),
        ({"time_zone": "Arizona"}, "That is not a known time zone."),
        ({"contact_target_hours": "0"}, "Enter at least 1 open hour, or leave this empty."),
        ({"contact_target_hours": "169"}, "Enter at most 168 open hours"),
        ({"hours": [{"weekday": "0", "opens": "9 AM", "closes": "8 AM"}]}, "must be after the opening time"),
        ({"hours": [{"weekday": "0", "opens": "nine", "closes": "5 PM"}]}, "Enter a time such as 9 AM"),
        ({"hours": [{"weekday": "7", "opens": "9 AM", "closes": "5 PM"}]}, "Select a valid choice"),
        ({"hours": [{"weekday": "0", "opens": "9", "closes": "12"}] * 2}, "These hours overlap"),
        (
            {"hours": [{"weekday": "0", "opens": o, "closes": c} for o, c in (("9", "12"), ("11:59", "17"))]},
            "These hours overlap with another line for the same day.",
        ),
        ({"holidays": [{"day": "20266-12-25", "name": "Christmas"}]}, "it has more than four digits"),
        ({"holidays": [{"day": "2126-12-25", "name": "Christmas"}]}, "Check the year: it is after 2100."),
        ({"holidays": [{"day": "2026-12-25", "name": "Christmas"}] * 2}, "Please correct the duplicate data"),
    ],
)
def test_wrong_fact_is_refused_with_a_sentence(publisher, changes, sentence):
    response = send(publisher, town="Mesa", **changes)
    assert (response.status_code, sentence in response.content.decode()) == (200, True)
    assert (Center.objects.get().town, spans(), Holiday.objects.count()) == ("Gilbert", [], 0)


def test_draft_shows_to_nobody_until_it_is_published(publisher):
    draft = {
        "street": "1 Example Way",
        "hours": [
            {"weekday": "0", "opens": "9 am", "closes": "noon"},
            {"weekday": "0", "opens": "1 pm", "closes": "17"},
        ],
        "holidays": [{"day": "2026-12-25", "name": "Christmas Day"}],
        "texts": [{"locale": str(Locale.objects.get().pk), "directions": "Behind the library.", "languages": ""}],
    }
    assert send(publisher, button="action-save", **draft).status_code in (200, 302)
    assert (Center.objects.get().street, spans(), facts.current().holidays) == ("", [], ())
    assert "1 Example Way" not in publisher.get("/").content.decode()
    assert "1 Example Way" in fields_of(publisher.get(EDIT)).values()
    assert send(publisher).status_code == 302
    assert spans() == ["Monday, 9 AM to 12 PM", "Monday, 1 PM to 5 PM"]
    assert (Holiday.objects.get().name, CenterTexts.objects.get().directions) == (
        "Christmas Day",
        "Behind the library.",
    )
    assert "1 Example Way" in publisher.get("/").content.decode()


def test_lines_that_change_places_are_published():
    center = Center.objects.get()
    center.opening_hours = [
        OpeningHours(weekday=0, opens=dt.time(9), closes=dt.time(12)),
        OpeningHours(weekday=0, opens=dt.time(13), closes=dt.time(17)),
    ]
    center.save_revision().publish()
    first, second = Center.objects.get().opening_hours.all()
    draft = Center.objects.get()
    draft.opening_hours = [
        OpeningHours(pk=first.pk, weekday=0, opens=dt.time(13), closes=dt.time(17)),
        OpeningHours(pk=second.pk, weekday=0, opens=dt.time(9), closes=dt.time(12)),
    ]
    draft.save_revision().publish()
    assert list(OpeningHours.objects.values_list("pk", "opens")) == [
        (second.pk, dt.time(9)),
        (first.pk, dt.time(13)),
    ]


@pytest.mark.parametrize("was_published", [True, False])
def test_scheduled_facts_begin_when_they_are_due_and_no_earlier(clock, was_published):
    if not was_published:  # a row that no revision was published of, as an import may leave it
        Center.objects.update(live_revision=None)
    center = Center.objects.get()
    center.phone, center.go_live_at = "(928) 555-0100", dt.datetime(2026, 12, 1, 7, tzinfo=dt.UTC)
    center.save_revision().publish()
    assert (Center.objects.get().phone, Center.objects.get().live) == ("(480) 526-7738", True)
    call_command("publish_scheduled")
    assert Center.objects.get().phone == "(480) 526-7738"
    clock.move_to(dt.datetime(2026, 12, 1, 7, 0, 1, tzinfo=dt.UTC))
    call_command("publish_scheduled")
    assert (Center.objects.get().phone, Center.objects.get().live) == ("(928) 555-0100", True)


def test_edit_page_names_what_was_not_told(publisher):
    html = publisher.get(EDIT).content.decode()
    assert "Not set, so hidden from readers: street address, ZIP code, license number, fax, referral line" in html


def test_preview_shows_the_facts_of_the_draft(publisher):
    address = reverse("wagtailsnippets_pages_center:preview_on_edit", args=[1])
    fields = fields_of(publisher.get(EDIT)) | {"street": "1 Example Way"}
    fields |= with_rows("opening_hours", [{"weekday": "1", "opens": "9 AM", "closes": "5 PM"}])
    assert publisher.post(address, fields).json() == {"is_valid": True, "is_available": True}
    html = publisher.get(address, {"in_preview_panel": "true", "mode": ""}).content.decode()
    assert ("1 Example Way" in html, "Open now until 5 PM" in html) == (True, True)
    assert "1 Example Way" not in publisher.get("/").content.decode()


def test_center_is_neither_added_copied_deleted_nor_taken_offline_by_anyone(publisher):
    base = "/cms/snippets/pages/center/"
    for path, fields in (
        ("add/", FACTS),
        ("delete/1/", {}),
        ("unpublish/1/", {}),
    ):
        for answer in (publisher.get(base + path), publisher.post(base + path, fields)):
            assert (path, answer.status_code, answer.get("Location")) == (path, 302, "/cms/")
    assert publisher.get(base + "copy/1/").status_code == 404
    bulk = "/cms/bulk/pages/center/delete/?id=1"
    assert publisher.post(bulk, {}).status_code == 302
    assert Center.objects.get().live is True


def test_list_of_one_center_leads_to_it(publisher):
    assert publisher.get("/cms/snippets/pages/center/")["Location"] == EDIT
    html = publisher.get(EDIT).content.decode()
    assert ("action-publish" in html, "unpublish/1/" in html, "delete/1/" in html) == (True, False, False)
