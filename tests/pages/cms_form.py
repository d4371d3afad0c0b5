"""The edit form of /cms/ as a browser would send it."""

from tests.html import form_fields, soup


def fields_of(page):
    """What a browser would send of the edit form, buttons aside."""
    return form_fields(soup(page).select_one("form[data-edit-form], #w-editor-form"))


def with_rows(prefix, rows):
    """The fields of an InlinePanel that holds these rows alone, all new; nothing where `rows` is None."""
    if rows is None:
        return {}
    fields = {f"{prefix}-TOTAL_FORMS": str(len(rows)), f"{prefix}-INITIAL_FORMS": "0"}
    for number, row in enumerate(rows):
        fields |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
        fields |= {f"{prefix}-{number}-id": "", f"{prefix}-{number}-DELETE": ""}
    return fields
