"""Pictures as phones, cameras and attackers make them, and a PDF."""

import io
import struct
import zlib

from django.core.files.base import ContentFile
from PIL import Image, ImageCms

PLACE = b"Gilbert, 33.3528 N"  # in every kind of metadata below
WHITE_PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def picture(kind="JPEG", size=(60, 40), *, mode="RGB", color="teal", name=None, **options):
    """Return a picture as a file. `options` are arguments of Pillow's `save`."""
    buffer = io.BytesIO()
    Image.new(mode, size, color).save(buffer, kind, **options)
    return ContentFile(buffer.getvalue(), name or f"picture.{kind.lower()}")


def from_a_phone(kind="JPEG"):
    """Return a picture that contains the place where it was taken, is rotated, and has its own color profile."""
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = PLACE.decode(), 6  # description; turn right
    exif.get_ifd(0x8825)[2] = (33.0, 21.0, 10.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    more = {"comment": PLACE} if kind == "JPEG" else {}
    file = picture(kind, exif=exif, icc_profile=profile, **more)
    return ContentFile(file.read() + (PLACE if kind == "JPEG" else b""), file.name)  # behind the end, as phones do


def two_in_one_file():
    """Return a file as some phones write it: a picture, followed by a second picture that also contains the place."""
    exif = Image.Exif()
    exif[0x010E] = PLACE.decode()
    buffer = io.BytesIO()
    other = Image.new("RGB", (30, 20), "gray")
    Image.new("RGB", (60, 40), "teal").save(buffer, "MPO", save_all=True, append_images=[other], exif=exif)
    return ContentFile(buffer.getvalue(), "picture.jpg")


def claiming(width, height):
    """Return a PNG of a few bytes that claims to have this width and height."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return ContentFile(b"\x89PNG\r\n\x1a\n" + header + data + chunk(b"IEND", b""), "huge.png")


def moving(kind):
    frames = [Image.new("RGB", (40, 40), color) for color in ("red", "green", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=50)
    return ContentFile(buffer.getvalue(), f"moving.{kind.lower()}")


def truncated(kind="JPEG"):
    file = picture(kind, (400, 400), mode="RGB")
    content = file.read()
    return ContentFile(content[: len(content) // 2], file.name)


def drawing_with_script():
    return ContentFile(b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "drawing.svg")


def named(file, name):
    return ContentFile(file.read(), name)
