from django import template
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.models import ReferenceIndex

register = template.Library()


@register.simple_tag(takes_context=True)
def references_to(context, row):
    """Return what refers to a page, source or other row, as pairs of name and edit address.

    The address is None if the user may not edit it.
    """
    finder = AdminURLFinder(context["request"].user)
    places = ReferenceIndex.get_references_to(row).group_by_source_object()
    return [(str(place), finder.get_edit_url(place)) for place, _references in places]
