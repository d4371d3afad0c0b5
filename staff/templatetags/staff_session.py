from django import template

from staff.sessions.views import state

register = template.Library()


@register.simple_tag(takes_context=True)
def session_state(context):
    """Return the state of the session as `state` does. Nobody is signed in on a page without a request."""
    request = context.get("request")
    return state(request) if request else {"user": ""}
