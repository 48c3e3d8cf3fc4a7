"""Hypotheses on texts, read from ContractNLI and plain rows, with all that is wrong listed at once."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from acclimate import data
from acclimate.contracts import Columns, DataError, LabelNames

NAMES = LabelNames(order=("Entailment", "Contradiction", "NotMentioned"), aliases={"Neutral": "NotMentioned"})
TEXT = "Acme may share papers.  \nEdna signs."
FIRST, SECOND = (0, 22), (25, 36)


def contract_nli(**changes: Any) -> dict[str, Any]:
    document = {
        "id": 7,
        "file_name": "seven.pdf",
        "text": TEXT,
        "spans": [[0, 22], [22, 24], [25, 36]],
        "annotation_sets": [
            {
                "annotations": {
                    "nda-1": {"choice": "Entailment", "spans": [0, 1]},
                    "nda-2": {"choice": "NotMentioned", "spans": []},
                }
            }
        ],
    }
    labels = {"nda-1": {"hypothesis": "Acme shares."}, "nda-2": {"hypothesis": "Bob signs."}}
    return {"documents": [document | changes], "labels": labels}


def written(tmp_path: Path, rows: Any) -> str:
    file = tmp_path / "rows.json"
    file.write_text(json.dumps(rows), "utf-8")
    return str(file)


def read(source: str, columns: Columns = Columns()) -> list[dict[str, Any]]:  # noqa: B008 - frozen
    return list(data.with_hypotheses(data.json_rows, columns, NAMES)(source))


def of_rows(rows: list[dict[str, Any]], columns: Columns = Columns()) -> list[dict[str, Any]]:  # noqa: B008 - frozen
    def reader(source: str) -> Iterator[dict[str, Any]]:
        yield from rows

    return list(data.with_hypotheses(reader, columns, NAMES)("rows"))


def test_contract_nli_becomes_texts_with_hypotheses_and_evidence_by_character(tmp_path: Path) -> None:
    (row,) = read(written(tmp_path, contract_nli()))
    assert (row["id"], row["title"], row["text"]) == ("7", "seven.pdf", TEXT)
    found = data.load_hypotheses(row["hypotheses"])
    assert found.passages == (FIRST, SECOND)  # a span of white space is none
    assert [(each.id, each.text, each.label, each.evidence) for each in found.asked] == [
        ("nda-1", "Acme shares.", "Entailment", (FIRST,)),
        ("nda-2", "Bob signs.", "NotMentioned", ()),
    ]


CONTRACTS: list[tuple[dict[str, Any], str]] = [
    ({"text": None}, "Document 1 of rows.json has no `text`"),
    ({"spans": None}, "has no list `spans`"),
    ({"annotation_sets": []}, "has not one set of annotations"),
    ({"annotation_sets": [{"annotations": {"nda-9": {"choice": "Entailment", "spans": []}}}]}, "'nda-9', which"),
    ({"annotation_sets": [{"annotations": {"nda-1": {"spans": []}}}]}, "no `choice` and list `spans` of 'nda-1'"),
    (
        {"annotation_sets": [{"annotations": {"nda-1": {"choice": "Entailment", "spans": [3]}}}]},
        "the evidence 3 of 'nda-1'; its spans are 0 to 2",
    ),
]


@pytest.mark.parametrize(("changes", "message"), CONTRACTS, ids=[row[1] for row in CONTRACTS])
def test_contract_nli_that_cannot_be_used_says_where(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        read(written(tmp_path, contract_nli(**changes)))


def test_rows_with_one_hypothesis_each_become_one_text() -> None:
    rows = [
        {"contract": TEXT, "hypothesis": "Acme shares.", "label": "entailment", "evidence": "[[0, 22]]"},
        {"contract": TEXT, "hypothesis": "Bob signs.", "label": "NEUTRAL", "evidence": ""},
        {"contract": "Other.", "hypothesis": "Bob signs.", "label": "contradiction"},
    ]
    first, second = of_rows(rows)
    asked = data.load_hypotheses(first["hypotheses"]).asked
    assert [(each.id, each.label, each.evidence) for each in asked] == [
        ("1", "Entailment", ((0, 22),)),
        ("2", "NotMentioned", ()),
    ]
    assert data.load_hypotheses(second["hypotheses"]).asked[0].label == "Contradiction"
    assert data.load_hypotheses(second["hypotheses"]).passages is None


def test_columns_and_offsets_have_the_names_that_users_give_them() -> None:
    evidence = [{"start": 25, "end": 36}]
    row = {"body": TEXT, "hypothesis": "Edna signs.", "verdict": "Entailment", "evidence": evidence}
    (found,) = of_rows([row], Columns(text="body", label="verdict"))
    assert data.load_hypotheses(found["hypotheses"]).asked[0].evidence == (SECOND,)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"label": "perhaps"}, "the label 'perhaps' is none of Entailment, Contradiction, NotMentioned"),
    ({"label": None}, "it has no label, in label or choice"),
    ({"hypothesis": " "}, "it has no words"),
    ({"evidence": [[0, 99]]}, "its evidence 0 to 99 are no place in the text, which has 36 characters"),
    ({"evidence": [[5, 5]]}, "its evidence 5 to 5 are no place"),
    ({"evidence": [[22, 24]]}, "its evidence is mere white space"),
    ({"evidence": [[0, True]]}, "its evidence are pairs of whole numbers"),
    ({"evidence": "[0"}, "its evidence are not JSON"),
    ({"label": "NotMentioned", "evidence": [[0, 4]]}, "it is NotMentioned, and has evidence"),
]


@pytest.mark.parametrize(("changes", "message"), BAD, ids=[row[1] for row in BAD])
def test_hypotheses_that_cannot_be_used_are_listed_with_the_reason(changes: dict[str, Any], message: str) -> None:
    row = {"hypothesis": "Acme shares.", "label": "Entailment", "evidence": [[0, 22]]}
    rows = [{"id": "a", "text": TEXT, "hypotheses": [row, {**row, "id": "x", **changes}]}]
    with pytest.raises(DataError, match=r"1 hypotheses of rows cannot be used") as caught:
        of_rows(rows)
    assert message in str(caught.value)
    assert "a, hypothesis" in str(caught.value)


def test_hypotheses_of_one_id_and_passages_that_overlap_are_refused() -> None:
    row = {"id": "h", "hypothesis": "Acme shares.", "label": "Entailment"}
    with pytest.raises(DataError, match="its id is another one's of this text too"):
        of_rows([{"text": TEXT, "hypotheses": [row, row]}])
    with pytest.raises(DataError, match="its passages overlap, or are not in the order of the text"):
        of_rows([{"text": TEXT, "hypotheses": [row], "passages": [[0, 22], [20, 36]]}])


@pytest.mark.parametrize(
    ("row", "message"),
    [({"text": TEXT, "label": "x"}, "recognised as the hypotheses"), ({"body": TEXT, "hypothesis": "x"}, "the text")],
)
def test_columns_that_are_not_there_are_told(row: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        of_rows([row])


SHAPED: list[tuple[dict[str, Any], list[str], str]] = [
    ({"text": TEXT}, [], ""),
    ({"text": TEXT, "hypothesis": "Edna signs.", "label": "strange"}, ["Edna signs."], ""),
    ({"text": TEXT, "hypotheses": [{"hypothesis": "a b"}, {"hypothesis": "c"}]}, ["a b", "c"], ""),
    ({"text": TEXT, "hypotheses": [{}]}, [], "it has a hypothesis without words"),
    ({"text": TEXT, "hypotheses": "[1"}, [], "it has a hypothesis without words"),
    ({"text": TEXT, "passages": [[0, 99]]}, [], "are no place in the text"),
]


@pytest.mark.parametrize(("row", "asked", "reason"), SHAPED)
def test_a_row_to_judge_keeps_its_hypotheses_and_no_labels(
    row: dict[str, Any], asked: list[str], reason: str
) -> None:
    found = data.hypothesised(row, Columns())
    if reason:
        assert reason in found[data.UNREADABLE]
    else:
        own = data.load_hypotheses(found["hypotheses"])
        assert [(each.text, each.label) for each in own.asked] == [(text, "") for text in asked]


def test_what_is_dumped_is_loaded(tmp_path: Path) -> None:
    asked = (data.Hypothesis(id="1", text='say "no"', label="Entailment", evidence=((0, 3), (5, 9))),)
    for passages in (None, (), ((0, 3), (5, 9))):
        found = data.Hypotheses(asked=asked, passages=passages)
        assert data.load_hypotheses(data.dump_hypotheses(found)) == found
