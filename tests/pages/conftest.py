from pathlib import Path

import pytest


class Media:
    """The folder of the pictures and documents of one test."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def files(self, under="."):
        return sorted(path for path in (self.folder / under).rglob("*") if path.is_file())


@pytest.fixture
def media(settings, tmp_path):
    """Return an empty folder for pictures and documents, so that a test sees each file that was written."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return Media(settings.MEDIA_ROOT)
