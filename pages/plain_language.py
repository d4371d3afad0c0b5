"""Check that language is plain and respectful, for the editor and for the tests.

Pure functions over text, without the database. A result is only a hint: a low grade does not prove that a text is
clear.
"""

import html
import re

# Names without a plainer word. We exclude them, so that the grade measures the sentences around them
# (NHS service manual, "Use a readability tool").
UNAVOIDABLE = {
    "7-hydroxymitragynine",
    "alkaloid",
    "alkaloids",
    "arizona",
    "buprenorphine",
    "gilbert",
    "methadone",
    "mitragynine",
    "naloxone",
    "naltrexone",
    "renaissance",
    "salmonella",
    "samhsa",
}

# Words to avoid, and what to write instead. The editor sees the advice as it is.
# Sources: NIDA "Words Matter"; VA content style guide.
WORDS_TO_AVOID = [
    (r"addicts?", "person with a substance use disorder"),
    (r"(?:drug |substance )?abus(?:e|ed|es|er|ers|ing)", "use, misuse (of a medicine) or use disorder"),
    (r"junkies?|druggies?", "person with a substance use disorder"),
    (r"(?:drug|kratom|opioid|opiate) users?", "person who uses …"),
    (r"suffer(?:s|ing|ed)? (?:from|with)|victims? of|battl(?:es|ing) addiction", "has, lives with"),
    (r"drug habits?|problem (?:person|people)", "use disorder, addiction"),
    (
        r"(?:get|got|getting|stay|staying|be|being) clean|dirty (?:test|urine)",
        "in recovery; tested negative or positive",
    ),
    (
        r"substitution therapy|replacement therapy|medication[- ]assisted treatment",
        "medication for opioid use disorder",
    ),
    (r"relaps(?:e|es|ed|ing)", "return to use"),
    (r"non-?compliant|in denial", "chose not to; sees it differently"),
    (r"drug of choice|get(?:ting)? high|legal high", "reason for use, effects"),
    (r"committed suicide", "died by suicide"),
    (r"addicted bab(?:y|ies)", "baby with withdrawal"),
    (r"dual[- ]diagnosis (?:people|patients?)", "people who also have …"),
]
# Claims about a center or a treatment (FTC Act section 5 and 15 U.S.C. 45d). They need a written reason from someone
# who is responsible.
CLAIMS = [
    (r"cures?|cured|guaranteed?|success rates?", "say what you do, not what you promise"),
    (r"#1|(?:the )?best (?:rehab|treatment|center|care)|leading (?:center|provider)|top-rated", "leave this out"),
    (r"painless detox|100% confidential|HIPAA[- ](?:certified|compliant)", "leave this out"),
    (r"proven kratom treatment|natural and safe|non-addictive|clinically proven", "leave this out"),
    (r"luxury|limited beds|act now", "leave this out"),
]


def _compiled(phrases):
    return [(re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE), advice) for pattern, advice in phrases]


_AVOID, _CLAIMS = _compiled(WORDS_TO_AVOID), _compiled(CLAIMS)

_INSIDE_A_WORD = r"</?(?:b|strong|i|em|sub|sup)>"
_INVISIBLE = "[\u00ad\u200b-\u200d\u2060\ufeff]"  # soft hyphens and similar characters from pasted text


def as_text(markup: str) -> str:
    """Return the text of HTML as a reader sees it, without citation marks such as [3]. Each block ends a sentence."""
    in_one_piece = re.sub(_INSIDE_A_WORD, "", markup)
    with_stops = re.sub(r"(?<![.!?:;…\s])(?<![.!?…][”’\"')])\s*</(p|li|h[1-6])>", ". ", in_one_piece)
    without_tags = re.sub(r"<[^>]+>", " ", with_stops)
    seen = re.sub(_INVISIBLE, "", html.unescape(without_tags))
    without_marks = re.sub(r"\s*\[\d+\]", "", seen)
    return re.sub(r"\s+([.,;:!?])", r"\1", re.sub(r"\s+", " ", without_marks)).strip()


def words_to_avoid(text: str) -> list[tuple[str, str]]:
    """Return pairs of the words found and what to write instead. Words about people come first, then promises."""
    return [(match.group(0), advice) for match, advice in [*disrespectful(text), *claims(text)]]


def disrespectful(text: str) -> list[tuple[re.Match, str]]:
    """Return the words that label people, as pairs of a match and what to write instead."""
    return [(match, advice) for pattern, advice in _AVOID for match in pattern.finditer(text)]


def claims(text: str) -> list[tuple[re.Match, str]]:
    """Return the promises, as pairs of a match and what to write instead."""
    return [(match, advice) for pattern, advice in _CLAIMS for match in pattern.finditer(text)]


def grade(text: str) -> float:
    """Return the Flesch-Kincaid grade level of plain text (Kincaid et al. 1975). 0.0 if it has no words.

    The words of `UNAVOIDABLE` and bare numbers count as one syllable each.
    """
    sentences = [part for part in re.split(r"[.!?:;…]+[”’\"')]?(?:\s|$)", text) if re.search(r"\w", part)]
    words = [word.strip("'’-") for word in re.findall(r"[\w'’-]+", text)]
    words = [word for word in words if word]
    if not words:
        return 0.0
    syllables = sum(_syllables(word.lower()) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


def _syllables(word: str) -> int:
    if word in UNAVOIDABLE or not re.search(r"[a-z]", word):
        return 1
    silent_e = re.sub(r"(?<![aeiouyl])e$|(?<=[^aeiouytd])ed$|(?<=[^aeiouyscxzgh])es$", "", word)
    return max(1, len(re.findall(r"[aeiouy]+", silent_e)))
