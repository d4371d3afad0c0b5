"""Every number and day that staff can save has a least and a greatest value, in the form and in the database."""

import datetime as dt

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import DataError, IntegrityError, models, transaction
from django.test import Client
from django.urls import reverse

from intake import clock
from pages import bounds
from pages.models import Center, Holiday, OpeningHours, Page, PageVersion, Source
from tests.intake.helpers import receive
from tests.pages.helpers import admin_url, any_source, open_form, page_version, rows, send

pytestmark = pytest.mark.django_db


def numbers_and_days():
    """Every field of the content that staff can fill with a number or a day."""
    for app in ("pages", "faq"):
        for model in apps.get_app_config(app).get_models():
            for field in model._meta.concrete_fields:
                is_number = isinstance(field, models.IntegerField) and not field.primary_key
                is_day = isinstance(field, models.DateField) and not isinstance(field, models.DateTimeField)
                if field.editable and not field.choices and (is_number or is_day):
                    yield pytest.param(model, field, id=f"{model.__name__}.{field.name}")


FIELDS = list(numbers_and_days())


def of_kind(field, kind):
    """The limits that validators of one kind set."""
    return [validator.limit_value for validator in field.validators if isinstance(validator, kind)]


def any_row(model):
    """The key of a row to change: of the starter content, or made here."""
    if model is Holiday:
        Holiday.objects.create(center=Center.objects.get(), day="2026-12-25", name="Christmas Day")
    return model._base_manager.order_by("pk").values_list("pk", flat=True)[0]


def test_all_numbers_and_days_are_known_to_these_tests():
    assert {parameter.id for parameter in FIELDS} >= {
        "Center.contact_target_hours",
        "Holiday.day",
        "Page.menu_position",
        "Section.position",
        "PageVersion.checked_on",
        "Source.year",
        "Topic.position",
        "Question.position",
    }


@pytest.mark.parametrize(("model", "field"), FIELDS)
def test_a_number_or_day_has_a_least_and_a_greatest_value_in_the_form(model, field):
    (least,), (most,) = of_kind(field, MinValueValidator), of_kind(field, MaxValueValidator)
    assert most != 2**63 - 1, "only the database's own limit"
    assert field.clean(least, None) == least
    if bounds.not_ahead not in field.validators:
        assert field.clean(most, None) == most
    step = dt.timedelta(days=1) if isinstance(field, models.DateField) else 1
    for value in (least - step, most + step):
        with pytest.raises(ValidationError):
            field.clean(value, None)


@pytest.mark.parametrize(("model", "field"), FIELDS)
def test_a_number_or_day_out_of_bounds_is_refused_by_the_database(model, field):
    (least,), (most,) = of_kind(field, MinValueValidator), of_kind(field, MaxValueValidator)
    step = dt.timedelta(days=1) if isinstance(field, models.DateField) else 1
    key = any_row(model)
    for value in (least - step, most + step):
        with pytest.raises((IntegrityError, DataError)), transaction.atomic():
            model._base_manager.filter(pk=key).update(**{field.name: value})


def test_a_weekday_that_is_none_is_refused_by_the_database():
    with pytest.raises(IntegrityError), transaction.atomic():
        OpeningHours.objects.create(center=Center.objects.get(), weekday=7, opens="09:00", closes="17:00")


@pytest.mark.parametrize("hours", ["169", "1000000000", "9223372036854775807", "99999999999999999999"])
def test_a_target_that_no_clock_can_count_is_refused_in_words_and_requests_still_come_in(client, make_staff, hours):
    client.force_login(make_staff("publisher"))
    center = Center.objects.get()
    OpeningHours.objects.create(center=center, weekday=1, opens="09:00", closes="17:00")
    fields = open_form(client, admin_url(center), Center).fields
    response = client.post(admin_url(center), fields | {"contact_target_hours": hours, "_save": "1"})
    assert (response.status_code, "Give at most 168 open hours" in response.content.decode()) == (200, True)
    assert rows(Center)["pages.Center"][0]["contact_target_hours"] is None
    assert receive().stage == "new"


