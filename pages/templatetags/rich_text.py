import re

from django import template
from django.utils.safestring import mark_safe

from .. import fact_marks

register = template.Library()


@register.simple_tag
def rich_text(value, citations, heading="h3"):
    """Render rich text (a block's value or stored text) as safe HTML. Citation marks get the numbers of `citations`,
    and placeholders such as {phone} become facts. `heading` is the level for its headings, which depends on where
    the text is."""
    html = fact_marks.fill(citations.render(getattr(value, "source", value)))
    return mark_safe(re.sub(r"(?<=<)(/?)h3(?=[ >])", rf"\1{heading}", html))  # noqa: S308 (already safe)
