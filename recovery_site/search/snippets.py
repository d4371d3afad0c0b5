"""Pick the part of a text that shows readers why it was found."""

from collections import Counter

from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe

LENGTH = 220  # characters
BEFORE = 60  # characters shown before the first match


def snippet(index, number, groups):
    """Return the part of an entry's text with the most groups as safe HTML. Each match is in `<mark>`.

    Without a match, return the beginning of the text.
    """
    text, hits = index.entries[number].text, _hits(index.texts, number, groups)
    begin = max(0, _best_start(hits) - BEFORE)
    begin = text.rfind(" ", 0, begin) + 1
    end = min(begin + LENGTH, len(text))
    if end < len(text) and text.rfind(" ", begin, end) > begin:
        end = text.rfind(" ", begin, end)
    parts, at = ["… " if begin else ""], begin
    for first, last, _group in hits:
        if at <= first and last <= end:
            parts += [escape(text[at:first]), format_html("<mark>{}</mark>", text[first:last])]
            at = last
    parts += [escape(text[at:end]), " …" if end < len(text) else ""]
    return mark_safe("".join(parts))  # noqa: S308 (each part is escaped above)


def _best_start(hits):
    """Return the start of the first passage with the most groups. 0 without hits. Runs in linear time."""
    best, most, near, ahead = 0, 0, Counter(), 0
    for first, _last, group in hits:
        while ahead < len(hits) and hits[ahead][0] - first < LENGTH - BEFORE:
            near[hits[ahead][2]] += 1
            ahead += 1
        if len(near) > most:
            best, most = first, len(near)
        near[group] -= 1
        if not near[group]:
            del near[group]
    return best


def _hits(field, number, groups):
    """Return the matches as (start, end, number of the group), in the order of the text.

    If two begin at the same place, the longer one comes first.
    """
    spans = field.spans[number]
    found = [
        (spans[2 * start], spans[2 * (start + len(form.phrase)) - 1], group_number)
        for group_number, group in enumerate(groups)
        for form in group
        for start in field.starts(number, form.phrase)
    ]
    return sorted(found, key=lambda hit: (hit[0], -hit[1]))
