"""What questions say of themselves to machines, in the words of schema.org: nothing that readers don't see."""

from django.urls import reverse
from django.utils.translation import gettext as _

from pages.plain_language import as_text
from pages.structured_data import address, breadcrumbs, web_page


def of_questions(answers):
    """The graph of the page with all questions: the one FAQPage of the site. A list of dictionaries."""
    path = reverse("faq:questions")
    questions = {
        "@type": "FAQPage",
        "name": _("Questions about kratom"),
        "url": address(path),
        "mainEntity": [
            {
                "@type": "Question",
                "name": answer.title,
                "url": address(answer.question.get_absolute_url()),
                "acceptedAnswer": {"@type": "Answer", "text": as_text(answer.body)},
            }
            for answer in answers
        ],
    }
    return [questions, breadcrumbs((_("Questions"), path))]


def of_answer(answer):
    """The graph of the page of one question. A list of dictionaries."""
    path = answer.question.get_absolute_url()
    return [
        web_page(answer, answer.citations.all(), path),
        breadcrumbs((_("Questions"), reverse("faq:questions")), (answer.title, path)),
    ]
