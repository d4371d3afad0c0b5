"""Replace placeholders in texts with facts: `{phone}` becomes the center's phone number.

Editors type the braces. If a fact is not set, the sentence that contains its placeholder is left out.
"""

import re

from django.core.exceptions import ValidationError
from django.utils.html import conditional_escape, format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

_TAG = r"""<(?:"[^"]*"|[^">])*>"""
_BLOCK_TAG = r"</?(?:p|li|ul|ol|h[1-6]|table|thead|tbody|tr|td|th|blockquote|div|figure|br|hr)\b[^>]*>"
_MARK = r"\{([a-z_]+)\}"
# The end of a sentence: the edge of a block, or a period and any closing quotes or brackets.
_EDGE = re.compile(rf"({_BLOCK_TAG}|(?<=[.!?])(?:</[a-z]+>)*\s+)")
_MARK_OR_TAG = re.compile(rf"{_MARK}|{_TAG}")
_EMPTY = re.compile(r"<(p|li|ul|ol|h[1-6]|b|i|em|strong)\b[^>]*>\s*</\1>")


def _phone(known):
    center = known.center
    return format_html('<a href="{}">{}</a>', center.phone_link, center.phone)


def _referral_line(known):
    center = known.center
    return (
        format_html('<a href="{}">{}</a>', center.referral_link, center.referral_line) if center.referral_line else ""
    )


def _address(known):
    center = known.center
    place = " ".join(filter(None, (f"{center.town}, {center.state}", center.postal_code)))
    return f"{center.street}, {place}" if center.street else ""


def _reply_time(known):
    """Return the reply time, such as "2 open hours". Without opening hours it would mean nothing, so return "" then."""
    hours = known.center.contact_target_hours
    if not hours or not known.opening_hours:
        return ""
    return ngettext("%(hours)s open hour", "%(hours)s open hours", hours) % {"hours": hours}


MARKS = {
    "phone": _phone,
    "referral_line": _referral_line,
    "fax": lambda known: known.center.fax,
    "address": _address,
    "hours": lambda known: known.hours_words,
    "reply_time": _reply_time,
    "languages": lambda known: known.texts.languages,
    "name": lambda known: known.center.name,
    "license": lambda known: known.center.license_number,
}


def fill(markup, known=None):
    """Replace each placeholder in sanitized rich text with its fact. Leave out each sentence whose fact is not set."""
    from . import facts  # imports the models, whose texts are checked here

    if "{" not in markup:
        return markup
    known = known or facts.current()
    values = {name: conditional_escape(value(known)) if known.center else "" for name, value in MARKS.items()}
    sentences = _EDGE.split(markup)  # the separators between the sentences too
    for number, sentence in enumerate(sentences):
        if any(not values[name] for name in _MARK_OR_TAG.findall(sentence) if name in values):
            # Remove only the text. An element that begins or ends here also holds other sentences.
            sentences[number] = "".join(re.findall(_TAG, sentence))
            sentences[number + 1 : number + 2] = [space.rstrip() for space in sentences[number + 1 : number + 2]]
        else:
            sentences[number] = _filled(sentence, values)
    kept = "".join(sentences)
    while kept != (emptied := _EMPTY.sub("", kept)):
        kept = emptied
    return kept


def unknown(markup):
    """Return the placeholders in a text that name no fact, in order."""
    return [name for name in re.findall(_MARK, re.sub(_TAG, "", markup)) if name not in MARKS]


def validate(markup):
    """Raise ValidationError if a text has an unknown placeholder. Readers would see its braces."""
    if names := unknown(markup):
        raise ValidationError(
            _("There is no fact {%(name)s}. You can use: %(known)s."),
            params={"name": names[0], "known": ", ".join(f"{{{name}}}" for name in MARKS)},
        )


def _filled(sentence, values):
    """Return a sentence with its facts. Inside a link, facts become plain text, because links can't be nested."""
    depth = 0

    def fact(match):
        nonlocal depth
        name = match.group(1)
        if name is None:
            if link := re.match(r"<(/?)a\b", match.group(0)):
                depth += -1 if link.group(1) else 1
            return match.group(0)
        value = values.get(name, match.group(0))
        return re.sub(_TAG, "", value) if depth else value

    return _MARK_OR_TAG.sub(fact, sentence)
