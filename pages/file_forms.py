"""The upload forms for pictures and documents. They refuse files that we can't store."""

import secrets
from pathlib import Path

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.documents.fields import WagtailDocumentField
from wagtail.documents.forms import BaseDocumentForm
from wagtail.images.fields import WagtailImageField
from wagtail.images.forms import BaseImageForm

from .stored_files import safe_document, safe_picture

LONGEST_STEM = 40  # Wagtail truncates longer names, and the random letters are at the end


def _with_random_name(file):
    """Add random letters to a file's name. Otherwise, anyone could guess its address before a page shows the file."""
    path = Path(file.name)
    file.name = f"{path.stem[:LONGEST_STEM]}-{secrets.token_hex(4)}{path.suffix}"
    return file


class PictureFormField(WagtailImageField):
    """A picture upload that checks the content and ignores the name. Skips Wagtail's own check, which fails on a huge
    picture."""

    def to_python(self, data):
        file = forms.FileField.to_python(self, data)
        return file and _with_random_name(safe_picture(file))


class DocumentFormField(WagtailDocumentField):
    def to_python(self, data):
        file = forms.FileField.to_python(self, data)
        return file and _with_random_name(safe_document(file))


class _WithFile:
    """Drops the file field where Wagtail edits only the details of stored files, as after a multiple upload."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "file" not in self._meta.fields or "file" in (self._meta.exclude or ()):
            del self.fields["file"]


class PictureForm(_WithFile, BaseImageForm):
    file = PictureFormField(label=_("File"), widget=BaseImageForm.Meta.widgets["file"])


class DownloadForm(_WithFile, BaseDocumentForm):
    file = DocumentFormField(label=_("File"), widget=BaseDocumentForm.Meta.widgets["file"])
