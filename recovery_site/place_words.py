from urllib.parse import urlsplit

from django.conf import settings

from pages import facts

OF_OUR_WORK = ("kratom", "addiction", "recovery", "treatment", "admissions", "assessment", "withdrawal", "staff")


def words_of_the_place():
    """Return words that someone who guesses passwords tries first: the center, its town, our work, our host name.

    They come from the last known facts, so this needs no database.
    """
    center = facts.current().center
    of_the_center = [center.name, center.town, center.state, center.street] if center else []
    return [*OF_OUR_WORK, settings.WAGTAIL_SITE_NAME, urlsplit(settings.PUBLIC_ORIGIN).hostname, *of_the_center]
