"""The forms of the picture and document libraries: what can't be stored is refused there with a sentence."""

import secrets
from pathlib import Path

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.documents.fields import WagtailDocumentField
from wagtail.documents.forms import BaseDocumentForm
from wagtail.images.fields import WagtailImageField
from wagtail.images.forms import BaseImageForm

from .stored_files import safe_document, safe_picture

LONGEST_STEM = 40  # Wagtail cuts longer ones, and the letters that nobody can guess stand at their end


def _hard_to_guess(file):
    """The file under a name that nobody can guess: whoever has the address of a file gets it, and it lies there before
    a page shows it."""
    path = Path(file.name)
    file.name = f"{path.stem[:LONGEST_STEM]}-{secrets.token_hex(4)}{path.suffix}"
    return file


class PictureFormField(WagtailImageField):
    """Looks at the content alone, and before anything else does: Wagtail's own check fails at a huge picture."""

    def to_python(self, data):
        file = forms.FileField.to_python(self, data)
        return file and _hard_to_guess(safe_picture(file))


class DocumentFormField(WagtailDocumentField):
    def to_python(self, data):
        file = forms.FileField.to_python(self, data)
        return file and _hard_to_guess(safe_document(file))


class _WithFile:
    """Without the file where Wagtail asks for the words of stored files alone: after several were chosen at once."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "file" not in self._meta.fields or "file" in (self._meta.exclude or ()):
            del self.fields["file"]


class PictureForm(_WithFile, BaseImageForm):
    file = PictureFormField(label=_("File"), widget=BaseImageForm.Meta.widgets["file"])


class DownloadForm(_WithFile, BaseDocumentForm):
    file = DocumentFormField(label=_("File"), widget=BaseDocumentForm.Meta.widgets["file"])
