from django.contrib.auth.views import LoginView

from . import pending, steps
from .forms import SignInForm
from .throttled import ThrottledView


class SignInView(ThrottledView, LoginView):
    """Django's sign-in view, but the right password only begins a sign-in (pending.py)."""

    authentication_form = SignInForm
    template_name = "admin/login.html"

    def form_valid(self, form):
        pending.start(self.request, form.get_user(), self.get_success_url())
        return steps.go_on(self.request)
