"""One training row as the model reads it, with what it learns marked, for a person to look at before training."""

import sys
from typing import Any

from acclimate.api.generating.rows import length_table
from acclimate.api.generating.subject import ChatSubject
from acclimate.models import SupervisedRow

_GREEN, _PLAIN = "\033[32m", "\033[0m"
_LONGEST = 4000


def show_example(subject: ChatSubject) -> None:
    """Write how long the rows are and the first training row to standard error, what is learned marked."""
    if not subject.shown:
        return
    marks = (_GREEN, _PLAIN) if sys.stderr.isatty() else ("⟦", "⟧")
    example = marked(subject.examples["train"].row(0), subject.resolved.preprocessing.tokenizer, marks)
    learned = "in green" if sys.stderr.isatty() else "in ⟦ ⟧"
    share = subject.examples["train"].supervised_share
    sys.stderr.write(
        f"{length_table(subject.lengths)}\n"
        f"The first training row; what is learned, {share:.0%} of all tokens, is {learned}:\n{example}\n"
    )


def marked(row: SupervisedRow, tokenizer: Any, marks: tuple[str, str]) -> str:
    """Return the text of a row's tokens, each run of learned ones between marks."""
    pieces: list[tuple[bool, list[int]]] = []
    for token, learned in zip(row.ids, row.supervised, strict=True):
        if not pieces or pieces[-1][0] != learned:
            pieces.append((learned, []))
        pieces[-1][1].append(token)
    told = [(learned, tokenizer.decode(ids)) for learned, ids in pieces]
    text = "".join(f"{marks[0]}{piece}{marks[1]}" if learned else piece for learned, piece in told)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}{marks[1]} …"
