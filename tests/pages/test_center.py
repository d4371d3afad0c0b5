import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from pages.models import Center, Holiday, OpeningHours
from tests.pages.helpers import admin_url, open_form, rows

pytestmark = pytest.mark.django_db

FACTS = {"name": "Center", "phone": "(480) 526-7738", "town": "Gilbert", "state": "Arizona"}


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


@pytest.mark.parametrize("phone", ["(480) 526-7738", "480.526.7738", "4805267738", "+1 480 526 7738", "1-480-526-7738"])
def test_phone_is_linked_with_its_country_code(phone):
    center = Center(**FACTS | {"phone": phone})
    center.clean_fields()
    assert center.phone_link == "tel:+14805267738"


@pytest.mark.parametrize("phone", ["", "call us", "526-7738", "911", "(000) 000-0000", "480-526-77380", "+999 1"])
def test_phone_that_nobody_can_call_is_refused(phone):
    with pytest.raises(ValidationError) as refusal:
        Center(**FACTS | {"phone": phone}).clean_fields()
    assert list(refusal.value.message_dict) == ["phone"]


@pytest.mark.parametrize("zone", ["", "Arizona", "america/phoenix", "America/Gilbert", "../etc/passwd"])
def test_unknown_time_zone_is_refused(zone):
    with pytest.raises(ValidationError) as refusal:
        Center(**FACTS, time_zone=zone).clean_fields()
    assert list(refusal.value.message_dict) == ["time_zone"]


def test_facts_that_were_not_told_are_named_until_they_are_told():
    center = Center.objects.get()
    assert [str(name) for name in center.untold_facts()] == [
        "street address",
        "ZIP code",
        "license number",
        "first contact within (open hours)",
        "opening hours",
    ]
    center.street, center.postal_code, center.license_number = "1 Example Way", "85233", "BH-1234"
    center.contact_target_hours = 4
    assert [str(name) for name in center.untold_facts()] == ["opening hours"]
    OpeningHours.objects.create(center=center, weekday=0, opens="09:00", closes="17:00")
    assert center.untold_facts() == []


@pytest.mark.parametrize(
    ("model", "wrong"),
    [
        (OpeningHours, {"weekday": 0, "opens": "17:00", "closes": "09:00"}),
        (OpeningHours, {"weekday": 0, "opens": "09:00", "closes": "09:00"}),
        (OpeningHours, {"weekday": 1, "opens": "09:00", "closes": "12:00"}),
        (Holiday, {"day": "2026-12-25", "name": "Again"}),
    ],
    ids=["closes before it opens", "no time at all", "opens twice", "one day twice"],
)
def test_hours_and_holidays_that_make_no_sense_are_refused_by_the_database(model, wrong):
    center = Center.objects.get()
    OpeningHours.objects.create(center=center, weekday=1, opens="09:00", closes="17:00")
    Holiday.objects.create(center=center, day="2026-12-25", name="Christmas Day")
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.create(center=center, **wrong)


def test_contact_target_of_no_hours_is_refused_by_the_database():
    with pytest.raises(IntegrityError), transaction.atomic():
        Center.objects.update(contact_target_hours=0)


WRONG = [
    ({"phone": "call us"}, "That is not a phone number people can call."),
    ({"time_zone": "Arizona"}, "There is no time zone of that name."),
    ({"contact_target_hours": "0"}, "Give at least 1 open hour, or leave it empty."),
    ({"contact_target_hours": "-1"}, "Ensure this value is greater than or equal to 0."),
]


@pytest.mark.parametrize(("changes", "sentence"), WRONG, ids=[str(changes) for changes, _ in WRONG])
def test_wrong_fact_is_refused_with_a_sentence(client, make_staff, changes, sentence):
    client.force_login(make_staff("publisher"))
    center = Center.objects.get()
    before = rows(Center)
    fields = open_form(client, admin_url(center), Center).fields
    response = client.post(admin_url(center), fields | {"town": "Mesa", "_save": "1"} | changes)
    assert (response.status_code, sentence in response.content.decode()) == (200, True)
    assert rows(Center) == before


HOURS = {"opening_hours-TOTAL_FORMS": "2"} | {
    f"opening_hours-{n}-{name}": value
    for n in range(2)
    for name, value in {"weekday": "0", "opens": "09:00", "closes": "17:00", "center": "1"}.items()
}


@pytest.mark.parametrize(
    "changes",
    [{}, {"opening_hours-1-opens": "18:00"}, {"opening_hours-1-weekday": "7"}, {"opening_hours-1-opens": "25:00"}],
    ids=["twice", "closes before it opens", "no such day", "no such hour"],
)
def test_wrong_hours_are_refused_with_a_page(client, make_staff, changes):
    client.force_login(make_staff("publisher"))
    center = Center.objects.get()
    fields = open_form(client, admin_url(center), Center).fields
    response = client.post(admin_url(center), fields | HOURS | changes | {"_save": "1"})
    assert (response.status_code, "errorlist" in response.content.decode()) == (200, True)
    assert OpeningHours.objects.count() == 0


def test_hours_and_target_that_make_no_sense_are_refused_in_words(client, make_staff):
    client.force_login(make_staff("publisher"))
    center = Center.objects.get()
    fields = open_form(client, admin_url(center), Center).fields
    wrong = HOURS | {"opening_hours-1-opens": "18:00", "contact_target_hours": "0", "_save": "1"}
    page = client.post(admin_url(center), fields | wrong).content.decode()
    assert "The center must open before it closes on the same day." in page
    assert "Give at least 1 open hour, or leave it empty." in page


def test_right_hours_are_kept(client, make_staff):
    client.force_login(make_staff("publisher"))
    center = Center.objects.get()
    fields = open_form(client, admin_url(center), Center).fields
    response = client.post(admin_url(center), fields | HOURS | {"opening_hours-1-weekday": "1", "_save": "1"})
    assert response.status_code == 302
    assert [str(hours) for hours in OpeningHours.objects.all()] == ["Monday 09:00 to 17:00", "Tuesday 09:00 to 17:00"]


def test_admin_names_what_was_not_told(client, make_staff):
    client.force_login(make_staff("publisher"))
    html = client.get(admin_url(Center.objects.get())).content.decode()
    assert "street address, ZIP code, license number, first contact within (open hours), opening hours" in html


def test_center_is_neither_added_nor_deleted_by_anyone(client, make_staff):
    client.force_login(make_staff(is_superuser=True))
    center = Center.objects.get()
    assert client.get(admin_url(Center, "add")).status_code == 403
    assert client.post(admin_url(Center, "add"), FACTS).status_code == 403
    assert client.post(admin_url(center, "delete"), {"post": "yes"}).status_code == 403
    assert Center.objects.count() == 1
