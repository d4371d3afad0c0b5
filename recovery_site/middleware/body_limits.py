"""Refuse request bodies that we can't read, before Django parses them. The error page shows the phone number.

Django 5.2 answers some bodies with 500 (a form that claims to be UTF-7 or UTF-16). It reads others completely before it
refuses them.
"""

from dataclasses import dataclass

from django.http import UnreadablePostError
from django.utils.translation import gettext as _

from recovery_site import cms, error_views
from recovery_site.cms.access import may_edit

READABLE_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
JSON_ADDRESSES = (
    "/cms/dismissibles/",  # Wagtail's scripts send JSON here: "don't show this again"
    "/admin/second-factor/passkey/registration/complete/",
    "/admin/second-factor/passkey/authentication/complete/",
)


@dataclass(frozen=True)
class Limits:
    size: int  # bytes
    fields: int


PUBLIC = Limits(64 * 1024, 1000)  # the longest real request form is under 20,000 bytes
STAFF = Limits(2_000_000, 1000)  # under DATA_UPLOAD_MAX_MEMORY_SIZE
EDITOR = Limits(15_000_000, 10_000)  # a picture from a phone; a page with many sections


class RequestGuardMiddleware:
    """Answer bad requests with 413 (too large), 415 (not a form in UTF-8) or 400. Other requests pass.

    400 is for too many fields, a chunked body that broke off, and a NUL in a staff query, which PostgreSQL rejects.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return _refusal(request) or self.get_response(request)


def _refusal(request):
    """Return the error page for a bad request. None if the request is good."""
    query = request.META.get("QUERY_STRING", "")
    if request.path_info.startswith(("/admin/", cms.PREFIX)) and "%00" in query:
        return error_views.bad_request(request)
    if query.count("&") >= PUBLIC.fields:
        return error_views.bad_request(request)
    if request.method not in ("POST", "PUT", "PATCH"):
        return None
    if "Transfer-Encoding" in request.headers:  # removed from complete bodies, see recovery_site.chunked_requests
        return _broken_off(request)
    length = _length(request)
    limits = _limits(request, length)
    if length > limits.size:
        return error_views.page(
            request,
            413,
            _("That was too long to send"),
            _("Nothing was stored. Please call us, or open the form again and send us a shorter message."),
        )
    if length and not _is_readable(request):
        return error_views.page(
            request,
            415,
            _("We could not read what was sent"),
            _("Nothing was stored. Please open the form again and send it from there, or call us."),
        )
    if length and limits.fields < EDITOR.fields:  # Django itself limits an editor's fields
        try:
            is_too_much = _fields(request) > limits.fields
        except UnreadablePostError:
            return _broken_off(request)
        if is_too_much:
            return error_views.bad_request(request)
    return None


def _limits(request, length):
    if request.path_info.startswith("/admin/"):
        return STAFF
    if cms.is_under(request) and length and may_edit(request):
        return EDITOR
    return PUBLIC


def _fields(request):
    """Return an upper bound for the number of form fields. Reads the whole body into memory."""
    if request.content_type == "multipart/form-data":
        boundary = request.content_params.get("boundary", "").encode(errors="replace")
        return request.body.count(boundary) if boundary else 0  # Django refuses a body without one
    return request.body.count(b"&") + 1


def _broken_off(request):
    return error_views.page(
        request,
        400,
        _("We could not read what was sent"),
        _("Nothing was stored. Please go back. Your text should still be in the form. Then send it again, or call us."),
    )


def _length(request):
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _is_readable(request):
    if request.path_info in JSON_ADDRESSES and request.content_type == "application/json":
        return True
    return request.content_type in READABLE_TYPES and _is_utf8(request)


def _is_utf8(request):
    return request.content_params.get("charset", "utf-8").strip("\"' ").lower() in ("utf-8", "utf8")
