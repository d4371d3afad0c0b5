"""What the script of every staff page asks: how long the session lasts, and to let it last longer."""

from django.http import JsonResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from . import limits, use


@never_cache
@require_safe
def left(request):
    """Return how long this session lasts if nobody uses it. Asking does not count as use."""
    return JsonResponse(state(request))


@never_cache
@require_POST
def stay(request):
    """Note that a person typed or clicked on a page, and return what `left` returns."""
    if request.user.is_authenticated:
        use.note(request.session)
    return JsonResponse(state(request))


def state(request):
    """Return the state of the session as the script reads it.

    - `seconds`: until it ends; 0 if nobody is signed in
    - `can_stay`: whether use makes it last longer
    - `user`: the key of the user who is signed in; "" for nobody
    - `token`: a CSRF token, since signing in again makes the one of an open page invalid
    """
    if not request.user.is_authenticated:
        return {"seconds": 0, "can_stay": False, "user": "", "token": ""}
    row = request.session.row
    return {
        "seconds": limits.seconds_left(row, timezone.now()),
        "can_stay": limits.can_stay(row),
        "user": str(request.user.pk),
        "token": get_token(request),
    }
