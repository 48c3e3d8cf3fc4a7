"""CoNLL files: a token and its tag on each line, a blank line between texts."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError
from acclimate.data.read.files import LINE, filled, some_rows, wrong_encoding

_DOCUMENT = "-DOCSTART-"


def conll_rows(source: str) -> Iterator[dict[str, Any]]:
    """Yield `tokens` and `tags` of each text of a CoNLL file, and the number of its `document` where there are some.

    Each line has a token first and its tag last, with tabs between columns, or else white space. A line that begins
    with "-DOCSTART-" begins a document; comments ("# …" before the first token of a text) are passed over.
    `__line__` is the line of a text's first token.

    Raises:
        DataError: no such file, an empty file, a line with a token and no tag, or text that is not UTF-8.
    """
    yield from some_rows(_rows(filled(source)), source)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    document = 0
    try:
        with path.open(encoding="utf-8-sig") as file:
            lines = ((number, line.rstrip("\n\r")) for number, line in enumerate(file, 1))
            for blank, text in groupby(lines, key=lambda pair: not pair[1].strip()):
                if blank:
                    continue
                kept = list(text)
                while kept and kept[0][1].startswith("# "):
                    kept.pop(0)
                if kept and kept[0][1].startswith(_DOCUMENT):
                    document += 1
                    kept.pop(0)
                if kept:
                    yield _row(kept, document, path)
    except UnicodeDecodeError as error:
        raise wrong_encoding(path) from error


def _row(lines: list[tuple[int, str]], document: int, path: Path) -> dict[str, Any]:
    pairs = [_pair(line, number, path) for number, line in lines]
    row: dict[str, Any] = {"tokens": [token for token, _ in pairs], "tags": [tag for _, tag in pairs]}
    return {**row, **({"document": str(document)} if document else {}), LINE: lines[0][0]}


def _pair(line: str, number: int, path: Path) -> tuple[str, str]:
    cells = line.split("\t") if "\t" in line else line.split()
    token, tag = cells[0].strip(), cells[-1].strip()
    if len(cells) < 2 or not token or not tag:
        raise DataError(
            f"{path.name} line {number} has no token with a tag: {line!r}.",
            "Write the token, a tab and its tag (such as B-ORG, I-ORG or O), and a blank line between texts.",
        )
    return token, tag
