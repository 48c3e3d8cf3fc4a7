"""Reads an enquiry log."""

from collections.abc import Iterator
from pathlib import Path


def read(source: str) -> Iterator[dict[str, str]]:
    """Yield `text` and `label` of each enquiry: a line "desk: NAME", then the reader's words, then a blank line."""
    for block in Path(source).read_text(encoding="utf-8").split("\n\n"):
        head, _, text = block.strip().partition("\n")
        if head:
            if not head.startswith("desk:") or not text:
                raise ValueError(f"{source}: an enquiry starts with 'desk: NAME' and has text, found {head!r}")
            yield {"text": " ".join(text.split()), "label": head.removeprefix("desk:").strip()}
