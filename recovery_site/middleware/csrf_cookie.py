from django.conf import settings
from django.utils.cache import get_max_age, patch_cache_control

from pages import facts

WITH_FORMS = ("/assessment/", "/admin/", "/cms/")


class PublicPagesMiddleware:
    """Keep pages without a form cacheable, and limit how long any page is cached.

    On these pages it drops the CSRF cookie from the request, so that Django never sets a new one: a cache may not keep
    a page with a cookie. The cache time ends when text like "Open now until 5 PM" changes.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.path_info.startswith(WITH_FORMS):
            request.COOKIES.pop(settings.CSRF_COOKIE_NAME, None)
        response = self.get_response(request)
        if longest := get_max_age(response):
            patch_cache_control(response, max_age=facts.seconds_to_keep(longest))
        return response
