"""Columns of a request as JSON, so that undo can restore them exactly."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, cast

from django.db import models

from intake.models import AssessmentRequest

Columns = dict[str, Any]  # of a request, from name to value


def as_json(request: AssessmentRequest, names: Iterable[str]) -> dict[str, object]:
    """Return these columns (attribute names) as JSON values."""
    return {name: _plain(getattr(request, name)) for name in names}


def from_json(values: Mapping[str, object]) -> Columns:
    """Return the column values that `as_json` stored."""
    return {name: _field(name).to_python(value) for name, value in values.items()}


def _field(name: str) -> "models.Field[Any, Any]":
    return cast("models.Field[Any, Any]", AssessmentRequest._meta.get_field(name))


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | str | dict):
        return value
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)
