"""The edit form of /cms/, as a browser would send it."""

from tests.html import form_fields, soup


def fields_of(page):
    """Return the fields that a browser would send for the edit form, without buttons."""
    return form_fields(soup(page).select_one("form[data-edit-form], #w-editor-form"))


def with_rows(prefix, rows):
    """Return the fields of an InlinePanel that contains only these rows, all of them new. {} if `rows` is None."""
    if rows is None:
        return {}
    fields = {f"{prefix}-TOTAL_FORMS": str(len(rows)), f"{prefix}-INITIAL_FORMS": "0"}
    for number, row in enumerate(rows):
        fields |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
        fields |= {f"{prefix}-{number}-id": "", f"{prefix}-{number}-DELETE": ""}
    return fields
