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

from intake.contact import schedule
from pages import field_limits
from pages.models import Center, Holiday, OpeningHours
from tests.html import form_fields, soup
from tests.intake.support.factories import make_request
from tests.pages.helpers import any_source, page, question

pytestmark = pytest.mark.django_db


NOT_FOR_STAFF = {"ContentGeneration", "LoadedFile", "Picture"}  # staff draw a picture's numbers, within its frame


def numbers_and_days():
    """Every field of ours in the content that staff can fill with a number or a day."""
    for app in ("pages", "faq"):
        for model in apps.get_app_config(app).get_models():
            for field in model._meta.concrete_fields:
                is_number = isinstance(field, models.IntegerField) and not field.primary_key
                is_day = isinstance(field, models.DateField) and not isinstance(field, models.DateTimeField)
                is_ours = field.model is model and model.__name__ not in NOT_FOR_STAFF
                if is_ours and field.editable and not field.choices and (is_number or is_day):
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
        "ContentPage.menu_position",
        "ContentPage.checked_on",
        "QuestionPage.checked_on",
        "Source.year",
        "Topic.position",
    }


@pytest.mark.parametrize(("model", "field"), FIELDS)
def test_a_number_or_day_has_a_least_and_a_greatest_value_in_the_form(model, field):
    (least,), (most,) = of_kind(field, MinValueValidator), of_kind(field, MaxValueValidator)
    assert most != 2**63 - 1, "only the database's own limit"
    assert field.clean(least, None) == least
    if field_limits.not_in_future not in field.validators:
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
def test_target_beyond_any_clock_is_refused_and_requests_still_come_in(hours):
    center = Center.objects.get()
    OpeningHours.objects.create(center=center, weekday=1, opens="09:00", closes="17:00")
    center.contact_target_hours = hours
    with pytest.raises(ValidationError) as refused:
        center.full_clean()
    assert refused.value.message_dict["contact_target_hours"][0].startswith("Enter at most 168 open hours")
    assert make_request(preferred_time="asap").stage == "new"


def test_the_greatest_target_is_counted():
    center = Center.objects.get()
    OpeningHours.objects.create(center=center, weekday=1, opens="09:00", closes="09:01")
    center.contact_target_hours = 168
    center.full_clean()
    center.save()
    assert schedule.our_hours().target == dt.timedelta(hours=168)
    assert make_request(preferred_time="asap").due_at > dt.datetime(2026, 11, 24, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("2026-11-25", "This date is in the future."),
        ("1026-11-24", "Check the year: it is before 2000."),
        ("9999-12-31", "Check the year: it is after 2100."),
    ],
)
@pytest.mark.parametrize("make", [page, question])
def test_a_day_of_another_age_is_refused_in_words(make, day, sentence):
    checked = make()
    checked.checked_on = day
    with pytest.raises(ValidationError) as refused:
        checked.full_clean()
    assert sentence in refused.value.message_dict["checked_on"]


def test_today_is_a_day_on_which_sources_may_have_been_checked(clock):
    clock.move_to(dt.datetime(2026, 11, 25, 3, tzinfo=dt.UTC))  # the evening before in Arizona
    checked = page()
    checked.checked_on = dt.date(2026, 11, 25)
    with pytest.raises(ValidationError):
        checked.full_clean()
    checked.checked_on = dt.date(2026, 11, 24)
    checked.full_clean()


def test_a_year_that_is_a_number_of_another_kind_is_refused():
    source = any_source()
    for year in ("20266", "1", "1e3"):
        source.year = year
        with pytest.raises(ValidationError):
            source.full_clean()


def test_a_phone_that_no_form_has_checked_takes_no_page_down(client):
    Center.objects.update(phone="call us: 5")
    assert Center.objects.get().phone_link == "tel:5"
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("moment", ["9999-12-31", "0001-01-01"])
def test_nobody_can_give_an_account_a_moment_that_can_not_be_read_again(make_staff, moment):
    user, client = make_staff("editor", email="rosa@example.org"), Client()
    client.force_login(make_staff(is_superuser=True))
    User = get_user_model()
    url = reverse("admin:auth_user_change", args=[user.pk])
    fields = form_fields(soup(client.get(url)).find(id="user_form"))
    times = {f"{name}_{n}": part for name in ("last_login", "date_joined") for n, part in enumerate((moment, "23:59"))}
    assert client.post(url, fields | times | {"first_name": "Rosa", "_save": "1"}).status_code == 302
    kept = User.objects.get(pk=user.pk)
    assert (kept.first_name, kept.last_login, kept.date_joined) == ("Rosa", user.last_login, user.date_joined)


def test_the_days_that_bounds_name_can_be_counted_with():
    for day in field_limits.DAYS:
        midnight = dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)
        assert (midnight + schedule.LOOK_AHEAD).astimezone(schedule.PHOENIX)
