from django import template
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.models import ReferenceIndex

register = template.Library()


@register.simple_tag(takes_context=True)
def references_to(context, row):
    """List what refers to a page, a source or the like, as pairs of its name and its edit address (or None)."""
    finder = AdminURLFinder(context["request"].user)
    places = ReferenceIndex.get_references_to(row).group_by_source_object()
    return [(str(place), finder.get_edit_url(place)) for place, _references in places]
