import re

from django import template
from django.utils.safestring import mark_safe

from .. import fact_marks

register = template.Library()


@register.simple_tag
def rich_text(value, citations, heading="h3"):
    """Safe HTML of rich text (a block's value, or stored text): source marks numbered as in `citations`, and marks of
    facts, such as {phone}, as the facts. `heading` is the level of its headings, which follows from where the text
    stands."""
    html = fact_marks.fill(citations.render(getattr(value, "source", value)))
    return mark_safe(re.sub(r"(?<=<)(/?)h3(?=[ >])", rf"\1{heading}", html))  # noqa: S308 (was safe before)
