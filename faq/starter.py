"""Load the starter content of all apps: the topics and questions in this app, and everything else from `pages`."""

from pathlib import Path

from pages import starter

FOLDER = Path(__file__).parent / "starter"


def load():
    """Load all starter content. Return the number of rows written for each kind, by file or folder name."""
    return starter.load(FOLDER)
