"""Find what is wrong, or may be wrong, in the text of a page. `findings` runs while someone writes and before
publishing.

It checks any row with text fields, saved or not, and knows nothing about the user. `pages.publishing` decides what may
be published.
"""

import hashlib
import html
import re
from dataclasses import dataclass, replace

from django.db import models
from django.utils import timezone
from django.utils.html import escape
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from modelcluster.models import get_all_child_relations
from wagtail import blocks
from wagtail.contrib.typed_table_block.blocks import TypedTable
from wagtail.fields import RichTextField, StreamField
from wagtail.rich_text import RichText

from . import plain_language
from .citations import MARK, marks, without_marks
from .models.source import Source

HIGHEST_GRADE = 8  # U.S. school grade; the house style is grade 6 to 8
FEWEST_WORDS = 30  # too few words for a reliable grade

STOP, EXPLAIN, WARN = "stop", "explain", "warn"


@dataclass(frozen=True)
class Rule:
    """A kind of finding. `STOP` blocks publishing. `EXPLAIN` blocks it until someone who may publish gives a reason."""

    level: str
    name: str
    advice: str
    is_inline: bool = False  # the finding concerns single words of a rich text, not the whole field or block


RULES = {
    "claim": Rule(EXPLAIN, _("A claim or a promise"), _("Say what you do, not what you promise."), is_inline=True),
    "amount": Rule(EXPLAIN, _("A dose"), _("Remove the dose, because readers may follow it."), is_inline=True),
    "typed-mark": Rule(
        STOP,
        _("A citation without a source"),
        _("Delete the typed number, then choose the source with the Source button."),
        is_inline=True,
    ),
    "source-gone": Rule(STOP, _("A citation of a deleted source"), _("Choose another source, or remove the citation.")),
    "day-ahead": Rule(STOP, _("A date in the future"), _("Enter the date when someone checked the sources.")),
    "word": Rule(WARN, _("Words that may hurt"), _("Use the words that people choose for themselves."), is_inline=True),
    "grade": Rule(WARN, _("Hard to read"), _("Use shorter sentences and plainer words, for grade 6 to 8.")),
    "number": Rule(WARN, _("A number without a source"), _("Cite its source in the same paragraph."), is_inline=True),
    "mark-in-link": Rule(
        WARN,
        _("A citation inside a link"),
        _("Put the citation after the link, so that readers don't press it by mistake."),
    ),
    "bracket": Rule(
        WARN, _("A citation in brackets"), _("Remove your brackets. A citation already has brackets of its own.")
    ),
    "heading": Rule(WARN, _("Two identical headings"), _("Change one of them, so that readers can tell them apart.")),
    "empty-link": Rule(WARN, _("A link without text"), _("Write where the link leads, or remove the link.")),
    "description": Rule(WARN, _("No description"), _("Write one or two sentences that search engines can show.")),
}


@dataclass(frozen=True)
class Finding:
    """One problem in a text. `field` names the field. `block_id` is empty if the problem is not in a block."""

    kind: str
    field: str
    block_id: str
    heading: str
    words: str
    sentence: str = ""
    advice: str = ""

    @property
    def rule(self):
        return RULES[self.kind]

    @property
    def level(self):
        return self.rule.level


@dataclass(frozen=True)
class Passage:
    """A piece of text from a field or a block, as HTML. Only rich text can contain citation marks."""

    field: str
    block_id: str
    heading: str
    markup: str
    is_rich: bool

    def finding(self, kind, words, sentence="", advice=""):
        advice = advice or RULES[kind].advice
        return Finding(kind, self.field, self.block_id, self.heading, words, sentence, advice)


def findings(row):
    """Return all findings in a page or another row: worst first, then in the order of its fields."""
    passages = list(_passages(row))
    found = [finding for passage in passages for finding in _in_passage(passage)]
    found += _without_source_row(passages)
    found += _equal_headings(row)
    found += _about_the_row(row)
    order = [STOP, EXPLAIN, WARN]
    return sorted(found, key=lambda finding: order.index(finding.level))


def digest(found):
    """Return a hash of the sentences that need a reason. If one of them changes, the hash changes and a new reason is
    needed."""
    said = {(finding.kind, finding.sentence) for finding in found if finding.level == EXPLAIN}
    return hashlib.sha256(repr(sorted(said)).encode()).hexdigest()


# The texts of a row


