"""Convert columns of a request to JSON and back, so that undo can restore them exactly."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, cast

from django.db import models

from intake.models import AssessmentRequest

Columns = dict[str, Any]  # values of a request's columns, by name


def as_json(request: AssessmentRequest, names: Iterable[str]) -> dict[str, object]:
    """Return the columns `names` of a request by name, as values that JSON can store."""
    return {name: _plain(getattr(request, name)) for name in names}


def from_json(values: Mapping[str, object]) -> Columns:
    """Convert the values from `as_json` back to column values, and return them by name."""
    return {name: _field(name).to_python(value) for name, value in values.items()}


def _field(name: str) -> "models.Field[Any, Any]":
    return cast("models.Field[Any, Any]", AssessmentRequest._meta.get_field(name))


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | str | dict):
        return value
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)
