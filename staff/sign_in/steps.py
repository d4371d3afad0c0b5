"""What someone has to do between the right password and being signed in.

Each step has an address and tells whether it is due. Its page asks `pending.user_of(request)` who is about to sign in,
and calls `go_on` when it is done. The second factor is the last step and finishes the sign-in itself.
"""

from collections.abc import Callable
from typing import NamedTuple

from django.shortcuts import redirect

from staff.passwords import must_change
from staff.second_factor import factors

from . import pending


class Step(NamedTuple):
    address: str  # the name of its address
    is_due: Callable  # takes the user


REPLACE_PASSWORD = Step("admin:replace_password", must_change.is_due)
SECOND_FACTOR = Step("admin:second_factor", factors.is_due)
STEPS = [REPLACE_PASSWORD, SECOND_FACTOR]  # in order


def due(user):
    """Return the first step that is due; None if nothing is."""
    return next((step for step in STEPS if step.is_due(user)), None)


def go_on(request):
    """Redirect to the step that is due. If none is, sign in and redirect to where the person wanted to go."""
    user = pending.user_of(request)
    if user is None:
        return pending.begin_again(request)
    step = due(user)
    return redirect(step.address if step else pending.finish(request, None))
