"""Escapes and overkill: the two errors of an inspection, which do not cost the same."""

from collections.abc import Iterator, Sequence

from acclimate.contracts import GOOD_NAMES, Finding


def escapes_and_overkill(truth: Sequence[str], predicted: Sequence[str], named: str = "") -> Iterator[Finding]:
    """Yield one finding: how many defective parts were called good, and how many good ones defective.

    `truth` and `predicted` hold one label for each part, in the same order. The good label is the one that was
    `named`, or else the one in `GOOD_NAMES`, whatever its case; all others are kinds of defects, and one kind called
    another is neither error. Nothing is yielded when no label, or more than one, is a good one, or when no part is
    truly good or truly defective.

    Raises:
        ValueError: when the two are not equally long.
    """
    usual = sorted(label for label in {*truth, *predicted} if label.casefold() in GOOD_NAMES)
    good = [named] if named else usual
    if len(good) != 1:
        return
    pairs = [(actual == good[0], called == good[0]) for actual, called in zip(truth, predicted, strict=True)]
    for_defective = [called for actual, called in pairs if not actual]
    for_good = [not called for actual, called in pairs if actual]
    if not for_defective or not for_good:
        return
    yield Finding(
        code="escapes-and-overkill",
        level="note",
        message=f"Of {len(for_defective):,} defective parts {sum(for_defective):,} were called {good[0]} "
        f"(escape {_percent(for_defective)}); of {len(for_good):,} {good[0]} parts {sum(for_good):,} were called "
        f"defective (overkill {_percent(for_good)}).",
    )


def _percent(errors: Sequence[bool]) -> str:
    return f"{100 * sum(errors) / len(errors):.1f} %"
