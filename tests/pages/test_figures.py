"""Drawn figures: their words are text, their drawings are decoration, and only pages that hold one pay for it."""

import re
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import timezone
from pages.version_admin import HIGHEST_GRADE

import pages.starter
from pages import plain_language
from pages.models import PageVersion, Section
from tests.crawl import PageFacts
from tests.pages.helpers import newest, page_version, said, send

FOLDER = Path(settings.BASE_DIR) / "templates/includes/figures"
every_figure = pytest.mark.parametrize("figure", Section.Figure.values)


def rendered(figure):
    return render_to_string(f"includes/figures/{figure}.html")


def words(figure):
    return plain_language.as_text(rendered(figure))


def page_with(figure, kind="text"):
    version = page_version()
    Section.objects.create(version=version, position=2, kind=kind, heading="Drawn", body="<p>Told.</p>", figure=figure)
    version.publish()
    return version


def styles(page):
    return [link["href"] for link in page.all("link") if link.get("rel") == "stylesheet"]


def hours(text):
    return re.findall(r"(?:under )?\d+(?: to \d+)? hours a week(?: or more)?", text.lower())


def test_every_figure_that_can_be_chosen_has_its_template():
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(Section.Figure.values)


@every_figure
def test_figure_is_well_formed_and_named_by_its_caption(figure):
    root = ElementTree.fromstring(rendered(figure))
    assert (root.tag, root[0].tag, len(root.findall("figcaption"))) == ("figure", "figcaption", 1)


@every_figure
def test_drawing_in_a_figure_is_decoration_without_words(figure):
    drawings = list(ElementTree.fromstring(rendered(figure)).iter("svg"))
    assert drawings != []
    for drawing in drawings:
        assert (drawing.get("aria-hidden"), drawing.get("focusable")) == ("true", "false")
        assert "".join(drawing.itertext()).strip() == ""


@every_figure
def test_figure_can_stand_twice_on_a_page(figure):
    assert PageFacts(rendered(figure)).ids == []


@every_figure
def test_words_of_a_figure_are_plain(figure):
    assert plain_language.words_to_avoid(words(figure)) == []
    assert plain_language.grade(words(figure)) <= HIGHEST_GRADE


def test_figure_of_stopping_gives_no_number():
    assert re.findall(r"\d", words("stages_of_stopping")) == []


@pytest.mark.django_db
@every_figure
def test_page_with_a_figure_shows_it_below_its_text_and_loads_its_styles(client, figure):
    version = page_with(figure)
    html = client.get(version.page.get_absolute_url()).content.decode()
    assert html.count("<figure") == 1
    assert html.index("<p>Told.</p>") < html.index(rendered(figure))
    assert styles(PageFacts(html)) == ["/static/pages/site.css", "/static/pages/figures.css"]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", Section.Kind.values)
def test_section_of_every_kind_can_hold_a_figure(client, kind):
    version = page_with("levels_of_care", kind)
    html = client.get(version.page.get_absolute_url()).content.decode()
    assert html.count("<figure") == 1


@pytest.mark.django_db
def test_page_without_a_figure_loads_no_styles_for_it(client):
    page = PageFacts(client.get(page_with("").page.get_absolute_url()).content.decode())
    assert (styles(page), page.all("figure")) == (["/static/pages/site.css"], [])


@pytest.mark.django_db
def test_figure_that_is_not_known_is_refused():
    version = page_version()
    with pytest.raises(IntegrityError), transaction.atomic():
        Section.objects.create(version=version, heading="Drawn", figure="no-such-figure")


def test_starter_pages_hold_their_figures():
    files = pages.starter.files(pages.starter.FOLDER, without=pages.starter.SHARED)
    held = {data["key"]: [section["figure"] for section in data["sections"] if "figure" in section] for data in files}
    assert {key: figures for key, figures in held.items() if figures} == {
        "levels-of-care": ["levels_of_care"],
        "what-happens-when-you-call": ["after_you_ask"],
        "withdrawal-and-detox": ["stages_of_stopping"],
    }


@pytest.mark.django_db
def test_hours_in_the_figure_of_levels_are_those_of_the_starter_page():
    version = PageVersion.objects.live().get(page__path="treatment/levels-of-care")
    steps = version.sections.get(kind="steps")
    assert hours(words("levels_of_care")) == hours(plain_language.as_text(steps.body))
    assert len(hours(words("levels_of_care"))) == 3


@pytest.mark.django_db
def test_editor_chooses_a_figure_and_takes_it_away(client, make_staff):
    client.force_login(make_staff("editor"))
    live = page_version(begins=timezone.now() - timedelta(hours=1))
    assert b"<figure" in send(client, live, "_preview", **{"sections-0-figure": "after_you_ask"}).content
    send(client, live, **{"sections-0-figure": "after_you_ask"})
    draft = newest(live)
    assert ([s.figure for s in draft.sections.all()], [s.figure for s in live.sections.all()]) == (
        ["after_you_ask"],
        [""],
    )
    send(client, draft, **{"sections-0-figure": ""})
    assert [section.figure for section in draft.sections.all()] == [""]


@pytest.mark.django_db
def test_new_figure_alone_is_a_change_worth_publishing(client, make_staff):
    client.force_login(make_staff("publisher"))
    live = page_version(begins=timezone.now() - timedelta(hours=1))
    response = send(client, live, "_publish", **{"sections-0-figure": "levels_of_care"})
    assert said(response)[-1] == "Published. Readers see it now."
    again = send(client, newest(live), "_publish")
    assert said(again) == ["Nothing was changed: readers see exactly this."]
    assert [section.figure for section in newest(live).sections.all()] == ["levels_of_care"]
