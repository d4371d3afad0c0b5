"""Pages on paper."""

import re

from pages.models import Center

SUMMARY = "/for-professionals/one-page-summary/"
MARGINS = dict.fromkeys(("top", "right", "bottom", "left"), "0.5in")


def sheets(pdf):
    """Return how many pages a PDF has."""
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_summary_for_professionals_prints_on_one_sheet(open_page):
    center = Center.objects.get()
    center.referral_line = "(480) 555-0142"
    center.save()
    page = open_page(SUMMARY)
    page.emulate_media(media="print")
    assert page.get_by_text(center.referral_line).first.is_visible()
    assert page.get_by_role("heading", name="Sources").is_visible()
    assert sheets(page.pdf(format="Letter", margin=MARGINS)) == 1
    assert sheets(page.pdf(format="A4", margin=MARGINS)) == 1
