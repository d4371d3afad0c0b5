from django import template

from staff.second_factor import factors

register = template.Library()


@register.simple_tag
def second_factor_is_off():
    """Return whether people may sign in here with a password alone."""
    return not factors.is_required()
