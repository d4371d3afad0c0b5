"""Starter questions, loaded by the rules of `pages.starter`."""

import tomllib
from pathlib import Path

from django.db import transaction

from pages.models import Page
from pages.starter import cite, files, may_renew, version_fields

from .models import AnswerCitation, AnswerVersion, Question, Topic

FOLDER = Path(__file__).parent / "starter"


def load_topics():
    """Adds the topics that are missing. Returns how many rows were made."""
    made = 0
    for key, fields in tomllib.loads((FOLDER / "topics.toml").read_text()).items():
        page = Page.objects.filter(starter_key=fields["page"]).first()
        topic = {"title": fields["title"], "position": fields["position"], "page": page}
        made += Topic.objects.get_or_create(key=key, defaults=topic)[1]
    return made


@transaction.atomic
def load_question(data):
    """Makes or renews one question from a starter file. Returns whether anything was written."""
    question = Question.objects.filter(starter_key=data["key"]).first()
    if question is None:
        if Question.objects.filter(slug=data["slug"]).exists():
            return False  # an editor has taken the address
        topic = Topic.objects.get(key=data["topic"])
        question = Question.objects.create(
            slug=data["slug"], topic=topic, position=data["position"], starter_key=data["key"]
        )
    elif not may_renew(question.versions, data["digest"]):
        return False
    version = AnswerVersion.objects.create(question=question, body=data["body"], **version_fields(data))
    cite(AnswerCitation, version, data["sources"])
    version.publish()
    return True


def load():
    """Loads topics and questions. Returns how many of each were written, by name."""
    return {
        "topics": load_topics(),
        "questions": sum(load_question(data) for data in files(FOLDER, without={"topics"})),
    }
