"""Load the starter content of all apps: topics and questions from here, everything else through `pages/starter.py`."""

from pathlib import Path

from pages import starter

FOLDER = Path(__file__).parent / "starter"


def load():
    """Load all starter content. Return the number of rows written, by the name of the file or folder."""
    return starter.load(FOLDER)
