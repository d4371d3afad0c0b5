"""Starter content of all apps: the topics and questions here, the rest by `pages/starter.py`."""

from pathlib import Path

from pages import starter

FOLDER = Path(__file__).parent / "starter"


def load():
    """Loads all starter content. Returns how many rows of each kind were written, by the name of the file or folder."""
    return starter.load(FOLDER)
