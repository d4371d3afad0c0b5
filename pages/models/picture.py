from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.documents.models import AbstractDocument, Document
from wagtail.images.models import AbstractImage, AbstractRendition, Image, WagtailImageField, get_upload_to

from ..content_generation import AtomicModel
from ..stored_files import DocumentFile, PictureFile


class PictureField(WagtailImageField):
    attr_class = PictureFile


class DocumentField(models.FileField):
    attr_class = DocumentFile


class _WithCheckedFile(AtomicModel):
    class Meta:
        abstract = True

    def __str__(self):
        return self.title

    def save(self, *args, **kwargs):
        # The file comes before the row: the stored file decides the dimensions, and a refused file leaves no row.
        self._meta.get_field("file").pre_save(self, add=self._state.adding)
        super().save(*args, **kwargs)


class Picture(_WithCheckedFile, AbstractImage):
    """A picture in the library. Its stored file is clean and re-encoded if needed, see `pages/stored_files.py`."""

    file = PictureField(
        AbstractImage._meta.get_field("file").verbose_name,
        upload_to=get_upload_to,
        width_field="width",
        height_field="height",
    )

    admin_form_fields = Image.admin_form_fields

    class Meta(AbstractImage.Meta):
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")


class PictureRendition(AbstractRendition):
    """A picture in one size and format."""

    image = models.ForeignKey(Picture, models.CASCADE, related_name="renditions")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["image", "filter_spec", "focal_point_key"], name="picture_rendition_once_per_filter"
            )
        ]


class Download(_WithCheckedFile, AbstractDocument):
    """A PDF that readers can save."""

    file = DocumentField(AbstractDocument._meta.get_field("file").verbose_name, upload_to="documents")

    admin_form_fields = Document.admin_form_fields
