"""Acclimate for legal texts: presets for sorting clauses and licences, and for finding authorities."""

from acclimate.contracts import Demo, LabelNames, Preset, Ref
from acclimate.plugins import ANSWER_METRICS, CUAD_METRICS, ENTAILMENT_METRICS, SEARCH_METRICS

__all__ = ["clauses", "contract_spans", "entailment", "precedents"]

clauses = Preset(
    name="clauses",
    summary="Sorts legal texts, such as clauses or licences, into categories.",
    task="text-classification",
    backbone="minilm-l6",
    prepare=Ref("acclimate_legal.prepare:normalise"),
    settings={"max_tokens": 256},
    demo=Demo(
        source="package:licensedcode-data",
        package="licensedcode-data",
        licence="CC-BY-4.0 (licensedcode-data, nexB Inc. and others)",
        note=(
            "Licence texts into ten categories: 1,100 of them, their first 128 tokens, and near-identical texts "
            "never in two parts."
        ),
        rows=1_100,
        settings={"max_tokens": 128, "group": "group"},
    ),
)

contract_spans = Preset(
    name="contract-spans",
    summary="Finds the passages of whole contracts that answer questions, or says that they are not present.",
    task="question-answering",
    backbone="minilm-l6",
    method="full",
    metrics=(*ANSWER_METRICS, *CUAD_METRICS),
    group="title",
    settings={"max_tokens": 512},
)

entailment = Preset(
    name="entailment",
    summary="Tells whether contracts entail or contradict hypotheses, or do not mention them, with the evidence.",
    task="natural-language-inference",
    backbone="minilm-l6",
    method="frozen",
    labels=LabelNames(
        order=("Entailment", "Contradiction", "NotMentioned"),
        aliases={"Neutral": "NotMentioned", "Not mentioned": "NotMentioned"},
    ),
    metrics=ENTAILMENT_METRICS,
    group="title",
    settings={"max_tokens": 256},
)

precedents = Preset(
    name="precedents",
    summary="Finds the authorities that a passage relies on, none later than the passage.",
    task="sentence-similarity",
    backbone="minilm-l6",
    method="full",
    prepare=Ref("acclimate_legal.citations:prepare"),
    preparing={"citations": "mask"},
    metrics=SEARCH_METRICS,
    times=("date", "date_filed", "decided", "decision_date"),
    settings={"max_tokens": 256},
)
