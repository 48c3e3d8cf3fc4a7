"""SQuAD's form of questions on texts, which CUAD has too: `data`, `paragraphs`, `qas`."""

from collections.abc import Iterator, Mapping
from typing import Any

from acclimate.contracts import DataError


def is_squad(found: Any) -> bool:
    """Tell whether a JSON document has that form."""
    return isinstance(found, Mapping) and isinstance(found.get("data"), list)


def squad_rows(found: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """Yield `id`, `title`, `context` and `questions` of each paragraph; its id is the title, numbered if need be.

    Raises:
        DataError: for an article without paragraphs, or a paragraph without a context and a list `qas`.
    """
    for number, article in enumerate(found["data"], 1):
        paragraphs = article.get("paragraphs") if isinstance(article, Mapping) else None
        if not isinstance(paragraphs, list):
            raise DataError(
                f"Entry {number} of {name} has no list `paragraphs`.", "Write SQuAD's form, or JSON Lines."
            )
        title = str(article.get("title") or f"text {number}")
        for place, paragraph in enumerate(paragraphs, 1):
            if not isinstance(paragraph, Mapping) or not isinstance(paragraph.get("context"), str):
                raise DataError(f"Paragraph {place} of {title!r} in {name} has no text `context`.", "Add it.")
            if not isinstance(paragraph.get("qas"), list):
                raise DataError(f"Paragraph {place} of {title!r} in {name} has no list `qas`.", "Add it.")
            id = title if len(paragraphs) == 1 else f"{title} [{place}]"
            yield {"id": id, "title": title, "context": paragraph["context"], "questions": paragraph["qas"]}
