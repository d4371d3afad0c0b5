"""Choosers without an inline script, which the policy refuses.

Wagtail writes the script of a chooser in Python, not in a template, so its public method `render` is replaced here.
"""

import json

from django.utils.html import format_html
from wagtail.admin.widgets import BaseChooser

START = '{}<start-part data-part="{}" data-id="{}" data-options="{}"></start-part>'


def install():
    """Replace `render` of every chooser: pages, pictures, documents, snippets, the target of a move."""
    BaseChooser.render = render


def render(widget, name, value, attrs=None, renderer=None):
    """The HTML of a chooser, with what `cms.js` needs to start it."""
    value_data = widget.get_value_data(value)
    options = widget.get_js_init_options(attrs["id"], name, value_data)
    html = widget.render_html(name, value_data, attrs)
    return format_html(START, html, widget.js_constructor, attrs["id"], json.dumps(options))
