"""Acclimate for customer support: presets for what customers write."""

from acclimate.contracts import Preset, Ref
from acclimate.plugins import SEARCH_METRICS

__all__ = ["faq", "intents"]

intents = Preset(
    name="intents",
    summary="Says what a customer wants, by what they wrote first.",
    task="text-classification",
    backbone="minilm-l6",
    prepare=Ref("acclimate_support.prepare:clean"),
    preparing={"pii": "redact", "orders": "", "phones": ""},
    audit=Ref("acclimate_support.prepare:audit"),
    metrics=("accuracy", "macro_f1", "log_loss", "ece"),
    times=("created_at", "created", "date", "datetime", "timestamp"),
    slices=("channel", "language", "locale", "product"),
    out_of_scope=("oos", "ood", "out of scope", "out of domain", "no intent"),
    settings={"max_tokens": 128, "retention": 0.95},
)

faq = Preset(
    name="faq",
    summary="Finds the answers of a FAQ that a customer's question is after.",
    task="sentence-similarity",
    backbone="minilm-l6",
    method="full",
    metrics=SEARCH_METRICS,
    settings={"max_tokens": 128},
)
