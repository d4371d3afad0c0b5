"""The filters of Find. They hold only codes, nothing personal."""

import datetime as dt

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake import access
from intake.models import AssessmentRequest, ContactPreferences
from intake.models.assessment_request import BY_PHONE
from intake.models.contact import ForWhom, PreferredTime
from pages import facts
from staff.day_field import DayField

Stage, Outcome = AssessmentRequest.Stage, AssessmentRequest.Outcome

ANY, OPEN, ME, NOBODY = "", "open", "me", "none"
WAYS = [("call", _("By phone call")), ("text", _("By text message")), ("email", _("By email"))]


def _choice(label, choices, anything=None):
    return forms.ChoiceField(
        label=label,
        required=False,
        choices=[(ANY, anything or _("Any")), *choices],
        error_messages={"invalid_choice": _("This choice is no longer available. Choose another one.")},
    )


class FilterForm(forms.Form):
    """The filter fields. `reader` is the user whom the choice "me" stands for."""

    stage = _choice(_("Stage"), [(OPEN, _("Any open stage")), *Stage.choices])
    outcome = _choice(_("Outcome"), Outcome.choices)
    owner = _choice(_("Owner"), [], _("Anyone"))
    received_from = DayField(label=_("Received from"), required=False)
    received_to = DayField(label=_("Received until"), required=False)
    preferred_time = _choice(_("Preferred time"), PreferredTime.choices)
    way = _choice(_("May be contacted"), WAYS)
    for_whom = _choice(_("Asking for"), ForWhom.choices)
    quarantined = _choice(_("In quarantine"), [("yes", _("Yes")), ("no", _("No"))])
    referrer_path = _choice(_("Came from"), [])

    def __init__(self, *args, reader, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        self.reader = reader
        self.fields["owner"].choices += [(ME, _("Me")), (NOBODY, _("No one")), *_owners()]
        self.fields["referrer_path"].choices += [(BY_PHONE, _("A phone call")), *_pages()]

    def clean(self):
        cleaned = super().clean()
        first, last = cleaned.get("received_from"), cleaned.get("received_to")
        if first and last and first > last:
            self.add_error("received_to", _("This day is before “Received from”. Swap the two days."))
        return cleaned

    def filters(self):
        """Return the filter fields of `FilterForm`. Fields that a subclass adds are left out."""
        return [self[name] for name in FilterForm.base_fields]

    def chosen_labels(self):
        """Return a label for each chosen filter."""
        choices = {bound.name: dict(getattr(bound.field, "choices", [])) for bound in self.filters()}
        return [
            f"{bound.label}: {choices[bound.name].get(bound.value(), bound.value())}"
            for bound in self.filters()
            if bound.value() and bound.name not in self.errors
        ]

    def codes(self):
        """Return the chosen filters as strings, ready to be saved."""
        chosen = {name: self.cleaned_data[name] for name in FilterForm.base_fields}
        return {name: value if isinstance(value, str) else value.isoformat() for name, value in chosen.items() if value}

    def narrow(self, requests, names=None):
        """Filter `requests` by all chosen values, or only by the fields in `names`."""
        for name in names or FilterForm.base_fields:
            if value := self.cleaned_data[name]:
                requests = _NARROW[name](requests, value, self.reader)
        return requests

    def narrow_to_days(self, requests):
        """Filter `requests` by the chosen days only."""
        return self.narrow(requests, ("received_from", "received_to"))


def _by_stage(requests, stage, reader):
    if stage == Stage.CLOSED:
        return requests.filter(stage=stage)
    return requests.open() if stage == OPEN else requests.open().filter(stage=stage)


def _by_owner(requests, owner, reader):
    if owner == NOBODY:
        is_left = ~Q(owner__in=access.readers()) & ~Q(stage=Stage.CLOSED)
        return requests.filter(Q(owner=None) | is_left)
    return requests.filter(owner=reader.pk if owner == ME else owner)


def _by_preferences(name):
    """Return a filter on the newest contact preferences of a request. Earlier preferences are ignored."""

    def narrow(requests, value, reader):
        newest = ContactPreferences.objects.filter(request=OuterRef("pk")).order_by("-recorded_at", "-pk")
        field, wanted = (f"may_{value}", True) if name == "way" else (name, value)
        return requests.alias(**{f"newest_{name}": Subquery(newest.values(field)[:1])}).filter(
            **{f"newest_{name}": wanted}
        )

    return narrow


def _midnight(day):
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


_NARROW = {
    "stage": _by_stage,
    "outcome": lambda requests, outcome, reader: requests.filter(outcome=outcome),
    "owner": _by_owner,
    "received_from": lambda requests, day, reader: requests.filter(received_at__gte=_midnight(day)),
    "received_to": lambda requests, day, reader: requests.filter(received_at__lt=_midnight(day + dt.timedelta(days=1))),
    "preferred_time": lambda requests, time, reader: requests.filter(preferred_time=time),
    "way": _by_preferences("way"),
    "for_whom": _by_preferences("for_whom"),
    "quarantined": lambda requests, answer, reader: requests.filter(quarantined_at__isnull=answer == "no"),
    "referrer_path": lambda requests, page, reader: requests.filter(referrer_path=page),
}


def _owners():
    """Return everyone who can own a request, including colleagues who have left."""
    users = get_user_model().objects.filter(groups__name__in=access.READERS).distinct().order_by("username")
    return [(str(user.pk), user.get_username()) for user in users]


def _pages():
    return [(address, address) for address in sorted(facts.current().addresses)]
