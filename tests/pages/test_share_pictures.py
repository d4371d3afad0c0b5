"""The picture of a link preview: the title of the page, whole, on the drawing of its kind, and nothing hidden."""

import io
import re

import pytest
from PIL import Image
from wagtail.models import Locale, Site

from pages import facts, share_pictures
from tests.pages.helpers import OFF_LINE, edit, home, page, question

pytestmark = pytest.mark.django_db

LONG = (
    "Kratom, 7-OH, and pregnancy: what is known, what is not, and who can help before and after the birth of a baby "
    * 2
)


def picture(response):
    assert (response.status_code, response["Content-Type"]) == (200, "image/png")
    return Image.open(io.BytesIO(response.content)).convert("RGB")


def drawn(kind, title, name="A Center"):
    return Image.open(io.BytesIO(share_pictures.draw(kind, title, name))).convert("RGB")


def ink(title):
    """The box around what a title adds to the picture without one."""
    with_title, without = drawn("text", title), drawn("text", "")
    changed = [
        (x, y)
        for y in range(0, share_pictures.SIZE[1], 2)
        for x in range(0, share_pictures.SIZE[0], 2)
        if with_title.getpixel((x, y)) != without.getpixel((x, y))
    ]
    return (
        min(x for x, _ in changed),
        min(y for _, y in changed),
        max(x for x, _ in changed),
        max(y for _, y in changed),
    )


@pytest.mark.parametrize("path", ["/", "/faq/", "/faq/kratom-withdrawal/", "/contact/", "/assessment/"])
def test_picture_has_the_size_of_a_link_preview_and_any_cache_may_keep_it(client, path):
    response = client.get(f"/share{path}picture.png")
    assert picture(response).size == (1200, 630)
    assert len(response.content) < 120_000
    assert (response["Cache-Control"], dict(response.cookies)) == ("public, max-age=60", {})
    assert client.get(f"/share{path}picture.png", headers={"if-none-match": response["ETag"]}).status_code == 304


def test_page_in_another_language_has_its_own_picture(client):
    spanish = home().copy_for_translation(Locale.objects.create(language_code="es"))
    spanish.title = "Ayuda con el kratom"
    spanish.publish(spanish.save_revision())
    Site.clear_site_root_paths_cache()  # which Wagtail keeps for an hour
    facts.forget()
    in_spanish = picture(client.get("/share/es/picture.png"))
    assert in_spanish.tobytes() != picture(client.get("/share/picture.png")).tobytes()


def test_each_kind_of_page_has_a_picture_of_its_own():
    kinds = ("home", "text", "question", "form")
    assert len({drawn(kind, "The same title").tobytes() for kind in kinds}) == len(kinds)


def test_new_title_shows_at_once(client):
    renamed = page(title="Sleep")
    before = client.get("/share/sleep/picture.png").content
    edit(renamed, title="Rest")
    assert client.get("/share/sleep/picture.png").content not in (before, b"")


@pytest.mark.parametrize("state", OFF_LINE)
def test_page_that_readers_can_not_open_has_no_picture(client, state):
    page(title="Secret", state=state)
    question(title="Secret?", state=state)
    assert client.get("/share/sleep/picture.png").status_code == 404
    assert client.get("/share/faq/can-i-sleep/picture.png").status_code == 404


@pytest.mark.parametrize("path", ["/nothing/", "/assessment/received/x/", "/search/", "/admin/", "/x" * 200 + "/"])
def test_no_other_address_has_a_picture(client, path):
    assert client.get(f"/share{path}picture.png").status_code == 404


@pytest.mark.parametrize("title", ["No", LONG[:120], LONG[:250], "W" * 255, "Donaudampfschifffahrt" * 3])
def test_title_is_whole_and_stays_in_the_sky(title):
    left, top, right, bottom = ink(title)
    assert (left >= share_pictures.LEFT - 10, top >= share_pictures.TOP - 10) == (True, True)
    assert right <= share_pictures.LEFT + share_pictures.WIDTH + 10
    assert bottom <= share_pictures.TOP + share_pictures.HEIGHT + 20


def test_longer_title_is_drawn_in_smaller_letters():
    sizes = [share_pictures.lines_of(title)[0].size for title in ("No", LONG[:120], LONG[:250])]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3


@pytest.mark.parametrize("title", ["No", LONG, "W" * 255])
def test_no_word_of_a_title_is_lost(title):
    _font, lines = share_pictures.lines_of(title)
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", title)


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("Your privacy on this website", ["Your privacy", "on this website"]),
        ("Paying for care: what to ask", ["Paying for care:", "what to ask"]),
        (
            "Is your teen using kratom? What to look for, and what to do",
            ["Is your teen using", "kratom? What to look", "for, and what to do"],
        ),
        ("Sleep", ["Sleep"]),
        ("Electroencephalographically misunderstood", ["Electroencephalographically", "misunderstood"]),
    ],
)
def test_lines_of_a_title_are_balanced_and_its_last_word_has_company(title, lines):
    assert share_pictures.lines_of(title)[1] == lines


def test_title_in_letters_that_the_font_lacks_is_left_out():
    assert drawn("text", "睡眠").tobytes() == drawn("text", "").tobytes()
    assert drawn("text", "Sueño, ¿qué?").tobytes() != drawn("text", "").tobytes()


def test_special_hyphens_of_a_title_are_drawn_as_others():
    assert drawn("text", "7\u2011OH and preg\u00adnancy").tobytes() == drawn("text", "7-OH and pregnancy").tobytes()
