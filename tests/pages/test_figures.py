"""Drawn figures: their words are text, their drawings are decoration, and only pages that hold one pay for it."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string

from pages import plain_language
from pages.blocks import FIGURES
from pages.models import ContentPage
from tests.html import PageFacts
from tests.pages.helpers import HIGHEST_GRADE, page, section

FOLDER = Path(settings.BASE_DIR) / "templates/includes/figures"
NAMES = [name for name, _label in FIGURES]
every_figure = pytest.mark.parametrize("figure", NAMES)


def rendered(figure):
    return render_to_string(f"includes/figures/{figure}.html")


def words(figure):
    return plain_language.as_text(re.sub("</(?:t[dh]|figcaption)>", "</p>", rendered(figure)))  # each ends a sentence


def page_with(*figures):
    drawn = [("figure", {"figure": figure}) for figure in figures]
    return page(sections=[section("Told", "<p>Told.</p>"), *drawn])


def styles(page):
    return [link["href"] for link in page.all("link") if link.get("rel") == "stylesheet"]


def hours(text):
    return re.findall(r"(?:under )?\d+(?: to \d+)? hours a week(?: or more)?", text.lower())


def test_every_figure_that_can_be_chosen_has_its_template():
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(NAMES)


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
    html = client.get(page_with(figure).url).content.decode()
    assert html.count("<figure") == 1
    assert html.index("<p>Told.</p>") < html.index(rendered(figure))
    assert styles(PageFacts(html)) == ["/static/pages/site.css", "/static/pages/blocks.css"]


@pytest.mark.django_db
def test_page_without_a_figure_loads_no_styles_for_it(client):
    facts = PageFacts(client.get(page_with().url))
    assert (styles(facts), facts.all("figure")) == (["/static/pages/site.css"], [])


@pytest.mark.django_db
def test_figure_that_is_not_known_is_refused_and_draws_nothing(client):
    drawn = page_with("no-such-figure")
    with pytest.raises(ValidationError):
        drawn.sections.stream_block.clean(drawn.sections)
    assert "<figure" not in client.get(drawn.url).content.decode()


@pytest.mark.django_db
def test_starter_pages_hold_their_figures():
    held = {
        page.slug: [block.value["figure"] for block in page.sections if block.block_type == "figure"]
        for page in ContentPage.objects.all()
    }
    assert {slug: figures for slug, figures in held.items() if figures} == {
        "kratom-addiction": ["out_of_100"],
        "levels-of-care": ["levels_of_care"],
        "what-is-7-oh": ["leaf_and_7_oh"],
        "what-is-in-my-product": ["leaf_and_7_oh"],
        "what-happens-when-you-call": ["after_you_ask"],
        "withdrawal-and-detox": ["stages_of_stopping"],
    }


@pytest.mark.django_db
def test_hours_in_the_figure_of_levels_are_those_of_the_starter_page():
    levels = ContentPage.objects.get(slug="levels-of-care")
    (steps,) = [block.value["body"].source for block in levels.sections if block.block_type == "steps"]
    assert hours(words("levels_of_care")) == hours(plain_language.as_text(steps))
    assert len(hours(words("levels_of_care"))) == 3


def counts(text):
    """Return the number of people in a figure or a text: shares of 100, and how many people were asked."""
    return sorted(re.findall(r"about (\d+) (?:in|of) 100|(\d[\d,]*) people", text.lower()))


@pytest.mark.django_db
def test_people_out_of_100_are_those_of_the_starter_page_and_of_their_sources():
    sections = list(ContentPage.objects.get(slug="kratom-addiction").sections)
    place = [block.block_type == "figure" for block in sections].index(True)
    markup = sections[place - 1].value["body"].source
    said = counts(plain_language.as_text("".join(re.findall("<li>.*?</li>", markup))))
    assert set(counts(words("out_of_100"))) == set(said)
    assert len(set(said)) == 7


def test_dots_in_the_figure_of_people_are_as_many_as_it_says():
    figure = ElementTree.fromstring(rendered("out_of_100"))
    for study in figure.findall("ul/li/ul/li"):
        asked, counted = (_dots(path.get("d")) for path in study.find("svg"))
        assert (asked, f"About {counted} of 100") == (100, study.find("strong").text)


def _dots(path):
    """Return how many dots a path draws: each line starts with a dot, and has another every 10 units."""
    return sum(int(length) // 10 + 1 for length in re.findall(r"h(\d+)", path))
