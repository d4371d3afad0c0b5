"""The time zones that a person can choose: IANA names, with the names that people use."""

from django.utils.translation import gettext_lazy as _

TIME_ZONES = [
    ("America/Phoenix", _("Arizona")),
    ("America/Los_Angeles", _("Pacific")),
    ("America/Denver", _("Mountain")),
    ("America/Chicago", _("Central")),
    ("America/New_York", _("Eastern")),
    ("America/Anchorage", _("Alaska")),
    ("Pacific/Honolulu", _("Hawaii")),
]