def _passages(row):
    for field in row._meta.get_fields():
        if not getattr(field, "editable", False) or getattr(field, "choices", None):
            continue
        if isinstance(field, StreamField):
            for child in getattr(row, field.name):
                yield from _of_block(field.name, child)
        elif isinstance(field, RichTextField):
            yield Passage(field.name, "", "", getattr(row, field.attname) or "", is_rich=True)
        elif isinstance(field, (models.CharField, models.TextField)) and not isinstance(
            field, (models.SlugField, models.URLField)
        ):
            yield Passage(field.name, "", "", escape(getattr(row, field.attname) or ""), is_rich=False)
    for relation in get_all_child_relations(type(row)):
        if relation.related_model._meta.app_label == row._meta.app_label:  # not the editors' comments
            name = relation.get_accessor_name()
            for line in getattr(row, name).all():
                for passage in _passages(line):
                    yield replace(passage, field=f"{name}-FORMS")  # where the form shows the fields


def _of_block(name, child):
    heading = child.value.get("heading", "") if isinstance(child.value, blocks.StructValue) else ""
    for markup, is_rich in _of_value(child.block, child.value):
        yield Passage(name, child.id or "", heading, markup, is_rich)


def _of_value(block, value):
    """Yield a pair for each text in a block: the HTML, and whether it is rich text."""
    if isinstance(value, RichText):
        yield value.source, True
    elif isinstance(value, blocks.StructValue):
        for name, inner in block.child_blocks.items():
            yield from _of_value(inner, value.get(name))
    elif isinstance(value, TypedTable):
        for words in [value.caption, *(column["heading"] for column in value.columns)]:
            yield escape(words), False
        for row in value.row_data:
            for column, cell in zip(value.columns, row["values"], strict=True):
                yield from _of_value(column["block"], cell)
    elif isinstance(block, blocks.ListBlock):
        for inner in value.bound_blocks:
            yield from _of_value(inner.block, inner.value)
    else:  # a choice has no text; a picture has its description
        for words in block.get_searchable_content(value):
            yield escape(words), False


# The checks


def _in_passage(passage):
    text = plain_language.as_text(without_marks(passage.markup))
    for match, advice in plain_language.claims(text):
        yield passage.finding("claim", match.group(0), _sentence_of(match), f"{capfirst(advice)}.")
    for match in _AMOUNT.finditer(text):
        if _TAKING.search(_sentence_of(match)):
            yield passage.finding("amount", match.group(0), _sentence_of(match))
    for match in _TAPER.finditer(text):
        yield passage.finding("amount", match.group(0), _sentence_of(match))
    for match, advice in plain_language.disrespectful(text):
        yield passage.finding("word", match.group(0), _sentence_of(match), _("Better: %s.") % advice)
    if passage.is_rich:
        yield from _in_rich_text(passage, text)


def _in_rich_text(passage, text):
    markup = passage.markup
    for match in _TYPED_MARK.finditer(without_marks(markup)):
        yield passage.finding("typed-mark", match.group(0))
    for match in _BRACKETED.finditer(markup):
        yield passage.finding("bracket", plain_language.as_text(match.group(0)))
    for match in _IN_LINK.finditer(markup):
        yield passage.finding("mark-in-link", plain_language.as_text(match.group(0)))
    for _match in _EMPTY_LINK.finditer(markup):
        yield passage.finding("empty-link", "")
    for paragraph in _unsourced(markup):
        if number := _NUMBER.search(paragraph):
            yield passage.finding("number", number.group(0), _sentence_of(number))
    if len(re.findall(r"[\w'’-]+", text)) >= FEWEST_WORDS and (grade := plain_language.grade(text)) > HIGHEST_GRADE:
        yield passage.finding("grade", str(_("grade %d") % round(grade)))


def _unsourced(markup):
    """Yield the text of each paragraph and list item without a citation. A citation before a list covers its items."""
    is_introduced = False
    for tag, paragraph in _PARAGRAPH.findall(markup):
        is_marked = bool(marks(paragraph))
        if tag == "p":
            is_introduced = is_marked
        if not is_marked and not is_introduced:
            yield plain_language.as_text(paragraph)


def _without_source_row(passages):
    """Yield findings for citation marks without a source: the source was deleted, or someone typed the mark by hand."""
    cited = {pk for passage in passages for pk in marks(passage.markup)}
    typed = {key for passage in passages for key in _TYPED_KEY.findall(without_marks(passage.markup))}
    gone = cited - set(Source.objects.filter(pk__in=cited).values_list("pk", flat=True)) if cited else set()
    known = set(Source.objects.filter(key__in=typed).values_list("key", flat=True)) if typed else set()
    for passage in passages:
        for match in MARK.finditer(passage.markup):
            if int(match.group(1)) in gone:
                yield passage.finding("source-gone", plain_language.as_text(match.group(0)))
        for key in _TYPED_KEY.findall(without_marks(passage.markup)):
            if key in known:
                yield passage.finding("typed-mark", f"[{key}]")


