from django import template

from ..models import QuestionPage, for_readers

register = template.Library()


@register.simple_tag
def questions_of(page, citations):
    """Return the visible questions whose topic names this page. Their sources join the page's list."""
    questions = QuestionPage.objects.filter(topic__page=page.pk).only("title", "slug", "answer")
    return for_readers(questions, citations)
