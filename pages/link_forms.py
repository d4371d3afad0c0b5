"""The forms in Wagtail's link chooser where an editor types an address."""

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.views.chooser import ExternalLinkView as WagtailsExternalLinkView

from . import links


class AddressField(forms.CharField):
    """An address field that completes a short form, such as "example.org", if its meaning is clear."""

    def clean(self, value):
        return links.complete(super().clean(value))


class ExternalLinkForm(forms.Form):
    url = AddressField(label=_("Address"), max_length=2000)
    link_text = forms.CharField(label=_("Text of the link"), required=False)


class ExternalLinkView(WagtailsExternalLinkView):
    form_class = ExternalLinkForm
