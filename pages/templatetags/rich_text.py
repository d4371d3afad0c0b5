import re

from django import template
from django.utils.safestring import mark_safe

from .. import fact_marks

register = template.Library()


@register.simple_tag
def rich_text(value, citations, heading="h3"):
    """Return rich text as safe HTML. `value`: a block's value or stored rich text.

    Citation marks get the numbers of `citations`. Placeholders such as {phone} become facts. `heading`: the HTML
    element for its headings, such as "h3".
    """
    html = fact_marks.fill(citations.render(getattr(value, "source", value)))
    return mark_safe(re.sub(r"(?<=<)(/?)h3(?=[ >])", rf"\1{heading}", html))  # noqa: S308 (already safe)
