"""Starter content of all apps: the topics here, the pages by `pages/starter.py`."""

import json
from pathlib import Path

from wagtail.models import Locale

from pages import starter
from pages.content_files import all_pages

from .models import Topic

FOLDER = Path(__file__).parent / "starter"


def load():
    """Loads the topics, and with them center, sources, and every page. Returns how many were made, by name."""
    made = {}
    for data in json.loads((FOLDER / "topics.json").read_text()):
        locale = Locale.objects.get(language_code=data["language"])
        if not Topic.objects.filter(key=data["key"], locale=locale).exists():
            topic = Topic.objects.create(key=data["key"], locale=locale, title=data["title"], position=data["position"])
            made[topic] = data["language"], data["page"]
    written = {"topics": len(made)} | starter.load(FOLDER)
    pages = all_pages()
    for topic, place in made.items():  # its page was not there before
        topic.page = pages.get(place)
        topic.save()
    return written
