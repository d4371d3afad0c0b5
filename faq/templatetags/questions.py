from django import template

from ..models import AnswerVersion

register = template.Library()


@register.simple_tag
def questions_of(page):
    """The live answers of the topics that name this page."""
    return AnswerVersion.objects.for_readers().filter(question__topic__page=page)
