from zoneinfo import available_timezones

import phonenumbers
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .. import bounds
from ..generation import AtomicModel


def _is_time_zone(name):
    if name not in available_timezones():
        raise ValidationError(_("There is no time zone of that name. Example: America/Phoenix"))


def _is_us_phone(number):
    try:
        valid = phonenumbers.is_valid_number(phonenumbers.parse(number, "US"))
    except phonenumbers.NumberParseException:
        valid = False
    if not valid:
        raise ValidationError(_("That is not a phone number people can call. Example: (480) 526-7738"))


class Center(AtomicModel):
    """What the owner has told about the center: one row. A blank fact is hidden on the site, never filled in."""

    name = models.CharField(_("name"), max_length=120)
    phone = models.CharField(_("phone"), max_length=30, validators=[_is_us_phone])
    town = models.CharField(_("town"), max_length=80)
    state = models.CharField(_("state"), max_length=40)
    street = models.CharField(_("street address"), max_length=200, blank=True)
    postal_code = models.CharField(_("ZIP code"), max_length=10, blank=True)
    license_number = models.CharField(_("license number"), max_length=60, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=60, default="America/Phoenix", validators=[_is_time_zone])
    contact_target_hours = models.PositiveSmallIntegerField(
        _("first contact within (open hours)"),
        null=True,
        blank=True,
        validators=bounds.validators(
            bounds.OPEN_HOURS,
            _("Give at least 1 open hour, or leave it empty."),
            _("Give at most 168 open hours: that is a week around the clock."),
        ),
        help_text=_("Sets when a request is due. Blank: the desk counts 4 open hours and marks that as assumed."),
    )

    class Meta:
        verbose_name = _("center")
        verbose_name_plural = _("center")
        constraints = [
            models.CheckConstraint(name="center_is_one_row", condition=Q(pk=1)),
            models.CheckConstraint(
                name="center_target_is_within_bounds",
                condition=bounds.between(bounds.OPEN_HOURS, "contact_target_hours"),
                violation_error_message=_("Give 1 to 168 open hours, or leave it empty."),
            ),
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        self.pk = 1
        super().save(*args, **kwargs)

    @property
    def phone_link(self):
        """The `tel:` address of the phone, with the country code."""
        try:
            number = phonenumbers.parse(self.phone, "US")
        except phonenumbers.NumberParseException:  # a row that no form has checked must not take every page down
            return "tel:" + "".join(character for character in self.phone if character.isdecimal())
        return "tel:" + phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def untold_facts(self):
        """The names of the facts that the owner has not told, which the site hides."""
        optional = ("street", "postal_code", "license_number", "contact_target_hours")
        blank = [self._meta.get_field(name).verbose_name for name in optional if not getattr(self, name)]
        return blank if self.opening_hours.exists() else [*blank, _("opening hours")]


class OpeningHours(AtomicModel):
    """A span of a weekday in which the center answers, in the center's time zone."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    center = models.ForeignKey(Center, models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ["weekday", "opens"]
        constraints = [
            models.UniqueConstraint(fields=["weekday", "opens"], name="opening_hours_once"),
            models.CheckConstraint(
                name="opening_hours_weekday_is_known", condition=Q(weekday__in=[0, 1, 2, 3, 4, 5, 6])
            ),
            models.CheckConstraint(
                name="opening_hours_open_before_closing",
                condition=Q(opens__lt=F("closes")),
                violation_error_message=_("The center must open before it closes on the same day."),
            ),
        ]

    def __str__(self):
        return f"{self.get_weekday_display()} {self.opens:%H:%M} to {self.closes:%H:%M}"


class Holiday(AtomicModel):
    """A day on which the center is closed."""

    center = models.ForeignKey(Center, models.CASCADE, related_name="holidays")
    day = models.DateField(_("day"), unique=True, validators=bounds.day_validators())
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ["day"]
        constraints = [
            models.CheckConstraint(name="holiday_is_within_bounds", condition=bounds.between(bounds.DAYS, "day"))
        ]

    def __str__(self):
        return f"{self.name} ({self.day})"
