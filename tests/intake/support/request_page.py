"""The page of a request as a browser uses it."""

from tests.html import forms_on
from tests.intake.support.helpers import change_page


def page_of(desk, request, **query):
    """The page of a request, as staff open it."""
    return desk.get(change_page(request), query)


def work_form(page):
    """The one form of the page on which everything is done."""
    (form,) = [form for form in forms_on(page) if "version" in form.fields]
    return form


def buttons_on(page):
    """What its buttons do, without the first one, which keeps the Enter key from doing anything, and without undo."""
    return [value for _name, value in work_form(page).buttons if not value.startswith("undo:")][1:]


def press(desk, request, button, form=None, **typed):
    """Opens the page, fills in its form, and sends it with this button as a browser does."""
    form = form or work_form(desk.get(change_page(request)))
    assert ("action", button) in form.buttons
    return desk.post(change_page(request), form.fields | typed | {"action": button})


def followed(desk, response):
    assert (response.status_code, response.context and response.context["refusal"]) == (302, None)
    return desk.get(response["Location"]).content.decode()


def refusal_of(response):
    assert response.status_code == 200
    return response.context["refusal"]


def shown_entries(entries):
    """Entries of the timeline as (what, lines)."""
    return [(str(entry.what), [str(line) for line in entry.lines]) for entry in entries]
