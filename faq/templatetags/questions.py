from django import template

from ..models import QuestionPage, for_readers

register = template.Library()


@register.simple_tag
def questions_of(page):
    """The questions that readers may see of the topics that name this page."""
    return for_readers(QuestionPage.objects.filter(topic__page=page.pk))
