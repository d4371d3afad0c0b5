"""Two headers for every response. They limit what a page may use, and who may embed what we serve."""

HEADERS = {
    # Nothing here needs these. What is not named keeps the browser's default, such as passkeys and the clipboard.
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class BrowserPoliciesMiddleware:
    """Adds `HEADERS` to every response, also to files and health checks."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers[name] = value
        return response
