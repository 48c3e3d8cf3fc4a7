"""What an inspection stops short of: with the defective parts at hand more could be learned than from good ones."""

from collections import Counter
from collections.abc import Iterator, Mapping

from acclimate.api.detecting.rows import has_masks
from acclimate.api.detecting.stock import LABELLED
from acclimate.api.inputs import Part
from acclimate.contracts import Finding


def rung(parts: Mapping[str, Part]) -> Iterator[Finding]:
    """Yield one note: why only good parts were learned, and what the defective ones would be enough for."""
    kinds = Counter(
        label
        for part in parts.values()
        for label, bad in zip(part.rows["label"][:], part.truth.tolist(), strict=True)
        if bad
    )
    if not kinds:
        message = (
            "No part is defective: there is nothing to learn of defects but that they are unlike good parts. From "
            f"{LABELLED} parts of each kind on a preset of image-classification learns the kinds too."
        )
        yield Finding(code="rung", level="note", message=message)
        return
    enough = [f"{kind} {count:,}" for kind, count in sorted(kinds.items()) if count >= LABELLED]
    scarce = [f"{kind} {count:,}" for kind, count in sorted(kinds.items()) if count < LABELLED]
    message = f"Only good parts were learned; {sum(kinds.values()):,} defective ones chose the threshold or tested."
    if enough:
        message += (
            f" There are enough to learn of {', '.join(enough)}: try a preset of image-classification, whose method "
            "auto compares frozen features with and without a memory of good parts (fused)."
        )
    if scarce:
        message += f" Fewer than {LABELLED} are there of {', '.join(scarce)}."
    if any(has_masks(part) for part in parts.values()):
        message += " Their masks are enough for a preset of image-segmentation, which learns where defects are."
    yield Finding(code="rung", level="note", message=message)
