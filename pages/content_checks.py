"""What is wrong with the words of a page, or may be: one function, `findings`, while writing and before publishing.

It reads any row with fields of words, saved or not. Nothing here knows who asks; `pages.publishing` decides what may
reach readers.
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
FEWEST_WORDS = 30  # a grade of fewer words says nothing

STOP, EXPLAIN, WARN = "stop", "explain", "warn"


@dataclass(frozen=True)
class Rule:
    """A kind of finding. `EXPLAIN` stops like `STOP`, until someone who may publish writes why it may be said."""

    level: str
    name: str
    advice: str
    is_inline: bool = False  # single words of a rich text are what is wrong, not the place as a whole


RULES = {
    "claim": Rule(EXPLAIN, _("A claim or a promise"), _("Say what is done, not what is promised."), is_inline=True),
    "amount": Rule(EXPLAIN, _("An amount to take"), _("Leave it out. A reader may follow it."), is_inline=True),
    "typed-mark": Rule(
        STOP, _("A mark without a source"), _("Delete it and choose the source with the Source button."), is_inline=True
    ),
    "source-gone": Rule(STOP, _("A mark whose source is gone"), _("Choose another source, or take the mark out.")),
    "day-ahead": Rule(STOP, _("A day that has not come yet"), _("Enter the day when the sources were checked.")),
    "word": Rule(WARN, _("Words that may hurt"), _("Use the words that people choose for themselves."), is_inline=True),
    "grade": Rule(WARN, _("Hard to read"), _("Use shorter sentences and plainer words, for grade 6 to 8.")),
    "number": Rule(
        WARN, _("A number without a source"), _("Cite where it comes from, in the same paragraph."), is_inline=True
    ),
    "mark-in-link": Rule(
        WARN, _("A mark inside a link"), _("Put it behind the link: readers would press one or the other.")
    ),
    "bracket": Rule(WARN, _("A mark in brackets"), _("Take the brackets away. Each mark has its own.")),
    "heading": Rule(
        WARN, _("Two equal headings"), _("Name one of them differently, so that readers can tell them apart.")
    ),
    "empty-link": Rule(WARN, _("A link without words"), _("Write what it leads to, or take it out.")),
    "description": Rule(WARN, _("No description"), _("Write one or two sentences that search engines can show.")),
}


@dataclass(frozen=True)
class Finding:
    """One place. `block_id` is empty for a field of the page itself, which `field` names."""

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
    """A stretch of words: of a field or a block, as HTML. Only rich text can carry marks."""

    field: str
    block_id: str
    heading: str
    markup: str
    is_rich: bool

    def finding(self, kind, words, sentence="", advice=""):
        advice = advice or RULES[kind].advice
        return Finding(kind, self.field, self.block_id, self.heading, words, sentence, advice)


def findings(row):
    """Everything that the checks find in a page or another row, in the order of its fields, worst first."""
    passages = list(_passages(row))
    found = [finding for passage in passages for finding in _in_passage(passage)]
    found += _without_source_row(passages)
    found += _equal_headings(row)
    found += _about_the_row(row)
    order = [STOP, EXPLAIN, WARN]
    return sorted(found, key=lambda finding: order.index(finding.level))


def digest(found):
    """What a reason is bound to: the sentences that need one. Other sentences may change."""
    said = {(finding.kind, finding.sentence) for finding in found if finding.level == EXPLAIN}
    return hashlib.sha256(repr(sorted(said)).encode()).hexdigest()


# The words of a row


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
        if relation.related_model._meta.app_label == row._meta.app_label:  # not the comments of editors
            name = relation.get_accessor_name()
            for line in getattr(row, name).all():
                for passage in _passages(line):
                    yield replace(passage, field=f"{name}-FORMS")  # where the form has the lines


def _of_block(name, child):
    heading = child.value.get("heading", "") if isinstance(child.value, blocks.StructValue) else ""
    for markup, is_rich in _of_value(child.block, child.value):
        yield Passage(name, child.id or "", heading, markup, is_rich)


def _of_value(block, value):
    """Pairs of HTML and whether it is rich text, for each stretch of words in a block."""
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
    else:  # a choice has no words of its own, a picture those for people who do not see it
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
    """The text of each paragraph and each point of a list that has no mark, nor has the paragraph before its list."""
    is_introduced = False
    for tag, paragraph in _PARAGRAPH.findall(markup):
        is_marked = bool(marks(paragraph))
        if tag == "p":
            is_introduced = is_marked
        if not is_marked and not is_introduced:
            yield plain_language.as_text(paragraph)


def _without_source_row(passages):
    """Marks that name no source: one that was deleted, or a key that was typed."""
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
    """The sentence of plain text in which a match stands."""
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
# A plan for cutting down is an amount too: "lower your dose by 10 percent each week".
_TAPER = re.compile(
    r"\b(?:reduc|lower|cut|taper|decreas)\w*\b[^.!?]{0,30}\b(?:dose|amount|intake|use|kratom)\b[^.!?]{0,30}?"
    r"\b\d+(?:\.\d+)?\s*(?:%|percent\b)",
    re.IGNORECASE,
)
# Figures about people and products. Phone numbers, prices, ages, dates, and hours are none of them.
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
