"""Documents that editors upload: PDF alone, by content. `WAGTAILDOCS_EXTENSIONS` looks at the name."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail.documents.forms import BaseDocumentForm

SIGNATURE = b"%PDF-"


class PdfForm(BaseDocumentForm):
    """Wagtail's form of a document, which takes a PDF and nothing that is only named like one."""

    def clean_file(self):
        file = self.cleaned_data["file"]
        file.seek(0)
        begins_as_pdf = file.read(len(SIGNATURE)) == SIGNATURE
        file.seek(0)
        if not begins_as_pdf:
            raise ValidationError(_("This file is not a PDF, whatever its name says. Save it as a PDF and try again."))
        return file
