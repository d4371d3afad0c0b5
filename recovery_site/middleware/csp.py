"""The Content-Security-Policy of a response, written once where it is always the same."""

import functools

from csp.constants import HEADER, SELF, UNSAFE_INLINE
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings

from recovery_site import cms

CMS = {
    "img-src": [SELF, "data:", "blob:"],  # blob: a picture that is being uploaded
    "frame-src": [SELF],  # the live preview
}
# The boxes for rich text write style elements of their own: hints in an empty box, numbers of nested lists.
EDITOR_STYLES = {"style-src-elem": [SELF, UNSAFE_INLINE]}


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """django-csp's own, which writes the policy anew for each response. That took a twentieth of an accepted form, and
    only /cms/ and a view with a policy of its own need it."""

    def process_response(self, request, response):
        if cms.is_under(request):
            # A preview is a public page, made by a request of its own inside this one, with its policy.
            del response.headers[HEADER]
            return super().process_response(request, response)
        has_own_policy = any(name.startswith("_csp") for name in vars(response))
        if has_own_policy or settings.DEBUG:
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self._policy)
        return response

    def get_policy_parts(self, request, response, report_only=False):
        """As in django-csp, with what Wagtail's admin needs. Only its previews may stand in a frame, and only there:
        Wagtail marks them with X-Frame-Options."""
        parts = super().get_policy_parts(request, response, report_only)
        if cms.is_under(request):
            is_preview = response.get("X-Frame-Options") == "SAMEORIGIN"
            parts.replace = CMS | ({"frame-ancestors": [SELF]} if is_preview else EDITOR_STYLES)
        return parts

    @functools.cached_property
    def _policy(self):
        return build_policy()
