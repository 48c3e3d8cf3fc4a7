"""Hypotheses on texts, with what each says to them and where: read from usual forms, checked, listed where wrong.

A text entails a hypothesis, contradicts it, or does neither. Evidence and passages are `(start, end)` in characters
of the text, `end` the first one after it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from acclimate.contracts import Columns, LabelNames, did_you_mean
from acclimate.data.cells import as_text, missing, place
from acclimate.data.gathering import Asking, gathered, listed, text_column, unusable
from acclimate.data.read.files import LINE, UNREADABLE, name_of
from acclimate.data.table import Reader

HYPOTHESES = "hypotheses"
_LABELS = ("label", "choice", "gold_label", "answer")
_FORM = Asking(
    lists=(HYPOTHESES,),
    single="hypothesis",
    fields=("id", "hypothesis_id", "hypothesis", *_LABELS, "evidence"),
    example='{"text": "…", "hypotheses": [{"hypothesis": "…", "label": "…", "evidence": [[0, 12]]}]}',
)
Place = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """A hypothesis on a text with its label and the evidence for it, which may not be known."""

    id: str
    text: str
    label: str = ""
    evidence: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypotheses:
    """What is asked of one text; `passages` are the parts that it was divided into, None where it was not."""

    asked: tuple[Hypothesis, ...]
    passages: tuple[Place, ...] | None = None


def dump_hypotheses(found: Hypotheses) -> str:
    """Return hypotheses as the text that a table keeps."""
    asked = [[each.id, each.text, each.label, list(each.evidence)] for each in found.asked]
    return json.dumps({"asked": asked, "passages": found.passages}, ensure_ascii=False)


def load_hypotheses(text: str) -> Hypotheses:
    """Return the hypotheses that `dump_hypotheses` wrote."""
    plain = json.loads(text)
    return Hypotheses(
        asked=tuple(
            Hypothesis(id=id, text=words, label=label, evidence=tuple((start, end) for start, end in evidence))
            for id, words, label, evidence in plain["asked"]
        ),
        passages=None if plain["passages"] is None else tuple((start, end) for start, end in plain["passages"]),
    )


def with_hypotheses(read: Reader, columns: Columns, names: LabelNames) -> Reader:
    """Return a reader whose rows have a `text`, and `hypotheses` as `dump_hypotheses` writes them.

    Read are a text beside a list of `hypotheses` (as JSON in CSV), each with `hypothesis`, `label` and perhaps `id`
    and `evidence`; and a text beside one `hypothesis`, where rows that follow each other with the same text become
    one. Evidence are offsets in the text: `[[0, 12]]`, or `[{"start": 0, "end": 12}]`. `passages` may say in the same
    way into which parts a text is divided. Labels are those of `names`. The text is in the column that `columns.text`
    names, or in `text`, `contract`, `premise` and the like.

    Raises:
        DataError: while it is read, for columns that are not there; at its end one error for all hypotheses that
            cannot be used, which it names with the reason.
    """

    def asked_of(source: str) -> Iterator[dict[str, Any]]:
        bad: list[str] = []
        for count, row in enumerate(gathered(read(source), columns, name_of(source), _FORM), 1):
            where = as_text(row.get("id")) or place(int(row.get(LINE) or 0), count)
            yield row if UNREADABLE in row else _converted(row, where, bad, columns, names)
        if bad:
            raise unusable(
                bad,
                name_of(source),
                what=HYPOTHESES,
                hint="Offsets count characters of the text from 0, the end is the first one after. Correct them, or "
                "take the hypotheses away.",
            )

    return asked_of


def hypothesised(row: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    """Return a row to predict with its `text` and its hypotheses, if any, whose labels are not looked at."""
    if UNREADABLE in row:
        return dict(row)
    several = listed(row, _FORM)
    single = [row] if not missing(row.get(_FORM.single)) and several is None else []
    found = [
        Hypothesis(id=_id(each, number), text=as_text(each.get("hypothesis")))
        for number, each in enumerate(single or several or [], 1)
        if isinstance(each, Mapping)
    ]
    name = text_column(list(row), columns)
    text = row.get(name) if name else None
    rest = {key: value for key, value in row.items() if key not in (HYPOTHESES, "hypothesis", "evidence", "passages")}
    passages, reason = _passages(row, text if isinstance(text, str) else "")
    if any(missing(each.text) for each in found) or (several is not None and len(found) < len(several)):
        reason = "it has a hypothesis without words"
    if reason:
        return {**rest, UNREADABLE: reason}
    return {**rest, "text": text, HYPOTHESES: dump_hypotheses(Hypotheses(asked=tuple(found), passages=passages))}


def _id(each: Mapping[str, Any], number: int) -> str:
    return as_text(each.get("hypothesis_id")) or as_text(each.get("id")) or str(number)


def _converted(
    row: Mapping[str, Any], where: str, bad: list[str], columns: Columns, names: LabelNames
) -> dict[str, Any]:
    """Return a row with its hypotheses as text; what is wrong with them is added to `bad`."""
    text = row["text"] if isinstance(row["text"], str) else as_text(row["text"])
    passages, reason = _passages(row, text)
    if reason:
        bad.append(f"{where}: {reason}")
    found: list[Hypothesis] = []
    for number, each in enumerate(row[HYPOTHESES], 1):
        if not isinstance(each, Mapping) or missing(each.get("hypothesis")):
            bad.append(f"{where}, hypothesis {number}: it has no words")
            continue
        own = _id(each, number)
        label, reason = _label(each, columns, names)
        evidence, wrong = _evidence(each.get("evidence"), text)
        if not (reason or wrong) and label == names.order[2] and evidence:
            reason = f"it is {label}, and has evidence"
        if not (reason or wrong) and any(other.id == own for other in found):
            reason = "its id is another one's of this text too"
        if reason or wrong:
            bad.append(f"{where}, hypothesis {own}: {reason or wrong}")
        found.append(Hypothesis(id=own, text=as_text(each["hypothesis"]), label=label, evidence=evidence))
    rest = {key: value for key, value in row.items() if key != "passages"}
    told = Hypotheses(asked=tuple(found), passages=passages)
    return {**rest, "text": text, HYPOTHESES: dump_hypotheses(told)}


def _label(each: Mapping[str, Any], columns: Columns, names: LabelNames) -> tuple[str, str]:
    wanted = (columns.label,) if columns.label else _LABELS
    value = next((each[name] for name in wanted if not missing(each.get(name))), None)
    if value is None:
        return "", f"it has no label, in {' or '.join(wanted)}"
    found = names.find(as_text(value))
    if found is None:
        return "", f"the label {as_text(value)!r} is none of {', '.join(names.order)}. " + did_you_mean(
            as_text(value), names.order
        )
    return found, ""


def _passages(row: Mapping[str, Any], text: str) -> tuple[tuple[Place, ...] | None, str]:
    if missing(row.get("passages")):
        return None, ""
    found, reason = _places(row["passages"], text, "its passages")
    if not reason and any(first[1] > second[0] for first, second in pairwise(found)):
        reason = "its passages overlap, or are not in the order of the text"
    return tuple((start, end) for start, end in found if text[start:end].strip()), reason


def _evidence(value: Any, text: str) -> tuple[tuple[Place, ...], str]:
    found, reason = _places([] if missing(value) else value, text, "its evidence")
    if not reason and not all(text[start:end].strip() for start, end in found):
        reason = "its evidence is mere white space"
    return tuple(sorted(set(found))), reason


def _places(value: Any, text: str, what: str) -> tuple[list[Place], str]:
    """Return offsets in a text, and why they cannot be used, "" where they can."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            return [], f"{what} are not JSON: {error}"
    found: list[Place] = []
    for each in value if isinstance(value, Sequence) else [value]:
        pair = (each.get("start"), each.get("end")) if isinstance(each, Mapping) else each
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(type(side) is int for side in pair):
            return [], f"{what} are pairs of whole numbers [start, end], found {each!r}"[:200]
        start, end = pair
        if not 0 <= start < end <= len(text):
            return [], f"{what} {start} to {end} are no place in the text, which has {len(text):,} characters"
        found.append((start, end))
    return found, ""
