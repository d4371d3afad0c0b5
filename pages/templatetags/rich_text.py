from django import template

register = template.Library()


@register.simple_tag
def rich_text(value, citations):
    """Safe HTML of rich text (a block's value, or stored text), its source marks numbered as in `citations`."""
    return citations.render(getattr(value, "source", value))
