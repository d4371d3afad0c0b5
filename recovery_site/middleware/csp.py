"""The Content-Security-Policy of a response: django-csp's own, with what Wagtail's admin needs."""

from csp.constants import HEADER, SELF, UNSAFE_INLINE
from csp.middleware import CSPMiddleware

from recovery_site import cms

CMS = {
    "img-src": [SELF, "data:", "blob:"],  # blob: a picture that is being uploaded
    "frame-src": [SELF],  # the live preview
}
# The boxes for rich text write style elements of their own: hints in an empty box, numbers of nested lists.
EDITOR_STYLES = {"style-src-elem": [SELF, UNSAFE_INLINE]}


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    def process_response(self, request, response):
        if cms.is_under(request):
            # A preview is a public page, made by a request of its own inside this one, with its policy.
            del response.headers[HEADER]
        return super().process_response(request, response)

    def get_policy_parts(self, request, response, report_only=False):
        """As in django-csp. Only Wagtail's previews may stand in a frame, and only there: Wagtail marks them with
        X-Frame-Options."""
        parts = super().get_policy_parts(request, response, report_only)
        if cms.is_under(request):
            is_preview = response.get("X-Frame-Options") == "SAMEORIGIN"
            parts.replace = CMS | ({"frame-ancestors": [SELF]} if is_preview else EDITOR_STYLES)
        return parts
