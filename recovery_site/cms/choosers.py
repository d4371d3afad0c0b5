"""Render choosers without inline scripts, which our Content-Security-Policy blocks.

Wagtail builds a chooser's script in Python, not in a template, so we replace the public method `render`.
"""

import json

from django.utils.html import format_html
from wagtail.admin.widgets import BaseChooser

START = '{}<start-part data-part="{}" data-id="{}" data-options="{}"></start-part>'


def install():
    """Replace `render` for all choosers: of pages, pictures, documents, snippets and move targets."""
    BaseChooser.render = render


def render(widget, name, value, attrs=None, renderer=None):
    """Return the HTML of a chooser, including the data with which `cms.js` starts it."""
    value_data = widget.get_value_data(value)
    options = widget.get_js_init_options(attrs["id"], name, value_data)
    html = widget.render_html(name, value_data, attrs)
    return format_html(START, html, widget.js_constructor, attrs["id"], json.dumps(options))
