"""Every response limits what a page may use and who may embed it."""

import pytest

from recovery_site.middleware import browser_policies

ADDRESSES = {
    "/": 200,
    "/assessment/": 200,
    "/nothing/here/": 404,
    "/status": 404,
    "/healthz": 200,
    "/robots.txt": 200,
    "/admin/": 302,
    "/cms/": 302,
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_response_has_both_headers(client, site, address):
    response = client.get(address)
    assert response.status_code == ADDRESSES[address]
    assert {name: response[name] for name in browser_policies.HEADERS} == browser_policies.HEADERS


def test_a_refused_host_gets_both_headers_too(client, site):
    response = client.get("/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert browser_policies.HEADERS.items() <= response.headers.items()


def test_no_other_layer_can_answer_without_them(settings):
    assert settings.MIDDLEWARE[0] == "recovery_site.middleware.browser_policies.BrowserPoliciesMiddleware"
