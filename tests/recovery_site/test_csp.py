"""The policy that is written once is the one that django-csp would write for each response."""

import pytest
from csp.constants import HEADER
from csp.decorators import csp_update
from csp.middleware import CSPMiddleware
from django.http import HttpResponse
from django.test import RequestFactory

from recovery_site.middleware.csp import ContentSecurityPolicyMiddleware


def plain(request):
    return HttpResponse("")


def policies_of(view, middleware):
    """From directive to its words, of two responses of one process."""
    get_response, policies = middleware(view), []
    for _ in range(2):
        response = get_response(RequestFactory().get("/"))
        parts = [part.split() for part in response["Content-Security-Policy"].split("; ")]
        policies.append({name: words for name, *words in parts})
    return policies


@pytest.mark.parametrize(
    "view",
    [plain, csp_update({"img-src": ["https://pictures.example"]})(plain)],
    ids=["plain", "own"],
)
@pytest.mark.parametrize("debug", [False, True], ids=["", "debug"])
def test_policy_is_that_of_django_csp(view, debug, settings):
    settings.DEBUG = debug
    theirs = policies_of(view, CSPMiddleware)
    assert policies_of(view, ContentSecurityPolicyMiddleware) == theirs
    assert theirs[0]["script-src"] == theirs[0]["style-src"] == ["'self'"]


def test_policy_that_a_view_wrote_itself_is_kept():
    def view(request):
        return HttpResponse("", headers={"Content-Security-Policy": "default-src 'none'"})

    assert policies_of(view, ContentSecurityPolicyMiddleware) == [{"default-src": ["'none'"]}] * 2


def words_of(path, **headers):
    """The policy of a response to an address, from directive to its words."""
    response = ContentSecurityPolicyMiddleware(lambda request: HttpResponse("", headers=headers))(
        RequestFactory().get(path)
    )
    return {name: words for name, *words in (part.split() for part in response[HEADER].split("; "))}


def test_policy_of_the_cms_allows_pictures_to_upload_and_its_own_frames():
    public, cms = words_of("/"), words_of("/cms/pages/")
    changed = {name: words for name, words in cms.items() if words != public.get(name)}
    assert changed == {
        "img-src": ["'self'", "data:", "blob:"],
        "frame-src": ["'self'"],
        "style-src-elem": ["'self'", "'unsafe-inline'"],
    }
    assert (cms["script-src"], cms["style-src"]) == (["'self'"], ["'self'"])


def test_policy_lets_a_preview_alone_stand_in_a_frame():
    of_page = {HEADER: "frame-ancestors 'none'"}  # from the request that renders the page
    preview = words_of("/cms/", **of_page, **{"X-Frame-Options": "SAMEORIGIN"})
    assert (preview["frame-ancestors"], "style-src-elem" in preview) == (["'self'"], False)
    assert words_of("/cms/", **of_page, **{"X-Frame-Options": "DENY"})["frame-ancestors"] == ["'none'"]
    assert words_of("/", **{"X-Frame-Options": "SAMEORIGIN"})["frame-ancestors"] == ["'none'"]
