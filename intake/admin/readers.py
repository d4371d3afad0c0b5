"""The users who can own a request: those who may read it."""

from django.utils.translation import gettext as _

from intake import access, workflow
from intake.models import AssessmentRequest

Stage = AssessmentRequest.Stage


def chosen_reader(key):
    """Return the user chosen in a form; None if `key` is "".

    Raises `workflow.TransitionRefused` if that user may not read requests.
    """
    if not key:
        return None
    reader = {str(reader.pk): reader for reader in access.readers()}.get(key)
    if reader is None:
        raise workflow.TransitionRefused(_("Only admissions staff and their lead can own a request."))
    return reader


def show_without_leavers(requests, viewer, readers=None):
    """Show open requests as nobody's if their owner may no longer read requests, and return them.

    Changes the objects only, never the rows. `left_by`: the former owner, or None. `readers`: those who may read
    requests, if they are known already.
    """
    owned = [one for one in requests if one.owner_id not in (None, viewer.pk) and one.stage != Stage.CLOSED]
    may_own = {reader.pk for reader in (access.readers() if readers is None else readers)}
    for one in requests:
        one.left_by = None
    for one in owned:
        if one.owner_id not in may_own:
            one.left_by, one.owner, one.claimed_until = one.owner, None, None
    return requests
