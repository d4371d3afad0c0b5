from zoneinfo import available_timezones

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, InlinePanel, MultiFieldPanel, PublishingPanel
from wagtail.coreutils import get_supported_content_language_variant
from wagtail.models import DraftStateMixin, Locale, LockableMixin, PreviewableMixin, RevisionMixin

from .. import field_limits
from ..content_generation import AtomicModel
from ..fields import PlainDayField, PlainTimeField, clock_time
from ..publishing import CheckedPublishing

OVERLAP = _("These hours overlap with another line for the same day. Combine the two lines or change one.")


def _is_time_zone(name):
    if name not in available_timezones():
        raise ValidationError(_("That is not a known time zone. Example: America/Phoenix"))


def _is_us_phone(number):
    try:
        valid = phonenumbers.is_valid_number(phonenumbers.parse(number, "US"))
    except phonenumbers.NumberParseException:
        valid = False
    if not valid:
        raise ValidationError(_("That is not a phone number that people can call. Example: (480) 526-7738"))


def tel_link(phone):
    """Return the `tel:` address of a phone number, with the country code. "" if it contains no digits."""
    try:
        number = phonenumbers.parse(phone, "US")
    except phonenumbers.NumberParseException:  # an unchecked row must not break every page
        digits = "".join(character for character in phone if character.isdecimal())
        return "tel:" + digits if digits else ""
    return "tel:" + phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def default_locale():
    """Return the primary key of the default language's row, or None if it does not exist yet."""
    code = get_supported_content_language_variant(settings.LANGUAGE_CODE)
    return Locale.objects.filter(language_code=code).values_list("pk", flat=True).first()


class CenterForm(WagtailAdminModelForm):
    """Shows overlapping hours as an error on their line. Otherwise only the database would refuse them."""

    def clean(self):
        super().clean()
        if rows := self.formsets.get("opening_hours"):
            self._refuse_overlaps(rows)

    def _refuse_overlaps(self, rows):
        rows.is_valid()
        known = {}
        for row in rows.forms:
            values = getattr(row, "cleaned_data", {})
            weekday, opens, closes = (values.get(name) for name in ("weekday", "opens", "closes"))
            if values.get("DELETE") or None in (weekday, opens, closes):
                continue
            spans = known.setdefault(weekday, [])
            if any(begins < closes and opens < ends for begins, ends in spans):
                row.add_error("opens", OVERLAP)
            spans.append((opens, closes))


class Center(
    CheckedPublishing, DraftStateMixin, LockableMixin, RevisionMixin, PreviewableMixin, AtomicModel, ClusterableModel
):
    """The facts about the center, in a single row. The site hides blank facts.

    Readers see the row. Editors save a revision, which replaces the row when it is published.
    """

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
        validators=field_limits.validators(
            field_limits.OPEN_HOURS,
            _("Enter at least 1 open hour, or leave this empty."),
            _("Enter at most 168 open hours, which is a whole week."),
        ),
        help_text=_(
            "Sets when a request is due. If this is blank, the desk uses 4 open hours and marks the due time "
            "as a default."
        ),
    )

    fax = models.CharField(_("fax"), max_length=30, blank=True, validators=[_is_us_phone])
    referral_line = models.CharField(
        _("referral line"),
        max_length=30,
        blank=True,
        validators=[_is_us_phone],
        help_text=_("A phone number for professionals who refer someone."),
    )

    panels = [
        HelpPanel(template="pages/cms/hidden_facts.html"),
        MultiFieldPanel(
            [
                FieldPanel("name"),
                FieldPanel("license_number"),
                FieldRowPanel([FieldPanel("phone"), FieldPanel("fax"), FieldPanel("referral_line")]),
            ],
            heading=_("The center"),
        ),
        InlinePanel(
            "opening_hours",
            [FieldRowPanel([FieldPanel("weekday"), FieldPanel("opens"), FieldPanel("closes")])],
            heading=_("Opening hours"),
            label=_("Hours"),
            help_text=_("One line for each period when you are open. Type times as you say them: 9 AM, 5:30 PM, noon."),
        ),
        InlinePanel(
            "holidays",
            [FieldRowPanel([FieldPanel("day"), FieldPanel("name")])],
            heading=_("Holidays"),
            label=_("Holiday"),
            help_text=_("Days when you are closed. Readers see the name, such as Christmas Day."),
        ),
        FieldPanel("contact_target_hours"),
        MultiFieldPanel(
            [
                FieldPanel("street"),
                FieldRowPanel([FieldPanel("town"), FieldPanel("state"), FieldPanel("postal_code")]),
                FieldPanel("time_zone"),
            ],
            heading=_("Address"),
        ),
        InlinePanel(
            "texts",
            [FieldPanel("locale"), FieldPanel("directions"), FieldPanel("languages")],
            heading=_("Directions and languages"),
            label=_("Texts"),
            help_text=_("One entry for each language of the site."),
        ),
        PublishingPanel(children=[FieldPanel("go_live_at")]),
    ]
    base_form_class = CenterForm
    content_file = "center.json"

    class Meta:
        verbose_name = _("center")
        verbose_name_plural = _("center")
        constraints = [
            models.CheckConstraint(name="center_is_one_row", condition=Q(pk=1)),
            models.CheckConstraint(name="center_is_always_live", condition=Q(live=True, expire_at__isnull=True)),
            models.CheckConstraint(
                name="center_target_is_within_bounds",
                condition=field_limits.between(field_limits.OPEN_HOURS, "contact_target_hours"),
                violation_error_message=_("Enter 1 to 168 open hours, or leave this empty."),
            ),
        ]

    def __str__(self):
        return self.name

    def save(self, **kwargs):
        """Save the single row. Without `update_fields`, also save its hours, holidays and texts."""
        self.pk = 1
        with transaction.atomic():
            if kwargs.get("update_fields") is None:
                self._clear_moved_lines()
            super().save(**kwargs)

    def _clear_moved_lines(self):
        """Delete the stored lines that are about to change.

        Lines are saved one by one. So the old values of one line could conflict with the new values of another, as when
        Monday and Tuesday are swapped.
        """
        for relation in (OpeningHours, Holiday, CenterTexts):
            lines = {line.pk: line for line in getattr(self, relation.relation_name).all() if line.pk}
            for stored in relation.objects.filter(pk__in=lines):
                if stored.serializable_values() != lines[stored.pk].serializable_values():
                    stored.delete()

    def with_content_json(self, content):
        """Return a revision as a center row that counts as live, even before the first publication.

        Otherwise Wagtail would write a scheduled revision into the row at once.
        """
        center = super().with_content_json(content)
        center.live_revision_id = self.live_revision_id or self.latest_revision_id
        return center

    def get_preview_template(self, request, mode_name):
        return "pages/center_preview.html"

    def get_preview_context(self, request, mode_name):
        """Add the facts of this draft to the preview's context."""
        from .. import facts

        return super().get_preview_context(request, mode_name) | facts.template_context(facts.with_center(self))

    @property
    def phone_link(self):
        """Return the `tel:` address of the phone number, with the country code."""
        return tel_link(self.phone) or "tel:"

    @property
    def fax_link(self):
        return tel_link(self.fax)

    @property
    def referral_link(self):
        return tel_link(self.referral_line)

    def missing_facts(self):
        """Return the names of the blank facts, which the site hides."""
        optional = ("street", "postal_code", "license_number", "fax", "referral_line", "contact_target_hours")
        blank = [self._meta.get_field(name).verbose_name for name in optional if not getattr(self, name)]
        if not self.opening_hours.all():
            blank.append(_("opening hours"))
        texts = self.texts.all()
        for name in ("directions", "languages"):
            if not any(getattr(text, name) for text in texts):
                blank.append(CenterTexts._meta.get_field(name).verbose_name)
        return blank


