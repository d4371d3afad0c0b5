from django.conf import settings

WITH_FORMS = ("/assessment/", "/admin/", "/cms/")


class PublicPagesMiddleware:
    """Keeps the CSRF cookie away from pages without a form. Django would replace a broken one in its answer, and any
    cache may keep these pages."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.path_info.startswith(WITH_FORMS):
            request.COOKIES.pop(settings.CSRF_COOKIE_NAME, None)
        return self.get_response(request)
