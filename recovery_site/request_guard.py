"""Refuses bodies that nobody can read, before Django parses them, with a page that shows the phone number.

Django 5.2 answers 500 to some of them (a form that claims to be UTF-7 or UTF-16) and reads others in full before
it says no.
"""

from django.utils.translation import gettext as _

from . import errors

READABLE_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
PUBLIC_LIMIT = 64 * 1024  # bytes; the longest honest request form is under 20,000
STAFF_LIMIT = 2_000_000  # bytes; a long page with many sections, under DATA_UPLOAD_MAX_MEMORY_SIZE


class RequestGuardMiddleware:
    """Lets a form body pass, or answers 413 (too large) or 415 (not a form in UTF-8). Answers 400 to a body that came
    in chunks and broke off, and to a NUL in a query of the admin: nobody types one, and PostgreSQL takes none."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path_info.startswith("/admin/") and "%00" in request.META.get("QUERY_STRING", ""):
            return errors.bad_request(request)
        if request.method in ("POST", "PUT", "PATCH"):
            if "Transfer-Encoding" in request.headers:  # what could be read has lost it, see recovery_site.chunked
                return errors.page(
                    request,
                    400,
                    _("We could not read what was sent"),
                    _(
                        "Nothing was stored. Please go back: your words should still be in the form. Then send it "
                        "again, or call us."
                    ),
                )
            length = _length(request)
            if length > (STAFF_LIMIT if request.path_info.startswith("/admin/") else PUBLIC_LIMIT):
                return errors.page(
                    request,
                    413,
                    _("That was too long to send"),
                    _("Nothing was stored. Please call us, or open the form again and send a shorter message."),
                )
            if length and (request.content_type not in READABLE_TYPES or not _is_utf8(request)):
                return errors.page(
                    request,
                    415,
                    _("We could not read what was sent"),
                    _("Nothing was stored. Please open the form again and send it from there. Or call us."),
                )
        return self.get_response(request)


def _length(request):
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _is_utf8(request):
    return request.content_params.get("charset", "utf-8").strip("\"' ").lower() in ("utf-8", "utf8")
