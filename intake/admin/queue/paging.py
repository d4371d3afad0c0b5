"""Keyset pagination for long lists. Nothing is counted, and every page costs the same.

Rows added or removed between two pages don't make another row disappear or show twice.
"""

from dataclasses import dataclass
from types import SimpleNamespace

from django.core import signing

from intake.db.keyset import after, names, reversed_order


@dataclass(frozen=True)
class Page:
    """The rows of a page in order, and the cursors to the pages before and after it; "" if there is none."""

    rows: list
    before: str
    after: str


def page_of(rows, order, size, where):
    """Return the `Page` at the cursor in `where` ("after" or "before"), sorted by `order` (see `intake.db.keyset`).

    Return the first page if there is no usable cursor, if no row comes after it, or if less than a full page comes
    before it.
    """
    if (row := _row_at(where.get("before"), rows.model, order)) is not None:
        found = list(rows.filter(after(row, reversed_order(order))).order_by(*reversed_order(order))[: size + 1])
        if len(found) > size:
            shown = found[:size][::-1]
            return Page(shown, before=cursor(shown[0], order), after=cursor(shown[-1], order))
    elif (row := _row_at(where.get("after"), rows.model, order)) is not None:
        found = list(rows.filter(after(row, order))[: size + 1])
        if found:
            return _page(found, order, size, before=cursor(found[0], order))
    return _page(list(rows[: size + 1]), order, size, before="")


def _page(found, order, size, before):
    shown = found[:size]
    return Page(shown, before, cursor(shown[-1], order) if len(found) > size else "")


def cursor(row, order):
    """Return the signed cursor for this row."""
    values = [getattr(row, name) for name in names(order)]
    plain = [value.isoformat() if hasattr(value, "isoformat") else value for value in values]
    plain = [value if isinstance(value, int) else str(value) for value in plain]
    return signing.dumps(plain, salt=_salt(order))


def _row_at(written, model, order):
    """Return the sort values of a cursor; None if the cursor is invalid."""
    if not written:
        return None
    try:
        values = signing.loads(written, salt=_salt(order))
    except signing.BadSignature:
        return None
    fields = [model._meta.get_field(name) for name in names(order)]
    return SimpleNamespace(**{field.name: field.to_python(value) for field, value in zip(fields, values, strict=True)})


def _salt(order):
    return "intake.paging:" + ",".join(order)
