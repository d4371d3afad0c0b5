from django.contrib.auth.views import LoginView

from .forms import SignInForm


class SignInView(LoginView):
    """Django's sign-in view. A try that the throttle refused answers 429 and says when to try again."""

    authentication_form = SignInForm
    template_name = "admin/login.html"

    def form_invalid(self, form):
        response = super().form_invalid(form)
        if form.retry_after is not None:
            response.status_code = 429
            response["Retry-After"] = str(form.retry_after)
        return response
