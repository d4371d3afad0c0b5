"""The edit form of /cms/ as a browser would send it."""

from bs4 import BeautifulSoup


def fields_of(html):
    """What a browser would send of the edit form, buttons aside."""
    form = BeautifulSoup(html, "html.parser").select_one("form[data-edit-form], #w-editor-form")
    fields = {}
    for field in form.select("input[name], textarea[name], select[name]"):
        if field.find_parent("template") or field.get("type") == "submit":
            continue
        if field.get("type") in ("checkbox", "radio") and not field.has_attr("checked"):
            continue
        fields[field["name"]] = _value(field)
    return fields


def _value(field):
    if field.name == "textarea":
        return field.get_text().removeprefix("\n")
    if field.name == "select":
        if field.has_attr("multiple"):
            return [option["value"] for option in field.select("option[selected]")]
        chosen = field.select_one("option[selected]") or field.select_one("option")
        return chosen["value"] if chosen else ""
    return field.get("value", "on" if field.get("type") == "checkbox" else "")


def with_rows(prefix, rows):
    """The fields of an InlinePanel that holds these rows alone, all new; nothing where `rows` is None."""
    if rows is None:
        return {}
    fields = {f"{prefix}-TOTAL_FORMS": str(len(rows)), f"{prefix}-INITIAL_FORMS": "0"}
    for number, row in enumerate(rows):
        fields |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
        fields |= {f"{prefix}-{number}-id": "", f"{prefix}-{number}-DELETE": ""}
    return fields