def test_the_greatest_target_is_counted(client, make_staff):
    client.force_login(make_staff("publisher"))
    center = Center.objects.get()
    OpeningHours.objects.create(center=center, weekday=1, opens="09:00", closes="09:01")
    fields = open_form(client, admin_url(center), Center).fields
    response = client.post(admin_url(center), fields | {"contact_target_hours": "168", "_save": "1"})
    assert response.status_code == 302
    assert clock.our_hours().target == dt.timedelta(hours=168)
    assert receive(best_time="asap").due_at > dt.datetime(2026, 11, 24, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("field", "day", "sentence"),
    [
        ("checked_on", "2026-11-25", "This day has not come yet."),
        ("checked_on", "1026-11-24", "Check the year: it is before 2000."),
        ("review_due", "9999-12-31", "Check the year: it is after 2100."),
        ("review_due", "0001-01-01", "Check the year: it is before 2000."),
    ],
)
def test_a_day_of_another_age_is_refused_in_words(client, make_staff, field, day, sentence):
    client.force_login(make_staff("editor"))
    version = page_version()
    response = send(client, version, **{field: day})
    assert (response.status_code, sentence in response.content.decode()) == (200, True)
    assert PageVersion.objects.filter(page=version.page).count() == 1


def test_today_is_a_day_on_which_sources_may_have_been_checked(client, make_staff, clock):
    clock.move_to(dt.datetime(2026, 11, 25, 3, tzinfo=dt.UTC))  # the evening before in Arizona
    client.force_login(make_staff("editor"))
    version = page_version()
    assert send(client, version, checked_on="2026-11-25").status_code == 200
    assert send(client, version, checked_on="2026-11-24").status_code == 302
    version.refresh_from_db()
    assert version.checked_on == dt.date(2026, 11, 24)


def test_a_year_that_is_a_number_of_another_kind_is_refused(client, make_staff):
    client.force_login(make_staff(is_superuser=True))
    source = any_source()
    fields = open_form(client, admin_url(source), Source).fields
    for year in ("20266", "1", "1e3", "٢٠٢٦٠"):
        response = client.post(admin_url(source), fields | {"year": year, "_save": "1"})
        assert response.status_code == 200
    source.refresh_from_db()
    assert str(source.year) == fields["year"]


def test_a_place_in_the_menu_may_be_zero_and_never_below(client, make_staff):
    client.force_login(make_staff("publisher"))
    page = Page.objects.get(menu_position=1)
    fields = open_form(client, admin_url(page), Page).fields
    assert client.post(admin_url(page), fields | {"menu_position": "-1", "_save": "1"}).status_code == 200
    assert client.post(admin_url(page), fields | {"menu_position": "0", "_save": "1"}).status_code == 302
    page.refresh_from_db()
    assert page.menu_position == 0


def test_a_phone_that_no_form_has_checked_takes_no_page_down(client):
    Center.objects.update(phone="call us: 5")
    assert Center.objects.get().phone_link == "tel:5"
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("moment", ["9999-12-31", "0001-01-01"])
def test_nobody_can_give_an_account_a_moment_that_can_not_be_read_again(make_staff, moment):
    user, client = make_staff("editor"), Client()
    client.force_login(make_staff(is_superuser=True))
    User = get_user_model()
    url = reverse("admin:auth_user_change", args=[user.pk])
    fields = open_form(client, url, User).fields
    times = {f"{name}_{n}": part for name in ("last_login", "date_joined") for n, part in enumerate((moment, "23:59"))}
    assert client.post(url, fields | times | {"first_name": "Rosa", "_save": "1"}).status_code == 302
    kept = User.objects.get(pk=user.pk)
    assert (kept.first_name, kept.last_login, kept.date_joined) == ("Rosa", user.last_login, user.date_joined)


def test_the_days_that_bounds_name_can_be_counted_with():
    for day in bounds.DAYS:
        midnight = dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)
        assert (midnight + clock.LOOK_AHEAD).astimezone(clock.PHOENIX)
