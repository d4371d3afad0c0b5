"""The Content-Security-Policy of a response, written once where it is always the same."""

import functools

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """django-csp's own, which writes the policy anew for each response. That took a twentieth of an accepted form, and
    only a page that asked for a nonce, or a view with a policy of its own, needs it."""

    def process_response(self, request, response):
        has_own_policy = any(name.startswith("_csp") for name in vars(response))
        if request.csp_nonce or has_own_policy or settings.DEBUG:
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self._policy)
        return response

    @functools.cached_property
    def _policy(self):
        return build_policy()
