"""Notice a search by someone who may be in danger."""

from .words import fold, words

# In English and Spanish. Too many words do no harm: the results only stand below the crisis lines then.
_WORDS = """
suicide suicidal die dying kill overdose overdosed overdosing unconscious unresponsive breathing breathe
suicidio suicidarme morir morirme matarme sobredosis inconsciente respira
"""
_IN_DANGER = frozenset(fold(word) for word in _WORDS.split())


def names_danger(query):
    """Return whether a search should show the crisis lines before its results."""
    return any(fold(word) in _IN_DANGER for word in words(query))
