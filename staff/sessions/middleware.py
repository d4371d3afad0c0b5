from django.contrib.auth import SESSION_KEY as USER_ID
from django.utils.cache import add_never_cache_headers

from . import endings, use


class StaffSessionMiddleware:
    """End sessions whose time is over, and note when a person uses one.

    Someone who was signed out is anonymous from then on, so a form that they send leads to the page "Not sent yet".
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if use.is_on_staff_page(request):
            request.session.get(USER_ID)  # loads it
            _end_if_over(request)
        response = self.get_response(request)
        _end_if_over(request)  # for a public page that loaded it
        _keep_in_no_cache(request, response)
        if getattr(request, "has_signed_out", False):
            # Not "cookies": that would delete those of all hosts under this domain, also of other sites of the center.
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response

    def process_view(self, request, view, args, kwargs):
        """Note use. Runs after the CSRF check, so a forged form does not count."""
        if use.is_on_staff_page(request) and request.user.is_authenticated and use.is_by_a_person(request):
            use.note(request.session)


def _keep_in_no_cache(request, response):
    """Let no cache keep an answer of the desk, except the words of its scripts, which are the same for everyone."""
    is_of_desk = request.path_info.startswith("/admin/") and request.path_info != "/admin/jsi18n/"
    if is_of_desk and "no-store" not in response.get("Cache-Control", ""):
        add_never_cache_headers(response)


def _end_if_over(request):
    session = request.session
    if session.ended:
        endings.end(session.row, session.ended, request)
        session.row, session.ended = None, ""
