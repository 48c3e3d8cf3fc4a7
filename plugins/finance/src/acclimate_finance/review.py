"""What a report on financial sentiment must say: opposite calls, and what a backbone has seen before."""

from collections.abc import Iterator, Sequence

from acclimate.contracts import Finding

BAD = frozenset({"very negative", "negative", "slightly negative"})
GOOD = frozenset({"slightly positive", "positive", "very positive"})
# By hub id: what its makers say it was fine-tuned on (README of github.com/ProsusAI/finBERT).
TRAINED_ON = {"ProsusAI/finbert": "the Financial PhraseBank"}


def opposite_calls(truth: Sequence[str], predicted: Sequence[str]) -> Iterator[Finding]:
    """Yield one finding: how many bad texts were called good, and good ones bad; a call of neutral is neither.

    `truth` and `predicted` hold one label for each text, in the same order. Nothing is yielded where no text is truly
    bad or none truly good.

    Raises:
        ValueError: when the two are not equally long.
    """
    pairs = list(zip(truth, predicted, strict=True))
    of_bad = [called in GOOD for actual, called in pairs if actual in BAD]
    of_good = [called in BAD for actual, called in pairs if actual in GOOD]
    if of_bad and of_good:
        yield Finding(
            code="opposite-calls",
            level="note",
            message=f"Of {len(of_bad):,} negative texts {sum(of_bad):,} were called positive ({_percent(of_bad)}); "
            f"of {len(of_good):,} positive texts {sum(of_good):,} were called negative ({_percent(of_good)}).",
            details={
                "negative_called_positive": sum(of_bad),
                "negative": len(of_bad),
                "positive_called_negative": sum(of_good),
                "positive": len(of_good),
            },
        )


def seen_before(backbone: str) -> Iterator[Finding]:
    """Yield a warning where the backbone, by its hub id, was fine-tuned on data that people measure by."""
    if backbone in TRAINED_ON:
        yield Finding(
            code="trained-on",
            message=f"{backbone} was fine-tuned on {TRAINED_ON[backbone]}: a score on rows from there is no test.",
        )


def _percent(errors: Sequence[bool]) -> str:
    return f"{100 * sum(errors) / len(errors):.1f} %"
