"""JSON Lines: one object per line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError
from acclimate.data.read.files import LINE, UNREADABLE, decoded, filled, some_rows, undecoded, wrong_encoding


def jsonl_rows(source: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON Lines file with their own types; `__line__` is the line of each.

    Raises:
        DataError: no such file, an empty file, a line that is not one JSON object, or text that is not UTF-8.
    """
    yield from some_rows(_rows(filled(source), tolerant=False), source)


def tolerant_jsonl_rows(source: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON Lines file; a line that is none comes as its number and the reason.

    Raises:
        DataError: no such file, or an empty file.
    """
    yield from some_rows(_rows(filled(source), tolerant=True), source)


def _rows(path: Path, *, tolerant: bool) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8-sig", errors=undecoded(tolerant)) as file:
            for line, text in enumerate(file, 1):
                if not text.strip():
                    continue
                try:
                    row = _object(text, path, line) if decoded(text) else {UNREADABLE: "the line is not UTF-8 text"}
                except DataError as error:
                    if not tolerant:
                        raise
                    row = {UNREADABLE: error.message}
                yield {**row, LINE: line}
    except UnicodeDecodeError as error:
        raise wrong_encoding(path) from error


def _object(text: str, path: Path, line: int) -> dict[str, Any]:
    try:
        value = json.loads(text)
        if "\\ud" in text.lower():
            # Half of a character pair ("\ud83d" alone) cannot be stored as text.
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        hint = "Write one JSON object per line, not one list." if text.lstrip().startswith("[") else ""
        raise DataError(
            f"{path.name} line {line} is not valid JSON: {error}.", hint or "Write one JSON object per line."
        ) from error
    if not isinstance(value, dict):
        raise DataError(
            f"{path.name} line {line} holds a JSON {type(value).__name__}, and an object was expected.",
            'Write one object per line: {"text": "…", "label": "…"}.',
        )
    return value
