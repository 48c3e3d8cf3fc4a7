"""Pairs of texts that differ in a word or two and in what they mean: whether a model hears "not" and "narrows"."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from acclimate.contracts import Finding

# Fewer pairs than this share in the right order are a warning.
_ENOUGH = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two texts of which the first is the better news; `kind` is what tells them apart."""

    better: str
    worse: str
    kind: str


def _pairs(kind: str, *texts: tuple[str, str]) -> Iterator[Pair]:
    for better, worse in texts:
        yield Pair(better=better, worse=worse, kind=kind)


PAIRS: tuple[Pair, ...] = (
    *_pairs(
        "negation",
        ("Quarterly profit rose.", "Quarterly profit did not rise."),
        ("Sales grew in the third quarter.", "Sales did not grow in the third quarter."),
        ("The company raised its outlook for the year.", "The company did not raise its outlook for the year."),
        ("The regulator approved the merger.", "The regulator has not approved the merger."),
        ("Demand did not weaken in the quarter.", "Demand weakened in the quarter."),
        ("The company will not cut its dividend.", "The company will cut its dividend."),
        ("The bank no longer expects a loss.", "The bank expects a loss."),
        ("The group met its target.", "The group failed to meet its target."),
    ),
    *_pairs(
        "losses",
        ("Net loss narrowed to $3.4 million.", "Net loss widened to $3.4 million."),
        ("The operating loss shrank in the first half.", "The operating loss grew in the first half."),
        ("Acme swings to profit from a loss.", "Acme swings to a loss from profit."),
        ("Credit losses fell by a third.", "Credit losses rose by a third."),
    ),
    *_pairs(
        "direction",
        ("Costs fell 12 percent.", "Costs rose 12 percent."),
        ("Net debt decreased to $2 billion.", "Net debt increased to $2 billion."),
        (
            "Operating profit rose to EUR 13.1 mn from EUR 8.7 mn.",
            "Operating profit fell to EUR 8.7 mn from EUR 13.1 mn.",
        ),
        ("Shares climb 5% after results.", "Shares drop 5% after results."),
        ("The rating agency raised the outlook to positive.", "The rating agency cut the outlook to negative."),
        ("Fewer customers left than a year ago.", "More customers left than a year ago."),
    ),
    *_pairs(
        "expectations",
        ("Earnings beat estimates.", "Earnings missed estimates."),
        ("Revenue was above what analysts had expected.", "Revenue was below what analysts had expected."),
        ("The loss was smaller than feared.", "The loss was larger than feared."),
        ("Margins came in better than expected.", "Margins came in worse than expected."),
    ),
)


def texts() -> list[str]:
    """Return the texts of all pairs, the better one of each first."""
    return [text for pair in PAIRS for text in (pair.better, pair.worse)]


def told_apart(called: Sequence[str], order: Sequence[str]) -> Iterator[Finding]:
    """Yield one finding: how many pairs a model puts in the right order, and which it puts in the wrong one.

    `called` are its labels of `texts()`, `order` the labels from the worst to the best. A pair is right where the
    better text has the better label, wrong where the worse one has, and not told apart where both have the same.

    Raises:
        ValueError: when there is not one label for each text.
    """
    ranks = [order.index(label) for label in called]
    gaps = [better - worse for better, worse in zip(ranks[::2], ranks[1::2], strict=True)]
    counts = {
        kind: [sum(gap > 0 for gap, _ in found), len(found)]
        for kind in dict.fromkeys(pair.kind for pair in PAIRS)
        for found in [[(gap, pair) for gap, pair in zip(gaps, PAIRS, strict=True) if pair.kind == kind]]
    }
    right, wrong = sum(gap > 0 for gap in gaps), [pair for gap, pair in zip(gaps, PAIRS, strict=True) if gap < 0]
    by_kind = ", ".join(f"{kind} {count} of {pairs}" for kind, (count, pairs) in counts.items())
    turned = "; ".join(f"{pair.better!r} below {pair.worse!r}" for pair in wrong[:3])
    yield Finding(
        code="minimal-pairs",
        level="note" if right >= _ENOUGH * len(PAIRS) else "warning",
        message=f"Of {len(PAIRS)} pairs of texts that differ in a word or two, such as 'profit rose' and 'profit did "
        f"not rise', the better news has the better label in {right}, and the worse one in {len(wrong)} ({by_kind})."
        + (f" Turned round: {turned}." if turned else ""),
        details={"right": right, "wrong": len(wrong), "same": len(PAIRS) - right - len(wrong), "by_kind": counts},
    )
