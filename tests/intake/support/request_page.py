"""The page of a request, used as a browser would."""

from tests.html import forms_on
from tests.intake.support.helpers import change_page


def page_of(desk, request, **query):
    """Return the page of a request, as staff open it."""
    return desk.get(change_page(request), query)


def work_form(page):
    """Return the only form with actions on the page of a request."""
    (form,) = [form for form in forms_on(page) if "version" in form.fields]
    return form


def buttons_on(page):
    """Return what the buttons of the page do, except Undo and the first button.

    The first button only keeps the Enter key from doing anything.
    """
    return [value for _name, value in work_form(page).buttons if not value.startswith("undo:")][1:]


def press(desk, request, button, form=None, **typed):
    """Open the page, fill in its form and press a button, as a browser does. Return the response."""
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
    """Return the entries of the timeline as pairs of title and lines."""
    return [(str(entry.what), [str(line) for line in entry.lines]) for entry in entries]
