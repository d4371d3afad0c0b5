"""Draw the picture that a link preview shows: a desert at dawn, the title of the page, and the name of the center.

`python -m tests.render_pictures` renders the backgrounds in `pages/share/`.
"""

import io
from functools import cache, lru_cache
from itertools import combinations, pairwise
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SIZE = (1200, 630)
INK, ON_FLOOR = "#22303a", "#fdf6ec"
LEFT, TOP, WIDTH, HEIGHT = 72, 64, 1056, 270  # of the title, in the sky
FLOOR = 589  # the middle of the floor, with the name
FONT_SIZES = range(84, 20, -4)
MOST_LINES = 4
LINE_HEIGHT = 1.15  # of the font size
LONGEST_NAME = 100

_HERE = Path(__file__).parent
_FONT = _HERE / "static/pages/fonts/fraunces.woff2"


@lru_cache(maxsize=100)  # about 6 MB; drawing takes 20 to 60 ms of CPU, for 250 letters up to 200
def draw(kind, title, name):
    """Return the PNG for a page. `kind`: the name of a background."""
    picture = Image.open(_HERE / "share" / f"{kind}.png").convert("RGB")
    canvas = ImageDraw.Draw(picture)
    font, lines = lines_of(_drawable(title))
    for number, line in enumerate(lines):
        canvas.text((LEFT, TOP + number * font.size * LINE_HEIGHT), line, INK, font)
    name = _drawable(name)[:LONGEST_NAME]
    canvas.text((LEFT, FLOOR), name, ON_FLOOR, _font_for_width(name, 34), anchor="lm")
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=6)
    return file.getvalue()


def _drawable(text):
    """Return the text as one line, or "" if the font lacks one of its characters: boxes would be no title.

    A hyphen that allows no break becomes a plain one, and one that only allows a break goes.
    """
    text = " ".join(text.replace("\u2011", "-").replace("\u00ad", "").split())
    return "" if any(_is_missing(character) for character in set(text) - {" "}) else text


@lru_cache(maxsize=1000)
def _is_missing(character):
    font = _font(FONT_SIZES[0])
    return bytes(font.getmask(character)) == bytes(font.getmask("\uffff"))


def lines_of(title):
    """Return the largest font in which the title fits into the sky of the picture, and the lines of the title."""
    for size in FONT_SIZES:
        font = _font(size)
        lines = _lines(title.split(), font)
        is_narrow = all(font.getlength(line) <= WIDTH for line in lines)
        if is_narrow and len(lines) <= MOST_LINES and len(lines) * size * LINE_HEIGHT <= HEIGHT:
            return font, _balanced(title.split(), len(lines), font)
    return font, _lines([part for word in title.split() for part in _parts(word, font)], font)


def _lines(words, font):
    lines = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= WIDTH:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _balanced(words, count, font):
    """Return the words in `count` lines of similar width. The last line has a single word only if no other way fits."""

    @cache
    def width(start, end):
        return font.getlength(" ".join(words[start:end]))

    def raggedness(ends):
        widths = [width(*line) for line in pairwise(ends)]
        is_single = len(words) - ends[-2] == 1
        return max(widths) > WIDTH, is_single, sum(width**2 for width in widths)

    if not words:
        return []
    ways = ([0, *breaks, len(words)] for breaks in combinations(range(1, len(words)), count - 1))
    return [" ".join(words[start:end]) for start, end in pairwise(min(ways, key=raggedness))]


def _parts(word, font):
    """Break a word that is wider than the picture."""
    parts = [""]
    for character in word:
        if font.getlength(parts[-1] + character) > WIDTH:
            parts.append("")
        parts[-1] += character
    return parts


def _font_for_width(line, size):
    while size > FONT_SIZES[-1] and _font(size).getlength(line) > WIDTH:
        size -= 2
    return _font(size)


@lru_cache(maxsize=len(FONT_SIZES) + 20)
def _font(size):
    return ImageFont.truetype(_FONT, size)
