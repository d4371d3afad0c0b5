"""Set the language from the address alone, so that any cache may keep the page."""

from django.conf import settings
from django.utils import translation


class AddressLanguageMiddleware:
    """Use the language at the start of the address, or else the default language.

    Django's own middleware also reads a header and a cookie, so caches would need a copy for each.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        language = translation.get_language_from_path(request.path_info) or settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            return self.get_response(request)
