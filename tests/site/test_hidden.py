"""No word that is not published reaches a reader, wherever the site speaks of pages and answers."""

import datetime as dt

import pytest
from django.utils import timezone

from pages import facts
from tests.pages.helpers import OFF_LINE, edit, page, question

pytestmark = pytest.mark.django_db

# Where the words and the address of a live one stand, so that each place is one where a hidden one could.
PLACES_OF_A_PAGE = ["/", "/treatment/", "/sitemap.xml", "/search/?q=zebrafish", "/assessment/"]
PLACES_OF_A_QUESTION = [
    "/faq/",
    "/addiction/kratom-addiction-treatment/",
    "/faq/kratom-withdrawal/",
    "/sitemap.xml",
    "/search/?q=zebrafish",
]


def make(kind, state):
    if kind == "page":
        in_menu = {"menu": "footer", "menu_label": "Zebrafish"}
        return page("zebrafish", state=state, under="treatment", title="Zebrafish", summary="A zebrafish.", **in_menu)
    return question("zebrafish", state=state, title="Zebrafish?", answer="<p>A zebrafish.</p>")


def places_with_a_trace(client, kind):
    places = PLACES_OF_A_PAGE if kind == "page" else PLACES_OF_A_QUESTION
    found = []
    for place in places:
        response = client.get(place)
        assert response.status_code == 200
        words = response.content.decode().replace('value="zebrafish"', "").lower().replace("“zebrafish”", "")
        if "zebrafish" in words:
            found.append(place)
    return found


@pytest.mark.parametrize("kind", ["page", "question"])
def test_live_one_stands_in_every_place(client, kind):
    make(kind, "live")
    assert places_with_a_trace(client, kind) == (PLACES_OF_A_PAGE if kind == "page" else PLACES_OF_A_QUESTION)


@pytest.mark.parametrize("state", OFF_LINE)
@pytest.mark.parametrize("kind", ["page", "question"])
def test_hidden_one_leaves_no_trace_in_any_place(client, kind, state):
    hidden = make(kind, state)
    facts.forget()
    assert places_with_a_trace(client, kind) == []
    assert client.get(hidden.url).status_code == 404


@pytest.mark.parametrize("kind", ["page", "question"])
def test_one_that_ends_leaves_every_place_at_its_second(client, stopped_clock, kind):
    made = edit(make(kind, "live"), expire_at=timezone.now() + dt.timedelta(seconds=5))
    assert places_with_a_trace(client, kind) == (PLACES_OF_A_PAGE if kind == "page" else PLACES_OF_A_QUESTION)
    stopped_clock.shift(dt.timedelta(seconds=6))
    assert places_with_a_trace(client, kind) == []
    assert client.get(made.url).status_code == 404


@pytest.mark.parametrize("kind", ["page", "question"])
def test_draft_of_a_live_one_leaves_no_trace(client, kind):
    if kind == "page":
        draft = page("plain", under="treatment", title="Plain", menu="footer", menu_label="Plain")
        draft.summary = "A zebrafish."
    else:
        draft = question("plain", title="Plain?", answer="<p>Plain.</p>")
        draft.answer = "<p>A zebrafish.</p>"
    draft.title = draft.search_description = "Zebrafish"
    draft.slug = "zebrafish"
    draft.save_revision()
    assert places_with_a_trace(client, kind) == []
    assert "zebrafish" not in client.get(draft.get_url().replace("zebrafish", "plain")).content.decode().lower()
    assert client.get(draft.url).status_code in (200, 404)
