"""The schema.org data of questions. It contains nothing that readers can't see."""

from pages import fact_marks
from pages.citations import without_marks
from pages.plain_language import as_text
from pages.structured_data import address, breadcrumbs


def of_faq(page):
    """Return the graph of the FAQ page, the only FAQPage of the site, as a list of dictionaries."""
    questions = {
        "@type": "FAQPage",
        "name": page.title,
        "url": address(page.url),
        "mainEntity": [
            {
                "@type": "Question",
                "name": question.title,
                "url": address(question.url),
                "acceptedAnswer": {"@type": "Answer", "text": as_text(fact_marks.fill(without_marks(question.answer)))},
            }
            for question in page.questions
        ],
    }
    return [questions, breadcrumbs((page.title, page.url))]
