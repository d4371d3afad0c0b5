"""The policy that is written once is the one that django-csp would write for each response."""

import pytest
from csp.decorators import csp_update
from csp.middleware import CSPMiddleware
from django.http import HttpResponse
from django.test import RequestFactory

from recovery_site.content_security import ContentSecurityPolicyMiddleware


def plain(request):
    return HttpResponse("")


def with_nonce(request):
    return HttpResponse(str(request.csp_nonce))


def policies_of(view, middleware):
    """From directive to its words, of two responses of one process."""
    get_response, policies = middleware(view), []
    for _ in range(2):
        response = get_response(RequestFactory().get("/"))
        parts = [part.split() for part in response["Content-Security-Policy"].split("; ")]
        nonce = response.content.decode() or "no nonce"
        policies.append({name: [word.replace(nonce, "NONCE") for word in words] for name, *words in parts})
    return policies


@pytest.mark.parametrize(
    "view",
    [plain, with_nonce, csp_update({"img-src": ["https://pictures.example"]})(plain)],
    ids=["plain", "nonce", "own"],
)
@pytest.mark.parametrize("debug", [False, True], ids=["", "debug"])
def test_policy_is_that_of_django_csp(view, debug, settings):
    settings.DEBUG = debug
    theirs = policies_of(view, CSPMiddleware)
    assert policies_of(view, ContentSecurityPolicyMiddleware) == theirs
    assert (theirs[0]["script-src"] == ["'self'"]) == (view is not with_nonce)


def test_policy_that_a_view_wrote_itself_is_kept():
    def view(request):
        return HttpResponse("", headers={"Content-Security-Policy": "default-src 'none'"})

    assert policies_of(view, ContentSecurityPolicyMiddleware) == [{"default-src": ["'none'"]}] * 2
