"""The forms in which an editor types an address, in Wagtail's chooser."""

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.views.chooser import ExternalLinkView as WagtailsExternalLinkView

from . import links


class AddressField(forms.CharField):
    """An address that leads somewhere, completed where it is plain what is meant."""

    def clean(self, value):
        return links.complete(super().clean(value))


class ExternalLinkForm(forms.Form):
    url = AddressField(label=_("Address"), max_length=2000)
    link_text = forms.CharField(label=_("Words of the link"), required=False)


class ExternalLinkView(WagtailsExternalLinkView):
    form_class = ExternalLinkForm
