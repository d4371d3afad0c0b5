from django.http import Http404
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from . import structured_data
from .models import AnswerVersion


@require_safe
@cache_control(public=True, max_age=60)
def questions(request):
    """All live questions, closed, by topic."""
    answers = AnswerVersion.objects.for_readers()
    context = {"answers": answers, "structured_data": structured_data.of_questions(answers)}
    return render(request, "faq/questions.html", context)


@require_safe
@cache_control(public=True, max_age=60)
def question(request, slug):
    """One question, open, with the others closed below it; 404 where its answer is not live."""
    answers = list(AnswerVersion.objects.for_readers())
    asked = next((answer for answer in answers if answer.question.slug == slug), None)
    if asked is None:
        raise Http404
    return render_answer(request, asked, [answer for answer in answers if answer is not asked])


def render_answer(request, asked, others, preview=False):
    """The public page of one answer; `preview` adds a banner that says it is not live."""
    context = {
        "asked": asked,
        "others": others,
        "preview": preview,
        "structured_data": structured_data.of_answer(asked),
    }
    return render(request, "faq/question.html", context)
