"""The users who can own a request: those who may read it."""

from django.utils.translation import gettext as _

from intake import access, workflow


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
