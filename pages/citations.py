"""Find the source of each citation mark in a text, and the number that readers see.

A mark stores its source, never a number. Sources are numbered in the order in which a page first cites them, so adding
or moving one mark can't make another point to the wrong source.
"""

import re

from django.utils.html import escape
from django.utils.safestring import mark_safe
from wagtail.rich_text import expand_db_html

from .models.source import Source
from .rich_text import clean

MARK = re.compile(r'<a\b(?=[^>]*\blinktype="source")(?=[^>]*\bid="(\d+)")[^>]*>.*?</a>', re.DOTALL)
_MARK_AND_SPACE = re.compile(rf"(\s*){MARK.pattern}", re.DOTALL)


def marks(markup):
    """Return the ids of the cited sources in stored rich text, in order and with repetitions."""
    return [int(pk) for pk in MARK.findall(markup)]


def replace_marks(markup, replacement):
    """Replace each citation mark with `replacement(id of the source)`."""
    return MARK.sub(lambda match: replacement(int(match.group(1))), markup)


def without_marks(markup):
    """Return stored rich text without its citation marks."""
    return replace_marks(markup, lambda pk: "")


class Citations:
    """The numbered sources of one list, in the order in which `texts` first cite them.

    `texts`: stored rich text. `prefix`: begins each id, and tells apart the lists of one page. Iterating yields the
    sources by number. The first mark of each source gets an id, so that the list can lead back to it.
    """

    def __init__(self, texts, prefix="", sources=None):
        self.prefix = prefix
        self._highlights = {}
        self._sources, self._numbers, self._marked = [], {}, set()
        self.include(texts, sources)

    def __iter__(self):
        return iter(self._sources)

    def __len__(self):
        return len(self._sources)

    def include(self, texts, sources=None):
        """Add the sources that more texts cite. They get the next numbers."""
        ids = [pk for pk in dict.fromkeys(pk for text in texts for pk in marks(text)) if pk not in self._numbers]
        known = Source.objects.in_bulk(ids) if sources is None else sources
        for pk in ids:
            if pk in known:
                self._sources.append(known[pk])
                self._numbers[pk] = len(self._sources)

    def highlight(self, kinds):
        """Make later calls of `render` highlight words for the editor's checks panel. `kinds` maps words to the kind of
        finding."""
        self._highlights = {escape(words): kind for words, kind in kinds.items() if words}

    def render(self, markup):
        """Return stored rich text as safe HTML. Each citation mark becomes a link to its source in the list.

        A mark whose source was deleted is left out. The space before a mark moves into its link, where the style sheet
        allows no break. So no line begins with a mark, and whoever copies the text still gets a plain space.
        """

        def link(match):
            space, pk = " " * bool(match.group(1)), int(match.group(2))
            number = self._numbers.get(pk)
            if number is None:
                return ""
            mark_id = "" if pk in self._marked else f' id="{self.prefix}m{number}"'
            self._marked.add(pk)
            return f'<a{mark_id} aria-label="source {number}" href="#_{self.prefix}{number}">{space}[{number}]</a>'

        html = expand_db_html(_MARK_AND_SPACE.sub(link, clean(markup)))
        if self._highlights:
            words = "|".join(re.escape(words) for words in sorted(self._highlights, key=len, reverse=True))
            html = re.sub(rf"<[^>]*>|(?<!\w)(?:{words})(?!\w)", self._highlighted, html)
        return mark_safe(html)  # noqa: S308 (sanitized right here)

    def _highlighted(self, match):
        if match.group(0).startswith("<"):
            return match.group(0)
        return f'<mark data-finding="{self._highlights[match.group(0)]}">{match.group(0)}</mark>'
