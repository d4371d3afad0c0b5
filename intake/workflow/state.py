"""Columns of a request as JSON, so that what a change took away can be brought back exactly."""

import datetime as dt

from intake.models import AssessmentRequest


def as_json(request, names):
    """The values of these columns (attribute names) as JSON can hold them."""
    return {name: _plain(getattr(request, name)) for name in names}


def from_json(values):
    """What `as_json` returned, as the columns hold it."""
    return {name: AssessmentRequest._meta.get_field(name).to_python(value) for name, value in values.items()}


def _plain(value):
    if value is None or isinstance(value, bool | int | str | dict):
        return value
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)
