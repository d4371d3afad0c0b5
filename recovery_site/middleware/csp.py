"""The Content-Security-Policy header: django-csp's, with exceptions for Wagtail's admin."""

from csp.constants import HEADER, SELF, UNSAFE_INLINE
from csp.middleware import CSPMiddleware

from recovery_site import cms

CMS = {
    "img-src": [SELF, "data:", "blob:"],  # blob: a picture during upload
    "frame-src": [SELF],  # the live preview
}
# The rich text editor adds style elements: the hint in an empty box and the numbers of nested lists.
EDITOR_STYLES = {"style-src-elem": [SELF, UNSAFE_INLINE]}


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    def process_response(self, request, response):
        if cms.is_under(request):
            # A preview is a public page from an inner request, which has already set the header.
            del response.headers[HEADER]
        return super().process_response(request, response)

    def get_policy_parts(self, request, response, report_only=False):
        """Return the policy's parts. In Wagtail's admin, only previews may appear in a frame, and only on our site.

        Wagtail marks previews with X-Frame-Options.
        """
        parts = super().get_policy_parts(request, response, report_only)
        if cms.is_under(request):
            is_preview = response.get("X-Frame-Options") == "SAMEORIGIN"
            parts.replace = CMS | ({"frame-ancestors": [SELF]} if is_preview else EDITOR_STYLES)
        return parts
