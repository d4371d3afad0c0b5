from django import template

from .. import rich_text

register = template.Library()


@register.filter
def marks_linked(markup, prefix=""):
    """Rich text as stored, its source marks as links to the list of sources that uses `prefix`."""
    return rich_text.with_marks_linked(markup, prefix)