def _equal_headings(row):
    seen = set()
    for field in row._meta.get_fields():
        for child in getattr(row, field.name) if isinstance(field, StreamField) else []:
            heading = child.value.get("heading", "") if isinstance(child.value, blocks.StructValue) else ""
            if heading and heading.casefold() in seen:
                yield Finding("heading", field.name, child.id or "", heading, heading, "", RULES["heading"].advice)
            seen.add(heading.casefold())


def _about_the_row(row):
    if hasattr(row, "search_description") and not row.search_description:
        yield Finding("description", "search_description", "", "", "", "", RULES["description"].advice)
    checked_on = getattr(row, "checked_on", None)
    if checked_on and checked_on > timezone.localdate():
        yield Finding("day-ahead", "checked_on", "", "", str(checked_on), "", RULES["day-ahead"].advice)


def _sentence_of(match):
    """Return the whole sentence around a match, as plain text."""
    text = match.string
    start = max((end.end() for end in re.finditer(r"[.!?]\s+", text[: match.start()])), default=0)
    end = re.search(r"[.!?](\s|$)", text[match.end() :])
    return html.unescape(text[start : match.end() + end.start() + 1 if end else None])


_COUNT = r"(?:\d[\d,]*(?:\.\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|twenty|half an?)"
_UNIT = (
    r"(?:mg|mcg|µg|g|ml|milligrams?|micrograms?|grams?|milliliters?|ounces?|oz|teaspoons?|tsp|tablespoons?|tbsp|scoops?"
    r"|capsules?|caps|pills?|tablets?|gummies|shots?|drops?)"
)
_AMOUNT = re.compile(rf"\b{_COUNT}(?:\s*(?:to|-|–|or)\s*{_COUNT})?[\s-]*{_UNIT}\b", re.IGNORECASE)
_TAKING = re.compile(
    r"\b(?:tak(?:e|es|ing)|start(?:s|ing)? (?:with|at|on)|begin(?:s|ning)? with|drink(?:s|ing)?|swallow(?:s|ing)?"
    r"|dos(?:e|es|age|ing)|taper(?:s|ing)?|(?:reduc|lower|increas|cut)\w*|up to|per day|an? (?:day|week)"
    r"|(?:each|every) \w+|daily|nightly|times an? \w+)\b",
    re.IGNORECASE,
)
# A tapering plan is a dose too: "lower your dose by 10 percent each week".
_TAPER = re.compile(
    r"\b(?:reduc|lower|cut|taper|decreas)\w*\b[^.!?]{0,30}\b(?:dose|amount|intake|use|kratom)\b[^.!?]{0,30}?"
    r"\b\d+(?:\.\d+)?\s*(?:%|percent\b)",
    re.IGNORECASE,
)
# Figures about people and products. Excludes phone numbers, prices, ages, dates and hours.
_NUMBER = re.compile(
    rf"\b\d+(?:\.\d+)?\s*(?:%|percent\b)"
    rf"|\b{_COUNT} (?:in|out of|of) (?:every )?(?:\d[\d,]*|two|three|four|five|six|seven|eight|nine|ten|twenty)\b"
    r"|\b\d[\d,.]*\s(?:million|billion|people|persons|adults|teens|children|patients|women|men|babies|deaths|cases"
    r"|calls|states)\b"
    r"|\b(?:half|third|thirds|quarter|quarters) of (?:all |the )?(?:people|adults|users|patients|those)\b"
    r"|\b(?:twice|\d+ times) as \w+"
    r"|\b(?:19|20)\d\d (?:study|survey|review|report|trial)\b",
    re.IGNORECASE,
)
_TYPED_MARK = re.compile(r"\[\s*\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*\s*\]")
_TYPED_KEY = re.compile(r"\[([a-z0-9]+(?:-[a-z0-9]+)+)\]")
_BRACKETED = re.compile(r"[\[(]\s*(?:<a\b[^>]*\blinktype=\"source\"[^>]*>.*?</a>\s*[,;]?\s*)+[\])]", re.DOTALL)
_IN_LINK = re.compile(
    r"(<a\b(?![^>]*\blinktype=\"source\")[^>]*>)[^<]*</a>\s*<a\b[^>]*\blinktype=\"source\"[^>]*>.*?</a>\s*\1", re.DOTALL
)
_EMPTY_LINK = re.compile(r"<a\b(?![^>]*\blinktype=\"source\")[^>]*>(?:\s|<(?!/a\b)[^>]+>)*</a>")
_PARAGRAPH = re.compile(r"<(p|li)\b[^>]*>(.*?)</\1>", re.DOTALL)
