"""ContractNLI's form of hypotheses on contracts: `documents` with numbered spans, and `labels` (Koreeda 2021)."""

from collections.abc import Iterator, Mapping
from typing import Any

from acclimate.contracts import DataError

_HINT = "Write ContractNLI's form, or JSON Lines."


def is_contract_nli(found: Any) -> bool:
    """Tell whether a JSON document has that form."""
    return isinstance(found, Mapping) and isinstance(found.get("documents"), list) and "labels" in found


def contract_nli_rows(found: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """Yield `id`, `title`, `text`, `passages` and `hypotheses` of each document; evidence is told by its offsets.

    Spans of mere white space, which some contracts have, are no evidence.

    Raises:
        DataError: for a document without text and spans, with other than one set of annotations, with a hypothesis
            that `labels` do not have, or with evidence that is none of its spans.
    """
    labels = found["labels"]
    if not isinstance(labels, Mapping) or not all(_hypothesis(each) for each in labels.values()):
        raise DataError(f"`labels` of {name} have not a text `hypothesis` each.", _HINT)
    for place, document in enumerate(found["documents"], 1):
        where = f"Document {place} of {name}"
        if not isinstance(document, Mapping) or not isinstance(document.get("text"), str):
            raise DataError(f"{where} has no `text`.", _HINT)
        spans, sets = document.get("spans"), document.get("annotation_sets")
        if not isinstance(spans, list):
            raise DataError(f"{where} has no list `spans`.", _HINT)
        if not isinstance(sets, list) or len(sets) != 1 or not _annotated(sets[0]):
            raise DataError(f"{where} has not one set of annotations.", "Keep one of each document.")
        title = str(document.get("file_name") or document.get("id") or f"document {place}")
        yield {
            "id": str(document.get("id", title)),
            "title": title,
            "text": document["text"],
            "passages": spans,
            "hypotheses": [_told(key, each, labels, document, where) for key, each in sets[0]["annotations"].items()],
        }


def _hypothesis(label: Any) -> bool:
    return isinstance(label, Mapping) and isinstance(label.get("hypothesis"), str)


def _annotated(found: Any) -> bool:
    return isinstance(found, Mapping) and isinstance(found.get("annotations"), Mapping)


def _told(key: str, each: Any, labels: Mapping[str, Any], document: Mapping[str, Any], where: str) -> dict[str, Any]:
    spans = document["spans"]
    if key not in labels:
        raise DataError(f"{where} has the hypothesis {key!r}, which `labels` do not have.", "Add its text there.")
    numbers = each.get("spans") if isinstance(each, Mapping) else None
    if not isinstance(numbers, list) or "choice" not in each:
        raise DataError(f"{where} has no `choice` and list `spans` of {key!r}.", _HINT)
    strange = [number for number in numbers if not isinstance(number, int) or not 0 <= number < len(spans)]
    if strange:
        raise DataError(f"{where} has the evidence {strange[0]!r} of {key!r}; its spans are 0 to {len(spans) - 1}.")
    return {
        "id": key,
        "hypothesis": labels[key]["hypothesis"],
        "label": each["choice"],
        "evidence": [spans[number] for number in numbers if not _blank(spans[number], document["text"])],
    }


def _blank(span: Any, text: str) -> bool:
    """Tell whether a span shows nothing, as some do between the pages of a contract."""
    whole = isinstance(span, list) and len(span) == 2 and all(type(side) is int for side in span)
    return whole and not text[span[0] : span[1]].strip()
