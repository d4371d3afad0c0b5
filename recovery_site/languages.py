"""The language of a page is its address's alone, so that any cache may keep it."""

from django.conf import settings
from django.utils import translation


class AddressLanguageMiddleware:
    """Answers in the language that the address begins with, else in the site's own. Django's would ask a header and a
    cookie too, and tell every cache to keep a copy for each."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        language = translation.get_language_from_path(request.path_info) or settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            return self.get_response(request)