class CenterLine(AtomicModel):
    """Base class for the lines of the center, which are saved and published together with it."""

    class Meta:
        abstract = True

    def serializable_values(self):
        return {field.attname: getattr(self, field.attname) for field in self._meta.concrete_fields}


class OpeningHours(CenterLine):
    """A period of a weekday when the center is open, in the center's time zone.

    The periods of a weekday never overlap, see `pages.opening_hours_trigger`.
    """

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    relation_name = "opening_hours"

    center = ParentalKey(Center, related_name=relation_name)
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    opens = PlainTimeField(_("opens"))
    closes = PlainTimeField(_("closes"))

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                name="opening_hours_weekday_is_known", condition=Q(weekday__in=[0, 1, 2, 3, 4, 5, 6])
            ),
            models.CheckConstraint(
                name="opening_hours_open_before_closing",
                condition=Q(opens__lt=F("closes")),
                violation_error_message=_("The closing time must be after the opening time, on the same day."),
            ),
        ]

    def __str__(self):
        return f"{self.get_weekday_display()}, {clock_time(self.opens)} to {clock_time(self.closes)}"


class Holiday(CenterLine):
    """A day on which the center is closed."""

    relation_name = "holidays"

    center = ParentalKey(Center, related_name=relation_name)
    day = PlainDayField(_("day"), unique=True, validators=field_limits.day_validators())
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ["day"]
        constraints = [
            models.CheckConstraint(
                name="holiday_is_within_bounds", condition=field_limits.between(field_limits.DAYS, "day")
            )
        ]

    def __str__(self):
        return f"{self.name} ({self.day})"


class CenterTexts(CenterLine):
    """The center's texts in one language. Hours, numbers and names need no translation."""

    relation_name = "texts"

    center = ParentalKey(Center, related_name=relation_name)
    locale = models.ForeignKey(Locale, models.PROTECT, related_name="+", verbose_name=_("in"), default=default_locale)
    directions = models.TextField(
        _("directions"),
        blank=True,
        max_length=1000,
        help_text=_("How to get here: bus lines, parking, which door to use."),
    )
    languages = models.CharField(
        _("languages spoken"), blank=True, max_length=200, help_text=_("Separated by commas, such as: English, Spanish")
    )

    class Meta:
        verbose_name = _("texts of the center")
        verbose_name_plural = _("texts of the center")
        ordering = ["locale"]
        constraints = [
            models.UniqueConstraint(
                fields=["center", "locale"],
                name="center_texts_once_a_language",
                violation_error_message=_("This language already has texts."),
            )
        ]

    def __str__(self):
        return f"{self.center} ({self.locale})"
