"""Health checks for load balancers, and the status for alarms.

Load balancers ask whether the process is alive and whether it can accept a request. Runs before the host check and the
TLS redirect, because probes have no host name and follow no redirects.
"""

import secrets

from django.conf import settings
from django.http import HttpResponse, JsonResponse

from intake.monitoring import status
from intake.monitoring.readiness import why_not_ready


class HealthMiddleware:
    """Answer `/healthz` (always 200), `/readyz` (200, or 503 with a reason code) and `/status`.

    `/status` needs STATUS_TOKEN. It answers 200 or 503, with codes and figures.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path_info == "/healthz":
            return _answer(200, "ok")
        if request.path_info == "/readyz":
            reason = why_not_ready()
            return _answer(503, reason) if reason else _answer(200, "ready")
        if request.path_info == "/status" and _knows_token(request):
            report = status.report()
            return JsonResponse(report, status=200 if report["ok"] else 503, headers={"Cache-Control": "no-store"})
        return self.get_response(request)


def _answer(status_code, word):
    return HttpResponse(
        f"{word}\n", status=status_code, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"}
    )


def _knows_token(request):
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    is_right = secrets.compare_digest(token.strip().encode(), settings.STATUS_TOKEN.encode())
    return bool(settings.STATUS_TOKEN) and scheme.lower() == "bearer" and is_right
