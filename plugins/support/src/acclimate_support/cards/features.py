"""What is counted of a reply, in English."""

import re
from collections.abc import Sequence

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)|\n+")
_VOWELS = re.compile(r"[aeiouy]+")
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff\u2600-\u27bf\u2b50\u2b55]|(?<![\\w:])[:;]-?[)(DP](?!\\w)"
)
_SHORTENED = re.compile(
    r"\b(?:\w+n['’]t|(?:i|you|he|she|it|we|they|that|there|who|what|where|here|let)['’](?:m|re|ve|ll|d|s))\b", re.I
)
_IN_FULL = re.compile(
    r"\b(?:(?:do|does|did|is|are|was|were|has|have|had|would|could|should) not|cannot|can not|will not|i am"
    r"|(?:you|we|they) are|(?:it|he|she|that|there) is|(?:i|you|we|they) (?:have|will|would)|let us)\b",
    re.IGNORECASE,
)
_SLANG = re.compile(
    r"\b(?:gonna|wanna|gotta|kinda|sorta|yeah|yep|nope|hey|dude|guys|lol|omg|btw|asap|awesome|cool|stuff|ya|thx|pls)\b",
    re.IGNORECASE,
)
_STIFF = re.compile(
    r"\b(?:pursuant to|herewith|hereby|aforementioned|please be (?:advised|informed)|kindly be advised"
    r"|we regret to inform|at your earliest convenience|as per your|in respect of|enclosed please find"
    r"|the undersigned|forthwith)\b",
    re.IGNORECASE,
)
_WARM = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bthank(?:s| you)\b|\bappreciate\b",
        r"\bsorry to hear\b|\bi(?:['’]m| am) sorry\b|\bwe(?:['’]re| are) sorry\b",
        r"\bhappy to\b|\bglad to\b|\bpleasure to\b|\blet (?:me|us) know\b|\bhere to help\b|\bhere for you\b",
        r"\bunderstand (?:how|that|your)\b|\bsee how\b|\bfrustrating\b|\bunderstandable\b",
        r"\bhope (?:you|this|that)\b|\bhave a (?:great|nice|good|lovely)\b|\benjoy\b|\btake care\b|\bwelcome\b",
    )
)
_APOLOGY = re.compile(r"\b(?:sorry|apolog(?:y|ies|ise|ize|ised|ized|ising|izing)|regret)\b", re.IGNORECASE)
_NAME = r"(?:<NAME_\d+>|[^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){0,2})"
_SELF = re.compile(r"\b(?:I|me|my|mine|myself)\b|\bI['’]\w+")
_SELVES = re.compile(r"\b(?:we|us|our|ours|ourselves|we['’]\w+)\b", re.IGNORECASE)


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return _WORD.findall(text)


def sentences(text: str) -> int:
    """Return how many sentences and lines with words a text has, 1 at least."""
    return max(1, sum(bool(_WORD.search(part)) for part in _SENTENCE_END.split(text)))


def syllables(word: str) -> int:
    """Return about how many syllables an English word has: its groups of vowels, without a silent e."""
    plain = re.sub(r"[^a-z]", "", word.lower())
    if len(plain) > 2 and plain.endswith(("es", "ed")) and not plain.endswith(("les", "ted", "ded", "ses", "ies")):
        plain = plain[:-2]
    elif len(plain) > 2 and plain.endswith("e") and not plain.endswith("le"):
        plain = plain[:-1]
    return max(1, len(_VOWELS.findall(plain)))


def reading_grade(text: str) -> float:
    """Return the school grade of a text (Flesch-Kincaid: Kincaid et al. 1975); 0 of one without words."""
    found = words(text)
    if not found:
        return 0.0
    spoken = sum(map(syllables, found))
    return 0.39 * len(found) / sentences(text) + 11.8 * spoken / len(found) - 15.59


def emoji(text: str) -> int:
    """Return how many emoji a text has, those of characters too."""
    return len(_EMOJI.findall(text))


def shortened(text: str) -> list[str]:
    """Return the contractions of a text ("don't")."""
    return _SHORTENED.findall(text)


def in_full(text: str) -> list[str]:
    """Return what could be a contraction and is none ("do not")."""
    return _IN_FULL.findall(text)


def slang(text: str) -> list[str]:
    """Return the words that only casual replies have."""
    return _SLANG.findall(text)


def stiff(text: str) -> list[str]:
    """Return the phrases of letters of offices."""
    return _STIFF.findall(text)


def warm(text: str) -> int:
    """Return how many kinds of warm phrases a text has: thanks, regret, an offer of help, understanding, a wish."""
    return sum(bool(pattern.search(text)) for pattern in _WARM)


def apologies(text: str) -> int:
    """Return how often a text apologises."""
    return len(_APOLOGY.findall(text))


def of_one(text: str) -> list[str]:
    """Return the words by which one person speaks of itself."""
    return _SELF.findall(text)


def of_many(text: str) -> list[str]:
    """Return the words by which a company speaks of itself."""
    return _SELVES.findall(text)


def phrases(text: str, wanted: Sequence[str]) -> list[str]:
    """Return which phrases a text holds, whatever their case and the white space in them."""
    return [phrase for phrase in wanted if _phrase(phrase).search(text)]


def begins(text: str, wanted: Sequence[str]) -> bool:
    """Return whether a text begins with one of some phrases."""
    return any(_phrase(phrase).match(text.lstrip()) for phrase in wanted)


def ends(text: str, wanted: Sequence[str], lines: int = 3) -> bool:
    """Return whether one of some phrases stands in the last lines of a text."""
    last = "\n".join([line for line in text.split("\n") if line.strip()][-lines:])
    return bool(phrases(last, wanted))


def _phrase(text: str) -> re.Pattern[str]:
    """Return what finds a phrase as whole words; "{name}" stands for a name of up to three words or a placeholder."""
    parts = [re.escape(part).replace(re.escape("{name}"), _NAME) for part in text.split()]
    return re.compile(r"(?<!\w)" + r"\s+".join(parts) + r"(?!\w)", re.IGNORECASE)
