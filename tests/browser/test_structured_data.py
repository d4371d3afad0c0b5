"""JSON-LD is data: the strict policy of the pages neither runs nor refuses it. `open_page` fails on any violation."""

import json

import pytest


@pytest.mark.parametrize("path", ["/", "/addiction/kratom-addiction-treatment/", "/faq/", "/faq/kratom-withdrawal/"])
def test_structured_data_arrives_under_the_strict_policy(open_page, path):
    page = open_page(path)
    blocks = page.locator("script[type='application/ld+json']").all_text_contents()
    assert [json.loads(block)["@context"] for block in blocks] == ["https://schema.org"]
