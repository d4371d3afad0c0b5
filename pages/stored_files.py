"""Check and clean pictures and documents before they are stored, wherever they come from.

Phones record where and when a picture was taken, and a file can hide other data. So a picture is re-encoded, unless it
is a small enough JPEG with only image data. A document must be a PDF by its content, not just by its name.
"""

import hashlib
import re
import struct
import zlib
from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps
from wagtail.images.models import WagtailImageFieldFile

LONGEST_SIDE = 2560  # pixels; wider than any place on the site, even on a double-resolution screen
FORMATS = ["JPEG", "PNG", "WEBP"]

# What Pillow raises for broken or malicious files.
_BROKEN = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    SyntaxError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,  # where warnings are errors
)
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")  # of a JPEG; the others belong to the image data


class SafeFile(ContentFile):
    """A file that passed the check and may be stored as it is."""


def safe_picture(file):
    """Return the picture as a `SafeFile`: in sRGB, upright, without metadata, at most `LONGEST_SIDE` wide or high.

    Raises `ValidationError` if it is too big, broken, animated or not a picture.
    """
    if isinstance(file, SafeFile):
        return file
    content = _content(file, settings.WAGTAILIMAGES_MAX_UPLOAD_SIZE)
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as image:
            _check_measures(image)
            image.draft(None, (LONGEST_SIDE, LONGEST_SIDE))  # lets Pillow read a JPEG at reduced size
            image.load()
            is_jpeg = image.format in ("JPEG", "MPO")  # MPO: some phones store several pictures in a file
            if is_jpeg and max(image.size) <= LONGEST_SIDE and _is_bare_jpeg(content):
                encoded = content  # encoding it again would only reduce quality
            else:
                is_jpeg, encoded = _encode(image)
    except _BROKEN as error:
        raise ValidationError(
            _("This file is not a picture that we can show. Choose a complete JPEG, PNG or WebP file.")
        ) from error
    return SafeFile(encoded, Path(file.name or "picture").stem + (".jpg" if is_jpeg else ".png"))


def safe_document(file):
    """Return a PDF as a `SafeFile`. Raises `ValidationError` if it is too big or not a PDF."""
    if isinstance(file, SafeFile):
        return file
    content = _content(file, settings.WAGTAILDOCS_MAX_UPLOAD_SIZE)
    if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-1024:]:
        raise ValidationError(_("This file is not a complete PDF. Save the document as a PDF and choose that file."))
    return SafeFile(content, Path(file.name or "document").stem + ".pdf")


def _content(file, most_bytes):
    file.seek(0)
    content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ValidationError(_("This file is larger than %d MB. Make it smaller first.") % (most_bytes // 1_000_000))
    return content


def _check_measures(image):
    """Raise `ValidationError` for too many pixels or several frames. A tiny file can claim to be a picture that fills
    the memory, so this runs before decoding."""
    width, height = image.size
    if width * height > settings.WAGTAILIMAGES_MAX_IMAGE_PIXELS:
        raise ValidationError(
            _("This picture has %(has)d megapixels, but the limit is %(most)d. Make it smaller first.")
            % {"has": width * height // 1_000_000, "most": settings.WAGTAILIMAGES_MAX_IMAGE_PIXELS // 1_000_000}
        )
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise ValidationError(_("Moving pictures distract people from reading. Choose a still picture."))


def _encode(image):
    """Re-encode a picture. Return whether the result is a JPEG (otherwise it is a PNG), and its bytes."""
    has_alpha = image.has_transparency_data
    mode = "RGBA" if has_alpha else "RGB" if image.mode not in ("1", "L") else "L"
    pixels = _in_srgb(ImageOps.exif_transpose(image), mode)
    pixels.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    pixels.info.clear()  # otherwise Pillow would write comments and profiles again
    is_jpeg = image.format != "PNG" and not has_alpha
    buffer = BytesIO()
    if is_jpeg:
        pixels.save(buffer, "JPEG", quality=88, optimize=True, progressive=True)
    else:
        pixels.save(buffer, "PNG", optimize=True)
    return is_jpeg, buffer.getvalue()


def _in_srgb(image, mode):
    """Return the picture in sRGB. Its colors are converted from the profile in the file, if there is one."""
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "RGBA", "CMYK", "L"):
        try:
            given = ImageCms.ImageCmsProfile(BytesIO(profile))
            target = "RGBA" if image.mode == "RGBA" else "RGB"
            image = ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"), outputMode=target)
        except (ImageCms.PyCMSError, OSError):
            pass  # unreadable profile: leave the colors as they are
    return image.convert(mode)


def _is_bare_jpeg(content):
    """Return whether a JPEG contains only image data: no metadata, comment or profile, and nothing after its end."""
    position = 2
    while (marker := content[position : position + 2]) and marker[0] == 0xFF and len(marker) == 2:
        kind = marker[1]
        if kind == 0xD9:  # the end
            return position + 2 == len(content)
        length = int.from_bytes(content[position + 2 : position + 4])
        is_plain_header = kind == 0xE0 and length == 16 and content[position + 4 :].startswith(b"JFIF\0")
        if kind == 0xFE or (0xE0 <= kind <= 0xEF and not is_plain_header):
            return False
        position += 2 + length
        if kind == 0xDA:  # image data follows, up to the next marker
            following = _NEXT_MARKER.search(content, position)
            if following is None:
                return False
            position = following.end() - 2
    return False


class _CheckedFile:
    """Runs the check whenever a file is stored. Records the size and hash of the stored file in the row."""

    def save(self, name, content, save=True):
        content.name = content.name or name
        safe = type(self).check(content)
        super().save(Path(name).stem + Path(safe.name).suffix, safe, save=False)
        safe.seek(0)
        self.instance.file_size = safe.size
        self.instance.file_hash = hashlib.file_digest(safe, "sha1").hexdigest()
        safe.seek(0)
        if save:
            self.instance.save()


class PictureFile(_CheckedFile, WagtailImageFieldFile):
    check = staticmethod(safe_picture)

    def get_image_dimensions(self):
        """Return the width and height. If the file is not a picture, return (None, None) and let `save` refuse it."""
        try:
            return super().get_image_dimensions()
        except _BROKEN:
            return None, None


class DocumentFile(_CheckedFile, FieldFile):
    check = staticmethod(safe_document)
