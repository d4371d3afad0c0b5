"""What a load balancer asks: does the process live, can it accept a request for help?

Answered before the host check and the TLS redirect, since a probe has neither a host name nor a reason to follow.
"""

from django.http import HttpResponse

from intake.readiness import why_not_ready


class HealthMiddleware:
    """Answers `/healthz` (always 200 while the process lives) and `/readyz` (200, or 503 with the reason as a code)."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path_info == "/healthz":
            return _answer(200, "ok")
        if request.path_info == "/readyz":
            reason = why_not_ready()
            return _answer(503, reason) if reason else _answer(200, "ready")
        return self.get_response(request)


def _answer(status, word):
    return HttpResponse(
        f"{word}\n", status=status, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"}
    )
